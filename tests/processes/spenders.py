"""Many calls at once against the same caps, in a process that may be killed.

Its clock is fast and wrong: days pass in seconds, and each process is ahead or behind by its own skew.
"""

import argparse
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thalas.settings")
django.setup()

from providers.errors import VoterError  # noqa: E402
from providers.voters.types import Usage  # noqa: E402
from thalas.domain import budgets as words  # noqa: E402
from thalas.services import budgets  # noqa: E402
from thalas.services.ledgers import Buyer  # noqa: E402

# The last days of a month: its end, and the ends of some days, come while calls are under way.
BORN_AT = datetime(2026, 1, 30, 6, tzinfo=UTC)
LEAST_USD, MOST_USD = 0.01, 0.50
LONGEST_CALL_S = 0.05


def spend(dice: random.Random, clock: Callable[[], datetime], bills: int) -> None:
    """Make one call: reserve, be billed by the provider, and settle, or not."""
    worst_usd = Decimal(f"{dice.uniform(LEAST_USD, MOST_USD):.6f}")
    voter = dice.choice(("first", "second"))
    buyer = Buyer(voter, "shared", "demo")
    try:
        reservation = budgets.reserve(buyer, Usage(tokens_in=1_000, cost_usd=worst_usd), now=clock())
    except VoterError:
        time.sleep(dice.uniform(0, LONGEST_CALL_S))
        return
    assert reservation is not None
    cost = words.micro(worst_usd * Decimal(dice.choice(("0", "0.1", "0.5", "0.9", "1"))))
    # The provider's own record: whatever becomes of this process, the call is on the bill.
    os.write(bills, f"{reservation.reserved_at:%Y-%m-%d} {voter} {cost}\n".encode())
    time.sleep(dice.uniform(0, LONGEST_CALL_S))
    used = None if dice.random() < 0.1 else Usage(tokens_in=500, cost_usd=words.usd(cost))
    budgets.settle(reservation, used, now=clock())


def main() -> None:
    """Spend with so many threads until somebody kills this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--gun", required=True, help="a file that comes to say when all clocks began")
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--skew-s", type=float, required=True)
    parser.add_argument("--bills", required=True)
    options = parser.parse_args()
    bills = os.open(options.bills, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(bills, f"ready {os.getpid()}\n".encode())
    gun = Path(options.gun)
    while not gun.exists():
        time.sleep(0.02)
    since_s = float(gun.read_text())

    def clock() -> datetime:
        passed_s = (time.monotonic() - since_s) * options.speed
        return BORN_AT + timedelta(seconds=passed_s + options.skew_s)

    def work(number: int) -> None:
        dice = random.Random(options.seed * 1_000 + number)
        try:
            while True:
                spend(dice, clock, bills)
        except Exception as error:
            os.write(bills, f"broken {type(error).__name__}\n".encode())
            raise

    for number in range(options.threads):
        threading.Thread(target=work, args=(number,)).start()


if __name__ == "__main__":
    main()

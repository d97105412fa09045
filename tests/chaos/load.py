"""`python -m tests.chaos.load`: opens runs at a fixed rate and notes which were accepted; no retries."""

import argparse
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

django.setup()

from django.db import DatabaseError, InterfaceError, connection  # noqa: E402

from tests.chaos.sowing import DEADLINE_S  # noqa: E402
from thalas import dispatch  # noqa: E402
from thalas.selectors import clock  # noqa: E402
from thalas.services.councils import Question  # noqa: E402

# Three briefs at a time, and another three each candle: latencies follow from the brief.
SYMBOLS = ("BTC/USD", "ETH/USD", "LTC/USD")
EARLY_SHARE = 0.25
# While the database is away, each sender waits for it some seconds; the others keep the rate up.
SENDERS = 24


def convene(symbol: str, register: Path, *, may_close_early: bool) -> None:
    """Open one run and note its id, or why it was not accepted."""
    question = Question(
        symbols=[symbol],
        timeframe="1d",
        requested_by="the load",
        deadline_s=DEADLINE_S,
        may_close_early=may_close_early,
    )
    try:
        said = str(dispatch.convene(question, now=clock.now()).pk)
    except (DatabaseError, InterfaceError) as error:
        said = f"refused {type(error).__name__}"
    finally:
        connection.close()
    with register.open("ab", buffering=0) as file:
        file.write(f"{said}\n".encode())


def main() -> None:
    """Send at the rate given; a sender that is late catches up."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.load", description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--register", type=Path, required=True, help="where to append one line per run")
    options = parser.parse_args()
    dice, started = random.Random(options.seed), time.monotonic()
    with ThreadPoolExecutor(SENDERS) as senders:
        sent = []
        for number in range(round(options.seconds * options.rate)):
            time.sleep(max(0.0, started + number / options.rate - time.monotonic()))
            symbol, early = dice.choice(SYMBOLS), dice.random() < EARLY_SHARE
            sent.append(senders.submit(convene, symbol, options.register, may_close_early=early))
    for one in sent:
        one.result()


if __name__ == "__main__":
    main()

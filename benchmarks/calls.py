"""Calls against one cap at a steady rate, and votes with and without a budget. Django is set up before."""

import threading
import time
from decimal import Decimal

from django.core.management import call_command
from django.db import connection

from benchmarks import figures
from providers.voters.types import Usage, Voter
from tests import caps, seeds
from thalas import models
from thalas.selectors import clock
from thalas.services import budgets, councils, votes
from thalas.services.ledgers import Buyer

WORST = Usage(tokens_in=2_000, tokens_out=500, cost_usd=Decimal("0.01"))
USED = Usage(tokens_in=500, tokens_out=100, cost_usd=Decimal("0.002"))


def prepare() -> None:
    """Make the database, its rows, and a cap that is never reached."""
    call_command("migrate", verbosity=0, interactive=False)
    seeds.sow()
    caps.allow_usd(1_000_000)


def paced(callers: int, rate_per_s: float, seconds: float) -> list[float]:
    """Return the milliseconds that each reserve and settle took, by *callers* threads together."""
    took_ms: list[float] = []
    gate = threading.Barrier(callers + 1)

    def call(number: int) -> None:
        connection.ensure_connection()
        _spend()
        gate.wait()
        began = time.perf_counter()
        due_s = number / rate_per_s
        while due_s < seconds:
            time.sleep(max(0.0, began + due_s - time.perf_counter()))
            took_ms.append(_spend())
            due_s += callers / rate_per_s
        connection.close()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    gate.wait()
    for thread in threads:
        thread.join()
    return took_ms


def cpu_ms(count: int) -> float:
    """Return the milliseconds of this process's CPU that a reserve and settle takes."""
    began = time.process_time()
    for _ in range(count):
        _spend()
    return (time.process_time() - began) * 1000.0 / count


def _spend() -> float:
    now = clock.now()
    began = time.perf_counter()
    held = budgets.reserve(Buyer("trend", "analyst", "demo"), WORST, now=now)
    budgets.settle(held, USED, now=now)
    return (time.perf_counter() - began) * 1000.0


def votes_of(*voters: Voter, each: int) -> list[float]:
    """Return the median milliseconds of a vote by each of *voters*, in turns."""
    took: list[list[float]] = [[] for _ in voters]
    for _ in range(each):
        for number, voter in enumerate(voters):
            run = councils.open_question(seeds.question(panel=["trend"]), now=clock.now())
            vars(votes)["_voter"] = lambda _name, voter=voter: voter
            began = time.perf_counter()
            votes.ask(run_id=run.pk, voter="trend", clock=clock.now)
            took[number].append((time.perf_counter() - began) * 1000.0)
    models.Run.objects.all().delete()
    return [figures.percentile(times, 0.5) for times in took]

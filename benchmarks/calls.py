"""Calls against one cap at a steady rate, and votes and runs with and without a budget, in this process.

Django is set up before.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.core.management import call_command
from django.db import connection

from benchmarks import figures
from providers.voters.analysts import ANALYSTS
from providers.voters.types import Usage, Voter
from tests import caps, seeds
from thalas import models
from thalas.selectors import clock
from thalas.services import budgets, closings, councils, votes
from thalas.services.ledgers import Buyer

WORST = Usage(tokens_in=2_000, tokens_out=500, cost_usd=Decimal("0.01"))
USED = Usage(tokens_in=500, tokens_out=100, cost_usd=Decimal("0.002"))
BUYER = Buyer("trend", "analyst", "demo")


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
    held = budgets.reserve(BUYER, WORST, now=now)
    budgets.settle(held, USED, now=now)
    return (time.perf_counter() - began) * 1000.0


def statements() -> int:
    """Return how many statements a reserve and settle takes, those that begin a transaction included."""
    seen: list[str] = []

    def count(execute: Callable[..., object], sql: str, *rest: object) -> object:
        seen.append(sql)
        return execute(sql, *rest)

    held_at = clock.now()
    with connection.execute_wrapper(count):
        held = budgets.reserve(BUYER, WORST, now=held_at)
        budgets.settle(held, USED, now=held_at)
    return len(seen)


@dataclass(frozen=True, slots=True)
class Took:
    """The medians of something: wall time, and CPU of this process."""

    wall_ms: float
    cpu_ms: float

    def beside(self, other: "Took") -> str:
        """Return this beside *other*, in words."""
        return (
            f"{self.cpu_ms:.2f} to {other.cpu_ms:.2f} ms of CPU ({self.cpu_ms / other.cpu_ms:.2f} times), "
            f"{self.wall_ms:.2f} to {other.wall_ms:.2f} ms ({self.wall_ms / other.wall_ms:.2f} times)"
        )


def votes_of(*voters: Voter, each: int) -> list[Took]:
    """Return what a vote by each of *voters* takes, in turns."""

    def vote() -> None:
        votes.ask(run_id=opened.pop(), voter="trend", clock=clock.now)

    opened: list[UUID] = []
    return _in_turns(voters, each, vote, before=lambda: opened.append(_open(["trend"])))


def runs_of(*voters: Voter, each: int) -> list[Took]:
    """Return what a whole run takes whose five seats each of *voters* takes, in turns."""

    def run() -> None:
        run_id = _open(list(ANALYSTS))
        for name in ANALYSTS:
            votes.ask(run_id=run_id, voter=name, clock=clock.now)
        closings.close_if_answered(run_id, by="benchmark", now=clock.now())

    return _in_turns(voters, each, run)


def _in_turns(
    voters: Sequence[Voter], each: int, work: Callable[[], None], *, before: Callable[[], object] = bool
) -> list[Took]:
    took: list[list[tuple[float, float]]] = [[] for _ in voters]
    for turn in range(each):
        # In turns: where many want the machine, a time slice may end with whoever comes first.
        for number, voter in list(enumerate(voters))[:: -1 if turn % 2 else 1]:
            before()
            vars(votes)["_voter"] = lambda _name, voter=voter: voter
            began, cpu_began = time.perf_counter(), time.process_time()
            work()
            took[number].append((time.perf_counter() - began, time.process_time() - cpu_began))
    models.Run.objects.all().delete()
    return [
        Took(*(figures.percentile(part, 0.5) * 1000.0 for part in zip(*times, strict=True))) for times in took
    ]


def _open(panel: list[str]) -> UUID:
    return councils.open_question(seeds.question(panel=panel), now=clock.now()).pk

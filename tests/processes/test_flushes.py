"""The broker forgets everything, again and again: no run, vote, budget or switch was ever only there."""

import random
import time
from decimal import Decimal

import pytest

from tests import caps, seeds
from tests.processes import fleets, loads, records, waits
from tests.processes.emulators import Emulator
from tests.processes.fleets import VOTES, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import models
from thalas.roster import EMULATED
from thalas.selectors import clock
from thalas.services import budgets

pytestmark = pytest.mark.processes

PANEL = tuple(f"emulated-{persona}" for persona in EMULATED)
RUNS_PER_S = 3.0
# For longer than a moment no more may be asked than can be answered between two flushes.
LONG_RUNS_PER_S = 1.5
DEADLINE_S = 40.0
# Three calls of 0.3 s at a time are fewer than the twelve votes a second: messages lie in the queue.
THREADS = 3
# Each call is reserved at about 0.5 cents and costs a tenth of that: some are made, the others refused.
CAP_USD = Decimal("0.02")
# Four calls each; the cap has room for forty.
CAPPED_RUNS = 12


def flush_at_random(moments: int, *, seed: int, over_s: float) -> list[Decimal]:
    """Empty the broker at so many random moments; return what the day had cost after each."""
    dice, started = random.Random(seed), time.monotonic()
    spent_usd = []
    for at_s in sorted(dice.uniform(0.5, over_s) for _ in range(moments)):
        time.sleep(max(0.0, started + at_s - time.monotonic()))
        fleets.flush()
        spent_usd.append(budgets.spent_usd("emulator", now=clock.now()))
    return spent_usd


def spent_usd_in_all() -> Decimal:
    """Return what the emulator's days have cost together: a test may last over midnight."""
    days = models.BudgetWindow.objects.filter(subject="emulator", measure="usd_per_day")
    moments = days.values_list("starts_at", flat=True)
    return sum((budgets.spent_usd("emulator", now=moment) for moment in moments), Decimal(0))


def switches() -> list[tuple[object, ...]]:
    """Return every row that says what may be done."""
    return [
        *models.KillSwitch.objects.values_list(),
        *models.Account.objects.order_by("pk").values_list(),
        *models.Voter.objects.order_by("pk").values_list("name", "is_enabled", "weight"),
        *models.BudgetCap.objects.order_by("pk").values_list(),
    ]


def assert_the_ledger_is_whole(*, paid: int) -> Decimal:
    """Check the ledger against the emulator's own count and the day's sum; return that sum."""
    entries = list(models.SpendEntry.objects.all())
    assert len(entries) == paid, "each call that was billed was booked, and nothing else"
    held = [entry.reserved_usd if entry.booked_usd is None else entry.booked_usd for entry in entries]
    total_usd = sum(held, Decimal(0))
    assert total_usd == spent_usd_in_all()
    return total_usd


def survive(
    fleet: Fleet,
    emulator: Emulator,
    *,
    moments: int,
    seed: int,
    cap_usd: Decimal,
    per_s: float = RUNS_PER_S,
    least: int = 1,
) -> list[models.Run]:
    """Open *least* runs or more while the broker forgets; check that nothing was lost and return them."""
    narrow(fleet)
    emulator.obey({"*": [{"latency_s": 0.3, "action": "BUY", "confidence": 0.8}]})
    caps.allow_usd(cap_usd, provider="emulator")
    before, paid_before = switches(), emulator.paid
    with loads.steady(seeds.question(panel=PANEL, deadline_s=DEADLINE_S), per_s=per_s) as load:
        spent_usd = flush_at_random(moments, seed=seed, over_s=0.8 * moments)
        load.await_count(least, within_s=60)
    waits.in_time(load.refused == 0, f"the database to take {load.refused} runs more")
    closed = records.await_closed(load.opened, within_s=DEADLINE_S + 2)
    assert_every_call_was_heard()
    assert models.Run.objects.count() == len(load.opened)
    assert models.Vote.objects.count() == len(load.opened) * len(PANEL)
    total_usd = assert_the_ledger_is_whole(paid=emulator.paid - paid_before)
    assert max(*spent_usd, total_usd) <= cap_usd
    assert switches() == before
    return closed


def narrow(fleet: Fleet) -> None:
    """Let a worker ask that asks for few votes at a time."""
    fleet.dismiss(VOTES)
    words = fleet.argv(VOTES)
    argv = tuple(f"--concurrency={THREADS}" if word.startswith("--concurrency") else word for word in words)
    fleet.add("votes-narrow", like=VOTES, argv=argv)
    fleet.muster("votes-narrow")


def assert_every_call_was_heard() -> None:
    """Check that each vote is cast, or that the budget refused its call, after which it is failed for good.

    Raises:  TooSlow if a vote lacked nothing but time; else AssertionError.
    """
    odd = outcomes_of_votes() - {("cast", ""), ("failed", "budget_exhausted")}
    assert {outcome for outcome in odd if not records.is_of_time(*outcome)} == set()
    waits.in_time(not odd, f"all to be heard: {odd}")


def outcomes_of_votes() -> set[tuple[str, str]]:
    """Return every state and reason that some vote has."""
    return set(models.Vote.objects.values_list("state", "error_kind"))


def test_a_broker_that_forgets_ten_times_loses_nothing_and_everyone_is_heard(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> None:
    closed = survive(guards, emulator, moments=10, seed=11, cap_usd=Decimal(100))
    assert outcomes_of_votes() == {("cast", "")}
    assert "NO_DECISION" not in records.outcomes(closed)


def test_a_cap_that_is_reached_while_the_broker_forgets_is_not_passed(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> None:
    survive(guards, emulator, moments=5, seed=12, cap_usd=CAP_USD, least=CAPPED_RUNS)
    assert outcomes_of_votes() == {("cast", ""), ("failed", "budget_exhausted")}


@pytest.mark.acceptance
@pytest.mark.timeout(600)
def test_a_broker_that_forgets_a_hundred_times_loses_nothing_and_everyone_is_heard(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> None:
    closed = survive(guards, emulator, per_s=LONG_RUNS_PER_S, moments=100, seed=13, cap_usd=Decimal(100))
    assert outcomes_of_votes() == {("cast", "")}
    assert "NO_DECISION" not in records.outcomes(closed)

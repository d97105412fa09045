"""What is too old goes with all it left behind; what is open, young, shared or spent stays."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import closings, retention, runs, schedules

pytestmark = pytest.mark.usefixtures("house")


def aged(days: float, *symbols: str, is_open: bool = False) -> models.Run:
    """Open a run so many days ago, and close it unless it stays open."""
    run = council.opened(*symbols, now=clock.now() - timedelta(days=days))
    if not is_open:
        council.everyone(run, council.hold(run))
        closings.close_run(run.pk, by="chord", reason="a test", now=council.later(run, 1))
    return run


def prune(now: datetime | None = None) -> int:
    """Keep thirty days; return how many runs went."""
    return retention.prune(keep_days=30, now=now or clock.now())


def test_an_old_run_goes_with_its_votes_and_its_decision() -> None:
    aged(31, "BTC/USD", "ETH/USD")
    assert prune() == 1
    for kind in (models.Run, models.Vote, models.Decision, models.DecisionLeg, models.Brief):
        assert not kind.objects.exists(), kind.__name__


def test_a_run_is_old_by_its_opening_to_the_second() -> None:
    now = clock.now()
    run = aged(10)
    models.Run.objects.filter(pk=run.pk).update(opened_at=now - timedelta(days=30))
    assert prune(now) == 0
    assert prune(now + timedelta(seconds=1)) == 1


def test_open_runs_stay_however_old_and_cancelled_ones_go() -> None:
    still_open, cancelled = aged(400, is_open=True), aged(400, is_open=True)
    runs.cancel_run(cancelled.pk, by="Ann", now=clock.now())
    assert prune() == 1
    assert models.Run.objects.get() == still_open


def test_a_brief_that_a_younger_run_shares_stays() -> None:
    old = aged(31)
    young = aged(1, is_open=True)
    models.Run.objects.filter(pk=young.pk).update(brief=old.brief_id)
    models.Brief.objects.update(created_at=clock.now() - timedelta(days=31))
    assert prune() == 1
    assert models.Brief.objects.get().pk == old.brief_id
    young.refresh_from_db()
    assert council.price(young) > 0


def test_slots_go_with_their_runs_and_old_ones_without_a_run_too() -> None:
    now = clock.now()
    schedule = models.Schedule.objects.create(
        name="hourly",
        cadence="interval",
        every_s=3600,
        timeframe="1d",
        watchlist_id="bitcoin",
        starts_at=now - timedelta(days=31, hours=3),
    )
    schedules.tick(schedule.pk, now=now - timedelta(days=31))
    for run in models.Run.objects.all():
        closings.close_run(run.pk, by="guard", reason="a test", now=now)
    assert sorted(schedule.slots.values_list("state", flat=True)) == ["fired", "missed", "missed"]
    fresh = models.Slot.objects.create(schedule=schedule, due_at=now, state="missed", created_at=now)
    assert prune(now) == 1
    assert models.Slot.objects.get() == fresh


def test_the_ledger_keeps_what_was_spent() -> None:
    run = aged(31)
    models.SpendEntry.objects.create(
        provider_id="analyst",
        vote=run.votes.first(),
        spent_on=run.opened_at.date(),
        reserved_usd=Decimal("0.30"),
        reserved_at=run.opened_at,
    )
    assert prune() == 1
    entry = models.SpendEntry.objects.get()
    assert (entry.reserved_usd, entry.vote) == (Decimal("0.30"), None)


def test_more_old_runs_than_one_batch_all_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        aged(31)
    assert prune() == 5
    assert not models.Run.objects.exists()


def test_pruning_twice_removes_nothing_more() -> None:
    aged(31)
    kept = aged(29)
    assert (prune(), prune()) == (1, 0)
    assert models.Run.objects.get() == kept
    assert kept.votes.count() == 5


@pytest.mark.usefixtures("house")
def test_repeated_requests_are_remembered_for_a_week() -> None:
    now = clock.now()
    account = models.Account.objects.get(pk="demo")
    for key, age in (("old", 7.1), ("young", 6.9)):
        models.IdempotentRequest.objects.create(
            account=account,
            key=key,
            route="POST /x",
            body_sha256="0" * 64,
            created_at=now - timedelta(days=age),
        )
    retention.prune(keep_days=30, now=now)
    assert list(models.IdempotentRequest.objects.values_list("key", flat=True)) == ["young"]

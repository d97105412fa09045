"""What is held free lives from its decision, with which it is one, until the next candle closes."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError, connection
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from providers.markets import replay_clock, timeframes
from providers.markets.replay_clock import ReplayClock
from tests import seeds
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.approvals import PASSED, answered_runs, close, close_only, room_for_one
from thalas import models
from thalas.selectors import desks, markets
from thalas.services import closings


@pytest.mark.usefixtures("house")
def test_a_late_close_judges_by_what_is_held_then_and_not_by_what_was_held_when_its_run_opened() -> None:
    room_for_one()
    first, early, late = answered_runs(3)
    assert close(first) in PASSED
    held = models.Reservation.objects.get()
    closed = partial(closings.close_run, by=closings.GUARD, reason="the deadline has passed")
    closed(early.pk, now=held.expires_at - timedelta(milliseconds=1))
    closed(late.pk, now=held.expires_at)
    legs = {leg.decision_id: leg for leg in models.DecisionLeg.objects.all()}
    assert legs[early.pk].verdict_reason.startswith("Vetoed by total_exposure")
    assert legs[late.pk].verdict in PASSED
    next_one = models.Reservation.objects.get(run=late)
    assert next_one.made_at == held.expires_at
    assert next_one.expires_at == held.expires_at + timedelta(days=1)  # the tape runs at the clock's speed


@pytest.mark.usefixtures("house")
def test_what_has_expired_within_the_hour_counts_as_ordered_and_not_as_held() -> None:
    half_past = F("market_anchor_at") + timedelta(minutes=30)
    models.ReplayTape.objects.update(market_anchor_at=half_past)
    first, late = (council.opened(timeframe="1h", panel=["trend", "momentum"]) for _ in range(2))
    for run in (first, late):
        council.everyone(run, council.buy(run))
    assert close(first) in PASSED
    held = models.Reservation.objects.get()
    assert held.expires_at - held.made_at < timedelta(minutes=31)
    closings.close_run(late.pk, by=closings.GUARD, reason="a test", now=held.expires_at)
    leg = models.DecisionLeg.objects.get(decision_id=late.pk)
    assert leg.verdict in PASSED
    values = {check["code"]: check["value"] for check in leg.checks}
    assert (values["open_orders"], values["order_rate"]) == (0.0, 2.0)


@given(
    speed=st.sampled_from([0.5, 1.0, 7.3, 1440.0, 1_000_000.0]),
    timeframe=st.sampled_from(list(timeframes.SECONDS)),
    passed_us=st.integers(0, 10**15),
)
def test_a_reservation_ends_when_the_next_candle_closes_or_the_tape_starts_over(
    speed: float, timeframe: str, passed_us: int
) -> None:
    starts_at = seeds.moment(2018, 7, 17)
    tape = ReplayClock(
        anchor_at=seeds.moment(2026, 1, 1),
        market_anchor_at=starts_at,
        speed=speed,
        starts_at=starts_at,
        ends_at=seeds.moment(2019, 10, 17, 9),
    )
    now = tape.anchor_at + timedelta(microseconds=passed_us)
    shown = replay_clock.moment(tape, now)
    until = desks.expiry(timeframe, markets.TapePosition(shown, tape))
    then = replay_clock.moment(tape, until)
    assert until > now
    closes_at = timeframes.last_close(timeframe, shown.market_at) + timeframes.length(timeframe)
    slack = timedelta(milliseconds=1) * speed  # it ends on a whole millisecond of our clock
    if closes_at < tape.ends_at:
        assert (then.lap, then.market_at >= closes_at) == (shown.lap, True) or then.lap == shown.lap + 1
        assert then.lap > shown.lap or then.market_at - closes_at <= slack
    else:
        assert then.lap == shown.lap + 1
        assert then.market_at - starts_at <= slack


FAULT = {
    "postgresql": """
        CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'pulled out'; END $$;
        CREATE TRIGGER broken BEFORE INSERT ON thalas_reservation FOR EACH ROW EXECUTE FUNCTION break()
    """,
    "sqlite": """
        CREATE TRIGGER broken BEFORE INSERT ON thalas_reservation
        BEGIN SELECT RAISE(ABORT, 'pulled out'); END
    """,
}
MENDED = {
    "postgresql": "DROP TRIGGER broken ON thalas_reservation; DROP FUNCTION break",
    "sqlite": "DROP TRIGGER broken",
}


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("house")
def test_a_fault_between_a_decision_and_its_reservation_leaves_neither_and_the_run_open() -> None:
    run = answered_runs(1)[0]
    execute(FAULT[connection.vendor])
    with pytest.raises(DatabaseError, match="pulled out"):
        close_only(run)
    assert not models.Decision.objects.exists()
    assert not models.DecisionLeg.objects.exists()
    assert models.Run.objects.get().state == models.Run.State.OPEN
    execute(MENDED[connection.vendor])
    assert close(run) in PASSED
    leg = models.DecisionLeg.objects.get()
    assert models.Reservation.objects.get().size_usd == leg.size_usd > 0

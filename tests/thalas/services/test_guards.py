"""Guards close what nobody closed, give up what nobody can answer, and ask again for what was lost."""

import logging
import time
from datetime import datetime
from decimal import Decimal
from threading import Event

import pytest
from django.db import connection, transaction

from tests.processes import waits
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.threads import at_once
from thalas import models
from thalas.selectors import briefs, clock
from thalas.services import closings, guards, runs, votes


def sweep(run: models.Run, after_s: float) -> guards.Sweep:
    """Sweep so many seconds after the opening of *run*."""
    return guards.sweep(now=council.later(run, after_s))


def resent(run: models.Run, after_s: float) -> list[str]:
    """Return whose votes a guard takes to be sent again so many seconds after the opening of *run*."""
    return sorted(vote.voter_id for vote in guards.votes_to_resend(now=council.later(run, after_s)))


def state(run: models.Run) -> tuple[str, str]:
    """Return the state of *run* and who closed it."""
    run.refresh_from_db()
    return run.state, run.closed_by


# --- closing -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_an_overdue_run_is_closed_at_its_deadline_and_not_before() -> None:
    run = council.opened()
    assert sweep(run, 29.999) == guards.Sweep(closed=0, given_up=0)
    assert state(run) == ("open", "")
    assert sweep(run, 30.0) == guards.Sweep(closed=1, given_up=0)
    assert state(run) == ("closed", "guard")
    assert run.close_reason == "the deadline has passed"
    assert sweep(run, 31.0) == guards.Sweep(closed=0, given_up=0)


@pytest.mark.usefixtures("house")
def test_a_run_that_no_guard_closed_is_closed_by_whoever_looks_and_only_then() -> None:
    run = council.opened()
    assert guards.close_overlooked(now=council.later(run, 30.699)) == 0
    assert guards.close_overlooked(now=council.later(run, 30.701)) == 1
    assert state(run) == ("closed", "worker")
    assert run.close_reason == "the deadline has passed and no guard came"


@pytest.mark.usefixtures("house")
def test_how_late_a_run_was_closed_is_on_record() -> None:
    run = council.opened()
    sweep(run, 31.5)
    run.refresh_from_db()
    assert run.closed_at is not None
    assert (run.closed_at - run.deadline_at).total_seconds() == pytest.approx(1.5)


@pytest.mark.usefixtures("house")
def test_a_run_whose_chord_is_silent_is_closed_one_second_after_its_last_answer_and_not_before() -> None:
    # Recorded at 10 s plus 5 ms of latency: the grace ends at 11.005 s.
    run = council.opened()
    council.everyone(run, council.hold(run), after_s=10)
    assert sweep(run, 11.004).closed == 0
    assert sweep(run, 11.006).closed == 1
    assert state(run) == ("closed", "guard")
    assert run.close_reason == "every vote is in and the chord is silent"


@pytest.mark.usefixtures("house")
def test_a_run_with_one_open_vote_is_left_to_its_deadline() -> None:
    run = council.opened()
    council.everyone(run, council.hold(run))
    run.votes.filter(voter="trend").update(state="claimed", lease_until=council.later(run, 29))
    assert sweep(run, 28).closed == 0


@pytest.mark.usefixtures("house")
def test_runs_that_have_ended_are_left_alone() -> None:
    closed, cancelled = council.opened(), council.opened()
    closings.close_run(closed.pk, by="chord", reason="a test", now=council.later(closed, 1))
    runs.cancel_run(cancelled.pk, by="Ann", now=council.later(cancelled, 1))
    assert sweep(closed, 60) == guards.Sweep(closed=0, given_up=0)
    assert (state(closed), state(cancelled)) == (("closed", "chord"), ("cancelled", "person"))


@pytest.mark.usefixtures("house")
def test_a_run_that_cannot_be_closed_is_logged_and_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # No outcome has more than 12 letters: a wrong row, as a defect of ours would write it.
    broken, sound = council.opened("BTC/USD"), council.opened("ETH/USD")
    models.Run.objects.filter(pk=broken.pk).update(
        deadline_at=council.later(broken, 29), symbols=["B" * 60, "B" * 60]
    )
    models.Brief.objects.filter(pk=broken.brief_id).update(payload="{")
    with caplog.at_level(logging.ERROR):
        assert sweep(sound, 31).closed == 1
    assert state(broken) == ("open", "")
    assert state(sound) == ("closed", "guard")
    logged = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    failed = [(line["event"], line.get("run_id")) for line in logged if "closing" in line["event"]]
    failed += [(line["event"], line["run_id"]) for line in logged if line["event"] == "close_failed"]
    assert failed == [("closing_together_failed", None), ("close_failed", str(broken.pk))]
    assert broken.votes.filter(state="expected").count() == 5  # nothing of the attempt is left


@pytest.mark.usefixtures("house")
def test_a_run_whose_brief_cannot_be_read_closes_without_a_decision() -> None:
    damaged, sound = council.opened("BTC/USD", "LTC/USD"), council.opened("ETH/USD")
    council.everyone(damaged, council.buy(damaged))
    models.Brief.objects.filter(pk=damaged.brief_id).update(payload='{"not": "a brief"}')
    briefs.shown.cache_clear()
    assert sweep(sound, 31).closed == 2
    legs = models.DecisionLeg.objects.filter(decision=damaged.pk)
    assert [(leg.symbol, leg.outcome, leg.verdict, leg.size_usd) for leg in legs] == [
        ("BTC/USD", "NO_DECISION", "no_order", Decimal(0)),
        ("LTC/USD", "NO_DECISION", "no_order", Decimal(0)),
    ]
    assert all(leg.is_degraded and "cannot be read" in leg.verdict_reason for leg in legs)


@pytest.mark.usefixtures("shared_house")
def test_two_guards_and_a_chord_close_many_overdue_runs_once_each() -> None:
    opened = [council.opened(panel=["trend"]) for _ in range(12)]
    late = council.later(opened[-1], 40)

    def chord() -> int:
        for run in reversed(opened):
            closings.close_run(run.pk, by="chord", reason="a test", now=late)
        return 0

    at_once(lambda: guards.sweep(now=late).closed, lambda: guards.sweep(now=late).closed, chord)
    assert models.Run.objects.filter(state="open").count() == 0
    assert models.Decision.objects.count() == 12
    assert models.DecisionLeg.objects.count() == 12


@pytest.mark.usefixtures("shared_house")
def test_a_stuck_transaction_on_one_run_does_not_keep_the_others_waiting() -> None:
    # Waiting for the row would take the lock's timeout of 5 s; SQLite has one lock for all and no rows.
    if connection.vendor == "sqlite":
        pytest.skip("SQLite locks no single row")
    stuck, free = council.opened("BTC/USD"), council.opened("ETH/USD")
    claims = [council.claimed(stuck, voter, after_s=19) for voter in ("trend", "momentum")]
    now, is_held, is_done = council.later(free, 31), Event(), Event()

    def hold() -> float:
        with transaction.atomic():
            models.Run.objects.filter(pk=stuck.pk).update(close_reason="half done")
            models.Vote.objects.filter(pk__in=[claim.vote_id for claim in claims]).update(error="half done")
            is_held.set()
            is_done.wait(timeout=20)
        return 0.0

    def watch() -> float:
        is_held.wait(timeout=10)
        started = time.monotonic()
        assert guards.sweep(now=now) == guards.Sweep(closed=1, given_up=0)
        took_s = time.monotonic() - started
        is_done.set()
        return took_s

    waits.no_longer(at_once(hold, watch)[1], 1.0, "a sweep beside a row that is held")
    assert (state(free), state(stuck)) == (("closed", "guard"), ("open", ""))
    assert guards.sweep(now=now).closed == 1
    assert state(stuck) == ("closed", "guard")


# --- giving up -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_vote_that_lost_its_third_worker_is_given_up() -> None:
    # Started at 0, 8 and 16 s; the last lease ends at 16 + 7 = 23 s.
    run = council.opened()
    for after_s in (0, 8, 16):
        council.claimed(run, "trend", after_s=after_s)
    assert sweep(run, 23.0).given_up == 0
    assert sweep(run, 23.1).given_up == 1
    vote = council.vote_of(run, "trend")
    assert (vote.state, vote.error_kind) == ("failed", "worker_lost")
    assert vote.recorded_at == council.later(run, 23.1)


@pytest.mark.usefixtures("house")
def test_a_vote_that_lost_its_worker_too_late_to_ask_again_is_given_up() -> None:
    # Claimed at 19 s, the lease ends at 26 s: 4 s are left, and a call may take 5 s.
    run = council.opened()
    council.claimed(run, "trend", after_s=19)
    assert sweep(run, 26.1).given_up == 1
    assert council.vote_of(run, "trend").error_kind == "worker_lost"


@pytest.mark.usefixtures("house")
def test_a_vote_that_may_be_asked_again_is_not_given_up() -> None:
    run = council.opened()
    council.claimed(run, "trend")
    assert sweep(run, 8).given_up == 0
    assert sweep(run, 24.7).given_up == 0  # 5.3 s are left
    assert council.vote_of(run, "trend").state == "claimed"


@pytest.mark.usefixtures("house")
def test_a_vote_is_given_up_as_soon_as_nobody_can_claim_it_any_more() -> None:
    # A claim leaves 0.25 s to record the answer: at 24.8 s only 4.95 s are left to call, and 5 are needed.
    run = council.opened()
    council.claimed(run, "trend")
    now = council.later(run, 24.8)
    assert votes.claim_vote(run_id=run.pk, voter="trend", now=now) is None
    assert guards.sweep(now=now).given_up == 1


@pytest.mark.usefixtures("house")
def test_a_vote_that_nobody_has_asked_for_is_never_given_up_before_the_close() -> None:
    run = council.opened()
    assert sweep(run, 29.9).given_up == 0
    assert council.vote_of(run, "trend").state == "expected"


@pytest.mark.usefixtures("house")
def test_an_answer_that_comes_after_its_vote_was_given_up_changes_nothing() -> None:
    run = council.opened()
    claim = council.claimed(run, "trend", after_s=19)
    sweep(run, 26.1)
    answer = council.buy(run)
    assert votes.record(claim, answer, latency_ms=1.0, now=council.later(run, 27)) == "lease_lost"
    assert council.vote_of(run, "trend").state == "failed"


# --- asking again --------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_vote_that_nobody_claimed_is_sent_again_after_four_seconds_and_then_every_four() -> None:
    run = council.opened(panel=["trend"])
    assert resent(run, 3.999) == []
    assert resent(run, 4.0) == ["trend"]
    assert resent(run, 4.1) == []
    assert resent(run, 7.999) == []
    assert resent(run, 8.0) == ["trend"]


@pytest.mark.usefixtures("house")
def test_a_vote_whose_lease_has_run_out_is_sent_again_at_once_and_then_every_four_seconds() -> None:
    run = council.opened(panel=["trend"])
    council.claimed(run, "trend", after_s=1)  # until 8 s
    assert resent(run, 8.0) == []
    assert resent(run, 8.1) == ["trend"]
    assert resent(run, 8.2) == []
    assert resent(run, 12.1) == ["trend"]


@pytest.mark.usefixtures("house")
def test_what_is_being_asked_or_was_answered_is_not_sent_again() -> None:
    run = council.opened(panel=["trend", "momentum"])
    council.claimed(run, "trend", after_s=3)
    council.answered(run, {"momentum": council.hold(run)})
    assert resent(run, 9.9) == []


@pytest.mark.usefixtures("house")
def test_nothing_is_sent_again_after_the_third_start_or_the_deadline_or_the_end() -> None:
    tired, late, ended = (council.opened(panel=["trend"]) for _ in range(3))
    for after_s in (0, 8, 16):
        council.claimed(tired, "trend", after_s=after_s)
    closings.close_run(ended.pk, by="chord", reason="a test", now=council.later(ended, 1))
    models.Run.objects.filter(pk=late.pk).update(deadline_at=council.later(late, 20))
    assert guards.votes_to_resend(now=council.later(tired, 24)) == []


@pytest.mark.usefixtures("shared_house")
def test_of_four_guards_no_two_take_the_same_vote() -> None:
    for _ in range(8):
        opened = [council.opened() for _ in range(4)]
        now = council.later(opened[-1], 5)

        def take(now: datetime = now) -> list[int]:
            return [vote.pk for vote in guards.votes_to_resend(now=now)]

        took = at_once(*[take] * 4)
        together = [pk for share in took for pk in share]
        assert len(together) == len(set(together)) == 20
        models.Run.objects.all().delete()


@pytest.mark.usefixtures("house")
def test_one_look_takes_a_bounded_number_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "RESEND_BATCH", 3)
    older = council.opened()
    newer = council.opened(now=council.later(older, 1))
    now = council.later(newer, 10)
    shares = [[vote.run_id for vote in guards.votes_to_resend(now=now)] for _ in range(4)]
    assert [len(share) for share in shares] == [3, 3, 3, 1]
    assert [run for share in shares for run in share] == [older.pk] * 5 + [newer.pk] * 5


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(("queued", "taken"), [(0, 5), (2, 3), (5, 0), (900, 0)])
def test_votes_whose_messages_still_wait_in_the_queue_are_not_sent_again(queued: int, taken: int) -> None:
    run = council.opened()
    assert len(guards.votes_to_resend(now=council.later(run, 5), queued=queued)) == taken


@pytest.mark.usefixtures("house")
def test_one_sweep_closes_a_bounded_number_the_most_overdue_first_and_says_that_more_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guards, "CLOSE_BATCH", 3)
    opened = [council.opened() for _ in range(5)]
    for number, run in enumerate(opened):
        models.Run.objects.filter(pk=run.pk).update(deadline_at=council.later(opened[0], 20 - number))
    assert sweep(opened[0], 30) == guards.Sweep(closed=3, given_up=0, is_full=True)
    assert [state(run)[0] for run in opened] == ["open", "open", "closed", "closed", "closed"]
    assert sweep(opened[0], 31) == guards.Sweep(closed=2, given_up=0)


# --- signs of life -------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_guard_leaves_one_row_however_often_it_beats() -> None:
    for _ in range(3):
        guards.beat("guard-1", now=clock.now(), note="n" * 300)
    beat = models.Heartbeat.objects.get()
    assert (beat.name, len(beat.note)) == ("guard-1", 200)

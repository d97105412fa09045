"""One vote: claimed by one, asked, recorded whatever happens, and never counted after the close."""

import uuid
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.conf import LazySettings

from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError
from providers.voters.types import NOTHING, Abstention, Answer, Brief, Usage
from tests import caps
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.threads import at_once
from thalas import env, models, roster
from thalas.selectors import clock
from thalas.services import budgets, closings, runs, voters, votes


class RaisingVoter:
    """A voter with a defect: it raises something that no voter may raise."""

    def worst_case(self, brief: Brief) -> Usage:
        return NOTHING

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        raise ZeroDivisionError("a secret detail")


class PricedVoter:
    """A voter whose call may cost *worst* and then costs *cost*, in US dollars."""

    def __init__(self, worst: str, cost: str) -> None:
        self.worst, self.cost, self.asked = Decimal(worst), Decimal(cost), 0

    def worst_case(self, brief: Brief) -> Usage:
        return Usage(cost_usd=self.worst)

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        self.asked += 1
        unsure = tuple(Abstention(symbol=market.symbol, reasoning="unsure") for market in brief.markets)
        return Answer(opinions=unsure, usage=Usage(tokens_in=7, tokens_out=3, cost_usd=self.cost))


# --- the claim -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("shared_house")
def test_of_eight_workers_that_claim_one_vote_at_once_exactly_one_gets_it() -> None:
    for _ in range(20):
        run = council.opened()

        def claim(run: models.Run = run) -> bool:
            return votes.claim_vote(run_id=run.pk, voter="trend", now=run.opened_at) is not None

        assert sum(at_once(*[claim] * 8)) == 1
        assert council.vote_of(run, "trend").starts == 1


@pytest.mark.usefixtures("shared_house")
def test_of_eight_workers_that_take_over_an_expired_lease_at_once_exactly_one_gets_it() -> None:
    # Timeout 5 s and 2 s of slack: the lease of 0 s has run out at 8 s.
    for _ in range(20):
        run = council.opened()
        council.claimed(run, "trend")

        def claim(run: models.Run = run) -> bool:
            return votes.claim_vote(run_id=run.pk, voter="trend", now=council.later(run, 8)) is not None

        assert sum(at_once(*[claim] * 8)) == 1
        assert council.vote_of(run, "trend").starts == 2


@pytest.mark.usefixtures("house")
def test_a_claim_holds_for_the_timeout_and_two_seconds_more() -> None:
    run = council.opened()
    claim = council.claimed(run, "trend", after_s=1)
    vote = council.vote_of(run, "trend")
    assert claim.timeout_s == 5.0
    assert (vote.state, vote.token, vote.starts) == ("claimed", claim.token, 1)
    assert vote.lease_until == council.later(run, 1 + 5 + 2)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("after_s", "is_taken"),
    [
        (6.999, False),  # the lease of 0 + 5 + 2 s still holds
        (7.0, False),  # and at its very end too
        (7.001, True),
        (24.75, True),  # 30 − 0.25 − 24.75 = 5.0 s left: a full timeout
        (24.751, False),  # 4.999 s left
    ],
)
def test_an_expired_lease_is_taken_over_only_while_a_full_timeout_is_left(
    after_s: float, is_taken: bool
) -> None:
    run = council.opened()
    council.claimed(run, "trend")
    claim = votes.claim_vote(run_id=run.pk, voter="trend", now=council.later(run, after_s))
    assert (claim is not None) is is_taken


@pytest.mark.usefixtures("house")
def test_a_voter_that_kills_its_workers_is_started_three_times_and_no_more() -> None:
    # Leases of 7 s: started at 0, 8 and 16 s; at 24 s a full timeout would be left.
    run = council.opened()
    for after_s in (0, 8, 16):
        council.claimed(run, "trend", after_s=after_s)
    assert votes.claim_vote(run_id=run.pk, voter="trend", now=council.later(run, 24)) is None
    assert council.vote_of(run, "trend").starts == 3


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("after_s", "timeout_s"),
    [
        (24.75, 5.0),  # 5 s are left: a voter's own timeout
        (28.75, 1.0),  # 30 − 0.25 − 28.75: what is left, so that the answer is recorded in time
        (29.71, None),  # 0.04 s would be left
        (30.0, None),
        (31.0, None),
    ],
)
def test_a_late_claim_gets_the_time_that_is_left_or_none(after_s: float, timeout_s: float | None) -> None:
    run = council.opened()
    claim = votes.claim_vote(run_id=run.pk, voter="trend", now=council.later(run, after_s))
    assert (claim.timeout_s if claim else None) == (
        pytest.approx(timeout_s) if timeout_s is not None else None
    )


@pytest.mark.usefixtures("house")
def test_a_run_that_is_closed_or_cancelled_has_nothing_to_claim() -> None:
    closed, cancelled = council.opened(), council.opened()
    closings.close_run(closed.pk, by="guard", reason="a test", now=council.later(closed, 1))
    runs.cancel_run(cancelled.pk, by="a test", now=council.later(cancelled, 1))
    for run in (closed, cancelled):
        assert votes.ask(run_id=run.pk, voter="trend", clock=partial(council.later, run, 2)) == "not_mine"
        assert council.vote_of(run, "trend").state == "missing"


@pytest.mark.usefixtures("house")
def test_the_runs_state_alone_forbids_a_claim() -> None:
    # Between the close's first statement and its second, votes of a closed run still look expected.
    run = council.opened()
    models.Run.objects.filter(pk=run.pk).update(state="closed", closed_at=run.opened_at)
    assert votes.claim_vote(run_id=run.pk, voter="trend", now=run.opened_at) is None
    assert council.vote_of(run, "trend").state == "expected"


@pytest.mark.usefixtures("house")
def test_an_unknown_run_or_voter_is_nobodys_and_harms_nothing() -> None:
    run = council.opened()
    assert votes.ask(run_id=uuid.uuid4(), voter="trend", clock=lambda: run.opened_at) == "not_mine"
    assert votes.ask(run_id=run.pk, voter="nobody", clock=lambda: run.opened_at) == "not_mine"
    assert set(run.votes.values_list("state", flat=True)) == {"expected"}


@pytest.mark.usefixtures("house")
def test_a_message_that_comes_twice_asks_once() -> None:
    run = council.opened()
    first = votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at)
    assert first in ("cast", "abstained")
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) == "not_mine"


# --- the record ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_an_answer_is_recorded_with_everything_it_came_with() -> None:
    run = council.opened()
    answer = council.buy(run).model_copy(
        update={
            "usage": Usage(tokens_in=900, tokens_out=80, cost_usd=Decimal("0.0123")),
            "response_model": "m-1",
            "prompt_sha256": "a" * 64,
        }
    )
    claim = council.claimed(run, "trend", after_s=1)
    assert votes.record(claim, answer, latency_ms=250.0, now=council.later(run, 1)) == "cast"
    vote = council.vote_of(run, "trend")
    assert (vote.tokens_in, vote.tokens_out, vote.cost_usd) == (900, 80, Decimal("0.0123"))
    assert (vote.response_model, vote.prompt_sha256, vote.lease_until) == ("m-1", "a" * 64, None)
    assert (vote.latency_ms, vote.recorded_at) == (250.0, council.later(run, 1.25))
    assert vote.answers[0]["action"] == "BUY"


@pytest.mark.usefixtures("house")
def test_only_the_holder_of_the_lease_may_record() -> None:
    run = council.opened()
    first = council.claimed(run, "trend")
    second = council.claimed(run, "trend", after_s=8)
    assert votes.record(first, council.buy(run), latency_ms=1.0, now=council.later(run, 9)) == "lease_lost"
    assert council.vote_of(run, "trend").state == "claimed"
    assert votes.record(second, council.hold(run), latency_ms=1.0, now=council.later(run, 9)) == "cast"
    assert votes.record(second, council.buy(run), latency_ms=1.0, now=council.later(run, 9)) == "lease_lost"
    assert council.vote_of(run, "trend").answers[0]["action"] == "HOLD"


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_of_failure_is_kept_with_its_message(kind: ErrorKind) -> None:
    run = council.opened()
    claim = council.claimed(run, "trend")
    error = TransientVoterError(kind, "why " * 200)
    assert votes.record(claim, error, latency_ms=1.0, now=run.opened_at) == "failed"
    vote = council.vote_of(run, "trend")
    assert (vote.error_kind, len(vote.error)) == (kind.value, 400)


@pytest.mark.usefixtures("house")
def test_an_answer_after_the_close_is_kept_as_late_and_changes_no_decision() -> None:
    run = council.opened()
    council.answered(run, {name: council.hold(run) for name in ("breakout", "momentum", "volatility")})
    slow, lost = council.claimed(run, "trend"), council.claimed(run, "mean_reversion")
    closings.close_run(run.pk, by="guard", reason="the deadline has passed", now=council.later(run, 30))
    before = models.DecisionLeg.objects.values().get(decision=run.pk)
    assert votes.record(slow, council.buy(run), latency_ms=1.0, now=council.later(run, 31)) == "late"
    failure = TransientVoterError(ErrorKind.TIMEOUT, "no answer")
    assert votes.record(lost, failure, latency_ms=1.0, now=council.later(run, 31)) == "late"
    assert models.DecisionLeg.objects.values().get(decision=run.pk) == before
    assert council.vote_of(run, "trend").answers[0]["action"] == "BUY"
    assert council.vote_of(run, "mean_reversion").error_kind == "timeout"


@pytest.mark.usefixtures("house")
def test_what_a_database_cannot_hold_is_cut_or_left_out_of_the_record() -> None:
    # PostgreSQL refuses NUL in text, half a surrogate pair has no UTF-8, and columns have lengths.
    run = council.opened()
    odd = council.opinion(run).model_copy(update={"reasoning": "a\x00b\ud800c"})
    answer = Answer(opinions=(odd,), response_model="m\x00" * 90, prompt_sha256="f" * 64)
    assert votes.record(council.claimed(run, "trend"), answer, latency_ms=1.0, now=run.opened_at) == "cast"
    vote = council.vote_of(run, "trend")
    assert vote.answers[0]["reasoning"].startswith("a")
    assert "\x00" not in vote.answers[0]["reasoning"] + vote.response_model
    assert len(vote.response_model) <= 100
    failure = PermanentVoterError(ErrorKind.BAD_RESPONSE, "bad \x00 \udfff answer")
    claim = council.claimed(run, "momentum")
    assert votes.record(claim, failure, latency_ms=1.0, now=run.opened_at) == "failed"
    assert "\x00" not in council.vote_of(run, "momentum").error


# --- asking --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_server_that_is_not_there_is_a_failed_vote_that_says_so(settings: LazySettings) -> None:
    # Port 9 (discard) of this machine: nobody listens, so the connection is refused at once.
    settings.THALAS = env.read(
        {
            "SHED_BASE_URL": "http://127.0.0.1:9/v1",
            "SHED_MODEL": "m",
            "SHED_MAX_RETRIES": "0",
            "USE_KEYS": "1",
        }
    )
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))
    run = council.opened(panel=["shed", "trend"])
    assert votes.ask(run_id=run.pk, voter="shed", clock=lambda: run.opened_at) == "failed"
    vote = council.vote_of(run, "shed")
    assert vote.error_kind == ErrorKind.UNAVAILABLE
    assert vote.error
    assert vote.latency_ms is not None


@pytest.mark.usefixtures("house")
def test_a_voter_that_this_workers_environment_lacks_fails_as_not_configured() -> None:
    provider = models.Provider.objects.create(name="elsewhere")
    models.Voter.objects.create(name="far", provider=provider, wire="openai_chat", model="m", timeout_s=5.0)
    run = council.opened(panel=["far"])
    assert votes.ask(run_id=run.pk, voter="far", clock=lambda: run.opened_at) == "failed"
    assert council.vote_of(run, "far").error_kind == ErrorKind.NOT_CONFIGURED


# `_voter` is where the roster's voter comes from; no real voter raises on purpose or
# costs money, so the next tests put their own in its place.


@pytest.mark.usefixtures("house")
def test_a_voter_with_a_defect_is_a_failed_vote_and_its_details_stay_out_of_the_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(votes, "_voter", lambda _name: RaisingVoter())
    run = council.opened()
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) == "failed"
    vote = council.vote_of(run, "trend")
    assert (vote.error_kind, vote.error) == (ErrorKind.INTERNAL, "the voter raised ZeroDivisionError")


@pytest.mark.usefixtures("house")
def test_a_call_is_booked_at_its_worst_before_and_at_its_cost_after(monkeypatch: pytest.MonkeyPatch) -> None:
    voter = PricedVoter("0.30", "0.02")
    monkeypatch.setattr(votes, "_voter", lambda _name: voter)
    caps.allow_usd(1)
    run = council.opened()
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) == "abstained"
    entry = models.SpendEntry.objects.get()
    assert (entry.reserved_usd, entry.booked_usd) == (Decimal("0.30"), Decimal("0.02"))
    assert council.vote_of(run, "trend").cost_usd == Decimal("0.02")


class RefusingVoter(PricedVoter):
    """A voter whose call fails, having taken *usage*; None if nobody knows."""

    def __init__(self, usage: Usage | None) -> None:
        super().__init__("0.30", "0")
        self.usage = usage

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        error = PermanentVoterError(ErrorKind.AUTHENTICATION, "the key is wrong")
        error.usage = self.usage
        raise error


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("usage", "booked_usd", "spent_usd", "cost_usd"),
    [
        (Usage(requests=1), "0", "0", "0"),
        (Usage(tokens_in=9, cost_usd=Decimal("0.01")), "0.01", "0.01", "0.01"),
        (None, None, "0.30", "0"),
    ],
)
def test_a_failed_call_is_booked_at_what_it_took_and_at_its_worst_where_nobody_knows(
    monkeypatch: pytest.MonkeyPatch,
    usage: Usage | None,
    booked_usd: str | None,
    spent_usd: str,
    cost_usd: str,
) -> None:
    monkeypatch.setattr(votes, "_voter", lambda _name: RefusingVoter(usage))
    caps.allow_usd(1)
    run = council.opened()
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) == "failed"
    entry = models.SpendEntry.objects.get()
    assert entry.booked_usd == (None if booked_usd is None else Decimal(booked_usd))
    assert budgets.spent_usd("analyst", now=run.opened_at) == Decimal(spent_usd)
    assert council.vote_of(run, "trend").cost_usd == Decimal(cost_usd)


@pytest.mark.usefixtures("house")
def test_a_call_that_could_pass_the_cap_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    voter = PricedVoter("0.30", "0.02")
    monkeypatch.setattr(votes, "_voter", lambda _name: voter)
    caps.allow_usd("0.29")
    run = council.opened()
    assert votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at) == "failed"
    assert (voter.asked, models.SpendEntry.objects.count()) == (0, 0)
    vote = council.vote_of(run, "trend")
    assert vote.error_kind == ErrorKind.BUDGET_EXHAUSTED
    assert "US$ 0.2900 left of US$ 0.29" in vote.error


@pytest.mark.usefixtures("house")
def test_the_latency_is_measured_and_the_answer_is_recorded_that_much_later() -> None:
    run = council.opened()
    votes.ask(run_id=run.pk, voter="trend", clock=lambda: run.opened_at)
    vote = council.vote_of(run, "trend")
    assert vote.latency_ms is not None
    assert 0 <= vote.latency_ms < 5_000
    assert vote.recorded_at is not None
    assert vote.recorded_at - run.opened_at == pytest.approx(
        timedelta(milliseconds=vote.latency_ms), abs=timedelta(milliseconds=1)
    )


@pytest.mark.usefixtures("shared_house")
def test_the_databases_clock_is_close_to_this_machines_and_aware() -> None:
    assert clock.now().utcoffset() == timedelta(0)

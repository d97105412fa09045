"""Closing a run: exactly once, with every vote either counted or kept as late, and judged by the gate."""

import math
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.voters.types import Action, Answer
from tests import seeds
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.threads import at_once
from thalas import models
from thalas.domain import briefs
from thalas.errors import NotFound, NotPossible
from thalas.selectors import accounts, clock, stories
from thalas.services import closings, councils, runs, votes

PANEL = ("breakout", "mean_reversion", "momentum", "trend", "volatility")


def close(run: models.Run, *, after_s: float = 1.0, by: str = closings.CHORD) -> models.DecisionLeg:
    """Close *run* so many seconds after its opening; return the first leg of its decision."""
    closings.close_run(run.pk, by=by, reason="a test", now=council.later(run, after_s))
    leg = models.DecisionLeg.objects.filter(decision=run.pk).first()
    assert leg is not None
    return leg


def checks(leg: models.DecisionLeg) -> dict[str, str]:
    """Return the outcome of each risk check of *leg*, by its code."""
    return {check["code"]: check["outcome"] for check in leg.checks}


# --- what a decision holds -----------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_run_whose_votes_are_all_in_files_one_decision_per_symbol() -> None:
    run = councils.open_question(seeds.question("BTC/USD", "ETH/USD"), now=clock.now())
    for vote in run.votes.all():
        votes.ask(run_id=run.pk, voter=vote.voter_id, clock=clock.now)
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    decision = models.Decision.objects.get(run=run)
    assert [leg.symbol for leg in decision.legs.all()] == ["BTC/USD", "ETH/USD"]
    assert decision.heard == decision.panel == 5


@pytest.mark.usefixtures("house")
def test_a_consensus_is_the_sum_of_its_votes() -> None:
    # BUY 0.9 + 0.8 + 0.7 = 2.4, HOLD 0.6: agreement 2.4 / 3.0 = 0.8;
    # confidence 2.4 / 3 × (0.7 + 0.3 × 3/4) = 0.8 × 0.925 = 0.74; one abstained.
    run = council.opened()
    council.answered(
        run,
        {
            "breakout": council.buy(run, 0.9),
            "momentum": council.buy(run, 0.8),
            "trend": council.buy(run, 0.7),
            "volatility": council.hold(run, 0.6),
            "mean_reversion": council.abstain(run),
        },
    )
    leg = close(run)
    assert (leg.outcome, leg.is_degraded) == ("BUY", False)
    assert leg.agreement == pytest.approx(0.8)
    assert leg.confidence == pytest.approx(0.74)
    assert leg.counts == {"BUY": 3, "SELL": 0, "HOLD": 1}
    assert leg.arithmetic == "BUY: BUY 2.40 against HOLD 0.60, agreement 0.80, confidence 0.74"
    decision = models.Decision.objects.get(run=run)
    assert (decision.heard, decision.panel) == (5, 5)
    assert decision.latency_ms == pytest.approx(1000.0)


@pytest.mark.usefixtures("house")
def test_an_approved_size_risks_one_percent_at_the_stop_and_holds_fifteen_at_most() -> None:
    # 10,000 × 1 % × 0.8 / 5 % = 1,600 asked for; 15 % of 10,000 = 1,500 allowed.
    run = council.opened()
    council.everyone(run, council.buy(run))
    leg = close(run)
    assert (leg.verdict, leg.size_usd) == ("resized", Decimal("1500.00"))
    assert leg.requested_usd in (Decimal("1599.99"), Decimal("1600.00"))  # whole cents, rounded down


@pytest.mark.usefixtures("house")
def test_what_the_votes_cost_and_weighed_is_summed_once() -> None:
    run = council.opened()
    council.everyone(run, council.hold(run))
    models.Vote.objects.filter(run=run).update(cost_usd=Decimal("0.01"), tokens_in=10, tokens_out=2)
    close(run)
    decision = models.Decision.objects.get(run=run)
    assert (decision.cost_usd, decision.tokens) == (Decimal("0.05"), 60)


# --- once ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shared_house")
def test_of_eight_closers_at_once_one_closes_and_the_others_read_the_same() -> None:
    for _ in range(12):
        run = council.opened()
        council.everyone(run, council.hold(run))

        def work(number: int, run: models.Run = run) -> tuple[str, str]:
            now = council.later(run, 1 + number)
            mine = closings.close_run(run.pk, by=f"closer {number}", reason="a test", now=now)
            return mine.state, mine.closed_by

        seen = at_once(*[lambda n=n: work(n) for n in range(8)])
        run.refresh_from_db()
        assert set(seen) == {("closed", run.closed_by)}
        assert models.Decision.objects.filter(run=run).count() == 1
        assert models.DecisionLeg.objects.filter(decision=run.pk).count() == 1


@pytest.mark.usefixtures("shared_house")
def test_an_answer_recorded_while_the_run_closes_is_counted_or_late_and_never_neither() -> None:
    for _ in range(25):
        run = council.opened()
        claims = [council.claimed(run, name) for name in PANEL]
        said = council.buy(run)

        def answer(claim: votes.Claim, said: Answer = said, run: models.Run = run) -> str:
            return votes.record(claim, said, latency_ms=1.0, now=run.opened_at)

        def shut(run: models.Run = run) -> str:
            return closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1)).state

        became = at_once(*[lambda c=c: answer(c) for c in claims], shut)
        leg = models.DecisionLeg.objects.get(decision=run.pk)
        cast = run.votes.filter(state="cast").count()
        assert sorted(became[:-1]) == ["cast"] * cast + ["late"] * (5 - cast)
        assert cast + run.votes.filter(state="late").count() == 5
        assert leg.counts["BUY"] == cast


@pytest.mark.usefixtures("shared_house")
def test_a_vote_claimed_while_the_run_closes_is_recorded_as_late_or_was_never_claimed() -> None:
    for _ in range(15):
        run = council.opened()
        said = council.buy(run)

        def ask(voter: str, run: models.Run = run, said: Answer = said) -> str:
            claim = votes.claim_vote(run_id=run.pk, voter=voter, now=run.opened_at)
            return votes.record(claim, said, latency_ms=1.0, now=run.opened_at) if claim else "not_mine"

        def shut(run: models.Run = run) -> str:
            return closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1)).state

        became = at_once(*[lambda v=v: ask(v) for v in PANEL], shut)
        stored = {vote.voter_id: vote.state for vote in run.votes.all()}
        assert [stored[voter] for voter in PANEL] == [
            {"not_mine": "missing"}.get(word, word) for word in became[:-1]
        ]
        assert models.DecisionLeg.objects.get(decision=run.pk).counts["BUY"] == became.count("cast")


@pytest.mark.usefixtures("shared_house")
def test_a_run_that_is_cancelled_while_it_closes_is_one_or_the_other() -> None:
    for _ in range(10):
        run = council.opened()

        def cancel(run: models.Run = run) -> str:
            try:
                return runs.cancel_run(run.pk, by="a test", now=council.later(run, 1)).state
            except NotPossible:
                return "refused"

        def shut(run: models.Run = run) -> str:
            return closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1)).state

        became = at_once(cancel, shut)
        run.refresh_from_db()
        assert became in (["cancelled", "cancelled"], ["refused", "closed"])
        assert models.Decision.objects.filter(run=run).exists() is (run.state == "closed")


@pytest.mark.usefixtures("house")
def test_closing_a_cancelled_run_changes_nothing() -> None:
    run = council.opened()
    runs.cancel_run(run.pk, by="somebody", now=council.later(run, 1))
    before = models.Run.objects.values().get(pk=run.pk)
    closed = closings.close_run(run.pk, by="guard", reason="late", now=council.later(run, 2))
    assert closed.state == "cancelled"
    assert models.Run.objects.values().get(pk=run.pk) == before
    assert not models.Decision.objects.filter(run=run).exists()


@pytest.mark.usefixtures("house")
def test_a_run_that_does_not_exist_cannot_be_closed() -> None:
    with pytest.raises(NotFound, match="there is no run"):
        closings.close_run(uuid.uuid4(), by="guard", reason="a test", now=clock.now())


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("state", models.Vote.OPEN_STATES)
def test_a_callback_that_comes_before_the_last_answer_closes_nothing(state: str) -> None:
    run = council.opened()
    council.everyone(run, council.hold(run))
    run.votes.filter(voter="trend").update(state=state)
    assert closings.close_if_answered(run.pk, by=closings.CHORD, now=council.later(run, 1)) is False
    run.refresh_from_db()
    assert run.state == "open"
    run.votes.filter(voter="trend").update(state="abstained")
    assert closings.close_if_answered(run.pk, by=closings.CHORD, now=council.later(run, 1)) is True
    assert closings.close_if_answered(run.pk, by=closings.CHORD, now=council.later(run, 2)) is True
    run.refresh_from_db()
    assert (run.closed_by, run.close_reason) == ("chord", "every vote is in")


# --- what an outage does -------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_below_quorum_nothing_is_decided_and_nothing_may_be_traded() -> None:
    # Five voters: three cast votes are needed; two were cast, three are missing.
    run = council.opened()
    council.answered(run, {"trend": council.buy(run), "momentum": council.buy(run)})
    leg = close(run, after_s=30)
    assert (leg.outcome, leg.is_degraded, leg.verdict, leg.size_usd) == (
        "NO_DECISION",
        True,
        "vetoed",
        Decimal(0),
    )
    assert leg.arithmetic == "NO_DECISION: 2 of 5 voters cast a vote, 3 are needed"
    assert models.Decision.objects.get(run=run).is_degraded
    assert run.votes.filter(state="missing").count() == 3


@pytest.mark.usefixtures("house")
def test_when_everybody_abstains_nothing_is_decided() -> None:
    run = council.opened()
    council.everyone(run, council.abstain(run))
    leg = close(run)
    assert (leg.outcome, leg.size_usd, leg.stop, leg.confidence) == ("NO_DECISION", Decimal(0), None, 0.0)
    assert models.Decision.objects.get(run=run).heard == 5


@pytest.mark.usefixtures("house")
def test_a_lost_voter_degrades_the_decision_and_an_abstention_does_not() -> None:
    degraded, whole = council.opened(), council.opened()
    four = ("breakout", "momentum", "trend", "volatility")
    for run in (degraded, whole):
        council.answered(run, dict.fromkeys(four, council.buy(run)))
    council.answered(whole, {"mean_reversion": council.abstain(whole)})
    lost = close(degraded)
    models.Reservation.objects.all().delete()  # what the first holds free would refuse the second
    heard = close(whole)
    assert (lost.is_degraded, heard.is_degraded) == (True, False)
    assert lost.size_usd < heard.size_usd


@pytest.mark.usefixtures("house")
def test_each_symbol_has_a_quorum_of_its_own() -> None:
    # All five vote on BTC/USD, and only two of them on ETH/USD.
    run = council.opened("BTC/USD", "ETH/USD")
    only_btc = Answer(opinions=(council.opinion(run, Action.HOLD, symbol="BTC/USD"),))
    council.answered(run, dict.fromkeys(PANEL[:3], only_btc) | dict.fromkeys(PANEL[3:], council.hold(run)))
    close(run)
    legs = models.DecisionLeg.objects.filter(decision=run.pk)
    assert [(leg.symbol, leg.outcome) for leg in legs] == [("BTC/USD", "HOLD"), ("ETH/USD", "NO_DECISION")]


# --- the gate ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("case", ["engaged", "missing", "unreadable"])
def test_a_kill_switch_that_is_not_plainly_released_vetoes(case: str) -> None:
    if case == "missing":
        models.KillSwitch.objects.all().delete()
    else:
        models.KillSwitch.objects.update(state={"engaged": "engaged", "unreadable": "???"}[case])
    run = council.opened()
    council.everyone(run, council.buy(run))
    leg = close(run)
    assert (leg.outcome, leg.verdict, leg.size_usd) == ("BUY", "vetoed", Decimal(0))
    assert checks(leg)["kill_switch"] == "failed"
    assert "kill_switch" in leg.verdict_reason
    assert accounts.is_killed() is (True if case == "engaged" else None)


@pytest.mark.usefixtures("house")
def test_a_kill_switch_whose_table_is_gone_counts_as_engaged() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE thalas_killswitch RENAME TO hidden")
        assert accounts.is_killed() is None
        cursor.execute("ALTER TABLE hidden RENAME TO thalas_killswitch")
    assert accounts.is_killed() is False


@pytest.mark.usefixtures("house")
def test_a_kill_switch_engaged_after_the_opening_still_counts() -> None:
    run = council.opened()
    council.everyone(run, council.buy(run))
    models.KillSwitch.objects.update(state="engaged")
    assert close(run).verdict == "vetoed"


@pytest.mark.usefixtures("house")
def test_a_brief_that_has_grown_old_vetoes() -> None:
    # Candles of a day, at most two of them old; the tape moves on by three days before the close.
    run = council.opened()
    council.everyone(run, council.buy(run))
    tape = models.ReplayTape.objects.get()
    tape.market_anchor_at += timedelta(days=3)
    tape.save()
    leg = close(run)
    assert (leg.verdict, checks(leg)["data_age"]) == ("vetoed", "failed")


@pytest.mark.usefixtures("house")
def test_a_tape_that_has_started_over_since_makes_a_brief_old() -> None:
    run = council.opened()
    council.everyone(run, council.buy(run))
    models.ReplayTape.objects.update(lap=1)
    assert checks(close(run))["data_age"] == "failed"


@pytest.mark.usefixtures("house")
def test_a_market_without_a_clock_vetoes_and_the_run_still_closes() -> None:
    run = council.opened()
    council.everyone(run, council.buy(run))
    models.ReplayTape.objects.all().delete()
    leg = close(run)
    assert (leg.verdict, checks(leg)["data_age"]) == ("vetoed", "not_computable")


@pytest.mark.usefixtures("house")
def test_a_fault_in_the_brief_vetoes() -> None:
    prepared = councils.prepare(seeds.question(), now=clock.now())
    market = prepared.brief.markets[0].model_copy(update={"faults": ("gap: 3 candles missing",)})
    faulty = prepared.brief.model_copy(update={"markets": (market,)})
    run = runs.open_run(replace(prepared, brief=faulty), now=clock.now())
    council.everyone(run, council.buy(run))
    leg = close(run)
    assert (leg.verdict, checks(leg)["data_quality"]) == ("vetoed", "failed")
    assert "gap: 3 candles missing" in leg.verdict_reason


@pytest.mark.usefixtures("house")
def test_hold_asks_for_no_order() -> None:
    run = council.opened()
    council.everyone(run, council.hold(run))
    leg = close(run)
    assert (leg.outcome, leg.verdict, leg.size_usd, leg.stop) == ("HOLD", "no_order", Decimal(0), None)


# --- nothing a voter says keeps a run open ---------------------------------------------------------


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("steps", [1, 1000])
def test_a_stop_next_to_the_price_does_not_keep_a_run_open(steps: int) -> None:
    # One step of floats below a price of thousands is about 1e-12: 10,000 × 1 % × 0.8 × price / 1e-12
    # is more than 1e17 dollars.
    run = council.opened()
    at = council.price(run)
    said = Answer(opinions=(council.opinion(run, stop=at - steps * math.ulp(at), target=at * 1.1),))
    council.everyone(run, said)
    leg = close(run)
    assert (leg.outcome, leg.verdict) == ("BUY", "resized")
    assert leg.size_usd == Decimal("1500.00")


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("huge", [1e13, 1e30, 1.7e308])
def test_a_level_beyond_all_prices_makes_its_vote_invalid_and_does_not_keep_a_run_open(huge: float) -> None:
    run = council.opened()
    said = Answer(opinions=(council.opinion(run, stop=council.price(run) * 0.9, target=huge),))
    council.everyone(run, said)
    assert set(run.votes.values_list("state", flat=True)) == {"invalid"}
    leg = close(run)
    assert (leg.outcome, leg.is_degraded) == ("NO_DECISION", True)


@pytest.mark.usefixtures("house")
def test_claims_of_absurdly_many_tokens_do_not_keep_a_run_open() -> None:
    # 5 × 2 × 1,000,000,000 is more than a column of 32 bits holds.
    run = council.opened()
    council.everyone(run, council.hold(run))
    models.Vote.objects.filter(run=run).update(tokens_in=1_000_000_000, tokens_out=1_000_000_000)
    close(run)
    assert models.Decision.objects.get(run=run).tokens == 2_147_483_647


@pytest.mark.usefixtures("house")
def test_a_decision_of_three_symbols_takes_no_more_queries_than_one_of_one() -> None:
    taken = []
    for symbols in (("BTC/USD",), ("BTC/USD", "ETH/USD", "LTC/USD")):
        run = council.opened(*symbols)
        council.everyone(run, council.hold(run))
        with CaptureQueriesContext(connection) as queries:
            close(run)
        taken.append(len(queries))
    assert taken[0] == taken[1]


@pytest.mark.usefixtures("house")
def test_the_brief_that_was_judged_is_the_one_that_was_shown() -> None:
    run = council.opened()
    council.everyone(run, council.buy(run))
    leg = close(run)
    assert run.brief.sha256 == briefs.digest(run.brief.payload.encode())
    assert float(leg.price or 0) == council.price(run)
    assert stories.story(run.pk).legs[0].leg == leg

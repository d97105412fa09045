"""The gate as a whole: which verdict wins, what is kept, and what holds for any proposal whatever."""

import math
from dataclasses import FrozenInstanceError, astuple, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk import CheckOutcome, Limits, MarketState, Policy, Portfolio, Proposal, VerdictOutcome, assess
from risk.checks.cases import Case, Finding
from risk.gate import _find
from tests.risk import brute
from tests.risk.cases import INF, LIMITS, MARKET, NAN, PORTFOLIO, PROPOSAL, SELL, judge
from tests.risk.desks import desk, limits, tighter

ORDER_CHECKS = 28
MANY, MOST = 5_000, 100_000
seeds = st.integers(0, 2**63 - 1)


def test_a_good_buy_and_a_good_sell_are_approved_at_the_size_asked_for() -> None:
    for verdict in (judge(), judge(**SELL)):
        assert (verdict.outcome, verdict.size_usd) == ("approved", 1000.0)
        assert verdict.reason == "Approved at 1,000.00 USD: no check objects."


@pytest.mark.parametrize("action", ["HOLD", "NO_DECISION"])
def test_no_order_is_asked_for_and_order_checks_do_not_apply(action: str) -> None:
    verdict = judge(action=action, price=NAN, stop=None, size_usd=NAN, equity_usd=NAN, symbols=None)
    assert (verdict.outcome, verdict.size_usd) == ("no_order", 0.0)
    assert verdict.reason == "The consensus asks for no order."
    outcomes = [check.outcome for check in verdict.checks]
    assert outcomes == ["passed"] * (len(outcomes) - ORDER_CHECKS) + ["not_applicable"] * ORDER_CHECKS


@pytest.mark.parametrize("action", ["HOLD", "NO_DECISION"])
@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("kill_switch", {"is_killed": None}),
        ("data_quality", {"faults": ("a gap",)}),
        ("data_age", {"age_candles": 3.0}),
        ("quorum", {"votes_cast": 1}),
    ],
)
def test_facts_veto_even_where_no_order_is_asked_for(
    action: str, code: str, changes: dict[str, object]
) -> None:
    verdict = judge(action=action, **changes)
    assert (verdict.outcome, verdict.size_usd) == ("vetoed", 0.0)
    assert verdict.reason.startswith(f"Vetoed by {code}: ")


def test_no_decision_for_want_of_votes_is_vetoed_and_says_so() -> None:
    verdict = judge(action="NO_DECISION", votes_cast=1)
    assert verdict.reason == "Vetoed by quorum: 1 of 4 votes were cast and the quorum is 2."


def test_a_veto_wins_over_a_cut_and_names_every_check_that_refuses() -> None:
    verdict = judge(size_usd=4000.0, is_killed=True, stop=None)
    assert (verdict.outcome, verdict.size_usd) == ("vetoed", 0.0)
    assert verdict.reason == "Vetoed by kill_switch, stop_present: The kill switch is on and must be off."


def test_forgetting_to_read_the_kill_switch_is_a_veto() -> None:
    unread = MarketState(faults=(), age_candles=0.5)
    assert assess(PROPOSAL, PORTFOLIO, unread, LIMITS).reason.startswith("Vetoed by kill_switch, ")


def test_a_verdict_cannot_be_changed_afterwards() -> None:
    verdict = judge(is_killed=True)
    with pytest.raises(FrozenInstanceError):
        verdict.size_usd = 1e6  # type: ignore[misc]


class Hostile:
    """An object that breaks whoever touches it."""

    def __getattribute__(self, name: str) -> object:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")

    def __repr__(self) -> str:
        raise RuntimeError("repr")


def test_a_check_that_breaks_is_kept_as_not_computable_and_refuses() -> None:
    verdict = judge(age_candles=Hostile())
    assert verdict.outcome == "vetoed"
    assert verdict.reason == (
        "Vetoed by data_age: The check data_age broke with RuntimeError, so it refuses."
    )


@pytest.mark.parametrize("kind", [type(None), float, str, Hostile])
@pytest.mark.parametrize("place", range(4))
def test_a_whole_part_that_is_rubbish_is_a_veto(place: int, kind: type) -> None:
    parts: list[object] = [PROPOSAL, PORTFOLIO, MARKET, LIMITS]
    parts[place] = kind()
    assert assess(*parts).outcome == "vetoed"  # type: ignore[arg-type]  # that is the test


@pytest.mark.parametrize("where", ["value", "limit"])
@pytest.mark.parametrize("number", [INF, -INF, NAN])
def test_a_finding_beyond_all_numbers_is_kept_in_words_and_refuses(where: str, number: float) -> None:
    case = Case(PROPOSAL, PORTFOLIO, MARKET, LIMITS, size_usd=500.0)
    numbers = {"value": 1.0, "limit": 2.0, where: number}

    def endless(_: Case) -> Finding:
        return Finding(CheckOutcome.RESIZED, numbers["value"], numbers["limit"], "It is so.", size_usd=400.0)

    found = _find(endless, case)
    kept = {"value": found.value, "limit": found.limit}
    assert (found.outcome, found.size_usd) == ("not_computable", None)
    assert kept == {**numbers, where: repr(number)}
    assert found.message == "It is so: more than can be computed with, so it refuses."
    assert (case.size_usd, case.cut_by) == (500.0, ())


def test_an_account_of_next_to_nothing_is_refused_in_numbers_that_can_be_stored() -> None:
    told = {check.code: check for check in judge(equity_usd=5e-324).checks}
    assert (told["leverage"].outcome, told["leverage"].value) == ("not_computable", "inf")
    assert judge(equity_usd=5e-324).outcome == "vetoed"


rubbish_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        [10**400, -(10**400), NAN, INF, -INF, 5e-324, 1.8e308, "BUY", "SELL", "HOLD", 0.5, 100.0]
    ),
    st.lists(st.integers(), max_size=2),
    st.tuples(st.text(max_size=3)),
    st.builds(object),
    st.complex_numbers(),
    st.binary(max_size=3),
    st.builds(Hostile),
    st.sampled_from([np.array([NAN]), np.zeros((2, 2)), np.array(["a"]), np.array([1, 2, 3]), np.array(1.0)]),
    st.sampled_from([np.full(3, 1e308), np.full((3, 64), INF), np.full((3, 64), 1e308), np.zeros((3, 64))]),
)
PARTS = (Proposal, Portfolio, MarketState, Limits)
FIELDS = [(place, field.name) for place, part in enumerate(PARTS) for field in fields(part)]


def _check_any_values_whatever(changes: dict[tuple[int, str], object]) -> None:
    parts: list[object] = [PROPOSAL, PORTFOLIO, MARKET, LIMITS]
    for (place, name), value in changes.items():
        parts[place] = replace(parts[place], **{name: value})  # type: ignore[type-var]
    verdict = assess(*parts)  # type: ignore[arg-type]  # that is the test
    assert len(verdict.checks) == 5 + ORDER_CHECKS
    assert isinstance(verdict.outcome, VerdictOutcome)
    assert math.isfinite(verdict.size_usd)
    assert verdict.reason.endswith(".")
    for check in verdict.checks:
        for kept in (check.value, check.limit):
            is_text = isinstance(kept, str) and kept.isprintable()
            assert kept is None or is_text or (type(kept) is float and math.isfinite(kept)), check
        assert check.message.endswith(".")
    vetoes = [check for check in verdict.checks if check.outcome in ("failed", "not_computable")]
    assert (verdict.outcome == "vetoed") == bool(vetoes)
    assert (verdict.size_usd > 0) == (verdict.outcome in ("approved", "resized"))


@settings(max_examples=500)
@given(st.dictionaries(st.sampled_from(FIELDS), rubbish_values, min_size=1, max_size=4))
def test_any_values_whatever_get_a_verdict_that_can_be_stored(changes: dict[tuple[int, str], object]) -> None:
    _check_any_values_whatever(changes)


@pytest.mark.acceptance
@settings(max_examples=20_000)
@given(st.dictionaries(st.sampled_from(FIELDS), rubbish_values, min_size=1, max_size=4))
def test_twenty_thousand_times_rubbish_gets_a_verdict(changes: dict[tuple[int, str], object]) -> None:
    _check_any_values_whatever(changes)


def _check_no_order_breaks_a_limit(seed: int) -> bool:
    """Return whether an order came of it."""
    proposal, portfolio, market, allowed = desk(seed)
    verdict = assess(proposal, portfolio, market, allowed)
    if verdict.outcome in ("approved", "resized"):
        assert brute.broken(verdict.size_usd, proposal, portfolio, market, allowed) == []
        assert (verdict.outcome == "approved") == (verdict.size_usd == proposal.size_usd)
        return True
    assert (verdict.outcome, verdict.size_usd) == ("vetoed", 0.0)
    return False


@settings(max_examples=MANY)
@given(seeds)
def test_no_order_breaks_a_limit_grows_or_flips(seed: int) -> None:
    _check_no_order_breaks_a_limit(seed)


@pytest.mark.acceptance
@pytest.mark.timeout(3600)
@settings(max_examples=MOST)
@given(seeds)
def test_no_order_of_a_hundred_thousand_breaks_a_limit_grows_or_flips(seed: int) -> None:
    _check_no_order_breaks_a_limit(seed)


def test_one_in_ten_of_those_proposals_becomes_an_order() -> None:
    assert sum(_check_no_order_breaks_a_limit(seed) for seed in range(500)) > 50


def _check_what_breaks_nothing_passes(seed: int) -> None:
    proposal, portfolio, market, allowed = desk(seed)
    verdict = assess(proposal, portfolio, market, allowed)
    assert market.policy is not None
    factor = market.policy.size_factor * (allowed.degraded_factor if proposal.is_degraded else 1.0)
    wished = proposal.size_usd * factor
    sizes = [wished, proposal.size_usd, proposal.size_usd / 2, max(wished, allowed.min_order_usd) / 2, 0.0]
    scaled = {"grows", "flips", "dust"}
    if any(set(brute.broken(size, proposal, portfolio, market, allowed)) - scaled for size in sizes):
        return
    if brute.broken(wished, proposal, portfolio, market, allowed) == []:
        assert verdict.size_usd == pytest.approx(wished, rel=1e-12)
        assert (verdict.outcome == "resized") == (factor < 1.0)


@settings(max_examples=MANY // 5)
@given(seeds)
def test_what_breaks_no_limit_on_the_way_is_never_vetoed_or_cut(seed: int) -> None:
    _check_what_breaks_nothing_passes(seed)


def _check_tighter_limits(seed: int) -> None:
    proposal, portfolio, market, one = desk(seed)
    stricter = tighter(one, limits(np.random.default_rng(seed + 1)))
    before = assess(proposal, portfolio, market, one).size_usd
    assert assess(proposal, portfolio, market, stricter).size_usd <= before


@settings(max_examples=MANY // 3)
@given(seeds)
def test_tighter_limits_never_give_a_larger_order(seed: int) -> None:
    _check_tighter_limits(seed)


@pytest.mark.acceptance
@pytest.mark.timeout(3600)
@settings(max_examples=MOST)
@given(seeds)
def test_tighter_limits_never_give_a_larger_order_in_a_hundred_thousand(seed: int) -> None:
    _check_tighter_limits(seed)


@settings(max_examples=MANY // 10)
@given(seeds, st.floats(0.0, 1.0))
def test_asking_for_less_never_gives_more(seed: int, share: float) -> None:
    proposal, portfolio, market, allowed = desk(seed)
    less = replace(proposal, size_usd=proposal.size_usd * share)
    before = assess(proposal, portfolio, market, allowed).size_usd
    assert assess(less, portfolio, market, allowed).size_usd <= before


def test_the_same_question_has_the_same_answer() -> None:
    assert astuple(judge(size_usd=4000.0)) == astuple(judge(size_usd=4000.0))


def test_a_policy_tightens_the_limits_of_the_account_and_shrinks_what_they_leave() -> None:
    policy = Policy("range_stressed", 0.5, (("max_crypto_pct", 0.9), ("max_position_pct", 0.05)))
    verdict = judge(policy=policy)
    assert verdict.reason == "Resized to 250.00 USD by position_size, regime."
    told = {check.code: check for check in verdict.checks}
    assert (told["position_size"].limit, told["market_exposure"].limit) == (500.0, 7000.0)
    assert (told["regime"].value, told["regime"].limit) == ("range_stressed", 0.5)
    assert told["regime"].message == (
        "The size is 500.00 USD and may be 250.00 USD: 0.5 of it in the regime range_stressed, with the "
        "limits max_crypto_pct 0.9, max_position_pct 0.05 or tighter, which leaves 250.00 USD."
    )


def test_without_equity_what_needs_the_past_says_that_too() -> None:
    told = {check.code: check for check in judge(equity_usd=None).checks}
    for code in ("total_exposure", "correlation", "value_at_risk", "expected_shortfall", "slippage"):
        assert told[code].message == "The equity is missing, but must be a finite number of dollars above 0."


def test_without_a_policy_that_can_be_read_the_checks_say_so() -> None:
    told = {check.code: check for check in judge(policy="calm").checks}
    for code in ("total_exposure", "correlation", "value_at_risk"):
        assert told[code].message == "The case is 'AttributeError', but must be readable."
        assert told[code].outcome == "not_computable"
    assert judge(policy="calm").outcome == "vetoed"


def test_not_even_a_check_that_errs_can_make_an_order_larger() -> None:
    case = Case(PROPOSAL, PORTFOLIO, MARKET, LIMITS, size_usd=500.0)

    def generous(_: Case) -> Finding:
        return Finding(CheckOutcome.PASSED, None, None, "As much as you like.", size_usd=900.0)

    _find(generous, case)
    assert case.size_usd == 500.0

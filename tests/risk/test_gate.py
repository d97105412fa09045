"""The gate as a whole: which verdict wins, what is kept, and what holds for any proposal whatever."""

import math
from dataclasses import FrozenInstanceError, astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk import Limits, MarketState, Portfolio, Proposal, Verdict, VerdictOutcome, assess
from tests.risk.cases import INF, LIMITS, MARKET, NAN, PORTFOLIO, PROPOSAL, SELL, judge

ORDER_CHECKS = 9
many = settings(max_examples=2_000, deadline=None)


def test_a_good_buy_and_a_good_sell_are_approved_at_the_size_asked_for() -> None:
    for verdict in (judge(), judge(**SELL)):
        assert (verdict.outcome, verdict.size_usd) == ("approved", 1000.0)
        assert verdict.reason == "Approved at 1,000.00 USD: no check objects."


@pytest.mark.parametrize("action", ["HOLD", "NO_DECISION"])
def test_no_order_is_asked_for_and_order_checks_do_not_apply(action: str) -> None:
    verdict = judge(action=action, price=NAN, stop=None, size_usd=NAN, equity_usd=NAN, is_degraded=True)
    assert (verdict.outcome, verdict.size_usd) == ("no_order", 0.0)
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
    assert assess(PROPOSAL, PORTFOLIO, unread, LIMITS).reason.startswith("Vetoed by kill_switch: ")


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
)


def either(good: object) -> st.SearchStrategy[object]:
    """Return a strategy that is the good value half of the time, so that deeper checks are reached."""
    return st.one_of(st.just(good), rubbish_values)


FIELDS = {
    name: getattr(part, name)
    for part in (PROPOSAL, PORTFOLIO, MARKET, LIMITS)
    for name in type(part).__slots__  # every field of every part
}


@settings(many, max_examples=1_000)
@given(st.fixed_dictionaries({name: either(value) for name, value in FIELDS.items()}))
def test_any_values_whatever_get_a_verdict_that_can_be_stored(changes: dict[str, object]) -> None:
    verdict = judge(**changes)
    assert len(verdict.checks) == 14
    assert isinstance(verdict.outcome, VerdictOutcome)
    assert math.isfinite(verdict.size_usd)
    assert verdict.reason.endswith(".")
    for check in verdict.checks:
        for kept in (check.value, check.limit):
            is_text = isinstance(kept, str) and kept.isprintable()
            assert kept is None or is_text or (type(kept) is float and math.isfinite(kept))
        assert check.message.endswith(".")
    vetoes = [check for check in verdict.checks if check.outcome in ("failed", "not_computable")]
    assert (verdict.outcome == "vetoed") == bool(vetoes)
    assert (verdict.size_usd > 0) == (verdict.outcome in ("approved", "resized"))


levels = st.sampled_from([50.0, 95.0, math.nextafter(100.0, 0.0), 100.0, math.nextafter(100.0, 200.0), 105.0])
shares = st.one_of(st.floats(0.0, 1.0), st.sampled_from([0.0, 0.15, 0.5, 0.6, 1.0]))
sizes = st.one_of(
    st.floats(5.0, 5e3), st.floats(5.0, 5e3), st.sampled_from([0.0, 9.99, 10.0, 20.0, 1500.0, 1e300])
)

proposals = st.builds(
    Proposal,
    symbol=st.just("BTC/USD"),
    action=st.sampled_from(["BUY", "SELL"]),
    price=st.one_of(st.just(100.0), st.floats(50.0, 150.0)),
    size_usd=sizes,
    confidence=shares,
    agreement=shares,
    votes_cast=st.integers(1, 5),
    quorum=st.integers(1, 4),
    panel=st.just(5),
    is_degraded=st.booleans(),
    stop=st.one_of(st.none(), levels, levels, levels),
    target=st.one_of(st.none(), levels),
)
portfolios = st.builds(Portfolio, equity_usd=st.floats(100.0, 1e5))
markets = st.builds(
    MarketState,
    faults=st.sampled_from([(), (), (), ("a gap",)]),
    age_candles=st.floats(0.0, 2.0),
    is_killed=st.sampled_from([False, False, False, True, None]),
)
limits = st.builds(
    Limits,
    max_position_pct=shares,
    max_age_candles=st.floats(1.0, 5.0),
    min_confidence=st.sampled_from([0.0, 0.0, 0.15, 0.5]),
    min_agreement=st.sampled_from([0.0, 0.0, 0.15, 0.5]),
    min_order_usd=st.floats(0.0, 20.0),
    degraded_factor=shares,
)


def sound(proposal: Proposal) -> Proposal:
    """Return *proposal* with stop and target where they belong and every voter heard: often approved."""
    sign = 1 if proposal.action == "BUY" else -1
    stop, target = proposal.price - 5.0 * sign, proposal.price + 7.0 * sign
    return replace(proposal, stop=stop, target=target, votes_cast=5)


def calm(market: MarketState) -> MarketState:
    """Return *market* without faults and with the kill switch off."""
    return replace(market, faults=(), is_killed=False)


def broken_limits(
    verdict: Verdict, proposal: Proposal, portfolio: Portfolio, market: MarketState, allowed: Limits
) -> list[str]:
    """Return what an order of this size would break, worked out apart from the checks."""
    stop, target, price = proposal.stop, proposal.target, proposal.price
    sign = 1 if proposal.action == "BUY" else -1
    degraded_most = allowed.degraded_factor * proposal.size_usd
    broken = {
        "grows": verdict.size_usd > proposal.size_usd,
        "flips": verdict.size_usd <= 0,
        "share of equity": verdict.size_usd > allowed.max_position_pct * portfolio.equity_usd,
        "degraded": proposal.is_degraded and verdict.size_usd > degraded_most,
        "dust": verdict.size_usd < allowed.min_order_usd,
        "killed": market.is_killed is not False,
        "faults": len(market.faults) > 0,
        "age": market.age_candles > allowed.max_age_candles,
        "quorum": proposal.votes_cast < proposal.quorum,
        "confidence": proposal.confidence < allowed.min_confidence,
        "agreement": proposal.agreement < allowed.min_agreement,
        "stop": stop is None or (price - stop) * sign <= 0,
        "target": target is not None and (target - price) * sign <= 0,
    }
    return [what for what, is_broken in broken.items() if is_broken]


@many
@given(proposals, st.booleans(), portfolios, markets, limits)
def test_no_order_breaks_a_limit_grows_or_flips(
    proposal: Proposal, is_sound: bool, portfolio: Portfolio, market: MarketState, allowed: Limits
) -> None:
    if is_sound:  # half of the cases, so that many of them become orders
        proposal, market = sound(proposal), calm(market)
    verdict = assess(proposal, portfolio, market, allowed)
    if verdict.outcome in ("approved", "resized"):
        assert broken_limits(verdict, proposal, portfolio, market, allowed) == []
        assert (verdict.outcome == "approved") == (verdict.size_usd == proposal.size_usd)
    else:
        assert (verdict.outcome, verdict.size_usd) == ("vetoed", 0.0)


@settings(many, max_examples=1_000)
@given(proposals, portfolios, markets, limits)
def test_what_breaks_no_limit_is_never_vetoed(
    proposal: Proposal, portfolio: Portfolio, market: MarketState, allowed: Limits
) -> None:
    proposal, market = sound(proposal), calm(market)
    most = min(proposal.size_usd, allowed.max_position_pct * portfolio.equity_usd)
    most *= allowed.degraded_factor if proposal.is_degraded else 1
    wished = Verdict(VerdictOutcome.APPROVED, most, (), "")
    verdict = assess(proposal, portfolio, market, allowed)
    is_allowed = not broken_limits(wished, proposal, portfolio, market, allowed)
    assert (verdict.outcome != "vetoed") == is_allowed
    assert verdict.size_usd == (most if is_allowed else 0.0)


@settings(many, max_examples=1_000)
@given(proposals, portfolios, markets, limits, limits)
def test_tighter_limits_never_give_a_larger_order(
    proposal: Proposal, portfolio: Portfolio, market: MarketState, one: Limits, other: Limits
) -> None:
    proposal, market = sound(proposal), calm(market)
    tighter = Limits(
        max_position_pct=min(one.max_position_pct, other.max_position_pct),
        max_age_candles=min(one.max_age_candles, other.max_age_candles),
        min_confidence=max(one.min_confidence, other.min_confidence),
        min_agreement=max(one.min_agreement, other.min_agreement),
        min_order_usd=max(one.min_order_usd, other.min_order_usd),
        degraded_factor=min(one.degraded_factor, other.degraded_factor),
    )
    before = assess(proposal, portfolio, market, one).size_usd
    assert assess(proposal, portfolio, market, tighter).size_usd <= before


def test_the_same_question_has_the_same_answer() -> None:
    assert astuple(judge(size_usd=4000.0)) == astuple(judge(size_usd=4000.0))

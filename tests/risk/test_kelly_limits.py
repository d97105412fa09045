"""What cuts Kelly's share only ever cuts it, says by how much, and stops at nothing."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    NotFinite,
    OutOfRange,
    fractional_kelly,
    kelly_by_confidence,
    kelly_by_drawdown,
    kelly_by_shortfall,
    kelly_from_odds,
    kelly_under_uncertainty,
)
from tests.risk.calls import loosely
from tests.risk.cases import INF, NAN

shares = st.floats(-1, 3)
units = st.floats(0, 1)


@given(share=shares, multiplier=units, most=units)
def test_a_part_of_the_share_is_a_part_and_at_most_the_most(
    share: float, multiplier: float, most: float
) -> None:
    found = fractional_kelly(share, multiplier=multiplier, most=most)
    assert found == min(max(share, 0.0) * multiplier, most)
    assert 0 <= found <= most


@given(share=shares, confidence=units, least=st.floats(0, 0.99))
def test_confidence_runs_from_nothing_at_the_least_to_all_at_one(
    share: float, confidence: float, least: float
) -> None:
    found = kelly_by_confidence(share, confidence=confidence, least=least)
    assert 0 <= found <= max(share, 0.0) + 1e-12
    assert kelly_by_confidence(share, confidence=1.0, least=least) == pytest.approx(max(share, 0.0))
    assert kelly_by_confidence(share, confidence=least, least=least) == 0.0
    assert kelly_by_confidence(share, confidence=confidence) == pytest.approx(max(share, 0.0) * confidence)
    if confidence > least:
        wanted = max(share, 0.0) * (confidence - least) / (1 - least)
        assert found == pytest.approx(wanted)


@given(share=shares, shortfall=st.floats(-1, 1), most=units)
def test_the_cut_share_loses_no_more_than_the_budget_on_bad_days(
    share: float, shortfall: float, most: float
) -> None:
    found = kelly_by_shortfall(share, shortfall=shortfall, most=most)
    assert 0 <= found <= max(share, 0.0)
    assert found * shortfall <= most * (1 + 1e-12)
    if max(share, 0.0) * shortfall <= most:
        assert found == max(share, 0.0)


def test_a_share_exactly_on_the_budget_is_not_cut() -> None:
    assert kelly_by_shortfall(0.5, shortfall=0.25, most=0.125) == 0.5
    assert kelly_by_shortfall(0.5, shortfall=0.25, most=0.0625) == 0.25
    assert kelly_by_shortfall(0.5, shortfall=0.25, most=0.0) == 0.0
    assert kelly_by_shortfall(0.5, shortfall=0.0, most=0.0) == 0.5
    assert kelly_by_shortfall(0.5, shortfall=-0.1, most=0.0) == 0.5
    assert kelly_by_shortfall(0.5, shortfall=1e-320, most=1.0) == 0.5  # no division where nothing is cut


@given(share=shares, drawdown=units, most=st.floats(0.01, 1))
def test_a_drawdown_uses_the_share_up(share: float, drawdown: float, most: float) -> None:
    found = kelly_by_drawdown(share, drawdown=drawdown, most=most)
    assert found == pytest.approx(max(share, 0.0) * max(0.0, 1 - drawdown / most))
    assert kelly_by_drawdown(share, drawdown=0.0, most=most) == max(share, 0.0)
    assert kelly_by_drawdown(share, drawdown=most, most=most) == 0.0
    assert kelly_by_drawdown(share, drawdown=min(1.0, drawdown + 0.1), most=most) <= found + 1e-12


@given(
    p=st.floats(0, 1),
    odds=st.floats(0.1, 20),
    error=st.floats(0, 1),
    more=st.floats(0, 1),
)
def test_doubt_makes_the_share_smaller_and_never_turns_it(
    p: float, odds: float, error: float, more: float
) -> None:
    plain = max(0.0, kelly_from_odds(p, odds))
    found = kelly_under_uncertainty(p, odds, standard_error=error)
    assert 0 <= found <= plain + 1e-12
    assert kelly_under_uncertainty(p, odds, standard_error=0.0) == pytest.approx(plain, abs=1e-12)
    assert kelly_under_uncertainty(p, odds, standard_error=error + more) <= found + 1e-12
    if plain > 1e-6:
        spread = (odds + 1) / odds * error
        assert found == pytest.approx(plain * plain**2 / (plain**2 + spread**2))


@given(p=st.floats(0, 1), odds=st.floats(0.1, 20), trades=st.integers(1, 1000))
def test_more_trades_leave_less_doubt(p: float, odds: float, trades: int) -> None:
    few = kelly_under_uncertainty(p, odds, trades=trades)
    many = kelly_under_uncertainty(p, odds, trades=trades * 10_000)
    plain = max(0.0, kelly_from_odds(p, odds))
    assert 0 <= few <= plain + 1e-12
    assert abs(many - plain) <= abs(few - plain) + 1e-9
    near = (p * trades + 2) / (trades + 4)
    error = sqrt(near * (1 - near) / (trades + 4))
    assert few == pytest.approx(kelly_under_uncertainty(p, odds, standard_error=error))


def test_ten_wins_in_ten_are_not_certainty() -> None:
    assert kelly_from_odds(1.0, 1.0) == 1.0
    assert 0.5 < kelly_under_uncertainty(1.0, 1.0, trades=10) < 1.0


def test_the_shrunken_share_grows_faster_than_the_plain_one_when_the_chance_is_guessed() -> None:
    generator = np.random.default_rng(1)
    true, trades = 0.55, 100
    guesses = generator.binomial(trades, true, 4000) / trades

    def growth(share: float) -> float:
        share = min(share, 0.999)
        return float(true * np.log1p(share) + (1 - true) * np.log1p(-share))

    plain = np.mean([growth(max(0.0, kelly_from_odds(guess, 1.0))) for guess in guesses.tolist()])
    shrunken = np.mean(
        [growth(kelly_under_uncertainty(guess, 1.0, trades=trades)) for guess in guesses.tolist()]
    )
    assert shrunken > plain


@pytest.mark.parametrize("words", [{}, {"standard_error": 0.1, "trades": 10}])
def test_doubt_is_told_in_exactly_one_way(words: dict[str, float]) -> None:
    with pytest.raises(OutOfRange, match=r"^Give the standard error of the probability or the trades"):
        loosely(kelly_under_uncertainty, 0.6, 1.0, **words)


@pytest.mark.parametrize(
    ("measure", "words", "name"),
    [
        (fractional_kelly, {"multiplier": 1.1}, "multiplier"),
        (fractional_kelly, {"most": -0.1}, "most"),
        (kelly_by_confidence, {"confidence": 1.1}, "confidence"),
        (kelly_by_confidence, {"confidence": 0.5, "least": 1.0}, "least"),
        (kelly_by_confidence, {"confidence": 0.5, "least": -0.1}, "least"),
        (kelly_by_shortfall, {"shortfall": 0.1, "most": -0.1}, "most"),
        (kelly_by_drawdown, {"drawdown": -0.1, "most": 0.5}, "drawdown"),
        (kelly_by_drawdown, {"drawdown": 1.1, "most": 0.5}, "drawdown"),
        (kelly_by_drawdown, {"drawdown": 0.1, "most": 0.0}, "most"),
        (kelly_by_drawdown, {"drawdown": 0.1, "most": 1.1}, "most"),
    ],
)
def test_numbers_without_meaning_are_errors_that_name_them(
    measure: object, words: dict[str, float], name: str
) -> None:
    assert callable(measure)
    with pytest.raises(OutOfRange, match=f"^{name} must be "):
        measure(0.5, **words)


@pytest.mark.parametrize("value", [NAN, INF, True])
def test_numbers_that_are_not_finite_are_errors(value: float) -> None:
    with pytest.raises(NotFinite):
        fractional_kelly(value)
    with pytest.raises(NotFinite):
        kelly_by_confidence(0.5, confidence=value)
    with pytest.raises(NotFinite):
        kelly_by_shortfall(0.5, shortfall=value, most=0.1)
    with pytest.raises(NotFinite):
        kelly_by_drawdown(0.5, drawdown=value, most=0.1)
    with pytest.raises(NotFinite):
        kelly_under_uncertainty(0.6, 1.0, standard_error=value)
    with pytest.raises(OutOfRange, match=r"^trades must be a whole number"):
        loosely(kelly_under_uncertainty, 0.6, 1.0, trades=value)
    with pytest.raises(OutOfRange, match=r"^standard_error must be 0 or more"):
        kelly_under_uncertainty(0.6, 1.0, standard_error=-0.1)

"""Kelly's share: published bets, the greatest growth found by trying, and where there is no edge."""

from fractions import Fraction
from math import log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    WrongShape,
    kelly_binary,
    kelly_from_metrics,
    kelly_from_moments,
    kelly_from_odds,
    kelly_from_outcomes,
    kelly_from_trades,
    kelly_growth,
)
from tests.risk.cases import INF, NAN

chances = st.integers(0, 100).map(lambda value: value / 100)
odds = st.integers(1, 400).map(lambda value: value / 16)


def test_thorps_coin() -> None:
    assert kelly_from_odds(0.6, 1.0) == pytest.approx(0.2)
    assert kelly_growth(0.6, 1.0, 0.2) == pytest.approx(0.020135513550688863, rel=1e-12)
    assert kelly_growth(0.6, 1.0, 0.0) == 0.0
    assert kelly_growth(0.6, 1.0, 0.3892) == pytest.approx(0.0, abs=1e-4)  # Thorp's critical share
    assert kelly_growth(0.6, 1.0, 0.41) < 0


@given(p=chances, b=odds)
def test_the_share_from_odds_is_exact_and_has_the_sign_of_the_edge(p: float, b: float) -> None:
    exact = Fraction(p) - (1 - Fraction(p)) / Fraction(b)
    share = kelly_from_odds(p, b)
    assert share == pytest.approx(float(exact), abs=1e-12)
    assert share <= 1
    if abs(exact) > 1e-12:
        assert (share > 0) == (exact > 0)


@given(p=st.integers(1, 99).map(lambda value: value / 100), b=odds, other=st.floats(0, 0.999))
def test_no_other_share_grows_faster(p: float, b: float, other: float) -> None:
    best = max(0.0, kelly_from_odds(p, b))
    assert kelly_growth(p, b, best) >= kelly_growth(p, b, other) - 1e-12
    assert kelly_growth(p, b, other) == pytest.approx(
        p * log(1 + b * other) + (1 - p) * log(1 - other), abs=1e-9
    )


@pytest.mark.parametrize(("p", "b"), [(0.5, 1.0), (0.25, 3.0), (0.2, 4.0), (0.8, 0.25)])
def test_without_an_edge_nothing_is_staked(p: float, b: float) -> None:
    assert kelly_from_odds(p, b) == pytest.approx(0.0, abs=1e-15)
    assert kelly_from_odds(p + 0.01, b) > 0 > kelly_from_odds(p - 0.01, b)
    assert kelly_from_odds(0.0, b) == -1 / b
    assert kelly_from_odds(1.0, b) == 1.0


@given(
    rate=chances,
    win=st.integers(1, 500).map(lambda value: value / 8),
    loss=st.integers(1, 500).map(lambda value: value / 8),
    scale=st.floats(0.01, 100),
)
def test_the_share_from_metrics_is_win_rate_less_loss_rate_over_the_ratio(
    rate: float, win: float, loss: float, scale: float
) -> None:
    wanted = rate - (1 - rate) / (win / loss)
    assert kelly_from_metrics(rate, win, loss) == pytest.approx(wanted, abs=1e-9)
    assert kelly_from_metrics(rate, win * scale, loss * scale) == pytest.approx(wanted, abs=1e-9)


@given(trades=st.lists(st.integers(-50, 50), min_size=2, max_size=40), scale=st.floats(0.01, 100))
def test_the_share_from_trades_is_that_of_their_metrics(trades: list[int], scale: float) -> None:
    wins, losses = [t for t in trades if t > 0], [-t for t in trades if t < 0]
    assume(wins)
    assume(losses)
    rate = len(wins) / (len(wins) + len(losses))
    wanted = rate - (1 - rate) * (sum(losses) / len(losses)) / (sum(wins) / len(wins))
    profits = np.array(trades, dtype=float)
    assert kelly_from_trades(profits) == pytest.approx(wanted, abs=1e-9)
    assert kelly_from_trades(profits * scale) == pytest.approx(wanted, abs=1e-9)
    with_ties = np.append(profits, [0.0, 0.0])
    assert kelly_from_trades(with_ties) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(
    ("profits", "message"),
    [
        ([1.0, 2.0], r"^2 wins and 0 losses"),
        ([-1.0], r"^0 wins and 1 losses"),
        ([0.0], r"^0 wins and 0 losses"),
    ],
)
def test_a_record_without_a_win_or_a_loss_has_no_share(profits: list[float], message: str) -> None:
    with pytest.raises(TooFewObservations, match=message):
        kelly_from_trades(np.array(profits))


outcomes = st.lists(st.integers(-64, 128), min_size=2, max_size=12).map(lambda v: np.array(v) / 64.0)


@given(returns=outcomes, share=st.floats(0, 1))
def test_the_share_from_outcomes_grows_fastest_of_all_shares(returns: FloatArray, share: float) -> None:
    assume(returns.min() < 0)
    best = kelly_from_outcomes(returns)
    assert best >= 0
    assert best <= 1 / -returns.min()
    other = share / -float(returns.min()) * 0.999
    with np.errstate(divide="ignore"):
        grown, less = (np.log1p(at * returns).mean() for at in (best, other))
    assert grown >= less - 1e-9
    assert (best == 0.0) == (returns.mean() <= 0)


@given(p=st.integers(1, 99).map(lambda value: value / 100), b=odds)
def test_a_bet_is_two_outcomes(p: float, b: float) -> None:
    found = kelly_from_outcomes(np.array([b, -1.0]), np.array([p, 1 - p]))
    assert found == pytest.approx(max(0.0, kelly_from_odds(p, b)), abs=1e-9)
    never = kelly_from_outcomes(np.array([b, -1.0, 9.0]), np.array([p, 1 - p, 0.0]))
    assert never == found  # what cannot happen is no outcome


def test_outcomes_that_cannot_be_are_errors() -> None:
    returns = np.array([0.5, -0.5])
    for chances_given in ([0.5, 0.4], [1.5, -0.5], [0.5, 0.6]):
        with pytest.raises(OutOfRange, match=r"^probabilities must be 0 or more and sum to 1, not "):
            kelly_from_outcomes(returns, np.array(chances_given))
    with pytest.raises(WrongShape, match=r"^returns holds 2 and probabilities 1"):
        kelly_from_outcomes(returns, np.array([1.0]))
    for sure in ([0.1, 0.0], [0.0]):
        with pytest.raises(TooFewObservations, match=r"^No outcome loses"):
            kelly_from_outcomes(np.array(sure))
    with pytest.raises(TooFewObservations, match=r"^No outcome loses"):
        kelly_from_outcomes(returns, np.array([1.0, 0.0]))
    with pytest.raises(OutOfRange, match=r"^returns must be -1 or more"):
        kelly_from_outcomes(np.array([0.5, -1.5]))


@given(mean=st.floats(-0.01, 0.01), volatility=st.floats(0.001, 0.1), rate=st.floats(0, 0.001))
def test_small_returns_want_their_mean_over_their_variance(
    mean: float, volatility: float, rate: float
) -> None:
    found = kelly_from_moments(mean, volatility, risk_free=rate)
    assert found == pytest.approx((mean - rate) / volatility**2, abs=1e-9)
    assert kelly_from_moments(mean, 2 * volatility) == pytest.approx(kelly_from_moments(mean, volatility) / 4)


def test_many_small_bets_want_what_the_moments_want() -> None:
    returns = np.array([0.0102, -0.0098])
    wanted = kelly_from_moments(float(returns.mean()), float(returns.std()))
    assert kelly_from_outcomes(returns) == pytest.approx(wanted, rel=0.01)


@given(
    p=chances,
    price=st.integers(1, 99).map(lambda value: value / 100),
    side=st.sampled_from(["YES", "NO"]),
    share=st.floats(0, 0.99),
)
def test_a_contract_is_a_bet_at_the_odds_of_its_price(
    p: float, price: float, side: str, share: float
) -> None:
    own, cost = (p, price) if side == "YES" else (1 - p, 1 - price)
    found = kelly_binary(p, price, side=side)
    assert found == pytest.approx(kelly_from_odds(own, (1 - cost) / cost), abs=1e-9)
    assert found == pytest.approx((own - cost) / (1 - cost), abs=1e-12)
    if 0 < own < 1:
        best = max(0.0, found)
        assert (
            kelly_growth(own, (1 - cost) / cost, best) >= kelly_growth(own, (1 - cost) / cost, share) - 1e-9
        )


@given(p=chances, price=st.integers(1, 99).map(lambda value: value / 100))
def test_only_one_side_of_a_contract_has_an_edge(p: float, price: float) -> None:
    yes, no = kelly_binary(p, price), kelly_binary(p, price, side="NO")
    assert min(yes, no) <= 1e-12
    if abs(p - price) < 1e-12:
        assert yes == pytest.approx(0.0, abs=1e-9)
        assert no == pytest.approx(0.0, abs=1e-9)


def test_a_fee_makes_a_contract_dearer_on_both_sides() -> None:
    assert kelly_binary(0.6, 0.5, fee=0.05) == pytest.approx((0.6 - 0.55) / 0.45)
    assert kelly_binary(0.4, 0.5, side="NO", fee=0.05) == pytest.approx((0.6 - 0.55) / 0.45)
    assert kelly_binary(0.6, 0.5, fee=0.1) == pytest.approx(0.0, abs=1e-15)
    with pytest.raises(OutOfRange, match=r"^the price with the fee must lie between 0 and 1, not 1\.$"):
        kelly_binary(0.6, 0.5, fee=0.5)
    with pytest.raises(OutOfRange, match=r"^fee must be 0 or more, not -0\.1\.$"):
        kelly_binary(0.6, 0.5, fee=-0.1)


@pytest.mark.parametrize("price", [0.0, 1.0, -0.1, 1.1])
def test_a_contract_that_is_settled_has_no_price(price: float) -> None:
    with pytest.raises(OutOfRange, match=r"^price must lie between 0 and 1"):
        kelly_binary(0.5, price)


@pytest.mark.parametrize(
    ("measure", "values", "name"),
    [
        (kelly_from_odds, (-0.1, 1.0), "probability"),
        (kelly_from_odds, (1.1, 1.0), "probability"),
        (kelly_from_odds, (0.5, 0.0), "odds"),
        (kelly_from_metrics, (1.1, 1.0, 1.0), "win_rate"),
        (kelly_from_metrics, (0.5, 0.0, 1.0), "average_win"),
        (kelly_from_metrics, (0.5, 1.0, 0.0), "average_loss"),
        (kelly_from_metrics, (0.5, 5e-324, 1e308), "The ratio"),
        (kelly_from_moments, (0.1, 0.0), "volatility"),
        (kelly_growth, (0.5, 1.0, 1.0), "share"),
        (kelly_growth, (0.5, 1.0, -0.1), "share"),
        (kelly_binary, (1.5, 0.5), "probability"),
    ],
)
def test_numbers_without_meaning_are_errors_that_name_them(
    measure: object, values: tuple[float, ...], name: str
) -> None:
    assert callable(measure)
    with pytest.raises(OutOfRange, match=f"^{name} must "):
        measure(*values)


@pytest.mark.parametrize("value", [NAN, INF, True])
@pytest.mark.parametrize(
    ("measure", "values"),
    [
        (kelly_from_odds, (0.5, 1.0)),
        (kelly_from_metrics, (0.5, 1.0, 1.0)),
        (kelly_from_moments, (0.1, 0.2)),
        (kelly_growth, (0.5, 1.0, 0.1)),
        (kelly_binary, (0.5, 0.5)),
    ],
)
def test_numbers_that_are_not_finite_are_errors(
    measure: object, values: tuple[float, ...], value: float
) -> None:
    assert callable(measure)
    for place in range(len(values)):
        with pytest.raises(NotFinite, match="must be a finite number"):
            measure(*values[:place], value, *values[place + 1 :])


def test_what_leaves_the_floats_is_an_error() -> None:
    with pytest.raises(NotFinite, match=r"^Kelly's share is -inf"):
        kelly_from_odds(0.5, 5e-324)
    with pytest.raises(NotFinite, match=r"^Kelly's share is inf"):
        kelly_from_moments(1.0, 1e-200)
    with pytest.raises(NotFinite):
        kelly_from_metrics(0.5, 1e308, 1e-308)
    with pytest.raises(NotFinite, match=r"^The share that could lose all is inf"):
        kelly_from_outcomes(np.array([1.0, -1e-320]))
    with pytest.raises(OutOfRange, match=r"^side must be YES or NO, not 'yes'\.$"):
        kelly_binary(0.5, 0.5, side="yes")

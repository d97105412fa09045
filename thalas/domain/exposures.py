"""What positions risk, each number with its origin: returns given, stored candles, or an assumption."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

import risk
from risk.losses import tail_length
from risk.series import FloatArray

# How each method comes from one period to several.
OVER = {
    "historical": " by the square root of time",
    "parametric": ", the mean by time and the deviation by its square root",
    "cornish_fisher": ", as of independent periods",
    "monte_carlo": ", each drawn of its own",
}
ASSUMED = "assumed volatility"
# Of a day, where no prices are known: wide enough not to flatter anybody.
ASSUMED_VOLATILITY = {"crypto": 0.04, "polymarket": 0.08, "equity": 0.015}
PERIODS_NEEDED = 30
STOP_DEVIATIONS = 2.0
LEVELS = ("low", "medium", "high", "critical")
# From these shares of the portfolio's value on, its value at risk is medium, high, critical.
AT_RISK_STEPS = (0.02, 0.05, 0.10)
LEVERAGE_STEPS = (1.0, 1.5, 3.0)
# From these sizes of the largest position on, as shares of the portfolio's value.
SIZE_STEPS = (0.10, 0.15, 0.30)
SEED, DRAWS = 20260101, 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A position as a caller describes it.

    value_usd  before leverage; *is_short* says which way
    """

    id: str
    pair: str
    market_type: str
    entry_price: float
    current_price: float
    value_usd: float
    unrealized_pnl: float
    leverage: float
    is_short: bool
    stop_loss: float | None
    take_profit: float | None

    @property
    def moved_usd(self) -> float:
        """Return the money that the price moves, below 0 for a short."""
        return self.value_usd * self.leverage * (-1.0 if self.is_short else 1.0)


@dataclass(frozen=True, slots=True)
class Series:
    """Returns of each position over the same periods, and where they come from.

    returns  shape (positions, periods); None where they are not known, and *origin* says why
    """

    returns: FloatArray | None
    origin: str

    @property
    def enough(self) -> FloatArray | None:
        """Return the returns, if there are enough of them to tell anything."""
        is_enough = self.returns is not None and self.returns.shape[1] >= PERIODS_NEEDED
        return self.returns if is_enough else None

    @property
    def gap(self) -> str:
        """Return why there are not enough."""
        if self.returns is None:
            return self.origin
        return f"only {self.returns.shape[1]} returns, {self.origin}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How value at risk is to be worked out."""

    method: str = "historical"
    level: float = 0.95
    horizon_periods: int = 1


def portfolio(
    positions: Sequence[Held], value_usd: float, series: Series, wanted: Wanted
) -> dict[str, object]:
    """Return what *positions* risk in an account worth *value_usd*; without enough returns one is assumed."""
    sizes = np.array([position.value_usd for position in positions])
    moved = np.array([position.moved_usd for position in positions])
    tails = _tails(positions, moved / value_usd, series, wanted)
    by_type = risk.exposure_by_type(sizes, [position.market_type for position in positions])
    leverage = risk.leverage(moved, equity=value_usd)
    largest = float(sizes.max()) / value_usd if len(sizes) else 0.0
    is_spread = bool((sizes > 0).any())
    return {
        "total_exposure": risk.gross_exposure(sizes),
        **{f"{kind}_exposure": by_type.get(kind, 0.0) for kind in risk.MARKET_TYPES},
        "diversification_score": risk.diversification(sizes) if is_spread else 0.0,
        "var_95": tails.var_95 * value_usd,
        "cvar_95": tails.es_95 * value_usd,
        "var": tails.var * value_usd,
        "cvar": tails.es * value_usd,
        "volatility": tails.volatility,
        "position_count": len(positions),
        "max_drawdown": tails.drawdown,
        "risk_level": _worst(
            _step(tails.var_95, AT_RISK_STEPS),
            _step(leverage, LEVERAGE_STEPS, beyond=True),
            _step(largest, SIZE_STEPS, beyond=True),
        ),
        "correlation_risk": tails.correlation,
        "leverage_ratio": leverage,
        "concentration_risk": risk.largest_share(sizes) if is_spread else 0.0,
        "hhi": risk.herfindahl(sizes) if is_spread else 0.0,
        "method": tails.method,
        "origins": tails.origins,
    }


def position(held: Held, value_usd: float, series: Series, *, most_pct: float) -> dict[str, object]:
    """Return what one position risks in an account worth *value_usd*, where one may be *most_pct* percent."""
    volatility, origin, told = _volatility(held, series)
    size_pct = held.value_usd / value_usd * 100.0
    stop = recommended_stop(held, volatility)
    at = held.stop_loss if held.stop_loss is not None else stop
    adverse = (at - held.current_price) if held.is_short else (held.current_price - at)
    loss = abs(held.moved_usd) * max(0.0, adverse) / held.current_price
    return {
        "position_id": held.id,
        "pair": held.pair,
        "market_type": held.market_type,
        "position_size_pct": size_pct,
        "volatility": volatility,
        "volatility_method": origin,
        "potential_loss_usd": loss,
        "stop_loss_distance_pct": None
        if held.stop_loss is None
        else abs(held.current_price - held.stop_loss) / held.current_price * 100.0,
        "leverage": held.leverage,
        "risk_level": _worst(
            _step(loss / value_usd, AT_RISK_STEPS),
            _step(size_pct / 100.0, SIZE_STEPS, beyond=True),
            _step(held.leverage, LEVERAGE_STEPS, beyond=True),
        ),
        "exceeds_max_size": size_pct > most_pct,
        "recommended_stop_loss": stop,
        "origins": {
            "volatility": told,
            "recommended_stop_loss": f"{STOP_DEVIATIONS:g} standard deviations of a day from the price now",
            "potential_loss_usd": "at its stop" if held.stop_loss is not None else "at the recommended stop",
        },
    }


def recommended_stop(held: Held, volatility: float) -> float:
    """Return the stop two standard deviations of a period away, within the market's prices."""
    price, away = held.current_price, min(STOP_DEVIATIONS * volatility, 0.95)
    level = price * (1.0 + away) if held.is_short else price * (1.0 - away)
    if held.market_type != "polymarket":
        return level
    bounds = risk.PREDICTION_MARKET
    return min(max(level, bounds.lowest), bounds.highest)


@dataclass(frozen=True, slots=True)
class _Tails:
    """Fractions of the portfolio's value, and what they were worked out from."""

    var_95: float
    es_95: float
    var: float
    es: float
    volatility: float
    drawdown: float
    correlation: float
    method: str
    origins: dict[str, str]


def _tails(positions: Sequence[Held], weights: FloatArray, series: Series, wanted: Wanted) -> _Tails:
    if not len(positions):
        return _Tails(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "no positions", {"all": "there are no positions"})
    returns = series.enough
    if returns is None:
        return _assumed(positions, weights, wanted, series.gap)
    made = risk.portfolio_returns(np.ascontiguousarray(returns.T), weights)
    told = f"{wanted.method}: {len(made)} returns, {series.origin}"
    if wanted.horizon_periods > 1:
        told += f", over {wanted.horizon_periods} periods{OVER[wanted.method]}"
    moves = [bool(np.ptp(row) > 0.0) for row in returns]
    together = _correlation(returns[moves], weights[moves])
    var_95, es_95 = _measured(made, Wanted(wanted.method, 0.95, wanted.horizon_periods))
    var, es = _measured(made, wanted)
    origins = {
        "var_95": told,
        "volatility": f"standard deviation of {len(made)} returns, {series.origin}",
        "max_drawdown": f"today's positions over {len(made)} past periods, {series.origin}",
        "correlation_risk": f"mean correlation by weight, {series.origin}",
    }
    fallen = risk.max_drawdown(np.maximum(made, -1.0))
    return _Tails(var_95, es_95, var, es, risk.volatility(made), fallen, together, told, origins)


def _measured(made: FloatArray, wanted: Wanted) -> tuple[float, float]:
    """Return value at risk and expected shortfall; a portfolio that only gained risks nothing by them."""
    level, periods = wanted.level, wanted.horizon_periods
    if not np.ptp(made) > 0.0:
        at_risk = shortfall = -float(made[0]) * periods
    elif wanted.method == "parametric":
        at_risk = risk.parametric_value_at_risk(made, level=level, horizon_periods=periods)
        shortfall = risk.parametric_expected_shortfall(made, level=level, horizon_periods=periods)
    elif wanted.method == "cornish_fisher":
        at_risk = risk.cornish_fisher_value_at_risk(made, level=level, horizon_periods=periods)
        shortfall = risk.cornish_fisher_expected_shortfall(made, level=level, horizon_periods=periods)
    else:
        drawn, scale = (
            (_drawn(made, periods), 1.0) if wanted.method == "monte_carlo" else (made, sqrt(periods))
        )
        at_risk = risk.value_at_risk(drawn, level=level) * scale
        shortfall = risk.value_at_risk(drawn, level=level) * scale
        if tail_length(len(drawn), level)[0] >= 1:
            shortfall = risk.expected_shortfall(drawn, level=level) * scale
    return max(0.0, at_risk), max(0.0, shortfall, at_risk)


def _drawn(made: FloatArray, periods: int) -> FloatArray:
    dice = np.random.default_rng(SEED)
    past = np.maximum(made, -1.0)
    return risk.simulate_returns(past, generator=dice, draws=DRAWS, horizon_periods=periods, model="history")


def _assumed(positions: Sequence[Held], weights: FloatArray, wanted: Wanted, gap: str) -> _Tails:
    """Return what a normal distribution says if every position moved by what is assumed, all against us."""
    volatility = sum(
        abs(weight) * ASSUMED_VOLATILITY[each.market_type]
        for each, weight in zip(positions, weights.tolist(), strict=True)
    )
    over = {"mean": 0.0, "volatility": volatility, "horizon_periods": wanted.horizon_periods}
    lost = -sum(each.unrealized_pnl for each in positions)
    whole = sum(each.value_usd for each in positions)
    told = ", ".join(f"{kind} {share:.1%}" for kind, share in ASSUMED_VOLATILITY.items())
    method = f"{ASSUMED}: parametric, a day's {told}, all positions moving against the account at once; {gap}"
    return _Tails(
        risk.normal_value_at_risk(level=0.95, **over),
        risk.normal_expected_shortfall(level=0.95, **over),
        max(0.0, risk.normal_value_at_risk(level=wanted.level, **over)),
        max(0.0, risk.normal_expected_shortfall(level=wanted.level, **over)),
        volatility,
        min(1.0, max(0.0, lost / (whole + lost))) if whole + lost > 0.0 else 0.0,
        1.0 if len(positions) > 1 else 0.0,
        method,
        {
            "var_95": method,
            "volatility": method,
            "max_drawdown": "what the positions have lost since they were entered",
            "correlation_risk": "assumed: 1 for more than one position",
        },
    )


def _correlation(returns: FloatArray, weights: FloatArray) -> float:
    if np.count_nonzero(weights) < 2:
        return 0.0
    return risk.average_correlation(np.ascontiguousarray(returns.T), weights)


def _volatility(held: Held, series: Series) -> tuple[float, str, str]:
    """Return the volatility of a day, how it was found, and that in full."""
    returns = series.enough
    if returns is None:
        assumed = ASSUMED_VOLATILITY[held.market_type]
        return assumed, ASSUMED, f"{ASSUMED} of {assumed:.1%} a day; {series.gap}"
    found = f"{returns.shape[1]} returns, {series.origin}"
    return risk.volatility(returns[0]), found, f"standard deviation of {found}"


def _step(value: float, steps: tuple[float, ...], *, beyond: bool = False) -> int:
    """Return how many of *steps* the value has reached, or has passed."""
    return sum(value > step if beyond else value >= step for step in steps)


def _worst(*found: int) -> str:
    return LEVELS[max(found)]

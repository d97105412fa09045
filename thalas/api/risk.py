"""Questions about risk: of a portfolio, a position, a consensus; room under limits; where a stop goes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from django.http import HttpRequest

from risk import RiskError
from thalas.api.doors import Door, caller
from thalas.api.fields import BadFields
from thalas.api.schemas_risk import (
    CheckLimitsIn,
    CheckLimitsOut,
    OnePositionIn,
    OnePositionOut,
    PortfolioIn,
    PortfolioOut,
    PositionIn,
    SignalIn,
    SignalOut,
    StopIn,
    StopOut,
)
from thalas.domain import advices, exposures
from thalas.domain.exposures import Held, Series
from thalas.selectors import accounts, clock, histories, markets

router = Door(tags=["risk"])
MOST_POSITION_PCT = 15.0
MOST_NAMED = 3
NOTHING = Series(None, "there are no positions")


@router.post("/portfolio", scope="risk:read", response=PortfolioOut)
def assess_portfolio(request: HttpRequest, body: PortfolioIn) -> dict[str, object]:
    """Work out what a portfolio risks.

    From the returns given; without them from stored candles of every pair; and where there are none
    `method` says "assumed volatility".
    """
    now, positions = clock.now(), [_held(position) for position in body.positions]
    series = _stored(positions, now) if body.returns is None else _given(positions, body.returns)
    wanted = exposures.Wanted(body.method, body.confidence, body.horizon_periods)
    try:
        metrics = exposures.portfolio(positions, body.portfolio_value, series, wanted)
    except RiskError as error:
        raise BadFields({"returns" if body.returns else "positions": str(error)}) from error
    return {"metrics": metrics, "timestamp": now, "portfolio_value": body.portfolio_value}


@router.post("/position", scope="risk:read", response=OnePositionOut)
def assess_position(request: HttpRequest, body: OnePositionIn) -> dict[str, object]:
    """Work out what a position risks, and where its stop should be."""
    held = _held(body.position)
    series = _stored([held], clock.now())
    return exposures.position(held, body.portfolio_value, series, most_pct=MOST_POSITION_PCT)


@router.post("/evaluate-signal", scope="risk:read", response=SignalOut)
def evaluate_signal(request: HttpRequest, body: SignalIn) -> dict[str, object]:
    """Say what a consensus is worth by the limits of the key's account."""
    said, account = body.consensus_metadata, accounts.get(caller(request).account)
    if said.participating_providers > said.total_providers:
        heard = said.participating_providers
        wrong = f"must be at most total_providers ({said.total_providers}), not {heard}"
        raise BadFields({"consensus_metadata.participating_providers": wrong})
    return advices.signal(
        confidence=said.weighted_confidence,
        agreement=said.agreement_score,
        heard=said.participating_providers,
        asked=said.total_providers,
        volatility=body.market_conditions.volatility if body.market_conditions else None,
        min_confidence=account.min_confidence,
        min_agreement=account.min_agreement,
        most_pct=float(account.max_position_pct),
    )


@router.post("/check-limits", scope="risk:read", response=CheckLimitsOut)
def check_limits(request: HttpRequest, body: CheckLimitsIn) -> dict[str, object]:
    """Say whether there is room for a new position."""
    limits = advices.Room(**body.limits.model_dump()) if body.limits else advices.Room()
    positions = [_held(position) for position in body.positions]
    return advices.room(
        positions,
        new_usd=body.new_position_value,
        new_type=body.new_position_type,
        value_usd=body.portfolio_value,
        limits=limits,
        series=_stored(positions, clock.now()),
    )


@router.post("/calculate-stop-loss", scope="risk:read", response=StopOut)
def calculate_stop_loss(request: HttpRequest, body: StopIn) -> dict[str, object]:
    """Say where the stop and the target of a position go."""
    if body.atr is not None:
        share, origin = advices.STOP_ATR * body.atr / body.entry_price, f"{advices.STOP_ATR:g} times the atr"
    elif body.volatility is not None:
        share = advices.STOP_DEVIATIONS * body.volatility
        origin = f"{advices.STOP_DEVIATIONS:g} times the volatility"
    else:
        raise BadFields({"volatility": "give the volatility, or atr in its stead"})
    try:
        return advices.stop(
            price=body.entry_price,
            is_long=body.position_type == "LONG",
            away=advices.Distance(share, origin),
            market_type=body.market_type,
            risk_per_trade=body.risk_per_trade,
        )
    except RiskError as error:
        raise BadFields({"entry_price": str(error).rstrip(".")}) from error


def _held(position: PositionIn) -> Held:
    told = position.model_dump(exclude={"amount"})
    return Held(**told, is_short=position.amount < 0)


def _given(positions: Sequence[Held], returns: Mapping[str, Sequence[float]]) -> Series:
    """Return the returns that were given, a row for each position.

    Raises:  BadFields naming the pairs without returns, and those that have others than the first.
    """
    if not positions:
        return NOTHING
    periods = len(next(iter(returns.values()), ()))
    wrong = {
        f"returns.{pair}": f"must hold {periods} returns as the first does, not {len(its)}"
        for pair, its in returns.items()
        if len(its) != periods
    }
    pairs = {position.pair for position in positions}
    wrong |= {
        f"returns.{pair}": "is missing: give every pair's, or none" for pair in sorted(pairs - set(returns))
    }
    if wrong:
        raise BadFields(wrong)
    rows = np.array([returns[position.pair] for position in positions], dtype=np.float64)
    if periods < exposures.PERIODS_NEEDED:
        needed = f"must hold at least {exposures.PERIODS_NEEDED} returns, not {periods}"
        raise BadFields({f"returns.{pair}": needed for pair in sorted(pairs)})
    return Series(rows, "given")


def _stored(positions: Sequence[Held], now: datetime) -> Series:
    """Return the daily returns of stored candles, a row for each position, or why there are none."""
    tape = markets.tape_or_none(now=now)
    if not positions:
        return NOTHING
    if tape is None:
        return Series(None, "the market's time is not known")
    pairs, at = dict.fromkeys(position.pair for position in positions), tape.at.market_at
    histories.freshen(pairs, at=at)
    found = {pair: histories.history(pair, histories.RISK_TIMEFRAME, at=at) for pair in pairs}
    missing = [pair for pair, history in found.items() if history is None]
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        return Series(None, f"there are no candles of {', '.join(missing[:MOST_NAMED])}{more}")
    known = [history for position in positions if (history := found[position.pair]) is not None]
    returns = histories.returns(known)
    return Series(returns, histories.ORIGIN if returns is not None else "the pairs share no days")

"""Questions about risk, which change nothing: a portfolio's, a position's, a consensus's; room; stops."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from thalas.client.answers import Answer
from thalas.client.rooms import A, given, parsed
from thalas.client.rooms import Room as _Room
from thalas.client.wires import Call


class RiskMetrics(Answer):
    """What a portfolio risks: money in US dollars, the rest as fractions; *origins* says where from."""

    total_exposure: float
    crypto_exposure: float
    polymarket_exposure: float
    diversification_score: float
    var_95: float
    cvar_95: float
    volatility: float
    position_count: int
    max_drawdown: float
    risk_level: str
    correlation_risk: float
    leverage_ratio: float
    concentration_risk: float
    hhi: float
    method: str
    origins: dict[str, str]


class PortfolioRisk(Answer):
    """The risk of a portfolio."""

    metrics: RiskMetrics
    timestamp: datetime
    portfolio_value: float


class PositionRisk(Answer):
    """The risk of a position; *origins* says where the numbers come from."""

    position_id: str
    pair: str
    market_type: str
    position_size_pct: float
    volatility: float
    potential_loss_usd: float
    stop_loss_distance_pct: float | None
    leverage: float
    risk_level: str
    exceeds_max_size: bool
    recommended_stop_loss: float
    origins: dict[str, str]


class SignalRisk(Answer):
    """What a consensus is worth."""

    risk_level: str
    signal_strength: float
    provider_diversity: float
    confidence: float
    agreement_score: float
    recommended_position_size_pct: float
    should_trade: bool
    warnings: tuple[str, ...]


class Room(Answer):
    """Whether there is room for a new position, and what it would break if not."""

    approved: bool
    violations: tuple[str, ...]
    warnings: tuple[str, ...]


class StopLevels(Answer):
    """A stop and a target; *method* says what they are made of."""

    stop_loss: float
    take_profit: float
    stop_distance_pct: float
    take_distance_pct: float
    risk_reward_ratio: float
    method: str


class Risks(_Room):
    """Numbers about risk; positions are as the API describes them."""

    def portfolio(
        self,
        positions: Sequence[Mapping[str, object]],
        portfolio_value: float,
        *,
        returns: Mapping[str, Sequence[float]] | None = None,
        method: str | None = None,
        confidence: float | None = None,
        horizon_periods: int | None = None,
    ) -> PortfolioRisk:
        """Return what *positions* risk; without *returns* from candles that the house has stored."""
        body: dict[str, object] = {"positions": list(positions), "portfolio_value": portfolio_value}
        body |= given(returns=returns, method=method, confidence=confidence, horizon_periods=horizon_periods)
        return self._ask(PortfolioRisk, "portfolio", body)

    def position(self, position: Mapping[str, object], portfolio_value: float) -> PositionRisk:
        """Return what one position risks."""
        body = {"position": position, "portfolio_value": portfolio_value}
        return self._ask(PositionRisk, "position", body)

    def evaluate_signal(
        self,
        *,
        weighted_confidence: float,
        agreement_score: float,
        participating_providers: int,
        total_providers: int,
        volatility: float | None = None,
    ) -> SignalRisk:
        """Return what a consensus is worth."""
        said = {
            "weighted_confidence": weighted_confidence,
            "agreement_score": agreement_score,
            "participating_providers": participating_providers,
            "total_providers": total_providers,
        }
        conditions = {"market_conditions": {"volatility": volatility}} if volatility is not None else {}
        return self._ask(SignalRisk, "evaluate-signal", {"consensus_metadata": said, **conditions})

    def check_limits(
        self,
        positions: Sequence[Mapping[str, object]],
        portfolio_value: float,
        *,
        new_value: float,
        new_type: str,
        limits: Mapping[str, float] | None = None,
    ) -> Room:
        """Return whether a new position of *new_value* dollars fits beside *positions*."""
        body: dict[str, object] = {
            "positions": list(positions),
            "portfolio_value": portfolio_value,
            "new_position_value": new_value,
            "new_position_type": new_type,
        }
        return self._ask(Room, "check-limits", body | given(limits=limits))

    def stop_loss(
        self,
        entry_price: float,
        position_type: str,
        *,
        volatility: float | None = None,
        atr: float | None = None,
        market_type: str | None = None,
        risk_per_trade: float | None = None,
    ) -> StopLevels:
        """Return where the stop and the target of a LONG or SHORT go; give *volatility* or *atr*."""
        body: dict[str, object] = {"entry_price": entry_price, "position_type": position_type}
        numbers = given(volatility=volatility, atr=atr, risk_per_trade=risk_per_trade)
        return self._ask(
            StopLevels, "calculate-stop-loss", {**body, **numbers, **given(market_type=market_type)}
        )

    def _ask(self, kind: type[A], question: str, body: Mapping[str, object]) -> A:
        return parsed(kind, self._wire.send(Call("POST", f"/risk/{question}", body=body)))

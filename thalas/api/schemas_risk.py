"""The shapes of the questions about risk and of their answers, as clients have always known them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from thalas.api.fields import Told
from thalas.api.shapes import Out

MOST_POSITIONS, MOST_PERIODS = 500, 2000
LARGEST = 1e12
MarketType = Literal["crypto", "polymarket", "equity"]
Level = Literal["low", "medium", "high", "critical"]
Price = Annotated[float, Field(gt=0, le=LARGEST, allow_inf_nan=False)]
Usd = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Signed = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Value = Annotated[float, Field(ge=0.01, le=LARGEST, allow_inf_nan=False, description="US dollars")]
Return = Annotated[float, Field(ge=-1, le=100, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=80)]


def fitting(price: float | None, market_type: object) -> float | None:
    """Return *price*.

    Raises:  ValueError if *market_type* is a prediction market's, which pays 1 at most, and it is above that.
    """
    if market_type == "polymarket" and price is not None and price > 1.0:
        raise ValueError("A prediction market's price must be at most 1")
    return price


class Part(BaseModel):
    """A part of a body; ninja's own kind takes anything, even a text, for a part without required fields."""

    model_config = ConfigDict(strict=True, extra="ignore")


class PositionIn(Part):
    """A position; an amount below 0 is a short."""

    id: Name = Field(examples=["p1"])
    pair: Name = Field(examples=["BTC/USD"])
    market_type: MarketType
    entry_price: Price
    current_price: Price
    amount: Signed = Field(examples=[0.1])
    value_usd: Usd = Field(description="before leverage", examples=[5000.0])
    unrealized_pnl: Signed = Field(examples=[0.0])
    leverage: float = Field(1.0, gt=0, le=1000, allow_inf_nan=False)
    stop_loss: Price | None = None
    take_profit: Price | None = None

    @field_validator("entry_price", "current_price", "stop_loss", "take_profit")
    @classmethod
    def fits_its_market(cls, price: float | None, told: ValidationInfo) -> float | None:
        """Refuse a price that a prediction market cannot have."""
        return fitting(price, told.data.get("market_type"))


Positions = Annotated[list[PositionIn], Field(max_length=MOST_POSITIONS)]


class PortfolioIn(Told):
    """A portfolio whose risk is wanted."""

    positions: Positions
    portfolio_value: Value
    returns: dict[Name, Annotated[list[Return], Field(min_length=2, max_length=MOST_PERIODS)]] | None = Field(
        None, max_length=MOST_POSITIONS, description="period returns of every pair, as many of each"
    )
    method: Literal["historical", "parametric", "cornish_fisher", "monte_carlo"] = "historical"
    confidence: float = Field(0.95, ge=0.5, le=0.999, allow_inf_nan=False)
    horizon_periods: int = Field(1, ge=1, le=365)


class MetricsOut(Out):
    """What a portfolio risks; money in US dollars, the rest as fractions; *origins* says where from."""

    total_exposure: float
    crypto_exposure: float
    polymarket_exposure: float
    equity_exposure: float
    diversification_score: float = Field(ge=0, le=1)
    var_95: float = Field(ge=0)
    cvar_95: float = Field(ge=0)
    var: float = Field(ge=0, description="at the confidence asked for")
    cvar: float = Field(ge=0, description="at the confidence asked for")
    volatility: float = Field(ge=0, description="of a period")
    position_count: int
    max_drawdown: float = Field(ge=0, le=1)
    risk_level: Level
    correlation_risk: float = Field(ge=-1, le=1)
    leverage_ratio: float = Field(ge=0)
    concentration_risk: float = Field(ge=0, le=1, description="share of the largest position")
    hhi: float = Field(ge=0, le=1)
    method: str
    origins: dict[str, str]


class PortfolioOut(Out):
    """The risk of a portfolio."""

    metrics: MetricsOut
    timestamp: datetime
    portfolio_value: float


class OnePositionIn(Told):
    """A position whose risk is wanted."""

    position: PositionIn
    portfolio_value: Value


class OnePositionOut(Out):
    """The risk of a position; *origins* says where the numbers come from."""

    position_id: str
    pair: str
    market_type: MarketType
    position_size_pct: float
    volatility: float
    volatility_method: str
    potential_loss_usd: float
    stop_loss_distance_pct: float | None
    leverage: float
    risk_level: Level
    exceeds_max_size: bool = Field(description="above 15 % of the portfolio")
    recommended_stop_loss: float
    origins: dict[str, str]


class ConsensusMetadataIn(Part):
    """What a consensus says of itself."""

    weighted_confidence: Share
    agreement_score: Share
    participating_providers: int = Field(ge=0, le=1000)
    total_providers: int = Field(ge=1, le=1000)


class ConditionsIn(Part):
    """What the market is like."""

    volatility: float | None = Field(None, ge=0, le=10, allow_inf_nan=False, description="of a period")


class SignalIn(Told):
    """A consensus whose worth is wanted."""

    consensus_metadata: ConsensusMetadataIn
    market_conditions: ConditionsIn | None = None


class SignalOut(Out):
    """What a consensus is worth; below the account's least confidence or agreement it is not to be traded."""

    risk_level: Level
    signal_strength: float = Field(description="confidence times agreement")
    provider_diversity: float = Field(description="share of the providers that took part")
    confidence: float
    agreement_score: float
    recommended_position_size_pct: float = Field(
        description="the account's largest position times strength and diversity, less in a wild market"
    )
    should_trade: bool
    warnings: list[str]


class LimitsIn(Part):
    """Limits in percent of the portfolio."""

    model_config = ConfigDict(strict=True, extra="forbid")

    max_position_pct: Percent = 15.0
    max_positions: int = Field(10, ge=0, le=100_000)
    max_crypto_pct: Percent = 70.0
    max_polymarket_pct: Percent = 50.0
    max_equity_pct: Percent = 70.0
    max_portfolio_risk_pct: Percent = Field(20.0, description="value at risk of a day at 95 %")


class CheckLimitsIn(Told):
    """A new position that wants room."""

    positions: Positions
    new_position_value: float = Field(gt=0, le=LARGEST, allow_inf_nan=False)
    new_position_type: MarketType
    portfolio_value: Value
    limits: LimitsIn | None = None


class CheckLimitsOut(Out):
    """Whether there is room."""

    approved: bool
    violations: list[str]
    warnings: list[str]


class StopIn(Told):
    """A price that wants a stop; the volatility, or the average true range in its stead."""

    market_type: MarketType = "crypto"
    entry_price: Price
    position_type: Literal["LONG", "SHORT"]
    volatility: Share | None = None
    atr: Price | None = Field(None, description="at most the price")
    risk_per_trade: float = Field(0.02, ge=0.001, le=0.1, allow_inf_nan=False)

    @field_validator("entry_price")
    @classmethod
    def fits_its_market(cls, price: float, told: ValidationInfo) -> float | None:
        """Refuse a price that a prediction market cannot have."""
        return fitting(price, told.data.get("market_type"))

    @field_validator("atr")
    @classmethod
    def fits_its_price(cls, atr: float | None, told: ValidationInfo) -> float | None:
        """Refuse a range that is wider than the price is high."""
        price = told.data.get("entry_price")
        if atr is not None and price is not None and atr > price:
            raise ValueError(f"The range must be at most entry_price ({price:g})")
        return atr


class StopOut(Out):
    """A stop and a target, and what they are made of."""

    stop_loss: float
    take_profit: float
    stop_distance_pct: float = Field(description="from the price, in percent of it")
    take_distance_pct: float = Field(description="from the price, in percent of it")
    risk_reward_ratio: float = Field(description="distance of the target over that of the stop")
    position_size_pct: float = Field(description="the size that loses the risk per trade at the stop")
    method: str

"""The shapes of the strategies' requests and answers, as clients have always known them."""

from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, WithJsonSchema

from thalas.api.schemas_runs import CheckOut, MethodName, Name, Seconds, VoteState
from thalas.api.shapes import Out
from thalas.domain import given
from thalas.domain.consensus import MAX_WEIGHT
from thalas.domain.methods import Method

MarketData = Annotated[
    dict[str, object],
    Field(description="indicator name to number, list or text"),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": given.MOST_ENTRIES,
            "propertyNames": {"pattern": f"^{given.NAME.pattern}$"},
            "additionalProperties": {
                "anyOf": [
                    {"type": "number", "minimum": -given.LARGEST, "maximum": given.LARGEST},
                    {"type": "string"},
                    {"type": "array", "items": {"type": ["number", "string"]}},
                ]
            },
            "examples": [{"rsi_14": 38.2, "macd_hist": 12.5, "news": "a quiet week"}],
        }
    ),
]
Weight = Annotated[float, Field(ge=0, le=MAX_WEIGHT, allow_inf_nan=False)]
Decision = Literal["BUY", "SELL", "HOLD"]
Outcome = Literal["BUY", "SELL", "HOLD", "NO_DECISION"]
RiskWord = Literal["low", "medium", "high"]


class StrategyIn(Schema):
    """Market data, and what to do with it. Fields that are not known here are let be."""

    model_config = ConfigDict(strict=True, extra="ignore")

    market_data: MarketData
    pair: str = Field(max_length=40, pattern="^[A-Za-z0-9]{1,19}/[A-Za-z0-9]{1,19}$", examples=["BTC/USDT"])
    timeframe: Literal["1m", "5m", "15m", "30m", "1h", "4h", "1d"] = "5m"
    current_price: float = Field(gt=0, lt=given.LARGEST_PRICE, allow_inf_nan=False)
    provider_weights: dict[str, Weight] | None = Field(
        None, description="in place of the weight of each voter of a provider; names in any case"
    )
    deadline_s: Seconds | None = None
    wait: bool = Field(True, description="false: 202 and a run id at once")
    force_refresh: bool = False


class ConsensusIn(StrategyIn):
    """What to ask the council."""

    providers: list[Name] | None = Field(None, min_length=1, description="the panel; null seats all")
    method: MethodName = Method.WEIGHTED_MAJORITY.value


class LlmIn(StrategyIn):
    """What to ask one voter."""

    provider: Name | None = None


class ConsensusMetadata(Out):
    """How the votes came to the decision."""

    total_providers: int
    participating_providers: int
    agreement_score: float
    weighted_confidence: float
    vote_breakdown: dict[str, int]
    weighted_votes: dict[str, float]
    total_latency_ms: float
    total_cost_usd: float
    total_tokens: int
    timestamp: str
    unused_weights: list[str]
    method: str
    n_eff: float = Field(description="how many independent voters those participating count for")
    baseline: Outcome | None = Field(description="what the same votes say if each counts one")


class ProviderResponse(Out):
    """One cast vote."""

    provider: str
    voter: str
    model: str
    decision: Decision
    confidence: float
    reasoning: str


class SilentResponse(Out):
    """One vote that was not cast, and why."""

    provider: str
    voter: str
    state: VoteState
    reason: str


class RiskOut(Out):
    """What the gate says."""

    verdict: Literal["approved", "resized", "vetoed", "no_order"]
    reason: str
    checks: list[CheckOut]


class AdviceOut(Out):
    """What both strategies answer."""

    decision: Decision
    confidence: float
    reasoning: str
    risk_level: RiskWord
    suggested_stop_loss: float | None
    suggested_take_profit: float | None
    degraded: bool
    outcome: Outcome
    run_id: UUID
    shared: bool
    age_s: float
    risk: RiskOut


class ConsensusOut(AdviceOut):
    """What the council advises."""

    consensus_metadata: ConsensusMetadata
    provider_responses: list[ProviderResponse]
    silent_responses: list[SilentResponse]


class LlmOut(AdviceOut):
    """What one voter advises."""

    pair: str
    timeframe: str
    provider: str
    model: str
    voter: str


class AcceptedOut(Out):
    """A run that goes on without the client."""

    run_id: UUID
    state: Literal["open", "closed", "cancelled"]
    shared: bool
    age_s: float


class ProviderHealth(Out):
    """How one voter has fared lately; *errors* are calls without a usable answer."""

    status: Literal["healthy", "degraded", "unavailable"]
    model: str
    requests: int
    errors: int
    avg_latency_ms: float


class Metrics(Out):
    """How the account's newest runs on given data have ended."""

    total_requests: int
    successful_requests: int
    failed_requests: int
    success_rate: float


class HealthOut(Out):
    """Whether the council can be asked."""

    status: Literal["healthy", "degraded", "unavailable"]
    available_providers: int
    required_providers: int
    provider_health: dict[str, ProviderHealth]
    metrics: Metrics

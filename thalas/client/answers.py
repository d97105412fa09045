"""What a Thalas answers. Fields that a newer one sends beside are let be."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What came over the wire; it does not change any more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SymbolAnswer(Answer):
    """What a vote says on one symbol; an action only where the stance is cast."""

    symbol: str
    stance: str
    action: str | None
    confidence: float | None
    reasoning: str
    risk_level: str | None
    stop: float | None
    target: float | None
    problem: str


class Vote(Answer):
    """One voter's vote; a state that is not cast says why there is none."""

    voter: str
    provider: str
    model: str
    state: str
    weight: float
    error_kind: str
    error: str
    recorded_at: datetime | None
    latency_ms: float | None
    cost_usd: Decimal
    tokens_in: int
    tokens_out: int
    is_repaired: bool
    is_simulated: bool
    answers: tuple[SymbolAnswer, ...]


class Check(Answer):
    """One risk check."""

    code: str
    outcome: str
    value: float | str | None
    limit: float | str | None
    message: str


class Leg(Answer):
    """The decision on one symbol: the consensus, and the verdict of the risk checks."""

    symbol: str
    outcome: str
    confidence: float
    agreement: float
    n_eff: float
    is_degraded: bool
    arithmetic: str
    price: float | None
    stop: float | None
    target: float | None
    verdict: str
    verdict_reason: str
    requested_usd: Decimal
    size_usd: Decimal
    checks: tuple[Check, ...]


class Decision(Answer):
    """What a run decided."""

    run_id: UUID
    filed_at: datetime
    panel: int
    heard: int
    is_degraded: bool
    latency_ms: float
    cost_usd: Decimal
    tokens: int
    legs: tuple[Leg, ...]


class RunLine(Answer):
    """A run in a list."""

    id: UUID
    kind: str
    state: str
    symbols: tuple[str, ...]
    timeframe: str
    requested_by: str
    opened_at: datetime
    deadline_at: datetime
    closed_at: datetime | None
    close_reason: str


class RunPage(Answer):
    """A page of runs; *older* is the cursor of the next one."""

    runs: tuple[RunLine, ...]
    older: str | None


class Run(Answer):
    """A run, as far as it was told: None is what was not.

    `Thalas.ask` without `wait` tells id, state, shared and age_s; `Thalas.run` all but the latter two.
    """

    id: UUID
    state: str
    shared: bool | None = None
    age_s: float | None = None
    symbols: tuple[str, ...] | None = None
    timeframe: str | None = None
    requested_by: str | None = None
    opened_at: datetime | None = None
    deadline_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    panel: int | None = None
    settled: int | None = None
    cost_usd: Decimal | None = None
    is_simulated: bool | None = None
    votes: tuple[Vote, ...] | None = None
    decision: Decision | None = None

    @property
    def is_over(self) -> bool:
        """Say whether it is decided or cancelled."""
        return self.state != "open"


class ConsensusMetadata(Answer):
    """How the votes came to the advice."""

    total_providers: int
    participating_providers: int
    agreement_score: float
    weighted_confidence: float
    vote_breakdown: dict[str, int]
    weighted_votes: dict[str, float]
    total_latency_ms: float
    total_cost_usd: Decimal
    total_tokens: int
    timestamp: datetime


class ProviderResponse(Answer):
    """One cast vote."""

    provider: str
    voter: str
    model: str
    decision: str
    confidence: float
    reasoning: str


class SilentResponse(Answer):
    """One vote that was not cast, and why."""

    provider: str
    voter: str
    state: str
    reason: str


class Risk(Answer):
    """What the risk checks say."""

    verdict: str
    reason: str
    checks: tuple[Check, ...]


class Opinion(Answer):
    """What was decided on given data; no decision is a HOLD whose *outcome* is NO_DECISION."""

    decision: str
    outcome: str
    degraded: bool
    confidence: float
    reasoning: str
    risk_level: str
    suggested_stop_loss: float | None
    suggested_take_profit: float | None
    run_id: UUID
    shared: bool
    age_s: float
    risk: Risk


class Advice(Opinion):
    """What the council advises on given data."""

    consensus_metadata: ConsensusMetadata
    provider_responses: tuple[ProviderResponse, ...]
    silent_responses: tuple[SilentResponse, ...]


class VoterAdvice(Opinion):
    """What one voter advises on given data."""

    pair: str
    timeframe: str
    provider: str
    model: str
    voter: str


class Accepted(Answer):
    """A run on given data that goes on without whoever asked."""

    run_id: UUID


class ProviderHealth(Answer):
    """How one voter has fared lately; *errors* are calls without a usable answer."""

    status: str
    model: str
    requests: int
    errors: int
    avg_latency_ms: float


class RequestMetrics(Answer):
    """How the account's newest runs on given data have ended."""

    total_requests: int
    successful_requests: int
    failed_requests: int
    success_rate: float


class Readiness(Answer):
    """Whether the council can be asked: healthy, degraded or unavailable."""

    status: str
    available_providers: int
    required_providers: int
    provider_health: dict[str, ProviderHealth]
    metrics: RequestMetrics

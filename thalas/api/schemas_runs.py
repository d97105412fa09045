"""The shapes of runs, votes and decisions as clients send and read them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from thalas.api.shapes import Out
from thalas.domain.methods import Method
from thalas.services.councils import MAX_DEADLINE_S, MAX_SYMBOLS

Seconds = Annotated[float, Field(ge=1, le=MAX_DEADLINE_S, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
# As text, so that an unknown one is told what there is in the house's own words.
MethodName = Annotated[
    str,
    Field(
        max_length=60,
        description="how the votes become an outcome",
        json_schema_extra={"enum": [method.value for method in Method]},
    ),
]
State = Literal["open", "closed", "cancelled"]
VoteState = Literal[
    "expected", "claimed", "cast", "abstained", "invalid", "failed", "missing", "waived", "late"
]


class RunIn(Schema):
    """What to ask the council."""

    model_config = ConfigDict(strict=True, extra="forbid")

    symbols: list[Name] = Field(min_length=1, max_length=MAX_SYMBOLS, examples=[["BTC/USD"]])
    timeframe: str = Field("1d", max_length=4)
    strategy: str = Field("default", max_length=60, description='"default"')
    panel: list[Name] | None = Field(
        None, min_length=1, description="voters; null seats all that are enabled"
    )
    deadline_s: Seconds | None = Field(None, description="null takes the house's own")
    method: MethodName = Method.WEIGHTED_MAJORITY.value
    may_close_early: bool = False
    force_refresh: bool = Field(False, description="ask anew, even if an equal question has a run")


class AskedOut(Out):
    """A run that was asked for; *shared*: an earlier, equal question had opened it."""

    id: UUID
    state: State
    shared: bool
    age_s: float = Field(ge=0)


class MarketOut(Out):
    """One market of a brief, with its provenance; candles and indicators only in a full brief."""

    symbol: str
    price: float
    closed_at: datetime | None = Field(description="null for data that came with the question")
    source: str
    sha256: str
    lap: int
    faults: list[str]
    candles: list[dict[str, object]] | None = None
    indicators: dict[str, float] | None = None
    context: dict[str, str] | None = None


class BriefOut(Out):
    """What every voter was shown."""

    sha256: str
    as_of: datetime | None
    markets: list[MarketOut]


class AnswerOut(Out):
    """What a vote says on one symbol; an action only where the stance is cast."""

    symbol: str
    stance: Literal["cast", "abstained", "invalid"]
    action: Literal["BUY", "SELL", "HOLD"] | None
    confidence: float | None
    reasoning: str
    risk_level: Literal["low", "medium", "high"] | None
    stop: float | None
    target: float | None
    problem: str


class VoteOut(Out):
    """One voter's vote; the states are nine different things, and none of them is a HOLD."""

    voter: str
    provider: str
    model: str
    response_model: str
    state: VoteState
    weight: float
    error_kind: str
    error: str
    starts: int
    recorded_at: datetime | None
    latency_ms: float | None
    cost_usd: float
    tokens_in: int
    tokens_out: int
    prompt_sha256: str
    is_repaired: bool
    is_simulated: bool
    answers: list[AnswerOut]


class CheckOut(Out):
    """One risk check."""

    code: str
    outcome: Literal["passed", "failed", "resized", "not_applicable", "not_computable"]
    value: float | str | None
    limit: float | str | None
    message: str


class LegOut(Out):
    """The decision on one symbol: consensus, verdict, and how both came about."""

    symbol: str
    outcome: Literal["BUY", "SELL", "HOLD", "NO_DECISION"]
    confidence: float
    agreement: float
    n_eff: float = Field(
        description="how many independent voters the `cast` ones count for: (Σw)² / Σᵢⱼ wᵢwⱼρᵢⱼ, with ρ 1 "
        "for the same model, 0.7 within a vendor, 0.5 among technical analysts, 0.3 otherwise"
    )
    cast: int = Field(description="voters that cast a vote on this symbol; abstentions do not count")
    baseline: Literal["BUY", "SELL", "HOLD", "NO_DECISION"] | None = Field(
        description="what the same votes say if each counts one; null on decisions older than it"
    )
    is_degraded: bool
    arithmetic: str
    scores: dict[str, float] = Field(description="Σ weight × confidence by action, as the method weighs")
    counts: dict[str, int]
    risk_level: str | None
    price: float | None
    stop: float | None
    target: float | None
    verdict: Literal["approved", "resized", "vetoed", "no_order"]
    verdict_reason: str
    requested_usd: float
    size_usd: float
    checks: list[CheckOut]


class DecisionOut(Out):
    """What a run decided."""

    run_id: UUID
    filed_at: datetime
    panel: int
    heard: int
    is_degraded: bool
    latency_ms: float
    cost_usd: float
    tokens: int
    limits_version: int
    legs: list[LegOut]


class RunLine(Out):
    """A run in a list."""

    id: UUID
    kind: Literal["scan", "adhoc", "again", "given"]
    state: State
    symbols: list[str]
    timeframe: str
    requested_by: str
    opened_at: datetime
    deadline_at: datetime
    closed_at: datetime | None
    closed_by: str
    close_reason: str


class RunOut(RunLine):
    """Everything about a run."""

    account: str
    strategy: str
    method: str
    quorum: int
    min_confidence: float
    min_agreement: float
    may_close_early: bool
    is_simulated: bool
    panel: int
    settled: int
    cost_usd: float
    tokens: int
    brief: BriefOut
    votes: list[VoteOut]
    decision: DecisionOut | None


class AskedRunOut(RunOut):
    """A run that was asked for and waited for."""

    shared: bool
    age_s: float = Field(ge=0)


class RunsOut(Out):
    """A page of runs, the newest first; *older* and *newer* are cursors for `after` and `before`."""

    runs: list[RunLine]
    older: str | None
    newer: str | None

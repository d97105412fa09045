"""What a voter is shown and what it answers: frozen, validated, the same for every kind of voter."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

Finite = Annotated[float, Field(allow_inf_nan=False, strict=True)]


# The source of market data that came with the question.
GIVEN = "given"


class Action(StrEnum):
    """What a vote asks for. Not voting is an `Abstention`, never an action."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


class RiskLevel(StrEnum):
    """How risky the voter itself finds its answer."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Frozen(BaseModel):
    """An immutable value that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BriefCandle(Frozen):
    """One closed candle as voters see it."""

    opened_at: datetime
    open: Finite
    high: Finite
    low: Finite
    close: Finite
    volume: Finite


class SymbolBrief(Frozen):
    """One market in a brief.

    price       close of the last candle, quote currency per base unit
    closed_at   when that candle closed, market time
    candles     the last candles, oldest first
    indicators  name to value; a name that is missing could not be computed
    context     name to text that came with the question, cleaned; data, never an instruction
    faults      what is wrong with the data, one sentence each; empty when nothing is
    source, sha256, lap, fetched_at   provenance, see `providers.markets.types.CandleSeries`

    Of market data that a caller gave, *source* is GIVEN, no candles are there, *closed_at* is when it came.
    """

    symbol: str
    price: Finite
    closed_at: datetime
    candles: tuple[BriefCandle, ...]
    indicators: dict[str, Finite]
    context: dict[str, str] = {}
    faults: tuple[str, ...] = ()
    source: str
    sha256: str
    lap: int = 0
    fetched_at: datetime | None = None

    @property
    def is_given(self) -> bool:
        """Say whether this came with the question instead of from a market."""
        return self.source == GIVEN


class Brief(Frozen):
    """What every voter of a run is shown, identically; *as_of* is market time."""

    timeframe: str
    as_of: datetime
    markets: tuple[SymbolBrief, ...]


class Opinion(Frozen):
    """A voter's answer for one symbol, before it is checked against the brief.

    confidence  in [0, 1]
    stop, target  price levels in quote currency, or None
    """

    symbol: str
    action: Action
    confidence: Finite
    reasoning: str
    risk_level: RiskLevel = RiskLevel.MEDIUM
    stop: Finite | None = None
    target: Finite | None = None


class Abstention(Frozen):
    """A voter that has nothing to say on one symbol, and why."""

    symbol: str
    reasoning: str


class Usage(Frozen):
    """What a call took: tokens as the provider counted them, their cost in US dollars, and requests.

    lost_tokens  of attempts that nobody counted, at their most
    requests     how often the provider was asked, all attempts together
    """

    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)
    lost_tokens: int = 0
    requests: int = 1

    @property
    def tokens(self) -> int:
        """Return all tokens that count against a budget."""
        return self.tokens_in + self.tokens_out + self.lost_tokens


# What is never asked of anybody takes nothing, and needs no budget.
NOTHING = Usage(requests=0)


class Answer(Frozen):
    """Everything one voter said about one brief.

    response_model  the model that says it answered; None for voters that are no model
    prompt_sha256   of the exact instructions; None for voters that read no prompt
    is_repaired     whether the answer's form had to be repaired before it could be read
    """

    opinions: tuple[Opinion | Abstention, ...]
    usage: Usage = Usage()
    response_model: str | None = None
    prompt_sha256: str | None = None
    is_repaired: bool = False


class Voter(Protocol):
    """Anything that can be asked for its vote."""

    def worst_case(self, brief: Brief) -> Usage:
        """Return the most that one call on *brief* can take; NOTHING for voters that ask nobody.

        Raises:  PermanentVoterError(UNPRICED) if the price is not known: then no call is made.
        """
        ...

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        """Return this voter's answer within *timeout_s* seconds.

        Raises:  VoterError, its kind says why; nothing else on purpose.
        """
        ...

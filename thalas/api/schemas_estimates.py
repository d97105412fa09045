"""The shapes of an estimate: what a question would cost, and who would not be asked."""

from ninja import Schema
from pydantic import ConfigDict, Field

from thalas.api.schemas_runs import Name
from thalas.api.shapes import Out
from thalas.services.councils import MAX_SYMBOLS


class EstimateIn(Schema):
    """What the council would be asked."""

    model_config = ConfigDict(strict=True, extra="forbid")

    symbols: list[Name] = Field(min_length=1, max_length=MAX_SYMBOLS, examples=[["BTC/USD"]])
    timeframe: str = Field("1d", max_length=4)
    panel: list[Name] | None = Field(
        None, min_length=1, description="voters; null seats all that are enabled"
    )


class VoterEstimateOut(Out):
    """What asking one voter would cost in US dollars; null where it would not be asked."""

    voter: str
    provider: str
    model: str
    why_not: str = Field(description="why it would not be asked; empty if it would be")
    tokens_in: int
    tokens_out: int
    tokens_out_most: int
    likely_usd: float | None
    worst_usd: float | None = Field(description="all retries included: what would be reserved")


class EstimateOut(Out):
    """What a run would cost; nobody was asked, and nothing is reserved."""

    symbols: list[str]
    timeframe: str
    voters: list[VoterEstimateOut]
    not_asked: list[str]
    likely_usd: float
    worst_usd: float

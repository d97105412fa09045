"""What a question would cost before it is asked: nobody is asked, and nothing is stored or reserved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median

from django.conf import settings
from django.db.models import QuerySet

from providers.errors import ErrorKind, VoterError
from providers.voters import registry, tokens
from providers.voters.model_voters import ModelVoter
from providers.voters.types import Brief, Usage, Voter
from providers.voters.vendors import VoterSpec
from thalas import models, roster
from thalas.selectors import accounts
from thalas.services import councils
from thalas.services.allowances import Allowance
from thalas.services.ledgers import Buyer

# A ballot's vote on one symbol with two sentences of reasons, as the recorded models write.
USUAL_ANSWER_TOKENS = 120
ANSWERS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class VoterEstimate:
    """What asking one voter would cost.

    why_not     why it would not be asked; empty if it would be
    tokens_in   of the question, estimated
    tokens_out  of the likely answer; *tokens_out_most* of the longest
    heard       how many of its earlier answers the likely one is judged by
    likely_usd  None where it would not be asked, as is worst_usd, which covers all retries
    """

    voter: str
    provider: str
    model: str
    why_not: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_out_most: int = 0
    heard: int = 0
    likely_usd: Decimal | None = None
    worst_usd: Decimal | None = None

    @property
    def is_free(self) -> bool:
        """Say whether it would be asked and costs nothing."""
        return self.worst_usd == 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost.

    is_killed  whether the kill switch is on, None if it cannot be read; voters are asked all the same
    """

    symbols: tuple[str, ...]
    timeframe: str
    voters: tuple[VoterEstimate, ...]
    is_killed: bool | None

    @property
    def not_asked(self) -> tuple[str, ...]:
        """Who would not be asked."""
        return tuple(voter.voter for voter in self.voters if voter.why_not)

    @property
    def likely_usd(self) -> Decimal:
        """What all voters together would likely cost."""
        return sum((voter.likely_usd or Decimal(0) for voter in self.voters), Decimal(0))

    @property
    def worst_usd(self) -> Decimal:
        """What all voters together cost at most."""
        return sum((voter.worst_usd or Decimal(0) for voter in self.voters), Decimal(0))


def estimate(question: councils.Question, *, now: datetime) -> Estimate:
    """Return what *question* would cost if it were asked at *now*, voter by voter.

    Raises:  BadInput; MarketError, as for the question itself.
    """
    opening = councils.prepare(question, now=now)
    allowance = Allowance(now)
    account = opening.account.pk
    asked = [_asked(voter, opening.brief, allowance, account) for voter in opening.panel]
    absent = [] if question.panel is not None else _absent({voter.name for voter in opening.panel})
    return Estimate(
        symbols=tuple(market.symbol for market in opening.brief.markets),
        timeframe=opening.brief.timeframe,
        voters=(*asked, *absent),
        is_killed=accounts.is_killed(),
    )


def _asked(voter: models.Voter, brief: Brief, allowance: Allowance, account: str) -> VoterEstimate:
    spec = roster.specs(settings.THALAS).get(voter.name)
    if spec is None:
        why = f"{ErrorKind.NOT_CONFIGURED.value}: this process's environment does not configure it"
        return VoterEstimate(voter.name, voter.provider_id, voter.model, why)
    try:
        built = registry.build(spec, api_key=roster.api_key(settings.THALAS, spec))
        worst = built.worst_case(brief)
        told = _priced(spec, built, brief, worst)
    except VoterError as error:
        return VoterEstimate(voter.name, spec.provider, spec.model, f"{error.kind.value}: {error}")
    why = allowance.take(Buyer(voter.name, spec.provider, account), worst)
    return VoterEstimate(voter.name, spec.provider, spec.model, why) if why else told


def _priced(spec: VoterSpec, built: Voter, brief: Brief, worst: Usage) -> VoterEstimate:
    if not isinstance(built, ModelVoter):
        free = Decimal(0)
        return VoterEstimate(spec.name, spec.provider, spec.model, likely_usd=free, worst_usd=worst.cost_usd)
    tokens_in = tokens.estimate_request(built.request(brief))
    per_symbol, heard = _usual_answer(spec)
    tokens_out = min(per_symbol * len(brief.markets), spec.max_tokens)
    return VoterEstimate(
        voter=spec.name,
        provider=spec.provider,
        model=spec.model,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_out_most=spec.max_tokens,
        heard=heard,
        likely_usd=registry.price(spec).likely_usd(tokens_in, tokens_out),
        worst_usd=worst.cost_usd,
    )


def _usual_answer(spec: VoterSpec) -> tuple[int, int]:
    """Return how long the voter's answers on one symbol are, in tokens, and how many were looked at."""
    answered: QuerySet[models.Vote] = models.Vote.objects.filter(
        voter=spec.name, request_model=spec.model, tokens_out__gt=0
    )
    newest = answered.order_by("-pk").values_list("tokens_out", "run__symbols")[:ANSWERS_LOOKED_AT]
    lengths = [count / max(1, len(symbols)) for count, symbols in newest]
    return (round(median(lengths)), len(lengths)) if lengths else (USUAL_ANSWER_TOKENS, 0)


def _absent(seated: set[str]) -> Sequence[VoterEstimate]:
    """Return those who are known and have no seat, each with the reason."""
    told = [
        VoterEstimate(name, name, "", why)
        for name, why in roster.absent(settings.THALAS).items()
        if name not in seated
    ]
    rows = models.Voter.objects.filter(is_present=True, is_enabled=False).exclude(name__in=seated)
    disabled = "disabled by a person"
    told += [VoterEstimate(row.name, row.provider_id, row.model, disabled) for row in rows.order_by("name")]
    return told

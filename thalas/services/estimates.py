"""Before a run: what each voter's call could take at most, and whom a budget would keep from being asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from providers.errors import ErrorKind, VoterError
from providers.voters import registry
from providers.voters.types import Brief, Usage
from thalas import models, roster
from thalas.domain import budgets as words
from thalas.services import budgets, ledgers
from thalas.services.ledgers import Buyer, Standing


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one voter's call could take; *why_not* says why it would not be made, and is empty if it would."""

    voter: str
    worst: Usage | None
    kind: ErrorKind | None = None
    why_not: str = ""

    @property
    def is_asked(self) -> bool:
        """Say whether the voter would be asked."""
        return not self.why_not


def estimate(panel: Sequence[models.Voter], brief: Brief, *, account: str, now: datetime) -> list[Estimate]:
    """Return an estimate for each voter of *panel*, whose calls are counted together, in its order.

    Nothing is reserved: what other runs take until then is not known here.
    """
    taken: Counter[tuple[str, str, str]] = Counter()
    return [_one(voter, brief, account=account, now=now, taken=taken) for voter in panel]


def _one(
    voter: models.Voter,
    brief: Brief,
    *,
    account: str,
    now: datetime,
    taken: Counter[tuple[str, str, str]],
) -> Estimate:
    spec = roster.specs(settings.THALAS).get(voter.name)
    if spec is None:
        return Estimate(voter.name, None, ErrorKind.NOT_CONFIGURED, "the environment does not configure it")
    try:
        worst = registry.build(spec, api_key=roster.api_key(settings.THALAS, spec)).worst_case(brief)
    except VoterError as error:
        return Estimate(voter.name, None, error.kind, str(error))
    buyer, wanted = Buyer(voter.name, voter.provider_id, account), words.amounts(worst)
    caps = ledgers.standings(buyer, wanted, now=now)
    if full := next((cap for cap in caps if not _fits(cap, taken)), None):
        why_not = budgets.told(full, already=taken[_key(full)])
        return Estimate(voter.name, worst, ErrorKind.BUDGET_EXHAUSTED, why_not)
    if ledgers.lacks_cap(caps, wanted):
        return Estimate(voter.name, worst, ErrorKind.BUDGET_EXHAUSTED, budgets.uncapped(voter.provider_id))
    for cap in caps:
        taken[_key(cap)] += cap.wanted
    return Estimate(voter.name, worst)


def _fits(cap: Standing, taken: Counter[tuple[str, str, str]]) -> bool:
    return cap.committed + taken[_key(cap)] + cap.wanted <= cap.amount


def _key(cap: Standing) -> tuple[str, str, str]:
    return cap.kind, cap.subject, cap.measure

"""What budgets would allow of calls that are not made yet: for estimates, nothing is reserved."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from providers.errors import ErrorKind
from providers.voters.types import Usage
from thalas.domain import budgets as words
from thalas.services import budgets, ledgers
from thalas.services.ledgers import Buyer, Standing


@dataclass(slots=True)
class Allowance:
    """What is left of every cap at *now*, as far as the calls that were taken before have not used it up."""

    now: datetime
    taken: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def take(self, buyer: Buyer, worst: Usage) -> str:
        """Count a call of *worst*; return why it would not be made, and then nothing is counted, else ""."""
        wanted = words.amounts(worst)
        caps = ledgers.standings(buyer, wanted, now=self.now)
        full = next((cap for cap in caps if not self._fits(cap)), None)
        if full is not None:
            return f"{ErrorKind.BUDGET_EXHAUSTED.value}: {budgets.told(full, already=self.taken[_key(full)])}"
        if ledgers.lacks_cap(caps, wanted):
            return f"{ErrorKind.BUDGET_EXHAUSTED.value}: {budgets.uncapped(buyer.provider)}"
        for cap in caps:
            self.taken[_key(cap)] += cap.wanted
        return ""

    def _fits(self, cap: Standing) -> bool:
        return cap.committed + self.taken[_key(cap)] + cap.wanted <= cap.amount


def _key(cap: Standing) -> tuple[str, str, str]:
    return cap.kind, cap.subject, cap.measure

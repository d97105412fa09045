"""What one question costs, all its attempts together: as counted, or the worst case of what was not."""

from dataclasses import dataclass
from decimal import Decimal

from providers.voters.types import Usage


@dataclass(slots=True)
class Bill:
    """Grows by each attempt that was, or may have been, charged; *once_usd* is the most that one can cost."""

    once_usd: Decimal
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)

    def add(self, counted: Usage | None) -> None:
        """Book one attempt, at its worst case if nobody counted it."""
        usage = counted or Usage(cost_usd=self.once_usd)
        self.tokens_in += usage.tokens_in
        self.tokens_out += usage.tokens_out
        self.cost_usd += usage.cost_usd

    def total(self) -> Usage:
        """Return all that is booked."""
        return Usage(tokens_in=self.tokens_in, tokens_out=self.tokens_out, cost_usd=self.cost_usd)

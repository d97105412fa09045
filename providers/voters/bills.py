"""What the attempts of one call take together, the unknown at its worst."""

from dataclasses import dataclass
from decimal import Decimal

from providers.voters.types import Usage


@dataclass(slots=True)
class Bill:
    """Adds up attempts; *once* is the most that one can take."""

    once: Usage
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)
    lost_tokens: int = 0
    requests: int = 0

    def add(self, usage: Usage | None) -> None:
        """Add an attempt that took *usage*; None for one whose answer does not say."""
        if usage is None:
            self.add_unknown()
            return
        self.requests += 1
        self.tokens_in += usage.tokens_in
        self.tokens_out += usage.tokens_out
        self.cost_usd += usage.cost_usd

    def add_unknown(self) -> None:
        """Add an attempt that may have been worked on, and charged, at its worst."""
        self.requests += 1
        self.lost_tokens += self.once.tokens
        self.cost_usd += self.once.cost_usd

    def add_free(self) -> None:
        """Add an attempt that certainly was not worked on."""
        self.requests += 1

    def total(self) -> Usage:
        """Return what all attempts took."""
        return Usage(
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
            cost_usd=self.cost_usd,
            lost_tokens=self.lost_tokens,
            requests=self.requests,
        )

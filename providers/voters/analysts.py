"""Five technical analysts: voters that need no key, no network and no model.

They are baselines, the yardstick that paid voters must beat. Each applies one published rule of the
field to a brief's indicators. HOLD means that it looked and says do nothing; it abstains where its
rule does not apply or an indicator is missing. Faulty data is the risk gate's business, not theirs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers.voters.technical import breakout, mean_reversion, momentum, trend, volatility
from providers.voters.types import NOTHING, Abstention, Answer, Brief, Opinion, SymbolBrief, Usage

Judge = Callable[[SymbolBrief], Opinion | Abstention]


@dataclass(frozen=True, slots=True)
class Analyst:
    """A voter that applies *judge* to each market which has all the indicators in *needs*."""

    needs: tuple[str, ...]
    judge: Judge

    def worst_case(self, brief: Brief) -> Usage:
        """Return NOTHING: arithmetic is free."""
        return NOTHING

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        """Return one opinion or abstention for each market of *brief*; takes microseconds."""
        return Answer(opinions=tuple(map(self._answer, brief.markets)))

    def _answer(self, market: SymbolBrief) -> Opinion | Abstention:
        missing = [name for name in self.needs if name not in market.indicators]
        if missing:
            return Abstention(symbol=market.symbol, reasoning=f"missing indicators: {', '.join(missing)}")
        return self.judge(market)


ANALYSTS: Mapping[str, Analyst] = MappingProxyType(
    {
        "trend": Analyst(trend.NEEDS, trend.judge),
        "momentum": Analyst(momentum.NEEDS, momentum.judge),
        "mean_reversion": Analyst(mean_reversion.NEEDS, mean_reversion.judge),
        "breakout": Analyst(breakout.NEEDS, breakout.judge),
        "volatility": Analyst(volatility.NEEDS, volatility.judge),
    }
)

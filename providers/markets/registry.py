"""How a market is made from its name: the replay of the recordings, or an exchange that ccxt knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.markets.exchanges import PublicExchange
from providers.markets.live import LiveMarket
from providers.markets.replay import ReplayMarket
from providers.markets.shelves import SharedShelf
from providers.markets.types import REPLAY, Market

# An exchange's markets are read before its candles are, and it may want a pause in between.
REQUESTS = 3


@dataclass(frozen=True, slots=True)
class MarketSpec:
    """Everything about a market.

    name        "replay", or an exchange as ccxt calls it
    timeout_s   for one request
    broker_url  where fetched candles are shared
    """

    name: str
    symbols: Sequence[str]
    timeout_s: float
    base_url: str | None
    broker_url: str


def build(spec: MarketSpec) -> Market:
    """Return the market that *spec* describes; nobody is asked anything yet.

    Raises:  MarketUnavailable if the recordings have no readable index.
    """
    if spec.name == REPLAY:
        return ReplayMarket()
    return LiveMarket(
        PublicExchange(spec.name, timeout_s=spec.timeout_s, base_url=spec.base_url),
        symbols=spec.symbols,
        shelf=SharedShelf(spec.broker_url),
        patience_s=REQUESTS * spec.timeout_s,
    )

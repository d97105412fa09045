"""Briefs and voters for tests."""

import random
from datetime import UTC, datetime
from decimal import Decimal

from providers.retries import Patience
from providers.voters import prices, prompts, vendors
from providers.voters.model_voters import ModelVoter, Settings
from providers.voters.registry import WIRES
from providers.voters.types import Brief, BriefCandle, SymbolBrief
from providers.voters.vendors import Abilities

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
KEY = "sk-proj-Zq8vT2mWx4Lr7Ns1"
INDICATORS = {
    "atr_14": 2.0,
    "sma_50": 101.0,
    "sma_200": 99.0,
    "rsi_14": 55.0,
    "macd_hist": 0.2,
    "roc_10": 1.2,
}
# 1 US$ and 10 US$ per million tokens.
PRICE = prices.StatedPrice(Decimal(1), Decimal(10))


def brief(*symbols: str, fault: str | None = None) -> Brief:
    """Return a brief of *symbols*, BTC/USDT if none is given, each at a price of 100."""
    candle = BriefCandle(opened_at=NOON, open=99.0, high=101.5, low=98.5, close=100.0, volume=12.5)
    markets = tuple(
        SymbolBrief(
            symbol=symbol,
            price=100.0,
            closed_at=NOON,
            candles=(candle, candle),
            indicators=INDICATORS,
            faults=(fault,) if fault else (),
            source="test",
            sha256="0" * 64,
        )
        for symbol in symbols or ("BTC/USDT",)
    )
    return Brief(timeframe="1h", as_of=NOON, markets=markets)


def patience(max_retries: int = 0, waits: list[float] | None = None) -> Patience:
    """Return a patience with fixed chance that does not really wait, and notes its waits in *waits*."""
    noted = waits if waits is not None else []
    return Patience(max_retries, sleep=noted.append, chance=random.Random(1))


def voter(
    base_url: str,
    *,
    wire: str = vendors.OPENAI_CHAT,
    model: str = "emulated-bull",
    api_key: str | None = KEY,
    price: prices.Price = PRICE,
    settings: Settings = Settings(1_000),  # noqa: B008 - it is frozen
    abilities: Abilities | None = None,
    patience: Patience = Patience(0),  # noqa: B008 - with no retry it neither waits nor throws dice
) -> ModelVoter:
    """Return a voter that asks the server at *base_url* over *wire*."""
    return ModelVoter(
        WIRES[wire],
        name="someone",
        provider="somevendor",
        model=model,
        base_url=base_url,
        api_key=api_key,
        price=price,
        settings=settings,
        abilities=abilities or vendors.WIRES[wire],
        patience=patience,
        prompt=prompts.load(),
    )

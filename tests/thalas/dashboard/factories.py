"""Rows as the services write them, made directly, so that a page can be shown any state there is."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from providers.markets.replay import ReplayMarket
from thalas import models
from thalas.domain import briefs

NOW = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
MARKET_AT = datetime(2019, 3, 4, tzinfo=UTC)
MARKET = ReplayMarket()


@dataclass(frozen=True, slots=True)
class Said:
    """One vote to be stored: how it stands, and what it answered on every symbol."""

    voter: str
    state: str = "cast"
    action: str | None = "BUY"
    confidence: float | None = 0.8
    reasoning: str = "the trend is up"
    problem: str = ""
    error_kind: str = ""
    error: str = ""
    model: str = ""
    cost_usd: str = "0"
    latency_ms: float | None = 12.0
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class Ruled:
    """One leg to be stored."""

    outcome: str = "BUY"
    verdict: str = "approved"
    size_usd: str = "1500.00"
    is_degraded: bool = False
    arithmetic: str = "BUY: BUY 1.60 against SELL 0.40, agreement 0.80, confidence 0.72"
    reason: str = "Approved at US$ 1,500.00: no check objects."
    checks: list[dict[str, object]] = field(
        default_factory=lambda: [
            check("kill_switch", "passed", "released", None, "The kill switch is off."),
            check("min_confidence", "passed", 0.72, 0.35, "Confidence 0.72 is not below 0.35."),
        ]
    )


def check(code: str, outcome: str, value: object, limit: object, message: str) -> dict[str, object]:
    """Return a risk check as a leg stores it."""
    return {"code": code, "outcome": outcome, "value": value, "limit": limit, "message": message}


def demo_account() -> models.Account:
    """Return the demo account."""
    return models.Account.objects.get_or_create(pk="demo", defaults={"equity_usd": Decimal(10_000)})[0]


def voter(name: str, *, provider: str = "analyst", is_simulated: bool = False) -> models.Voter:
    """Return the voter called *name*, seated and enabled."""
    models.Provider.objects.get_or_create(name=provider)
    return models.Voter.objects.get_or_create(
        name=name,
        defaults={
            "provider_id": provider,
            "wire": "openai_chat",
            "model": name,
            "timeout_s": 5.0,
            "is_simulated": is_simulated,
        },
    )[0]


def tape(*, now: datetime, lap: int = 0) -> models.ReplayTape:
    """Put the replay at MARKET_AT of *lap*, one day a minute from *now* on."""
    span = MARKET.span()
    return models.ReplayTape.objects.create(
        anchor_at=now,
        market_anchor_at=MARKET_AT,
        speed=1440.0,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        lap=lap,
    )


def brief(symbols: tuple[str, ...] = ("BTC/USD",), *, timeframe: str = "1d", lap: int = 0) -> models.Brief:
    """Store the brief on *symbols* at MARKET_AT, made of the real recordings."""
    series = [MARKET.candles(symbol, timeframe, until=MARKET_AT, count=300) for symbol in symbols]
    made = briefs.build(series, timeframe=timeframe, as_of=MARKET_AT)
    markets = tuple(market.model_copy(update={"lap": lap}) for market in made.markets)
    payload = briefs.encode(made.model_copy(update={"markets": markets}))
    return models.Brief.objects.get_or_create(
        sha256=briefs.digest(payload), defaults={"payload": payload.decode(), "created_at": NOW}
    )[0]


def run(
    symbols: tuple[str, ...] = ("BTC/USD",),
    *,
    said: tuple[Said, ...] = (Said("trend"),),
    state: str = "open",
    opened_at: datetime = NOW,
    lap: int = 0,
    close_reason: str = "every vote is in",
) -> models.Run:
    """Store a run with the votes *said*; one that is closed has no decision until `decide` files it."""
    is_open = state == "open"
    made = models.Run.objects.create(
        kind="adhoc",
        state=state,
        symbols=list(symbols),
        timeframe="1d",
        brief=brief(symbols, lap=lap),
        account=demo_account(),
        requested_by="somebody on the command line",
        quorum=1,
        min_confidence=0.35,
        min_agreement=0.55,
        opened_at=opened_at,
        deadline_at=opened_at + timedelta(seconds=30),
        closed_at=None if is_open else opened_at + timedelta(seconds=1),
        closed_by="" if is_open else "chord",
        close_reason="" if is_open else close_reason,
    )
    for one in said:
        _vote(made, one)
    return made


def decide(made: models.Run, *ruled: Ruled) -> models.Decision:
    """File a decision of the run *made*, one leg for each of its symbols; the last of *ruled* repeats."""
    filed = models.Decision.objects.create(
        run=made,
        filed_at=made.opened_at,
        panel=made.votes.count(),
        heard=made.votes.filter(state__in=("cast", "abstained")).count(),
        is_degraded=any(one.is_degraded for one in ruled),
        latency_ms=812.0,
        cost_usd=sum((vote.cost_usd for vote in made.votes.all()), Decimal(0)),
        tokens=1234,
        limits_version=1,
    )
    for position, symbol in enumerate(made.symbols):
        _leg(filed, position, symbol, ruled[min(position, len(ruled) - 1)])
    return filed


def closed(
    symbols: tuple[str, ...] = ("BTC/USD",), *ruled: Ruled, said: tuple[Said, ...] = (Said("trend"),)
) -> models.Run:
    """Store a run that has closed with a decision."""
    made = run(symbols, said=said, state="closed")
    decide(made, *(ruled or (Ruled(),)))
    return made


def _leg(filed: models.Decision, position: int, symbol: str, one: Ruled) -> None:
    price = Decimal(str(MARKET.candles(symbol, "1d", until=MARKET_AT, count=1).candles[-1].close))
    has_levels = one.outcome in ("BUY", "SELL")
    side = Decimal(1) if one.outcome == "BUY" else Decimal(-1)
    models.DecisionLeg.objects.create(
        decision=filed,
        position=position,
        symbol=symbol,
        outcome=one.outcome,
        confidence=0.72,
        agreement=0.8,
        n_eff=1.5,
        is_degraded=one.is_degraded,
        arithmetic=one.arithmetic,
        scores={"BUY": 1.6, "SELL": 0.4, "HOLD": 0.0},
        counts={"BUY": 2, "SELL": 1, "HOLD": 0},
        risk_level="medium",
        price=price,
        stop=price * (1 - side * Decimal("0.05")) if has_levels else None,
        target=price * (1 + side * Decimal("0.10")) if has_levels else None,
        verdict=one.verdict,
        verdict_reason=one.reason,
        requested_usd=Decimal("2000.00"),
        size_usd=Decimal(one.size_usd) if one.verdict in ("approved", "resized") else Decimal(0),
        checks=one.checks,
    )


def _vote(made: models.Run, one: Said) -> None:
    provider = "emulator" if one.is_simulated else "analyst"
    stance = {"late": "cast"}.get(one.state, one.state)
    has_answers = one.state in ("cast", "abstained", "invalid", "late")
    is_cast = stance == "cast"
    answer = {
        "stance": stance,
        "reasoning": one.reasoning,
        "action": one.action if is_cast else None,
        "confidence": one.confidence if is_cast else None,
        "risk_level": "medium" if is_cast else None,
        "stop": None,
        "target": None,
        "problem": one.problem,
    }
    models.Vote.objects.create(
        run=made,
        voter=voter(one.voter, provider=provider, is_simulated=one.is_simulated),
        state=one.state,
        weight=1.0,
        timeout_s=5.0,
        token=uuid.uuid4(),
        published_at=made.opened_at,
        answers=[{"symbol": symbol, **answer} for symbol in made.symbols] if has_answers else [],
        error_kind=one.error_kind,
        error=one.error,
        latency_ms=one.latency_ms if has_answers or one.state == "failed" else None,
        cost_usd=Decimal(one.cost_usd),
        response_model=one.model,
        is_simulated=one.is_simulated,
    )

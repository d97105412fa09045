"""An account's risk in the words and shapes of its page."""

from dataclasses import asdict, dataclass
from uuid import UUID

from thalas import charts, figures, models
from thalas.dashboard.badges import Badge, badge
from thalas.dashboard.parts import Bar, Fact, bar
from thalas.domain.desks import Holding
from thalas.selectors.reports import Glance, Reading, Report, Unit, Use

MONEY = {
    "total_exposure": "exposure",
    "var": "value at risk of a day",
    "cvar": "expected shortfall of a day",
}
NUMBERS = {
    "volatility": "volatility of a day",
    "max_drawdown": "deepest drawdown",
    "correlation_risk": "mean correlation",
    "diversification_score": "diversification",
    "hhi": "concentration of the book (HHI)",
    "leverage_ratio": "leverage",
}


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One position; what nobody knows is a dash."""

    symbol: str
    side: str
    amount: str
    entry: str
    price: str
    value: str
    share: str
    gain: str
    regime: str


@dataclass(frozen=True, slots=True)
class UseRow:
    """One limit: how much of it is used, and what is left."""

    name: str
    check: str
    used: Bar
    limit: str
    room: str
    is_beyond: bool


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One reservation."""

    symbol: str
    side: Badge
    size: str
    until: str
    run_id: UUID


@dataclass(frozen=True, slots=True)
class AccountSheet:
    """An account's page; *gap* says why there are no figures, and is empty if there are."""

    name: str
    worth: str
    market_time: str
    limits_version: str
    gap: str
    faults: tuple[str, ...]
    chart: charts.Chart | None
    positions: tuple[PositionRow, ...]
    holds: tuple[HoldRow, ...]
    uses: tuple[UseRow, ...]
    metrics: tuple[Fact, ...]
    origins: tuple[Fact, ...]
    limits: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account of the list."""

    name: str
    balance: str
    positions: int
    held_free: str
    limits_version: int


def row(glance: Glance) -> AccountRow:
    """Return *glance* in words."""
    account = glance.account
    return AccountRow(
        name=account.pk,
        balance=figures.usd(account.equity_usd),
        positions=glance.positions,
        held_free=figures.usd(glance.held_free_usd),
        limits_version=account.limits_version,
    )


def sheet(report: Report) -> AccountSheet:
    """Return *report* as its page shows it."""
    account, reading = report.account, report.reading
    equity = reading.equity_usd if reading else None
    return AccountSheet(
        name=account.pk,
        worth=_usd(equity) if equity is not None else "",
        market_time=figures.market_moment(report.market_at),
        limits_version=str(report.limits.version),
        gap=report.gap,
        faults=report.faults,
        chart=_chart(account.pk, reading) if reading else None,
        positions=tuple(_position(each, equity, report.regimes[each.symbol]) for each in report.holdings),
        holds=tuple(_hold(each) for each in report.reservations),
        uses=tuple(_use(each, reading.equity_usd) for each in reading.uses) if reading else (),
        metrics=_metrics(reading) if reading else (),
        origins=_origins(reading) if reading else (),
        limits=_limits(report),
    )


def _chart(name: str, reading: Reading) -> charts.Chart:
    return charts.draw(f"Equity of {name}", reading.recent.tolist(), reading.levels)


def _position(held: Holding, equity: float | None, regime: str) -> PositionRow:
    is_priced = held.closes is not None
    return PositionRow(
        symbol=held.symbol,
        side="long" if held.amount > 0 else "short",
        amount=f"{abs(held.amount):.6g}",
        entry=figures.price(held.entry_price),
        price=figures.price(held.price) if is_priced else figures.NOTHING,
        value=_usd(held.value_usd) if is_priced else figures.NOTHING,
        share=f"{abs(held.value_usd) / equity:.1%}" if equity is not None else figures.NOTHING,
        gain=_usd(held.gain_usd, sign="+") if is_priced else figures.NOTHING,
        regime=regime.replace("_", ", "),
    )


def _hold(held: models.Reservation) -> HoldRow:
    return HoldRow(
        symbol=held.symbol,
        side=badge(held.side),
        size=figures.usd(held.size_usd),
        until=figures.moment(held.expires_at),
        run_id=held.run_id,
    )


def _use(use: Use, equity: float) -> UseRow:
    room = _told(use, use.room)
    return UseRow(
        name=use.name,
        check=use.check,
        used=bar(use.value, use.limit, _told(use, use.value)),
        limit=_told(use, use.limit),
        room=f"{_usd(use.room * equity)} ({room})" if use.unit is Unit.SHARE else room,
        is_beyond=not use.is_within,
    )


def _told(use: Use, number: float) -> str:
    return {Unit.SHARE: f"{number:.2%}", Unit.COUNT: f"{number:.0f}", Unit.RATIO: f"{number:.3g}"}[use.unit]


def _metrics(reading: Reading) -> tuple[Fact, ...]:
    told = [Fact(name, _usd(_number(reading, key))) for key, name in MONEY.items()]
    told += [Fact(name, f"{_number(reading, key):.4g}") for key, name in NUMBERS.items()]
    return (Fact("risk level", str(reading.metrics["risk_level"])), *told)


def _origins(reading: Reading) -> tuple[Fact, ...]:
    origins = reading.metrics["origins"]
    names = {"var_95": "value at risk, expected shortfall", **NUMBERS}
    found = origins if isinstance(origins, dict) else {}
    return tuple(Fact(names.get(str(key), str(key)), str(origin)) for key, origin in found.items())


def _limits(report: Report) -> tuple[Fact, ...]:
    return tuple(Fact(name, figures.reading(value)) for name, value in asdict(report.limits).items())


def _number(reading: Reading, key: str) -> float:
    value = reading.metrics[key]
    return float(value) if isinstance(value, int | float) else float("nan")


def _usd(amount: float, *, sign: str = "-") -> str:
    return f"US$ {amount:{sign},.2f}"

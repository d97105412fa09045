"""A run as a row of the list."""

from dataclasses import dataclass
from uuid import UUID

from thalas import figures, models
from thalas.dashboard.badges import Badge, badge
from thalas.selectors.pages import Glance

SYMBOLS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Result:
    """One symbol of a row, with what came out."""

    symbol: str
    outcome: Badge
    verdict: Badge


@dataclass(frozen=True, slots=True)
class Row:
    """One run of the list, in words; what there is none of is empty.

    state    set while there are no results: open, cancelled, or closed without a decision
    unnamed  symbols left out for length
    """

    run_id: UUID
    opened: str
    timeframe: str
    state: Badge | None
    symbols: str
    results: tuple[Result, ...]
    unnamed: int
    market_time: str
    started_over: str
    heard: str
    closed_by: str
    latency: str
    cost: str
    is_degraded: bool
    is_simulated: bool


def row(glance: Glance) -> Row:
    """Return *glance* in words."""
    run, decision = glance.run, glance.decision
    return Row(
        run_id=run.pk,
        opened=figures.moment(run.opened_at),
        timeframe=run.timeframe,
        state=None if glance.legs else badge(run.state),
        symbols=", ".join(run.symbols[:SYMBOLS_SHOWN]),
        results=tuple(_result(leg) for leg in glance.legs[:SYMBOLS_SHOWN]),
        unnamed=max(0, len(run.symbols) - SYMBOLS_SHOWN),
        market_time=figures.market_moment(glance.as_of),
        started_over=figures.started_over(glance.lap),
        heard=_heard(glance),
        closed_by=run.closed_by,
        latency=figures.duration(decision.latency_ms) if decision else "",
        cost=figures.usd(decision.cost_usd) if decision else "",
        is_degraded=decision is not None and decision.is_degraded,
        is_simulated=glance.is_simulated,
    )


def _heard(glance: Glance) -> str:
    if glance.decision is not None:
        return f"{glance.decision.heard} of {glance.decision.panel}"
    is_open = glance.run.state == models.Run.State.OPEN
    return f"{glance.settled} of {glance.panel} so far" if is_open else ""


def _result(leg: models.DecisionLeg) -> Result:
    return Result(symbol=leg.symbol, outcome=badge(leg.outcome), verdict=badge(leg.verdict))

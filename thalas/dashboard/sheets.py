"""A run's whole story in the words and shapes of its page."""

from dataclasses import dataclass

from thalas import charts, figures, models
from thalas.dashboard import rulings, spending
from thalas.dashboard.badges import Badge, badge
from thalas.dashboard.parts import Bar, Fact, bar
from thalas.selectors.budgets import Spending
from thalas.selectors.stories import LegStory, RunStory, VoteLine


@dataclass(frozen=True, slots=True)
class VoteRow:
    """One voter's answer; what there is none of is empty."""

    voter: str
    marks: tuple[str, ...]
    answer: Badge
    confidence: Bar | None
    latency: str
    cost: str
    model: str
    why: str


@dataclass(frozen=True, slots=True)
class LegSheet:
    """Everything about one symbol; *ruling* is None until the run has closed with a decision."""

    symbol: str
    price: str
    chart: charts.Chart
    votes: tuple[VoteRow, ...]
    ruling: rulings.Ruling | None
    provenance: tuple[Fact, ...]
    faults: tuple[str, ...]
    indicators: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class RunSheet:
    """A run's page; *arrivals* counts the votes that are in, *is_short* if not all were heard."""

    title: str
    state: Badge
    is_open: bool
    is_cancelled: bool
    is_overdue: bool
    is_simulated: bool
    is_wire_demo: bool
    is_degraded: bool
    is_short: bool
    market_time: str
    started_over: str
    arrivals: Bar
    deadline: str
    heard: str
    close_reason: str
    legs: tuple[LegSheet, ...]
    course: tuple[Fact, ...]
    spending: spending.Sheet | None


def sheet(story: RunStory, *, is_overdue: bool, spent: Spending | None = None) -> RunSheet:
    """Return *story* as its page shows it; *spent* is what the run's calls took of budgets."""
    run, decision = story.run, story.decision
    return RunSheet(
        title=f"{', '.join(run.symbols)} {run.timeframe}",
        state=badge(run.state),
        is_open=run.state == models.Run.State.OPEN,
        is_cancelled=run.state == models.Run.State.CANCELLED,
        is_overdue=is_overdue,
        is_simulated=story.is_simulated,
        is_wire_demo=any(vote.is_wire_demo for leg in story.legs for vote in leg.votes),
        is_degraded=decision is not None and decision.is_degraded,
        is_short=decision is not None and decision.heard < decision.panel,
        market_time=figures.market_moment(story.as_of),
        started_over=figures.started_over(max((leg.market.lap for leg in story.legs), default=0)),
        arrivals=bar(story.settled, story.panel, f"{story.settled} of {story.panel} votes are in"),
        deadline=figures.moment(run.deadline_at),
        heard=f"{decision.heard} of {decision.panel}" if decision else "",
        close_reason=figures.plain(run.close_reason),
        legs=tuple(_leg(leg, run.timeframe) for leg in story.legs),
        course=_course(story),
        spending=spending.sheet(spent) if spent is not None else None,
    )


def _leg(story: LegStory, timeframe: str) -> LegSheet:
    market = story.market
    closes = [candle.close for candle in market.candles] or [market.price]
    return LegSheet(
        symbol=market.symbol,
        price=figures.price(market.price),
        chart=charts.draw(f"{market.symbol} {timeframe}", closes, rulings.levels(story.leg)),
        votes=tuple(_vote(line) for line in story.votes),
        ruling=rulings.ruling(story.leg, story.others) if story.leg is not None else None,
        provenance=(
            Fact("source", market.source),
            Fact("last close", figures.market_moment(market.closed_at)),
            Fact("candles shown", str(len(market.candles))),
            Fact("pass of the replay", figures.started_over(market.lap) or "the first"),
            Fact("sha256 of the candles", market.sha256, is_code=True),
        ),
        faults=tuple(figures.plain(fault) for fault in market.faults),
        indicators=tuple(
            Fact(name, figures.reading(value)) for name, value in sorted(market.indicators.items())
        ),
    )


def _vote(line: VoteLine) -> VoteRow:
    confidence = line.confidence
    return VoteRow(
        voter=line.voter,
        marks=line.marks,
        answer=badge(line.answer),
        confidence=bar(confidence, 1.0, f"{confidence:.2f}") if confidence is not None else None,
        latency=figures.duration(line.latency_ms) if line.latency_ms is not None else "",
        cost=figures.usd(line.cost_usd),
        model=figures.plain(line.model),
        why=figures.plain(line.why),
    )


def _course(story: RunStory) -> tuple[Fact, ...]:
    run, decision = story.run, story.decision
    facts = [
        Fact("run", str(run.pk), is_code=True),
        Fact("asked for by", figures.plain(run.requested_by)),
        Fact("kind", run.kind),
        Fact("account", run.account_id),
        Fact("method", run.method, is_code=True),
        Fact("quorum", f"{run.quorum} of {story.panel} have to cast a vote"),
        Fact("opened", figures.moment(run.opened_at)),
        Fact("deadline", figures.moment(run.deadline_at)),
        Fact("ended", figures.moment(run.closed_at)),
        Fact("ended by", run.closed_by or figures.NOTHING),
        Fact("because", figures.plain(run.close_reason) or figures.NOTHING),
    ]
    if decision is not None:
        facts += [
            Fact("latency", figures.duration(decision.latency_ms)),
            Fact("cost", figures.usd(decision.cost_usd)),
            Fact("tokens", f"{decision.tokens:,}"),
            Fact("limits", f"version {decision.limits_version}"),
        ]
    return (
        *facts,
        Fact("brief as of", f"{figures.market_moment(story.as_of)}, market time"),
        Fact("sha256 of the brief", run.brief_id, is_code=True),
    )

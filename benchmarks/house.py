"""The Django side of a benchmark; imported in a process that has the stage's variables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from benchmarks import figures  # noqa: E402
from providers.voters import registry  # noqa: E402
from providers.voters.types import Brief  # noqa: E402
from thalas import dispatch, models, roster  # noqa: E402
from thalas.domain import briefs  # noqa: E402
from thalas.selectors import clock, health, markets  # noqa: E402
from thalas.services import councils, replays, runs, voters  # noqa: E402

FOUR = ("emulated-bear", "emulated-bull", "emulated-doubter", "emulated-trend")
DEADLINE_S = 600.0
SYMBOL, TIMEFRAME = "BTC/USD", "1d"


@dataclass(frozen=True, slots=True)
class Closed:
    """How a run ended; *latency_ms* from opening to filing, *outcome* of its first symbol."""

    by: str
    heard: int
    latency_ms: float
    outcome: str


def request_body() -> str:
    """Return the very request that our own voter sends, with MODEL where the model stands."""
    call_command("migrate", verbosity=0, interactive=False)
    _wind_tape()
    spec = roster.specs(settings.THALAS)["emulated-bull"]
    voter = registry.build(spec, api_key=None)
    brief = markets.snapshot([SYMBOL], TIMEFRAME, now=clock.now())
    text: str = voter.request(brief).decode()  # type: ignore[attr-defined]
    return text.replace("emulated-bull", "MODEL")


def _wind_tape() -> None:
    replays.resume(markets.market().span(), speed=1.0, now=clock.now())


def set_up() -> None:
    """Offer every voter of the stage, and let no cap stop one."""
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))
    models.BudgetCap.objects.filter(measure="usd_per_day").update(amount=100_000 * 1_000_000)


def is_served() -> bool:
    """Say whether both queues are served."""
    return health.queues_served(timeout_s=0.5)


def convene(panel: Sequence[str] = FOUR, *, may_close_early: bool = False) -> str:
    """Open one run and return its id, as hexadecimal digits."""
    question = councils.Question(
        symbols=[SYMBOL],
        timeframe=TIMEFRAME,
        requested_by="a benchmark",
        deadline_s=DEADLINE_S,
        panel=panel,
        may_close_early=may_close_early,
    )
    return dispatch.convene(question, now=clock.now()).pk.hex


def convene_on(symbols: int, panel: Sequence[str] = FOUR) -> str:
    """Open one run on a brief of *symbols* markets and return its id: one recording under many names."""
    now = clock.now()
    question = councils.Question([SYMBOL], TIMEFRAME, "a benchmark", DEADLINE_S, panel=panel)
    opening = replace(councils.prepare(question, now=now), brief=_wide_brief(symbols))
    run = runs.open_run(opening, now=now)
    dispatch.publish(run)
    return run.pk.hex


def _wide_brief(symbols: int) -> Brief:
    at = markets.tape(now=clock.now()).at
    series = markets.market().candles(SYMBOL, TIMEFRAME, until=at.market_at, count=markets.CANDLES)
    named = [replace(series, symbol=f"S{number:02d}/USD", lap=at.lap) for number in range(symbols)]
    return briefs.build(named, timeframe=TIMEFRAME, as_of=at.market_at)


def is_idle() -> bool:
    """Say whether no run is open."""
    return not models.Run.objects.filter(state=models.Run.State.OPEN).exists()


def closed(ids: Sequence[str]) -> dict[str, Closed]:
    """Return how each of *ids* ended, those still open left out."""
    rows = models.Decision.objects.filter(run_id__in=list(ids)).select_related("run").prefetch_related("legs")
    return {
        row.run_id.hex: Closed(row.run.closed_by, row.heard, row.latency_ms, row.legs.all()[0].outcome)
        for row in rows
    }


def not_by_chord(ids: Sequence[str], *, panel: int = len(FOUR)) -> int:
    """Return how many of *ids* somebody else than their chord has closed, or closed without every vote."""
    ends = closed(ids)
    return len(ids) - sum(end.by == "chord" and end.heard == panel for end in ends.values())


def legs_ms(ids: Sequence[str]) -> dict[str, float]:
    """Return the median ms of each leg of *ids*: until the last vote is asked, answered, and decided on."""
    spans: dict[str, list[float]] = {"asked": [], "answered": [], "decided": []}
    for run in models.Run.objects.filter(pk__in=ids).select_related("decision").prefetch_related("votes"):
        asked = max(vote.started_at or run.opened_at for vote in run.votes.all())
        answered = max(vote.recorded_at or run.opened_at for vote in run.votes.all())
        moments = (run.opened_at, asked, answered, run.decision.filed_at)
        for name, (since, until) in zip(spans, pairwise(moments), strict=True):
            spans[name].append((until - since) / timedelta(milliseconds=1))
    return {name: figures.percentile(values, 0.5) for name, values in spans.items()}

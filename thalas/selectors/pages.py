"""What the web pages list: the latest runs at a glance, and how the house stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Q
from pydantic import BaseModel

from providers.errors import MarketUnavailable
from thalas import models
from thalas.selectors import accounts, markets, voters

RUNS_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """How the house stands.

    tape       where the replay stands; None if it has no clock yet
    is_killed  None if the kill switch cannot be read, which counts as on
    seated     how many voters can be asked
    """

    tape: markets.TapePosition | None
    is_killed: bool | None
    seated: int


@dataclass(frozen=True, slots=True)
class Glance:
    """One run of the list; *decision* and *legs* are empty until it has closed with a decision.

    as_of, lap      market time of its brief, and how often the replay had started over by then
    settled, panel  votes that are in, and voters that were asked
    """

    run: models.Run
    decision: models.Decision | None
    legs: tuple[models.DecisionLeg, ...]
    as_of: datetime
    lap: int
    settled: int
    panel: int
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class RunsPage:
    """One page of the list, newest first; pages count from 1."""

    glances: tuple[Glance, ...]
    number: int
    last: int
    total: int


class _Lap(BaseModel):
    lap: int = 0


class _BriefHead(BaseModel):
    """The few fields of a brief that the list shows; its candles are skipped unread."""

    as_of: datetime
    markets: tuple[_Lap, ...]


@dataclass(frozen=True, slots=True)
class _Turnout:
    settled: int = 0
    panel: int = 0
    simulated: int = 0


def standing(*, now: datetime) -> Standing:
    """Return how the house stands at *now*."""
    try:
        tape = markets.tape(now=now)
    except MarketUnavailable:
        tape = None
    return Standing(tape=tape, is_killed=accounts.is_killed(), seated=len(voters.available()))


def runs(wanted: str) -> RunsPage:
    """Return the page of runs called *wanted*: the first for what is no number, the last for one too high."""
    rows = models.Run.objects.select_related("decision", "brief").prefetch_related("decision__legs")
    page = Paginator(rows.order_by("-opened_at", "-pk"), RUNS_ON_A_PAGE).get_page(wanted)
    found = list(page.object_list)
    turnouts = _turnouts([run.pk for run in found])
    return RunsPage(
        glances=tuple(_glance(run, turnouts.get(run.pk, _Turnout())) for run in found),
        number=page.number,
        last=page.paginator.num_pages,
        total=page.paginator.count,
    )


def _turnouts(run_ids: Sequence[UUID]) -> dict[UUID, _Turnout]:
    counted = (
        models.Vote.objects.filter(run_id__in=run_ids)
        .values("run_id")
        .annotate(
            settled=Count("pk", filter=~Q(state__in=models.Vote.OPEN_STATES)),
            panel=Count("pk"),
            simulated=Count("pk", filter=Q(is_simulated=True)),
        )
    )
    return {row["run_id"]: _Turnout(row["settled"], row["panel"], row["simulated"]) for row in counted}


def _glance(run: models.Run, turnout: _Turnout) -> Glance:
    head = _BriefHead.model_validate_json(run.brief.payload)
    decision: models.Decision | None = getattr(run, "decision", None)
    return Glance(
        run=run,
        decision=decision,
        legs=tuple(decision.legs.all()) if decision else (),
        as_of=head.as_of,
        lap=max((market.lap for market in head.markets), default=0),
        settled=turnout.settled,
        panel=turnout.panel,
        is_simulated=turnout.simulated > 0,
    )

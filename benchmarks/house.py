"""The Django side of a benchmark; imported once the stage's variables are set."""

import threading
import time
from datetime import timedelta
from itertools import pairwise

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import figures  # noqa: E402
from providers.voters import registry  # noqa: E402
from thalas import dispatch, models, roster  # noqa: E402
from thalas.selectors import clock, health, markets  # noqa: E402
from thalas.services import replays, voters  # noqa: E402
from thalas.services.councils import Question  # noqa: E402

WATCH_S = 0.004


def request_body() -> str:
    """Return the very request that our own voter sends, with MODEL where the model stands."""
    call_command("migrate", verbosity=0, interactive=False)
    _wind_tape()
    spec = roster.specs(settings.THALAS)["emulated-bull"]
    voter = registry.build(spec, api_key=None)
    brief = markets.snapshot(["BTC/USD"], "1d", now=clock.now())
    text: str = voter.request(brief).decode()  # type: ignore[attr-defined]
    return text.replace("emulated-bull", "MODEL")


def _wind_tape() -> None:
    replays.resume(markets.market().span(), speed=1.0, now=clock.now())


def set_up() -> None:
    """Seat the four emulated voters and nobody else."""
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))
    models.Voter.objects.exclude(name__startswith="emulated-").update(is_enabled=False)
    models.Provider.objects.update(cap_usd_per_day=100_000)


def is_served() -> bool:
    """Say whether both queues are served."""
    return health.queues_served(timeout_s=0.5)


def convene() -> str:
    """Open one run and return its id."""
    question = Question(symbols=["BTC/USD"], timeframe="1d", requested_by="a benchmark", deadline_s=60.0)
    return str(dispatch.convene(question, now=clock.now()).pk)


def is_idle() -> bool:
    """Say whether no run is open."""
    return not models.Run.objects.filter(state=models.Run.State.OPEN).exists()


def watch(closed: dict[str, float], stop: threading.Event) -> None:
    """Note when each run's decision can first be read, to within WATCH_S."""
    since = clock.now()
    try:
        while not stop.is_set():
            recent = models.Decision.objects.filter(filed_at__gte=since - timedelta(seconds=2))
            now = time.time()
            for run_id in recent.values_list("run_id", flat=True):
                closed.setdefault(str(run_id), now)
            since = max(since, clock.now() - timedelta(seconds=2))
            time.sleep(WATCH_S)
    finally:
        connection.close()


def not_by_chord(runs: list[str]) -> int:
    """Return how many of *runs* somebody else than their chord has closed, or closed without every vote."""
    whole = models.Run.objects.filter(pk__in=runs, closed_by="chord", decision__heard=4)
    return len(runs) - whole.count()


def legs_ms(runs: list[str]) -> dict[str, float]:
    """Return the median ms of each leg of *runs*: until the last vote is asked, answered, and decided on."""
    spans: dict[str, list[float]] = {"asked": [], "answered": [], "decided": []}
    for run in models.Run.objects.filter(pk__in=runs).select_related("decision").prefetch_related("votes"):
        asked = max(vote.started_at or run.opened_at for vote in run.votes.all())
        answered = max(vote.recorded_at or run.opened_at for vote in run.votes.all())
        moments = (run.opened_at, asked, answered, run.decision.filed_at)
        for name, (since, until) in zip(spans, pairwise(moments), strict=True):
            spans[name].append((until - since).total_seconds() * 1000)
    return {name: figures.percentile(values, 0.5) for name, values in spans.items()}

"""The house in figures for Prometheus, all from the database and the broker: no process has to be asked.

What happens often is counted over the last hour, so that a scrape costs the same whatever the history.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import redis
from django.db import connection
from django.db.models import Count, QuerySet, Sum
from kombu.exceptions import OperationalError
from prometheus_client.core import CollectorRegistry, GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from thalas import models
from thalas.celery import app
from thalas.domain import budgets
from thalas.domain.budgets import MICRO, Measure, Subject
from thalas.selectors import accounts, clock, queues
from thalas.selectors.readiness import QUEUES

WINDOW = timedelta(hours=1)
# Seconds after its deadline by which a run was closed; most are closed before it.
LATENESS_S = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0)
BROKER_AWAY = (OperationalError, redis.RedisError, OSError)


class House(Collector):
    """Reads the figures anew at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """Read everything."""
        try:
            now = clock.now()
            yield from [figure for read in READERS for figure in read(now)]
        finally:
            # Each scrape comes in a thread of its own, which would leave its connection behind.
            if not connection.in_atomic_block:
                connection.close()


def registry() -> CollectorRegistry:
    """Return a registry of the house's figures and nothing else."""
    made = CollectorRegistry(auto_describe=False)
    made.register(House())
    return made


def _gauge(name: str, told: str, labels: list[str], rows: list[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"thalas_{name}", told, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family


def _counted(rows: QuerySet, *fields: str) -> list[tuple[list[str], float]]:  # type: ignore[type-arg]
    """Return how many of *rows* there are for each value of *fields*."""
    counts = rows.order_by().values(*fields).annotate(count=Count("pk"))
    return [([str(row[field]) for field in fields], row["count"]) for row in counts]


def _runs(now: datetime) -> Iterator[Metric]:
    recent = models.Run.objects.filter(opened_at__gt=now - WINDOW)
    rows = _counted(recent, "state", "closed_by")
    yield _gauge("runs_last_hour", "Runs opened in the last hour", ["state", "closed_by"], rows)
    still = models.Run.objects.filter(state=models.Run.State.OPEN)
    yield _gauge("runs_open", "Runs that are open", [], [([], still.count())])
    overdue = still.filter(deadline_at__lt=now).count()
    yield _gauge("runs_overdue", "Open runs whose deadline has passed", [], [([], overdue)])
    yield _lateness(recent.filter(state=models.Run.State.CLOSED))


def _lateness(runs: QuerySet[models.Run]) -> Metric:
    late = [
        (closed_at - deadline_at).total_seconds()
        for closed_at, deadline_at in runs.values_list("closed_at", "deadline_at")
        if closed_at is not None
    ]
    buckets = [(str(bound), float(sum(value <= bound for value in late))) for bound in LATENESS_S]
    family = GaugeHistogramMetricFamily(
        "thalas_close_lateness_seconds", "How long after their deadline the last hour's runs were closed"
    )
    family.add_metric([], [*buckets, ("+Inf", float(len(late)))], gsum_value=sum(max(0.0, s) for s in late))
    return family


def _votes(now: datetime) -> Iterator[Metric]:
    recent = models.Vote.objects.filter(run__opened_at__gt=now - WINDOW)
    labels = ["voter_id", "state", "error_kind"]
    rows = _counted(recent, *labels)
    yield _gauge("votes_last_hour", "Votes of the last hour's runs", ["voter", *labels[1:]], rows)


def _spend(now: datetime) -> Iterator[Metric]:
    of_a_day = {"kind": Subject.PROVIDER.value, "measure": Measure.USD_PER_DAY.value}
    caps = models.BudgetCap.objects.filter(**of_a_day).order_by("subject").values_list("subject", "amount")
    rows = [([name], micro / MICRO) for name, micro in caps]
    yield _gauge("provider_cap_usd", "What a provider may cost in a day (UTC)", ["provider"], rows)
    today = models.BudgetWindow.objects.filter(starts_at=budgets.starts(now).day, **of_a_day)
    days = today.order_by("subject").values_list("subject", "committed")
    rows = [([name], micro / MICRO) for name, micro in days]
    yield _gauge("provider_spent_usd", "What today's calls have cost at most", ["provider"], rows)
    entries = models.SpendEntry.objects.filter(spent_on=now.date(), reserved_usd__gt=0)
    yield _gauge("provider_paid_calls", "Today's paid calls", ["provider"], _counted(entries, "provider_id"))


def _queues(_now: datetime) -> Iterator[Metric]:
    try:
        with app.connection_for_write() as broker:
            rows = [([queue], float(queues.depth(broker, queue))) for queue in QUEUES]
    except BROKER_AWAY:
        rows = []
    yield _gauge("broker_up", "Whether the broker answers", [], [([], float(bool(rows)))])
    yield _gauge("queue_messages", "Messages that wait", ["queue"], rows)


def _signs(now: datetime) -> Iterator[Metric]:
    beats = models.Heartbeat.objects.order_by("pk").values_list("pk", "beat_at")
    ticks = models.Schedule.objects.exclude(ticked_at=None).order_by("pk").values_list("pk", "ticked_at")
    rows = [([name], (now - at).total_seconds()) for name, at in beats]
    yield _gauge("heartbeat_age_seconds", "Age of the last sign of life", ["name"], rows)
    rows = [([name], (now - at).total_seconds()) for name, at in ticks if at is not None]
    yield _gauge("schedule_tick_age_seconds", "Since a tick last looked at a schedule", ["schedule"], rows)
    killed = accounts.is_killed()
    yield _gauge("kill_switch_engaged", "1 if nothing is approved", [], [([], float(killed is not False))])


def _records(now: datetime) -> Iterator[Metric]:
    slots = models.Slot.objects.filter(due_at__gt=now - WINDOW)
    labels = ["schedule_id", "state"]
    rows = _counted(slots, *labels)
    yield _gauge("slots_last_hour", "Slots that came due in the last hour", ["schedule", "state"], rows)
    refused = models.Refusal.objects.values_list("reason").annotate(total=Sum("count"))
    rows = [([reason], float(total)) for reason, total in refused]
    yield _gauge("refused_messages", "Messages from the broker that were refused", ["reason"], rows)
    rows = _counted(models.WebhookDelivery.objects.exclude(state="delivered"), "state")
    yield _gauge("webhook_deliveries", "Deliveries that did not arrive", ["state"], rows)


READERS: tuple[Callable[[datetime], Iterator[Metric]], ...] = (
    _runs,
    _votes,
    _spend,
    _queues,
    _signs,
    _records,
)

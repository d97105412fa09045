"""What is scanned when, and every slot that came due."""

from django.db import models
from django.db.models import Q

from thalas.domain.methods import Method


class Watchlist(models.Model):
    """A named list of symbols."""

    name = models.SlugField(max_length=40, primary_key=True)
    symbols = models.JSONField()

    def __str__(self) -> str:
        return self.name


class Schedule(models.Model):
    """A scan that repeats.

    cadence  candle: at each close of `timeframe` in market time; interval: every `every_s`
             seconds of the wall clock; crontab: five fields in `timezone`
    missed   latest: only the newest slot that was missed is run; skip: none is
    overlap  skip: no new run while the last one is open; allow: both run
    crontab  hours that are named fire once, at the jump if spring leaves them out; `*` follows the wall clock
    is_enabled       while off, nothing comes due; switching beat's own row off instead is an outage,
                     and what comes due in it is missed
    may_close_early  its runs close as soon as no answer to come can change an outcome
    method           how the votes of its runs become an outcome
    ticked_at        everything up to then is settled; a new cadence counts from there
    """

    class Cadence(models.TextChoices):
        CANDLE = "candle"
        INTERVAL = "interval"
        CRONTAB = "crontab"

    class Missed(models.TextChoices):
        LATEST = "latest"
        SKIP = "skip"

    class Overlap(models.TextChoices):
        SKIP = "skip"
        ALLOW = "allow"

    name = models.SlugField(max_length=40, primary_key=True)
    why = models.CharField(max_length=200)
    watchlist = models.ForeignKey(Watchlist, on_delete=models.PROTECT, related_name="schedules")
    timeframe = models.CharField(max_length=4)
    cadence = models.CharField(max_length=10, choices=Cadence, default=Cadence.CANDLE)
    every_s = models.PositiveIntegerField(null=True, blank=True)
    crontab = models.CharField(max_length=60, blank=True)
    timezone = models.CharField(max_length=60, default="UTC")
    deadline_s = models.FloatField(default=30.0)
    missed = models.CharField(max_length=10, choices=Missed, default=Missed.LATEST)
    overlap = models.CharField(max_length=10, choices=Overlap, default=Overlap.SKIP)
    may_close_early = models.BooleanField(default=False, db_default=False)
    method = models.CharField(
        max_length=20,
        choices=[(method.value, method.value) for method in Method],
        default=Method.WEIGHTED_MAJORITY.value,
        db_default=Method.WEIGHTED_MAJORITY.value,
    )
    is_enabled = models.BooleanField(default=True)
    is_declared = models.BooleanField(default=False, editable=False)
    starts_at = models.DateTimeField()
    ticked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="schedule_method_known", condition=Q(method__in=[m.value for m in Method])
            ),
            models.CheckConstraint(
                name="schedule_cadence_is_whole",
                condition=Q(cadence="candle")
                | (Q(cadence="interval") & Q(every_s__gte=1))
                | (Q(cadence="crontab") & ~Q(crontab="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Slot(models.Model):
    """One moment at which a schedule came due; unique, so that nothing fires twice.

    fired    opened a run
    missed   its time passed while nobody ticked; the schedule's policy did not run it
    skipped  the schedule's last run was still open
    failed   no run could be opened; `reason` says why
    """

    class State(models.TextChoices):
        FIRED = "fired"
        MISSED = "missed"
        SKIPPED = "skipped"
        FAILED = "failed"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="slots")
    due_at = models.DateTimeField()
    market_at = models.DateTimeField(null=True)
    lap = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=300, blank=True)
    run = models.OneToOneField(
        "thalas.Run", on_delete=models.SET_NULL, null=True, blank=True, related_name="slot"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-due_at"]
        constraints = [models.UniqueConstraint(name="slot_fires_once", fields=["schedule", "due_at"])]

    def __str__(self) -> str:
        return f"{self.schedule_id} due {self.due_at:%Y-%m-%d %H:%M:%S}: {self.state}"

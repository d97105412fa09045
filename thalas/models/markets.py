"""The clock of the replayed market: a row, so that every process reads the same market time."""

from django.db import models
from django.db.models import F, Q


class ReplayTape(models.Model):
    """Where the replay stands: at `anchor_at` (wall) the market was at `market_anchor_at`, `lap` laps in.

    speed    market seconds per wall second
    """

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID, editable=False)
    anchor_at = models.DateTimeField()
    market_anchor_at = models.DateTimeField()
    speed = models.FloatField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    lap = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="replay_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(name="replay_runs_forward", condition=Q(speed__gt=0)),
            models.CheckConstraint(name="replay_has_a_span", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"replay at {self.market_anchor_at:%Y-%m-%d}, lap {self.lap}, {self.speed:g}x"

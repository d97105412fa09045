"""Signs of life that need only the database."""

from django.db import models
from django.db.models import Q


class Heartbeat(models.Model):
    """When a process that must always run was last seen."""

    name = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%H:%M:%S}"


class Refusal(models.Model):
    """Messages of one kind that came through the broker and were refused, and how many there were."""

    reason = models.CharField(max_length=40, primary_key=True)
    count = models.PositiveBigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="refusal_counts_something", condition=Q(count__gte=1))]

    def __str__(self) -> str:
        return f"{self.count} x {self.reason}"

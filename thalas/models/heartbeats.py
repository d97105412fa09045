"""Signs of life that need only the database."""

from django.db import models


class Heartbeat(models.Model):
    """When a process that must always run was last seen."""

    name = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%H:%M:%S}"

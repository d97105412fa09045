"""What people and keys have changed: a chain of entries in which each holds the hash of the one before."""

from django.db import models
from django.db.models import Q


class AuditEntry(models.Model):
    """One change, never edited and never deleted; `services/audits.py` is its only writer.

    seq      1, 2, 3, … without a gap
    actor    who: "key 4f2a…", "Ann", "root on the command line"
    action   what, such as "kill_switch.trip"; *target* says of what
    sha256   of this entry's fields and *prev_sha256*
    """

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    prev_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.target}"


class AuditHead(models.Model):
    """Where the chain ends: whoever appends locks this row, so there is one chain and no gap in it."""

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID, editable=False)
    seq = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(name="audit_head_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"audit chain of {self.seq}"

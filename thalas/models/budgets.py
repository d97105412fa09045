"""Budgets: the caps, what their windows hold, the ledger of calls, and what was told of a cap that fills."""

from django.db import models
from django.db.models import Q

from thalas.domain.budgets import Measure, Subject
from thalas.models.voters import Provider

KINDS = [(kind.value, kind.value) for kind in Subject]
MEASURES = [(measure.value, measure.value) for measure in Measure]


class BudgetCap(models.Model):
    """The most that the calls of one voter, provider or account may take in one window.

    amount           in the measure's units; money in millionths of a US dollar, so that adding is exact
    declared_amount  the environment's, for caps that it sets: it holds until a person sets another,
                     and that one until the environment's own changes
    """

    kind = models.CharField(max_length=10, choices=KINDS)
    subject = models.CharField(max_length=60)
    measure = models.CharField(max_length=20, choices=MEASURES)
    amount = models.BigIntegerField()
    declared_amount = models.BigIntegerField(null=True, editable=False)

    class Meta:
        ordering = ["kind", "subject", "measure"]
        constraints = [
            models.UniqueConstraint(name="budget_cap_once", fields=["kind", "subject", "measure"]),
            models.CheckConstraint(name="budget_cap_not_negative", condition=Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.measure}: {self.amount}"


class BudgetWindow(models.Model):
    """What the calls of one window of a cap may have taken at most so far: the row that holds the cap.

    committed  reserved and booked together, in the measure's units
    told_pct   the last notice given of it: 0, 80 or 100 % of its cap
    """

    kind = models.CharField(max_length=10, choices=KINDS)
    subject = models.CharField(max_length=60)
    measure = models.CharField(max_length=20, choices=MEASURES)
    starts_at = models.DateTimeField()
    committed = models.BigIntegerField(default=0)
    told_pct = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="budget_window_once", fields=["kind", "subject", "measure", "starts_at"]
            ),
            models.CheckConstraint(name="budget_window_not_negative", condition=Q(committed__gte=0)),
        ]
        indexes = [models.Index(fields=["starts_at"], name="budget_window_by_start")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.measure} {self.starts_at:%Y-%m-%d %H:%M}: {self.committed}"


class SpendEntry(models.Model):
    """One call's line in the ledger: the worst case reserved before it, the true cost booked after.

    An entry that was never settled (its worker died in mid-call) stays at its worst case; some time
    later that is booked. Voter and account are names, so that the ledger outlives what they name.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="spend")
    voter = models.CharField(max_length=60, blank=True, default="", db_default="")
    account = models.CharField(max_length=40, blank=True, default="", db_default="")
    vote = models.ForeignKey("thalas.Vote", on_delete=models.SET_NULL, null=True, related_name="spend")
    spent_on = models.DateField()
    reserved_usd = models.DecimalField(max_digits=12, decimal_places=6)
    reserved_tokens = models.BigIntegerField(default=0, db_default=0)
    reserved_requests = models.PositiveIntegerField(default=1, db_default=1)
    booked_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    booked_tokens = models.BigIntegerField(null=True)
    booked_requests = models.PositiveIntegerField(null=True)
    reserved_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "spend entries"
        indexes = [
            models.Index(fields=["provider", "spent_on"], name="spend_by_provider_and_day"),
            models.Index(fields=["reserved_at"], name="spend_unsettled", condition=Q(settled_at=None)),
        ]
        constraints = [models.CheckConstraint(name="spend_not_negative", condition=Q(reserved_usd__gte=0))]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.spent_on}: {self.booked_usd or self.reserved_usd}"


class BudgetNotice(models.Model):
    """That a window of a cap has reached a share of it: told once, to the log and to webhooks."""

    kind = models.CharField(max_length=10, choices=KINDS)
    subject = models.CharField(max_length=60)
    measure = models.CharField(max_length=20, choices=MEASURES)
    starts_at = models.DateTimeField()
    pct = models.PositiveSmallIntegerField()
    committed = models.BigIntegerField()
    amount = models.BigIntegerField()
    noticed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="budget_notice_once", fields=["kind", "subject", "measure", "starts_at", "pct"]
            ),
            models.CheckConstraint(name="budget_notice_known", condition=Q(pct__in=(80, 100))),
        ]

    def __str__(self) -> str:
        return f"{self.pct} % of {self.kind} {self.subject} {self.measure}"

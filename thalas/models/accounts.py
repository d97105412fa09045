"""Accounts with their limits, and the switch that stops everything."""

from decimal import Decimal

from django.db import models
from django.db.models import Q


class Account(models.Model):
    """Money and the limits on it. The demo account holds pretend money; nothing trades yet."""

    name = models.CharField(max_length=40, primary_key=True)
    equity_usd = models.DecimalField(max_digits=16, decimal_places=2)
    max_position_pct = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("15.00"))
    risk_per_trade_pct = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal("1.00"))
    min_confidence = models.FloatField(default=0.35)
    min_agreement = models.FloatField(default=0.55)
    limits_version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_limits_are_shares",
                condition=Q(max_position_pct__gt=0)
                & Q(max_position_pct__lte=100)
                & Q(risk_per_trade_pct__gt=0)
                & Q(risk_per_trade_pct__lte=100),
            )
        ]

    def __str__(self) -> str:
        return self.name


class KillSwitch(models.Model):
    """The one row that says whether approvals are allowed; a missing or unreadable row means they are not."""

    class State(models.TextChoices):
        RELEASED = "released"
        ENGAGED = "engaged"

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID, editable=False)
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=200, blank=True)
    changed_by = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "kill switches"
        constraints = [models.CheckConstraint(name="kill_switch_is_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"kill switch {self.state}"

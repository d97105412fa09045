"""Accounts with their limits, and the switch that stops everything."""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from risk import MARKET_TYPES


def all_market_types() -> list[str]:
    """Return every market type there is."""
    return list(MARKET_TYPES)


class Account(models.Model):
    """Money and the limits on it. The demo account holds pretend money; nothing trades yet.

    equity_usd    the balance: what it would be worth if every position were worth what it was entered at
    market_types  what it may hold; nothing of any other kind is approved
    limits        by name, those limits of `risk.Limits` that differ from the usual; a fraction is a fraction
    """

    name = models.CharField(max_length=40, primary_key=True)
    equity_usd = models.DecimalField(max_digits=16, decimal_places=2)
    market_types = models.JSONField(default=all_market_types)
    limits = models.JSONField(default=dict, blank=True)
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


class LimitsVersion(models.Model):
    """One edition of an account's limits as they were in force from `set_at` on; never changed afterwards."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="editions", db_index=False)
    version = models.PositiveIntegerField()
    values = models.JSONField()
    market_types = models.JSONField()
    set_by = models.CharField(max_length=100)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="limits_version_once", fields=["account", "version"])]

    def __str__(self) -> str:
        return f"limits {self.version} of {self.account_id}"


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

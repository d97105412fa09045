"""Who wants to hear of decisions, and what was told to whom."""

from django.db import models
from django.db.models import Q

from providers import masks
from thalas.models.accounts import Account
from thalas.models.budgets import BudgetNotice
from thalas.models.runs import Run


class Webhook(models.Model):
    """An address that hears of each decision of an account; *secret* signs what it is sent."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=100, editable=False)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        """The address as people may see it again."""
        return masks.address(self.url)


class WebhookDelivery(models.Model):
    """One decision, or one notice of a budget, on its way to one webhook.

    pending    due at `due_at`, after `attempts` that failed
    delivered  answered with a 2xx
    given_up   after the last attempt; `error` says why
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="deliveries")
    notice = models.ForeignKey(BudgetNotice, on_delete=models.CASCADE, null=True, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(name="delivery_once", fields=["webhook", "run"]),
            models.UniqueConstraint(name="delivery_of_notice_once", fields=["webhook", "notice"]),
            models.CheckConstraint(
                name="delivery_tells_one_thing",
                condition=Q(run=None, notice__isnull=False) | Q(run__isnull=False, notice=None),
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="delivery_by_due")]

    def __str__(self) -> str:
        return f"{self.run_id or self.notice} to {self.webhook_id}: {self.state}"

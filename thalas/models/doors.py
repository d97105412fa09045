"""Who may come in over HTTP, and what they have asked for before."""

from django.db import models
from django.db.models import Q

from thalas.models.accounts import Account
from thalas.models.runs import Run


class ApiKey(models.Model):
    """A key of the HTTP API: `prefix.secret`. The secret is shown once; only its SHA-256 is here.

    scopes      what it may do, such as "runs:read"; an endpoint names the one it needs
    account     whose runs it may see and open
    per_second, per_minute, per_hour   its limits, exact in any window of that length
    replaces    the key that this one was made in place of; both work until the old one expires
    """

    prefix = models.CharField(max_length=16, primary_key=True)
    name = models.CharField(max_length=80)
    secret_sha256 = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="keys")
    per_second = models.PositiveIntegerField(default=10)
    per_minute = models.PositiveIntegerField(default=60)
    per_hour = models.PositiveIntegerField(default=1000)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                name="key_limits_allow_something",
                condition=Q(per_second__gte=1) & Q(per_minute__gte=1) & Q(per_hour__gte=1),
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix} ({self.name})"


class IdempotentRequest(models.Model):
    """A request that carried an Idempotency-Key: asked again with the same body, it has the same answer.

    route        method and path, such as "POST /runs"
    body_sha256  of the body as it came; another body under the same key is a mistake
    run          what it opened; other requests keep their *answer* instead
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    route = models.CharField(max_length=200)
    body_sha256 = models.CharField(max_length=64)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="+")
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="idempotent_once", fields=["account", "key"])]
        indexes = [models.Index(fields=["created_at"], name="idempotent_by_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key[:20]}"

"""What came in over HTTP and what was told outside: read-only; no webhook's secret or token is shown."""

from django.contrib import admin

from thalas import models
from thalas.admin.records import RecordAdmin


@admin.register(models.AuditEntry)
class AuditEntryAdmin(RecordAdmin[models.AuditEntry]):
    """What people and keys have changed; `manage.py audit verify` checks the chain."""

    list_display = ["seq", "at", "actor", "action", "target"]
    search_fields = ["actor", "action", "target"]


@admin.register(models.AuditHead)
class AuditHeadAdmin(RecordAdmin[models.AuditHead]):
    """Where the chain ends."""

    list_display = ["seq", "sha256"]


@admin.register(models.IdempotentRequest)
class IdempotentRequestAdmin(RecordAdmin[models.IdempotentRequest]):
    """Requests that carried an Idempotency-Key."""

    list_display = ["created_at", "account", "route", "key", "run"]
    list_select_related = ["account", "run"]


@admin.register(models.Webhook)
class WebhookAdmin(RecordAdmin[models.Webhook]):
    """Who hears of decisions; `manage.py webhook` makes and removes them."""

    exclude = ["secret", "url"]
    list_display = ["shown", "account", "is_enabled", "created_at", "created_by"]
    list_select_related = ["account"]


@admin.register(models.WebhookDelivery)
class WebhookDeliveryAdmin(RecordAdmin[models.WebhookDelivery]):
    """What was told to whom, and what came back."""

    list_display = ["run", "webhook", "state", "attempts", "due_at", "status", "error"]
    list_filter = ["state"]
    list_select_related = ["run", "webhook"]

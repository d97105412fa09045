"""The admin's name, and the signs of life of the house: read-only."""

from django.contrib import admin

from thalas import models
from thalas.admin.records import RecordAdmin

admin.site.site_header = "Thalas"
admin.site.site_title = "Thalas"
admin.site.index_title = "What the house keeps"


@admin.register(models.Heartbeat)
class HeartbeatAdmin(RecordAdmin[models.Heartbeat]):
    """When a process was last seen."""

    list_display = ["name", "beat_at", "note"]


@admin.register(models.Refusal)
class RefusalAdmin(RecordAdmin[models.Refusal]):
    """Messages that came through the broker and were refused, by reason."""

    list_display = ["reason", "count", "first_at", "last_at"]


@admin.register(models.ReplayTape)
class ReplayTapeAdmin(RecordAdmin[models.ReplayTape]):
    """Where the replay stands; THALAS_REPLAY_SPEED sets its speed at the next start."""

    list_display = ["__str__", "market_anchor_at", "anchor_at", "lap", "speed"]

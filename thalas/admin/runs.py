"""Runs, briefs, votes and decisions: the record of what the council did, read-only."""

from django.contrib import admin
from django.urls import reverse

from thalas import models
from thalas.admin.records import RecordAdmin, RecordInline


class VoteInline(RecordInline[models.Vote]):
    """The votes of a run."""

    model = models.Vote
    fields = ["voter", "state", "error_kind", "latency_ms", "cost_usd", "response_model", "is_simulated"]


class LegInline(RecordInline[models.DecisionLeg]):
    """The symbols of a decision, one under the other: their checks are too wide for a row."""

    model = models.DecisionLeg
    template = "admin/edit_inline/stacked.html"
    show_change_link = False
    exclude = ["position"]


@admin.register(models.Run)
class RunAdmin(RecordAdmin[models.Run]):
    """Consultations of the council."""

    list_display = ["__str__", "state", "kind", "opened_at", "closed_at", "closed_by", "requested_by"]
    list_filter = ["state", "kind", "timeframe", "closed_by"]
    search_fields = ["id", "requested_by"]
    ordering = ["-opened_at"]
    inlines = [VoteInline]

    def view_on_site(self, obj: models.Run) -> str:
        """Return the address of the run's own page."""
        return reverse("dashboard:run", args=[obj.pk])


@admin.register(models.Brief)
class BriefAdmin(RecordAdmin[models.Brief]):
    """What voters were shown."""

    list_display = ["sha256", "created_at"]
    search_fields = ["sha256"]
    ordering = ["-created_at"]


@admin.register(models.Vote)
class VoteAdmin(RecordAdmin[models.Vote]):
    """What became of each voter in each run."""

    list_display = [
        "voter",
        "run",
        "state",
        "error_kind",
        "latency_ms",
        "cost_usd",
        "is_repaired",
        "is_simulated",
        "published_at",
    ]
    list_filter = ["state", "error_kind", "is_simulated", "voter"]
    list_select_related = ["run", "voter"]
    search_fields = ["run__id", "voter__name", "response_model"]
    ordering = ["-published_at"]


@admin.register(models.Decision)
class DecisionAdmin(RecordAdmin[models.Decision]):
    """What runs decided, with one leg for each symbol."""

    list_display = ["run", "filed_at", "results", "heard", "panel", "is_degraded", "latency_ms", "cost_usd"]
    list_filter = ["is_degraded", "legs__outcome", "legs__verdict"]
    list_select_related = ["run"]
    ordering = ["-filed_at"]
    inlines = [LegInline]

    @admin.display(description="outcomes")
    def results(self, decision: models.Decision) -> str:
        """Return each symbol with its outcome and verdict."""
        return ", ".join(str(leg) for leg in decision.legs.all())

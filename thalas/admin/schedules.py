"""Watchlists, schedules and their slots; each schedule's row in beat is kept in step."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from thalas import models
from thalas.admin.audited import AuditedAdmin
from thalas.admin.forms import ScheduleForm, WatchlistForm
from thalas.admin.records import RecordAdmin
from thalas.selectors import clock
from thalas.services import beats

DECLARED_READONLY = ["name", "why", "timeframe", "cadence", "every_s", "crontab", "timezone"]


@admin.register(models.Watchlist)
class WatchlistAdmin(AuditedAdmin[models.Watchlist]):
    """Named lists of symbols."""

    form = WatchlistForm
    list_display = ["name", "listed"]
    search_fields = ["name"]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Watchlist | None = None) -> list[str]:
        """Return the name of a list that exists: under a new name it would be another list."""
        return [] if obj is None else ["name"]

    @admin.display(description="symbols")
    def listed(self, watchlist: models.Watchlist) -> str:
        """Return the symbols in a line."""
        return ", ".join(watchlist.symbols)


@admin.register(models.Schedule)
class ScheduleAdmin(AuditedAdmin[models.Schedule]):
    """Scans that repeat; of those that the code declares, only what the next sync leaves alone is changed."""

    form = ScheduleForm
    list_display = [
        "name",
        "watchlist",
        "timeframe",
        "cadence",
        "is_enabled",
        "is_declared",
        "deadline_s",
        "ticked_at",
        "why",
    ]
    list_filter = ["is_enabled", "is_declared", "cadence", "timeframe"]
    fields = [
        "name",
        "why",
        "watchlist",
        "timeframe",
        "cadence",
        "every_s",
        "crontab",
        "timezone",
        "deadline_s",
        "missed",
        "overlap",
        "may_close_early",
        "method",
        "is_enabled",
        "is_declared",
        "starts_at",
        "ticked_at",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Schedule | None = None) -> list[str]:
        """Return what cannot be changed: the name once it has one, and what the code declares."""
        fixed = ["is_declared", "starts_at", "ticked_at"]
        if obj is None:
            return fixed
        return [*fixed, *DECLARED_READONLY] if obj.is_declared else [*fixed, "name"]

    def has_delete_permission(self, request: HttpRequest, obj: models.Schedule | None = None) -> bool:
        """Say no for what the code declares: the next sync would bring it back; switch it off instead."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_declared)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Let the slots go with their schedule, though nobody may delete a slot alone."""
        found, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(forbidden) - {models.Slot._meta.verbose_name}, protected

    def save_model(
        self, request: HttpRequest, obj: models.Schedule, form: forms.ModelForm[models.Schedule], change: bool
    ) -> None:
        """Save the schedule, and make beat look at it; what passed while it was off never came due."""
        if not change:
            obj.starts_at = clock.now()
        elif obj.is_enabled and "is_enabled" in form.changed_data:
            obj.ticked_at = clock.now()
        super().save_model(request, obj, form, change)
        beats.tick_row(obj)

    def delete_model(self, request: HttpRequest, obj: models.Schedule) -> None:
        """Delete the schedule with its row in beat."""
        name = obj.pk
        super().delete_model(request, obj)
        beats.remove_tick_row(name)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[models.Schedule]) -> None:
        """Delete schedules with their rows in beat."""
        names = list(queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)
        for name in names:
            beats.remove_tick_row(name)


@admin.register(models.Slot)
class SlotAdmin(RecordAdmin[models.Slot]):
    """Every moment at which a schedule came due, and what became of it."""

    list_display = ["schedule", "due_at", "market_at", "lap", "state", "reason", "run"]
    list_filter = ["state", "schedule"]
    list_select_related = ["schedule", "run"]

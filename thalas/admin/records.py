"""Rows that are looked at in the admin and never changed there."""

from typing import TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from thalas.admin.audited import AuditedAdmin

ModelT = TypeVar("ModelT", bound=Model)


class KeptAdmin(AuditedAdmin[ModelT]):
    """Rows that other parts of the house make and remove: nothing is added or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Say no."""
        return False


class RecordAdmin(KeptAdmin[ModelT]):
    """Rows that are a record of what happened: they can only be looked at."""

    def has_change_permission(self, request: HttpRequest, obj: ModelT | None = None) -> bool:
        """Say no."""
        return False


class RecordInline(admin.TabularInline[ModelT, ModelT]):
    """Rows of a record, on the page of what they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Say no."""
        return False

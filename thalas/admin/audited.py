"""Every write in the admin is an entry in the audit chain, in one transaction with it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse

from thalas.selectors import clock
from thalas.services import audits

ModelT = TypeVar("ModelT", bound=Model)
# Where a request keeps what waits to be written into the chain, and the form that it came with.
NOTES, FORM = "thalas.audit_notes", "thalas.audit_form"


class AuditedAdmin(admin.ModelAdmin[ModelT]):
    """Rows whose making, changes and deletions are entries, and whose actions are, too."""

    # create, edit, delete or an action, where the service that is called makes the entry itself.
    told_by_service: ClassVar[frozenset[str]] = frozenset()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Add or change a row."""
        with entered(request):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change rows in the list, or do an action with them."""
        with entered(request):
            return super().changelist_view(request, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete a row."""
        with entered(request):
            return super().delete_view(request, object_id, extra_context)

    def construct_change_message(
        self, request: HttpRequest, form: forms.Form, formsets: Iterable[Any], add: bool = False
    ) -> list[dict[str, dict[str, list[str]]]]:
        """Remember the form for the entry: what Django logs of it has no values."""
        request.META[FORM] = form
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: ModelT, message: Any) -> LogEntry:
        """Note what the new row was given."""
        given = {name: after for name, (_, after) in _changes(request).items()}
        self.note(request, "create", target=str(obj.pk), details=given)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: ModelT, message: Any) -> LogEntry:
        """Note each field that was changed, with its value before and after."""
        self.note(request, "edit", target=str(obj.pk), details=dict(_changes(request)))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[ModelT]) -> list[LogEntry]:
        """Note what is going to be deleted, with its values."""
        for row in queryset:
            values = {name: _plain(value) for name, value in model_to_dict(row).items()}
            self.note(request, "delete", target=str(row.pk), details=values)
        return super().log_deletions(request, queryset)

    def get_actions(self, request: HttpRequest) -> dict[str, tuple[Callable[..., str], str, str] | None]:
        """Return the actions, each of which is noted with the rows it was done with."""
        found = super().get_actions(request)
        return {
            name: action and (self._noted(name, action[0]), name, action[2]) for name, action in found.items()
        }

    def note(self, request: HttpRequest, way: str, *, target: str, details: dict[str, object]) -> None:
        """Note that somebody has done *way* with *target*."""
        if way in self.told_by_service:
            return
        entry = {
            "actor": request.user.get_username(),
            "action": f"{self.opts.model_name}.{way}",
            "target": target,
            "details": details,
        }
        request.META[NOTES].append(entry)

    def _noted(self, name: str, action: Callable[..., Any]) -> Callable[..., Any]:
        if action is delete_selected:  # it logs its deletions
            return action

        @wraps(action)
        def noted(page: AuditedAdmin[ModelT], request: HttpRequest, chosen: QuerySet[ModelT]) -> Any:
            keys = [str(key) for key in chosen.values_list("pk", flat=True)]
            answer = action(page, request, chosen)
            page.note(request, name, target=", ".join(keys), details={"rows": keys})
            return answer

        return noted


@contextmanager
def entered(request: HttpRequest) -> Iterator[None]:
    """Let *request* write and be noted in one transaction.

    The entries come at its end: the chain's end stays locked from the first of them on.
    """
    if request.method != "POST":
        yield
        return
    notes: list[dict[str, Any]] = []
    request.META[NOTES] = notes
    with transaction.atomic():
        yield
        for note in notes:
            audits.append(**note, now=clock.now())


def _changes(request: HttpRequest) -> dict[str, tuple[object, object]]:
    """Return each field that the request's form changed, with its value before and after."""
    form = request.META.pop(FORM)
    return {
        name: (_plain(form.initial.get(name)), _plain(form.cleaned_data.get(name)))
        for name in form.changed_data
    }


def _plain(value: object) -> object:
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, list | tuple | QuerySet):
        return [_plain(item) for item in value]
    return value

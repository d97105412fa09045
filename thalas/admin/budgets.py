"""What calls may take and what they took: caps can be changed, the rest is a record."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from thalas import models
from thalas.admin.records import KeptAdmin, RecordAdmin
from thalas.domain import budgets
from thalas.domain.budgets import Measure
from thalas.errors import BadInput
from thalas.services import caps


class CapForm(forms.ModelForm[models.BudgetCap]):
    """A cap's amount, in US dollars where it counts money."""

    at_most = forms.DecimalField()

    class Meta:
        model = models.BudgetCap
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["at_most"] = budgets.in_people_s_units(self._measure, self.instance.amount).normalize()

    @property
    def _measure(self) -> Measure:
        return Measure(self.instance.measure)

    def clean_at_most(self) -> Decimal:
        """Return the amount if it is one, and keep it as it is stored."""
        given: Decimal = self.cleaned_data["at_most"]
        try:
            self.instance.amount = caps.to_amount(self._measure, given)
        except BadInput as error:
            raise ValidationError(str(error)) from error
        return given


@admin.register(models.BudgetCap)
class BudgetCapAdmin(KeptAdmin[models.BudgetCap]):
    """Caps; others are made and removed by `manage.py budget` and over the API."""

    form = CapForm
    fields = ["kind", "subject", "measure", "at_most"]
    readonly_fields = ["kind", "subject", "measure"]
    list_display = ["kind", "subject", "measure", "most"]
    list_filter = ["kind", "measure"]

    @admin.display(description="amount", ordering="amount")
    def most(self, cap: models.BudgetCap) -> str:
        """Return the amount as people read it."""
        return budgets.in_words(Measure(cap.measure), cap.amount)


@admin.register(models.BudgetWindow)
class BudgetWindowAdmin(RecordAdmin[models.BudgetWindow]):
    """What the calls of each window may have taken at most."""

    list_display = ["kind", "subject", "measure", "starts_at", "held"]
    list_filter = ["kind", "measure"]
    ordering = ["-starts_at", "kind", "subject"]

    @admin.display(description="committed", ordering="committed")
    def held(self, window: models.BudgetWindow) -> str:
        """Return what is committed as people read it."""
        return budgets.in_words(Measure(window.measure), window.committed, places=6)


@admin.register(models.BudgetNotice)
class BudgetNoticeAdmin(RecordAdmin[models.BudgetNotice]):
    """What was told of caps that filled."""

    list_display = ["kind", "subject", "measure", "starts_at", "pct", "noticed_at"]
    list_filter = ["kind", "pct"]
    ordering = ["-noticed_at"]


@admin.register(models.SpendEntry)
class SpendEntryAdmin(RecordAdmin[models.SpendEntry]):
    """The ledger of calls."""

    list_display = [
        "provider",
        "voter",
        "account",
        "spent_on",
        "reserved_usd",
        "booked_usd",
        "booked_tokens",
        "reserved_at",
        "settled_at",
        "vote",
    ]
    list_filter = ["provider", "spent_on"]
    list_select_related = ["provider", "vote"]
    ordering = ["-reserved_at"]

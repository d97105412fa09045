"""Who may vote and what it may cost: a person's switches; the rest comes from the environment."""

from decimal import Decimal

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from thalas import models
from thalas.admin.records import KeptAdmin, RecordAdmin
from thalas.domain.consensus import MAX_WEIGHT
from thalas.errors import BadInput


class VoterForm(forms.ModelForm[models.Voter]):
    """A voter's switches."""

    def clean_weight(self) -> float:
        """Return the weight if a ballot can carry it."""
        weight: float = self.cleaned_data["weight"]
        if not 0 <= weight <= MAX_WEIGHT:
            raise ValidationError(str(BadInput("weight", weight, f"give a number from 0 to {MAX_WEIGHT:g}")))
        return weight


@admin.register(models.Voter)
class VoterAdmin(KeptAdmin[models.Voter]):
    """Voters as the environment offers them; weight and switch can be changed."""

    form = VoterForm
    fields = [
        "name",
        "provider",
        "wire",
        "model",
        "timeout_s",
        "is_simulated",
        "is_present",
        "is_enabled",
        "weight",
    ]
    readonly_fields = ["name", "provider", "wire", "model", "timeout_s", "is_simulated", "is_present"]
    list_display = [
        "name",
        "provider",
        "model",
        "weight",
        "timeout_s",
        "is_simulated",
        "is_present",
        "is_enabled",
    ]
    list_filter = ["provider", "is_simulated", "is_present", "is_enabled"]
    search_fields = ["name", "model"]


class ProviderForm(forms.ModelForm[models.Provider]):
    """A provider's cap."""

    def clean_cap_usd_per_day(self) -> Decimal:
        """Return the cap if it is one."""
        cap: Decimal = self.cleaned_data["cap_usd_per_day"]
        if cap < 0:
            told = BadInput(
                "cap_usd_per_day",
                str(cap),
                "give US dollars from 0 on; 0 allows only calls that cost nothing",
            )
            raise ValidationError(str(told))
        return cap


@admin.register(models.Provider)
class ProviderAdmin(KeptAdmin[models.Provider]):
    """Providers and their daily caps."""

    form = ProviderForm
    fields = ["name", "cap_usd_per_day"]
    readonly_fields = ["name"]
    list_display = ["name", "cap_usd_per_day"]


@admin.register(models.SpendDay)
class SpendDayAdmin(RecordAdmin[models.SpendDay]):
    """What each provider's calls of a day may have cost at most."""

    list_display = ["provider", "spent_on", "committed_microusd"]
    list_filter = ["provider"]
    ordering = ["-spent_on", "provider"]


@admin.register(models.SpendEntry)
class SpendEntryAdmin(RecordAdmin[models.SpendEntry]):
    """The ledger of calls."""

    list_display = ["provider", "spent_on", "reserved_usd", "booked_usd", "reserved_at", "settled_at", "vote"]
    list_filter = ["provider", "spent_on"]
    list_select_related = ["provider", "vote"]
    ordering = ["-reserved_at"]


@admin.register(models.VoterModel)
class VoterModelAdmin(RecordAdmin[models.VoterModel]):
    """Which models have answered in a voter's name."""

    list_display = ["voter", "asked", "model", "is_as_asked", "first_seen_at"]
    list_filter = ["is_as_asked", "voter"]
    list_select_related = ["voter"]
    ordering = ["-first_seen_at"]

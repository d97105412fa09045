"""Who may vote and what it may cost: a person's switches; the rest comes from the environment."""

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


@admin.register(models.Provider)
class ProviderAdmin(RecordAdmin[models.Provider]):
    """Providers; what they may cost is under budget caps."""

    fields = ["name"]
    list_display = ["name"]


@admin.register(models.VoterModel)
class VoterModelAdmin(RecordAdmin[models.VoterModel]):
    """Which models have answered in a voter's name."""

    list_display = ["voter", "asked", "model", "is_as_asked", "first_seen_at"]
    list_filter = ["is_as_asked", "voter"]
    list_select_related = ["voter"]
    ordering = ["-first_seen_at"]

"""Limits and the kill switch: what a person may change about risk."""

from django import forms
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest

from thalas import models
from thalas.admin.audited import AuditedAdmin
from thalas.admin.records import KeptAdmin
from thalas.errors import BadInput
from thalas.selectors import clock
from thalas.services import limits, switches

LIMITS = ("max_position_pct", "risk_per_trade_pct", "min_confidence", "min_agreement")


class AccountForm(forms.ModelForm[models.Account]):
    """An account's limits."""

    def clean(self) -> None:
        """Refuse a limit that cannot be one."""
        super().clean()
        for name in LIMITS:
            value = self.cleaned_data.get(name)
            if value is None:
                continue
            if name.endswith("_pct") and not 0 < value <= 100:
                self.add_error(
                    name, str(BadInput(name, str(value), "give percent of equity, above 0 and up to 100"))
                )
            if name.startswith("min_") and not 0 <= value <= 1:
                self.add_error(name, str(BadInput(name, value, "give a share from 0 to 1")))


@admin.register(models.Account)
class AccountAdmin(KeptAdmin[models.Account]):
    """Accounts; their limits can be changed, and each change makes a new version of them."""

    form = AccountForm
    fields = ["name", "equity_usd", *LIMITS, "market_types", "limits", "limits_version"]
    readonly_fields = ["name", "equity_usd", "market_types", "limits", "limits_version"]
    list_display = ["name", "equity_usd", *LIMITS, "limits_version"]

    def save_model(
        self, request: HttpRequest, obj: models.Account, form: forms.ModelForm[models.Account], change: bool
    ) -> None:
        """Save the limits as a new version; those that it takes the place of are kept."""
        limits.record(models.Account.objects.get(pk=obj.pk), by=limits.AS_MADE, now=clock.now())
        super().save_model(request, obj, form, change)
        # Counted up by the database: two people who save at once make two versions.
        models.Account.objects.filter(pk=obj.pk).update(limits_version=F("limits_version") + 1)
        obj.refresh_from_db(fields=["limits_version"])
        limits.record(obj, by=request.user.get_username(), now=clock.now())


class KillSwitchForm(forms.ModelForm[models.KillSwitch]):
    """The switch, never turned without a reason."""

    reason = forms.CharField(
        max_length=200,
        help_text="Why you turn it now. The reason before this one is in the list of kill switches.",
        error_messages={
            "required": str(BadInput("reason", "", "say in a sentence why the switch is turned"))
        },
    )

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> object:
        """Return what a field starts with; the last reason is not offered again, it was another time's."""
        return "" if field_name == "reason" else super().get_initial_for_field(field, field_name)


@admin.register(models.KillSwitch)
class KillSwitchAdmin(AuditedAdmin[models.KillSwitch]):
    """The one switch that stops every approval."""

    told_by_service = frozenset({"create", "edit"})
    form = KillSwitchForm
    fields = ["state", "reason", "changed_by", "changed_at"]
    readonly_fields = ["changed_by", "changed_at"]
    list_display = ["__str__", "reason", "changed_by", "changed_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow to put the row back where it has gone missing, and never a second one."""
        return super().has_add_permission(request) and not models.KillSwitch.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: models.KillSwitch | None = None) -> bool:
        """Say no: a missing switch counts as on, and hides by whom and why."""
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: models.KillSwitch,
        form: forms.ModelForm[models.KillSwitch],
        change: bool,
    ) -> None:
        """Turn the switch as the person named in the session, by the database's clock."""
        turn = switches.trip if obj.state == models.KillSwitch.State.ENGAGED else switches.release
        turn(reason=obj.reason, by=request.user.get_username(), now=clock.now())
        obj.refresh_from_db()

"""What a person types about watchlists and schedules, checked before it is stored."""

import re

from django import forms
from django.core.exceptions import ValidationError

from thalas import models
from thalas.domain import cadences
from thalas.errors import BadInput
from thalas.selectors import markets
from thalas.services import councils

EVERY_MINUTE = "* * * * *"


class WatchlistForm(forms.ModelForm[models.Watchlist]):
    """A watchlist; its symbols are typed as text and stored as a list."""

    symbols = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One or more, with commas, spaces or new lines between them.",
        required=False,  # refused below, in words that say what there is
    )

    class Meta:
        model = models.Watchlist
        fields = ["name", "symbols"]

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> object:
        """Return the stored list as text."""
        value = super().get_initial_for_field(field, field_name)
        return ", ".join(value) if isinstance(value, list) else value

    def clean_symbols(self) -> list[str]:
        """Return the symbols if the market has them, in every timeframe that a schedule asks for."""
        wanted = [symbol for symbol in re.split(r"[\s,;]+", self.cleaned_data["symbols"]) if symbol]
        timeframes = (
            self.instance.schedules.values_list("timeframe", flat=True).distinct() if self.instance.pk else []
        )
        try:
            return checked_list(wanted, list(timeframes))
        except BadInput as error:
            raise ValidationError(str(error)) from error


class ScheduleForm(forms.ModelForm[models.Schedule]):
    """A schedule; what the admin shows read-only is taken from the stored row."""

    class Meta:
        model = models.Schedule
        exclude = ["is_declared", "starts_at", "ticked_at"]

    def clean(self) -> None:
        """Refuse what could not be fired later, each time at the field that is to blame."""
        super().clean()
        self._check_market()
        self._check_cadence()
        deadline_s = self.cleaned_data.get("deadline_s")
        if deadline_s is not None:
            try:
                councils.check_deadline(deadline_s)
            except BadInput as error:
                self.add_error("deadline_s", str(error))

    def _value(self, name: str) -> object:
        """Return the value of field *name*, typed or stored; None if what was typed has been refused."""
        return self.cleaned_data.get(name) if name in self.fields else getattr(self.instance, name)

    def _blame(self, name: str, error: Exception) -> None:
        self.add_error(name if name in self.fields else None, str(error))

    def _check_market(self) -> None:
        watchlist, timeframe = self._value("watchlist"), self._value("timeframe")
        if not isinstance(watchlist, models.Watchlist) or not isinstance(timeframe, str):
            return
        try:
            councils.check_symbols(watchlist.symbols, timeframe)
        except BadInput as error:
            self._blame("timeframe" if error.field == "timeframe" else "watchlist", error)

    def _check_cadence(self) -> None:
        cadence, every_s = self._value("cadence"), self._value("every_s")
        crontab, timezone = self._value("crontab"), self._value("timezone")
        if cadence == models.Schedule.Cadence.INTERVAL and not every_s and "every_s" not in self.errors:
            self._blame("every_s", BadInput("every_s", every_s, "give whole seconds from 1 on"))
        if timezone is None or not self._is_usable("timezone", EVERY_MINUTE, str(timezone)):
            return
        if cadence == models.Schedule.Cadence.CRONTAB and crontab is not None:
            self._is_usable("crontab", str(crontab), str(timezone))

    def _is_usable(self, name: str, crontab: str, timezone: str) -> bool:
        try:
            cadences.check_crontab(crontab, timezone)
        except ValueError as error:
            self._blame(name, error)
        else:
            return True
        return False


def checked_list(wanted: list[str], timeframes: list[str]) -> list[str]:
    """Return the symbols of a watchlist, each once, if the market has them in each of *timeframes*.

    Raises:  BadInput.
    """
    if len(wanted) > councils.MAX_SYMBOLS:
        raise BadInput("symbols", f"{len(wanted)} symbols", f"at most {councils.MAX_SYMBOLS}")
    offers = markets.offers()
    for timeframe in timeframes:
        councils.check_symbols(wanted, timeframe)
    found = [
        # No schedule asks for it yet: any timeframe that it has will do.
        councils.check_symbols([symbol], offers.get(symbol.strip().upper(), ("",))[0])[0]
        for symbol in wanted
    ]
    return list(dict.fromkeys(found)) or councils.check_symbols(wanted, "")

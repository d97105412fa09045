"""Make, change and delete watchlists; each change is audited."""

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from thalas import models
from thalas.errors import BadInput, NotFound, NotPossible
from thalas.selectors import markets
from thalas.services import audits, councils

MOST_LETTERS = 40
NAME = re.compile(r"[-a-zA-Z0-9_]{1,40}")


@transaction.atomic
def create(name: str, symbols: Sequence[str], *, by: str, now: datetime) -> models.Watchlist:
    """Make the watchlist *name*.

    Raises:  BadInput; NotPossible if there is one of that name.
    """
    name, symbols = usable_name(name), usable_symbols(symbols, timeframes=())
    made, is_new = models.Watchlist.objects.get_or_create(name=name, defaults={"symbols": symbols})
    if not is_new:
        raise NotPossible(f"there is a watchlist {name} already; change it, or choose another name")
    audits.append(actor=by, action="watchlist.create", target=name, details={"symbols": symbols}, now=now)
    return made


@transaction.atomic
def edit(name: str, symbols: Sequence[str], *, by: str, now: datetime) -> models.Watchlist:
    """Give the watchlist *name* other *symbols*.

    Raises:  NotFound; BadInput if the market lacks one, or has it not in a timeframe that is asked for.
    """
    watchlist = _locked(name)
    timeframes = sorted(set(watchlist.schedules.values_list("timeframe", flat=True)))
    before, watchlist.symbols = watchlist.symbols, usable_symbols(symbols, timeframes=timeframes)
    watchlist.save(update_fields=["symbols"])
    details = {"before": before, "after": watchlist.symbols}
    audits.append(actor=by, action="watchlist.edit", target=name, details=details, now=now)
    return watchlist


@transaction.atomic
def delete(name: str, *, by: str, now: datetime) -> None:
    """Delete the watchlist *name*.

    Raises:  NotFound; NotPossible while a schedule uses it.
    """
    watchlist = _locked(name)
    users = ", ".join(watchlist.schedules.order_by("pk").values_list("pk", flat=True))
    if users:
        raise NotPossible(f"watchlist {name} is used by {users}; give these another one first")
    details = {"symbols": watchlist.symbols}
    watchlist.delete()
    audits.append(actor=by, action="watchlist.delete", target=name, details=details, now=now)


def usable_name(name: str) -> str:
    """Return *name* if something can be called so.

    Raises:  BadInput.
    """
    if not NAME.fullmatch(name):
        instead = f"give 1 to {MOST_LETTERS} letters, digits, hyphens or underscores"
        raise BadInput("name", name[:MOST_LETTERS], instead)
    return name


def usable_symbols(symbols: Sequence[str], *, timeframes: Sequence[str]) -> list[str]:
    """Return *symbols* as the market writes them, each once, if it has them in each of *timeframes*.

    Raises:  BadInput.
    """
    if len(symbols) > councils.MAX_SYMBOLS:
        raise BadInput("symbols", f"{len(symbols)} symbols", f"at most {councils.MAX_SYMBOLS}")
    for timeframe in timeframes:
        councils.check_symbols(symbols, timeframe)
    offers = markets.offers()
    # No schedule may ask for it yet: any timeframe that it has will do.
    found = [
        councils.check_symbols([symbol], offers.get(symbol.strip().upper(), ("",))[0])[0]
        for symbol in symbols
    ]
    return list(dict.fromkeys(found)) or councils.check_symbols(symbols, "")


def _locked(name: str) -> models.Watchlist:
    found = models.Watchlist.objects.select_for_update().filter(pk=name).first()
    if found is None:
        raise NotFound(f"there is no watchlist {name}")
    return found

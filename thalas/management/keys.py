"""A key that lies in the shell is not a wish to spend: it is used only after somebody has said so."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

from django.db import DatabaseError
from rich.console import Console

from thalas import roster
from thalas.env import Environment
from thalas.env_providers import ProviderSettings
from thalas.selectors import budgets


def ask_consent(environment: Environment, console: Console) -> Environment:
    """Announce the providers that could be asked and their caps; ask consent, unless USE_KEYS gives it.

    Where nobody is asked, a cap is announced once: before it first holds.
    """
    for notice in environment.notices:
        console.print(notice, markup=False, highlight=False)
    usable = [provider for provider in environment.providers if roster.is_usable(provider)]
    if not usable:
        return environment
    known = _known()
    for provider in usable:
        if provider.name not in known or not environment.house.use_keys:
            told = announcement(provider, known.get(provider.name))
            console.print(told, markup=False, highlight=False, soft_wrap=True)
    if environment.house.use_keys:
        return environment
    if not sys.stdin.isatty():
        console.print("They are not asked: set USE_KEYS=1 to use them.", highlight=False)
        return environment
    try:
        said = console.input("Ask them too, at your cost? [y/N] ", markup=False).strip().lower()
    except EOFError:
        said = ""
    is_wanted = said in ("y", "yes")
    return replace(environment, house=environment.house.model_copy(update={"use_keys": is_wanted}))


def announcement(provider: ProviderSettings, set_usd: Decimal | None = None) -> str:
    """Return the line that says what *provider* may cost a day, *set_usd* if that is not its default."""
    if provider.is_free:
        host = urlsplit(provider.base_url).netloc
        return f"{provider.name}: {provider.model} at {host}, free of charge."
    cap_usd = provider.cap_usd_per_day if set_usd is None else set_usd
    return (
        f"{provider.name}: {provider.model}, at most US$ {cap_usd:,.2f} a day; another cap: "
        f"{provider.name.upper()}_CAP_USD_PER_DAY, or `manage.py budget set provider {provider.name} "
        "usd_per_day 5`."
    )


def _known() -> Mapping[str, Decimal]:
    """Return what providers may cost a day by now; nothing before there is a database."""
    try:
        return budgets.usd_a_day()
    except DatabaseError:
        return {}

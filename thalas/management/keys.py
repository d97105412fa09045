"""A key that lies in the shell is not a wish to spend: it is used only after somebody has said so."""

import sys
from dataclasses import replace

from rich.console import Console

from thalas import roster
from thalas.env import Environment
from thalas.env_providers import ProviderSettings


def ask_consent(environment: Environment, console: Console) -> Environment:
    """Announce the providers that could be asked and their caps; ask consent, unless USE_KEYS gives it."""
    for notice in environment.notices:
        console.print(notice, markup=False, highlight=False)
    usable = [provider for provider in environment.providers if roster.is_usable(provider)]
    if not usable:
        return environment
    for provider in usable:
        console.print(_announcement(provider), markup=False, highlight=False)
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


def _announcement(provider: ProviderSettings) -> str:
    if provider.is_free:
        return f"{provider.name}: {provider.model} at {provider.base_url}, free of charge."
    return (
        f"{provider.name}: {provider.model}, at most US$ {provider.cap_usd_per_day:.2f} a day "
        f"({provider.name.upper()}_CAP_USD_PER_DAY sets another cap)."
    )

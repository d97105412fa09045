"""What a key may spend is announced before it first may, with the cap that holds, and not again."""

import io
from decimal import Decimal

import pytest
from django.conf import LazySettings
from rich.console import Console

from tests.thalas.management import terminals
from thalas import env, models
from thalas.management import keys
from thalas.selectors import clock
from thalas.services import caps

KEY = {"OPENAI_API_KEY": "sk-1234567890", "OPENAI_MODEL": "gpt-x"}


def announced(**more: str) -> str:
    """Return what is said of these keys at a start."""
    paper = io.StringIO()
    keys.ask_consent(env.read({**KEY, **more}), Console(file=paper, width=200))
    return paper.getvalue()


@pytest.mark.django_db
def test_a_default_cap_is_announced_with_the_ways_to_change_it_until_it_holds() -> None:
    for _ in range(2):
        assert announced(USE_KEYS="1") == (
            "openai: gpt-x, at most US$ 1.00 a day; another cap: OPENAI_CAP_USD_PER_DAY, "
            "or `manage.py budget set provider openai usd_per_day 5`.\n"
        )
    models.Provider.objects.create(pk="openai")
    caps.declare("openai", cap_usd=Decimal(1), now=clock.now())
    assert announced(USE_KEYS="1") == ""


@pytest.mark.django_db
def test_who_is_asked_for_consent_hears_of_the_cap_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    models.Provider.objects.create(pk="openai")
    caps.declare("openai", cap_usd=Decimal(1), now=clock.now())
    caps.set_cap("provider", "openai", "usd_per_day", "20", by="me", now=clock.now())
    said = announced()
    assert "at most US$ 20.00 a day" in said
    assert "They are not asked" in said


@pytest.mark.usefixtures("house")
def test_sync_voters_announces_a_new_providers_cap_once(settings: LazySettings) -> None:
    settings.THALAS = env.read({**KEY, "USE_KEYS": "1"})
    assert "openai: gpt-x, at most US$ 1.00 a day" in terminals.run("sync_voters").out
    assert "at most" not in terminals.run("sync_voters").out

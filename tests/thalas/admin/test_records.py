from datetime import date

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from tests.thalas.admin.clients import sign_in
from tests.thalas.dashboard import factories
from tests.thalas.dashboard.factories import NOW, Said
from thalas import models

RECORDS = ("run", "vote", "decision", "brief", "slot", "spendentry", "heartbeat", "replaytape")


@pytest.fixture
def keeper(db: None) -> Client:
    return sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))


@pytest.fixture
def kept(keeper: Client) -> dict[str, object]:
    """Make one row of each record; return its key by kind."""
    run = factories.closed(
        ("BTC/USD", "ETH/USD"), said=(Said("trend", reasoning="<script>alert(1)</script>"),)
    )
    vote = run.votes.get()
    models.Watchlist.objects.get_or_create(name="coins", defaults={"symbols": ["BTC/USD"]})
    models.Schedule.objects.create(name="s", why="w", watchlist_id="coins", timeframe="1d", starts_at=NOW)
    slot = models.Slot.objects.create(schedule_id="s", due_at=NOW, state="fired", run=run, created_at=NOW)
    spend = models.SpendEntry.objects.create(
        provider_id="analyst", vote=vote, spent_on=date(2026, 3, 4), reserved_usd=1, reserved_at=NOW
    )
    return {
        "run": run.pk,
        "vote": vote.pk,
        "decision": run.pk,
        "brief": run.brief_id,
        "slot": slot.pk,
        "spendentry": spend.pk,
        "heartbeat": models.Heartbeat.objects.create(name="guard", beat_at=NOW).pk,
        "replaytape": factories.tape(now=NOW).pk,
    }


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_can_be_looked_at_and_not_changed(
    keeper: Client, kept: dict[str, object], kind: str
) -> None:
    root = f"/admin/thalas/{kind}/"
    assert keeper.get(root).status_code == 200
    page = keeper.get(f"{root}{kept[kind]}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert "<script>alert(1)</script>" not in page.content.decode()
    assert keeper.get(f"{root}add/").status_code == 403
    assert keeper.post(f"{root}{kept[kind]}/change/", {}).status_code == 403
    assert keeper.post(f"{root}{kept[kind]}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in keeper.get(root).content.decode()


def test_a_decision_shows_its_legs_with_their_checks(keeper: Client, kept: dict[str, object]) -> None:
    html = keeper.get(f"/admin/thalas/decision/{kept['decision']}/change/").content.decode()
    assert html.count("BUY: BUY 1.60 against SELL 0.40") == 2
    assert "min_confidence" in html


def test_a_run_links_to_its_own_page(keeper: Client, kept: dict[str, object]) -> None:
    assert f"/runs/{kept['run']}/" in keeper.get(f"/admin/thalas/run/{kept['run']}/change/").content.decode()


def test_a_run_is_found_by_the_beginning_of_its_id(keeper: Client, kept: dict[str, object]) -> None:
    other = factories.closed()
    html = keeper.get("/admin/thalas/run/", {"q": str(kept["run"])}).content.decode()
    assert f"/run/{kept['run']}/change/" in html
    assert f"/run/{other.pk}/change/" not in html


def test_every_model_of_thalas_is_in_the_admin() -> None:
    shown = {model for model in admin.site._registry if model._meta.app_label == "thalas"}
    kept = {getattr(models, name) for name in models.__all__}
    # Legs are shown with their decision, and a run's symbols are its own.
    assert shown == kept - {models.DecisionLeg, models.RunSymbol}


def test_the_admin_says_whose_it_is(keeper: Client) -> None:
    assert "Thalas" in keeper.get("/admin/").content.decode()
    assert Client().get("/admin/").status_code == 302

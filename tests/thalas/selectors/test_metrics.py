"""The house in figures, as Prometheus reads them."""

from datetime import timedelta

import pytest
from kombu import Connection
from prometheus_client import generate_latest

from tests import caps
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.celery import app
from thalas.selectors import clock, metrics
from thalas.services import closings, guards, refusals

pytestmark = pytest.mark.usefixtures("house")


def figures() -> dict[str, float]:
    """Return each line's value by its name and labels."""
    text = generate_latest(metrics.registry()).decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_runs_and_votes_are_counted_by_what_became_of_them() -> None:
    run = council.opened()
    assert figures()["thalas_runs_open"] == 1
    run.votes.filter(voter_id="trend").update(state="failed", error_kind="timeout")
    closings.close_run(run.pk, by="guard", reason="a test", now=run.deadline_at + timedelta(seconds=0.3))
    told = figures()
    assert told['thalas_runs_last_hour{closed_by="guard",state="closed"}'] == 1
    assert told['thalas_votes_last_hour{error_kind="timeout",state="failed",voter="trend"}'] == 1
    assert (told["thalas_runs_open"], told["thalas_runs_overdue"]) == (0, 0)
    assert told['thalas_close_lateness_seconds_bucket{le="0.25"}'] == 0
    assert told['thalas_close_lateness_seconds_bucket{le="0.5"}'] == 1
    assert told['thalas_close_lateness_seconds_bucket{le="+Inf"}'] == 1


def test_signs_of_life_spend_switch_and_refusals_are_told() -> None:
    now = clock.now()
    guards.beat("guard-1", now=now - timedelta(seconds=30))
    provider = models.Provider.objects.order_by("pk").first()
    assert provider is not None
    caps.spend(provider.pk, 1_500_000)
    refusals.count("not JSON", now=now)
    told = figures()
    age_s = told['thalas_heartbeat_age_seconds{name="guard-1"}']
    assert 30 <= age_s <= 30 + (clock.now() - now).total_seconds()
    assert told[f'thalas_provider_spent_usd{{provider="{provider.pk}"}}'] == 1.5
    assert f'thalas_provider_cap_usd{{provider="{provider.pk}"}}' in told
    assert told["thalas_kill_switch_engaged"] == 0
    assert told['thalas_refused_messages{reason="not JSON"}'] == 1
    models.KillSwitch.objects.all().delete()
    assert figures()["thalas_kill_switch_engaged"] == 1


def test_a_broker_that_is_away_is_a_figure_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Connection("redis+socket:///nowhere", connect_timeout=0.1)
    monkeypatch.setattr(app, "connection_for_write", lambda: nowhere)
    told = figures()
    assert told["thalas_broker_up"] == 0
    assert "thalas_runs_open" in told
    assert not [name for name in told if name.startswith("thalas_queue_messages")]

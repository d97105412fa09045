"""The figures as the process table serves them: to this machine only."""

from collections.abc import Iterator

import httpx
import psutil
import pytest
from django.core.management import call_command
from django.test import override_settings

from tests.processes import waits
from tests.processes.fleets import Fleet
from tests.processes.test_flower import answers
from thalas import processes

pytestmark = pytest.mark.processes


@pytest.fixture
def figures(live_house: Fleet) -> Iterator[httpx.Client]:
    """A client of the figures, as soon as they are served; nothing else runs."""
    live_house["metrics"].start()
    address = f"http://{processes.LOOPBACK}:{live_house.environment.house.thalas_metrics_port}"
    with httpx.Client(base_url=address, timeout=10, trust_env=False) as client:
        waits.until(lambda: answers(client), within_s=60, what="the figures are served")
        yield client


def test_the_figures_are_served_to_this_machine_only_and_its_check_is_well(
    live_house: Fleet, figures: httpx.Client
) -> None:
    answer = figures.get("/metrics")
    assert answer.status_code == 200
    assert "thalas_runs_open 0.0" in answer.text
    assert 'thalas_provider_cap_usd{provider="analyst"}' in answer.text
    listeners = {
        line.laddr.ip
        for line in psutil.Process(live_house["metrics"].pid).net_connections("tcp")
        if line.status == psutil.CONN_LISTEN
    }
    assert listeners == {processes.LOOPBACK}
    with override_settings(HOUSE=live_house.environment.house):
        waits.until(lambda: checked() == 0, within_s=30, what="the check of the figures is well")
        live_house["metrics"].teardown()
        assert checked() == 1


def checked() -> object:
    """Return the exit code of the health check of the figures."""
    with pytest.raises(SystemExit) as told:
        call_command("healthcheck", "metrics")
    return told.value.code

"""A canary through each queue: heard where somebody eats, and leaving nothing behind where nobody does."""

import time

import pytest

from tests.processes import fleets, waits
from tests.processes.fleets import CORE, GUARDS, VOTES, Fleet
from tests.processes.nodes import CeleryBrokerCluster, CeleryTestSetup
from thalas import canaries, models

pytestmark = pytest.mark.processes


def heard() -> set[str]:
    """Return the queues that a canary came through."""
    names = models.Heartbeat.objects.filter(name__startswith="queue ").values_list("name", flat=True)
    return {name.removeprefix("queue ") for name in names}


def test_a_canary_comes_through_each_queue_that_is_eaten(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    waits.until(lambda: canaries.send() == 2, within_s=5, what="the broker takes both")
    waits.until(lambda: heard() == {"votes", "core"}, within_s=20, what="both canaries are heard")


def test_a_queue_that_nobody_eats_from_keeps_silent(celery_setup: CeleryTestSetup, live_house: Fleet) -> None:
    live_house.dismiss(VOTES, *GUARDS)  # these, of an earlier test, have canaries of their own
    models.Heartbeat.objects.all().delete()
    waits.until(lambda: canaries.send() == 2, within_s=5, what="the broker takes both")
    waits.until(lambda: "core" in heard(), within_s=20, what="the other is heard")
    assert heard() == {"core"}


def test_without_a_broker_none_is_sent_and_nobody_waits(celery_broker_cluster: CeleryBrokerCluster) -> None:
    celery_broker_cluster[0].kill()
    started = time.monotonic()
    assert canaries.send() == 0
    waits.not_after(started, 1.0, "sending none")


def test_what_a_worker_sings_to_itself_goes_away_with_it(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    def songs() -> list[bytes]:
        return list(client.scan_iter("canaries.*"))

    with fleets.valkey() as client:
        bindings = "_kombu.binding.canaries.*"
        waits.until(lambda: client.keys(bindings), within_s=5, what="the queues of songs are bound")
        live_house.dismiss(VOTES, CORE)
        for name in songs():
            assert 0 < client.ttl(name) <= 60
        # Their bindings have a deadline each, by which a living worker sweeps them up.
        bound = client.keys(bindings)
        swept = {b"_kombu.binding." + name for name, _ in client.zscan_iter("_kombu.binding_deadlines")}
        assert bound
        assert set(bound) <= swept

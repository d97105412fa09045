"""A real beat with its schedule in the database: no candle is scanned twice, by one beat or by two."""

import pytest
from django.db.models import QuerySet

from tests.processes import fleets, waits
from tests.processes.fleets import CORE, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import models
from thalas.selectors import clock, markets
from thalas.services import replays

pytestmark = pytest.mark.processes

# A daily candle passes in two seconds.
SPEED = 86_400 / 2.0


@pytest.fixture
def fast_replay(live_house: Fleet) -> None:
    """The replay at SPEED from now on, nothing due yet."""
    replays.resume(markets.market().span(), speed=SPEED, now=clock.now())
    models.Schedule.objects.update(starts_at=clock.now())


@pytest.mark.parametrize("beats", [("beat",), ("beat", "beat-2")], ids=["one beat", "two beats"])
def test_beat_fires_the_scan_at_candle_closes_and_nothing_twice(
    celery_setup: CeleryTestSetup, live_house: Fleet, fast_replay: None, beats: tuple[str, ...]
) -> None:
    for name in beats:
        live_house.add(name, like="beat")
    live_house.muster(*beats)
    waits.until(lambda: scans().count() >= 3, within_s=60, what="three slots are fired")
    live_house.dismiss(*beats)
    # Ticks that they have sent already are still taken.
    waits.until(fleets.nothing_waits, within_s=20, what="the last ticks are eaten")
    fleets.come_to_rest(live_house[CORE], within_s=20)
    fired = list(models.Slot.objects.filter(state="fired").order_by("due_at"))
    assert {slot.schedule_id for slot in fired} == {"majors-daily"}
    moments = [(slot.lap, slot.market_at) for slot in fired]
    assert moments == sorted(set(moments)), "each candle once"
    assert [run.slot.pk for run in scans()] == [slot.pk for slot in fired], "no run without its slot"
    assert not models.Slot.objects.filter(state="failed").exists()
    spread_s = (fired[2].due_at - fired[0].due_at).total_seconds()
    waits.no_longer(spread_s, 10, "firing three slots")


def scans() -> QuerySet[models.Run]:
    """Return the runs that schedules have opened, oldest first."""
    return models.Run.objects.filter(kind=models.Run.Kind.SCAN).select_related("slot").order_by("opened_at")

"""The house of these tests itself: there is one, or its rooms would talk past each other."""

import pytest

from tests.doors import conftest as doors
from tests.processes import conftest, fleets, waits
from tests.processes.fleets import Fleet

pytestmark = pytest.mark.processes


def test_a_session_has_one_fleet_whichever_room_asks_for_it(fleet: Fleet) -> None:
    assert doors.fleet is conftest.fleet
    assert conftest.the_fleet() is fleet


def test_the_broker_that_answers_is_the_fleets_own(live_house: Fleet) -> None:
    live_house.muster("broker")
    with fleets.valkey() as client:
        told = waits.until(lambda: client.info("server"), within_s=5, what="the broker tells who it is")
    assert told["process_id"] == live_house["broker"].pid

"""What a real web process turns away: bodies without end, forged addresses; and it outlasts its database."""

import time
from collections.abc import Iterator

import httpx
import pytest
from django.conf import settings

from tests.processes import crashes, doors, waits
from tests.processes.doors import RUNS
from tests.processes.fleets import Fleet
from thalas.api.bounds import MAX_BYTES

pytestmark = pytest.mark.processes

ANSWERED_S = 1.5
JSON = {"Content-Type": "application/json"}


def parts(count: int, size: int = 100_000) -> Iterator[bytes]:
    """Return a body in parts, whose length nobody announces."""
    for _ in range(count):
        yield b" " * size


def test_a_body_that_is_too_large_is_refused_however_it_is_sent(live_house: Fleet) -> None:
    (door,) = doors.opened(live_house, "web-1")
    with httpx.Client(base_url=door.url, headers={**doors.key(), **JSON}, timeout=10) as client:
        announced = client.post(RUNS, content=b" " * (MAX_BYTES + 1))
        chunked = client.post(RUNS, content=parts(11))
        endless = client.post(RUNS, content=parts(100))
        assert client.post(RUNS, content=parts(9)).status_code == 400  # read, and no JSON
    for answer in (announced, chunked, endless):
        assert answer.status_code == 413
        assert answer.json()["error"] == "Body too large"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_forged_address_changes_nothing(live_house: Fleet) -> None:
    (door,) = doors.opened(live_house, "web-1")
    live_house.muster("broker")
    with httpx.Client(base_url=door.url, timeout=10) as client:
        statuses = [
            client.get(RUNS, headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
            for number in range(61)
        ]
    # Ten a second and sixty a minute: faster than ten a second meets the one limit, and slower the other.
    assert statuses[0] == 401
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 60


@pytest.mark.skipif(settings.HOUSE.database_url is None, reason="needs PostgreSQL")
@pytest.mark.usefixtures("durable")
def test_without_the_database_the_answer_is_503_in_time_and_200_once_it_is_back(live_house: Fleet) -> None:
    cluster = crashes.cluster()
    (door,) = doors.opened(live_house, "web-1")
    with httpx.Client(base_url=door.url, headers=doors.key(), timeout=10) as client:
        assert client.get(RUNS).status_code == 200
        cluster.crash()
        try:
            for _ in range(4):
                began = time.monotonic()
                answer = client.get(RUNS)
                took_s = time.monotonic() - began
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
                waits.no_longer(took_s, ANSWERED_S, "saying that it is away")
        finally:
            cluster.launch()
        waits.until(lambda: client.get(RUNS).status_code == 200, within_s=5, what="the door is open again")

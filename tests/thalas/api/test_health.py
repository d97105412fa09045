"""Live and ready: open to all, quick whatever is away, and talkative only to keys with health:read."""

import threading
import time
from itertools import pairwise

import pytest

from tests.processes import waits
from tests.thalas.api import callers
from thalas.api import health
from thalas.selectors import readiness
from thalas.selectors.readiness import Part

READY = [Part(name, True, f"secret of {name}") for name in readiness.NAMES]


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let every look find all ready; return when looks were taken."""
    looks: list[float] = []

    def look() -> list[Part]:
        looks.append(time.monotonic())
        return READY

    monkeypatch.setattr(health, "lookout", health.Lookout(look))
    return looks


@pytest.mark.usefixtures("looked", "house")
def test_live_needs_nothing_and_is_quick() -> None:
    client = callers.client()
    client.get("/api/healthz")
    began = time.monotonic()
    answer = client.get("/api/healthz")
    waits.not_after(began, 0.05, "saying that it is live")
    assert (answer.status_code, answer.json()) == (200, {"is_live": True})


def test_live_asks_no_database() -> None:
    # Without a mark for the database, pytest-django refuses any query.
    assert callers.client().get("/api/healthz").status_code == 200


@pytest.mark.usefixtures("looked", "house")
def test_strangers_are_told_flags_and_keys_with_the_scope_the_sentences() -> None:
    answer = callers.client().get("/api/readyz")
    assert (answer.status_code, answer.json()["is_ready"]) == (200, True)
    assert "secret" not in answer.content.decode()
    assert [row["is_ready"] for row in answer.json()["parts"]] == [True] * 8
    assert "secret" not in callers.client(callers.key("runs:read").shown).get("/api/readyz").content.decode()
    assert "secret" not in callers.client("bad.key").get("/api/readyz").content.decode()
    told = callers.client(callers.key("health:read").shown).get("/api/readyz").json()
    assert told["parts"][0] == {"name": "database", "is_ready": True, "told": "secret of database"}


@pytest.mark.usefixtures("house")
def test_a_part_that_is_out_makes_it_503_and_one_that_cannot_be_told_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = list(READY)
    monkeypatch.setattr(health, "lookout", health.Lookout(lambda: parts))
    parts[-1] = Part("beat", None, "")
    assert callers.client().get("/api/readyz").status_code == 200
    monkeypatch.setattr(health, "lookout", health.Lookout(lambda: parts))
    parts[-1] = Part("beat", False, "")
    answer = callers.client().get("/api/readyz")
    assert (answer.status_code, answer.json()["parts"][-1]["is_ready"]) == (503, False)


def test_many_who_ask_at_once_cause_one_look(looked: list[float]) -> None:
    lookout = health.lookout
    threads = [threading.Thread(target=lookout.parts) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(later - earlier > 0.9 * health.FRESH_S for earlier, later in pairwise(looked))
    waits.in_time(len(looked) == 1, "to ask fifty times while a look is fresh")
    time.sleep(health.FRESH_S + 0.05)
    lookout.parts()
    assert len(looked) == 2


def test_a_database_that_hangs_is_told_in_time_and_whoever_asks_next_waits_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def look() -> list[Part]:
        release.wait(60)
        return READY

    monkeypatch.setattr(health, "lookout", health.Lookout(look))
    try:
        for _ in range(2):
            began = time.monotonic()
            answer = callers.client().get("/api/readyz")
            waits.not_after(began, 1.5, "saying that it is not ready")
            assert (answer.status_code, answer.json()["parts"][0]["is_ready"]) == (503, False)
    finally:
        release.set()

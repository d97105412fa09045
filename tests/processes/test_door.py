"""The door as real web processes: one run for one key though one dies, and open while the broker is away."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from tests.processes import doors, fleets, records, waits
from tests.processes.doors import RUNS, Door
from tests.processes.fleets import GUARDS, WORKERS, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import models
from thalas.selectors import clock

pytestmark = pytest.mark.processes

KNOCKS = 200
ACCEPTED = 200
ACCEPT_EVERY_S = 0.12
ACCEPT_LIMIT_S = 1.0
DEADLINE_S = 3.0
NO_QUORUM = "NO_DECISION: 0 of 5 voters cast a vote, 3 are needed"


async def knock(client: httpx.AsyncClient, door: Door, body: dict[str, Any]) -> httpx.Response | None:
    """Ask, and once more as often as one is told to come again; None if the door was shut."""
    try:
        answer = await client.post(f"{door.url}{RUNS}", json=body)
        while answer.status_code == 503:
            await asyncio.sleep(float(answer.headers["Retry-After"]))
            answer = await client.post(f"{door.url}{RUNS}", json=body)
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        return None
    return answer


async def knock_all(
    fleet: Fleet, pair: list[Door], headers: dict[str, str], body: dict[str, Any]
) -> list[httpx.Response | None]:
    """Ask at both doors at once and kill one in the middle."""
    async with httpx.AsyncClient(headers=headers, timeout=60, limits=doors.LIMITS) as client:
        asking = [asyncio.create_task(knock(client, pair[index % 2], body)) for index in range(KNOCKS)]
        done: list[asyncio.Task[httpx.Response | None]] = []
        while len(done) < KNOCKS // 10:
            await asyncio.sleep(0.01)
            done = [task for task in asking if task.done()]
        await asyncio.to_thread(fleet[pair[1].name].kill)
        async with asyncio.timeout(120):
            return list(await asyncio.gather(*asking))


def test_two_hundred_requests_with_one_key_open_one_run_though_one_web_process_dies(
    live_house: Fleet,
) -> None:
    pair = doors.opened(live_house, "web-1", "web-2")
    headers = {**doors.key(), "Idempotency-Key": "one-for-all"}
    answers = asyncio.run(knock_all(live_house, pair, headers, doors.question()))
    heard = [answer for answer in answers if answer is not None]
    assert [answer.status_code for answer in heard if answer.status_code != 202] == []
    # The door that stays has an answer for each who knocks there.
    assert [answer for index, answer in enumerate(answers) if index % 2 == 0 and answer is None] == []
    assert len({answer.json()["id"] for answer in heard}) == 1
    assert models.Run.objects.count() == 1
    one = heard[0].json()["id"]
    assert asked_again(pair[0], headers) == (409, one)
    live_house.muster("broker")
    fleets.flush()  # nothing of it was ever in there
    assert asked_again(pair[0], headers) == (409, one)
    live_house.dismiss("broker")
    assert asked_again(pair[0], headers) == (409, one)
    assert models.Run.objects.count() == 1


def asked_again(door: Door, headers: dict[str, str]) -> tuple[int, str]:
    """Ask something else under the same key, then the same again; return how that went, and the run's id."""
    with httpx.Client(headers=headers, timeout=20) as client:
        other = client.post(f"{door.url}{RUNS}", json=doors.question(symbols=["ETH/USD"]))
        again = client.post(f"{door.url}{RUNS}", json=doors.question())
    assert again.status_code == 202
    return other.status_code, again.json()["id"]


async def ask_many(door: Door, headers: dict[str, str]) -> list[tuple[httpx.Response, float]]:
    """Ask so many questions, each a moment after the other, and time each."""
    async with httpx.AsyncClient(headers=headers, timeout=20, limits=doors.LIMITS) as client:

        async def ask() -> tuple[httpx.Response, float]:
            started = time.monotonic()
            answer = await client.post(f"{door.url}{RUNS}", json=doors.question(deadline_s=DEADLINE_S))
            return answer, time.monotonic() - started

        asking = []
        for _ in range(ACCEPTED):
            asking.append(asyncio.create_task(ask()))
            await asyncio.sleep(ACCEPT_EVERY_S)
        return list(await asyncio.gather(*asking))


def assert_accepted(answers: Iterable[httpx.Response]) -> None:
    """Check that every question was accepted.

    Raises:  TooSlow if some were put off until there is a connection to the database; else AssertionError.
    """
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {202, 503}, statuses
    waits.in_time(not statuses[503], f"to accept all: {statuses}")


def test_without_a_broker_runs_are_accepted_at_once_and_closed_in_time(live_house: Fleet) -> None:
    live_house.dismiss("broker", "worker-votes", "worker-core")
    live_house.muster(*GUARDS)
    (door,) = doors.opened(live_house, "web-1")
    headers = doors.key()
    # A web process reads its code and the tapes when it is first asked; that is no matter of the broker.
    assert httpx.post(f"{door.url}{RUNS}", json=doors.question(), headers=headers, timeout=20).is_success
    born = live_house["web-1"].pid
    answers = asyncio.run(ask_many(door, headers))
    assert_accepted(answer for answer, _ in answers)
    waits.no_longer(max(took_s for _, took_s in answers), ACCEPT_LIMIT_S, "accepting the slowest")
    opened = records.runs([answer.json()["id"] for answer, _ in answers])
    assert len(opened) == ACCEPTED
    closed = records.await_closed(opened, within_s=DEADLINE_S + 10)
    assert {run.closed_by for run in closed} == {"guard"}
    legs = [leg for run in closed for leg in run.decision.legs.all()]
    assert {(leg.arithmetic, leg.verdict) for leg in legs} == {(NO_QUORUM, "vetoed")}
    assert sum(leg.size_usd for leg in legs) == 0
    assert set(records.outcomes(closed)) == {"NO_DECISION"}
    live_house.muster("broker", "worker-votes", "worker-core")

    def is_decided() -> bool:
        told = httpx.post(
            f"{door.url}{RUNS}?wait=5", json=doors.question(), headers=headers, timeout=20
        ).json()
        return bool(told.get("decision") and told["decision"]["heard"] == told["panel"])

    waits.until(is_decided, within_s=60, what="a run is decided once the broker is back")
    assert live_house["web-1"].pid == born
    assert live_house["web-1"].status == "running"


def watch(door: Door, run_id: str, headers: dict[str, str], *, most: int = 99) -> list[tuple[str, str, Any]]:
    """Read so many events of a run as (id, name, data), or all until the end."""
    events: list[tuple[str, str, Any]] = []
    url = f"{door.url}{RUNS}/{run_id}/events"
    with httpx.stream("GET", url, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200, answer.read()
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "id" in fields:
                events.append((fields["id"], fields["event"], json.loads(fields["data"])))
                fields = {}
            if len(events) == most:
                break
    return events


def test_a_run_is_watched_vote_by_vote_over_a_socket_and_taken_up_again(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    (door,) = doors.opened(live_house, "web-1")
    headers = doors.key()
    asked = httpx.post(f"{door.url}{RUNS}", json=doors.question(), headers=headers, timeout=20).json()
    first = watch(door, asked["id"], headers, most=2)
    rest = watch(door, asked["id"], {**headers, "Last-Event-ID": first[-1][0]})
    events = first + rest
    assert [name for _, name, _ in events] == ["vote"] * 5 + ["decision"]
    assert len({told["voter"] for _, name, told in events if name == "vote"}) == 5
    done = httpx.get(
        f"{door.url}{RUNS}/{asked['id']}/events", headers={**headers, "Last-Event-ID": events[-1][0]}
    )
    assert done.status_code == 204


def test_a_key_that_is_revoked_or_lacks_the_scope_opens_no_stream(live_house: Fleet) -> None:
    (door,) = doors.opened(live_house, "web-1")
    headers = doors.key()
    asked = httpx.post(f"{door.url}{RUNS}", json=doors.question(), headers=headers, timeout=20)
    url = f"{door.url}{RUNS}/{asked.json()['id']}/events"
    assert httpx.get(url).status_code == 401
    models.ApiKey.objects.update(scopes=["voters:read"])
    assert httpx.get(url, headers=headers).status_code == 403
    models.ApiKey.objects.update(revoked_at=clock.now())
    assert httpx.get(url, headers=headers).status_code == 401


async def look_in(door: Door, run_id: str, headers: dict[str, str]) -> list[int]:
    """Let many watch and wait for a run, and ask for something else meanwhile; return all answers' status."""
    async with httpx.AsyncClient(headers=headers, timeout=60, limits=doors.LIMITS) as client:
        own = f"{door.url}{RUNS}/{run_id}"
        staying = [asyncio.create_task(client.get(f"{own}/events")) for _ in range(12)]
        staying += [asyncio.create_task(client.get(f"{own}?wait=40")) for _ in range(12)]
        await asyncio.sleep(2)
        passing = [await client.get(f"{door.url}{RUNS}") for _ in range(5)]
        gone = [task.result() for task in staying if task.done()]
        assert {answer.status_code for answer in gone} <= {200, 503}, [answer.text for answer in gone]
        waits.in_time(not gone, f"to ask while all still watch; {len(gone)} do not any more")
        return [answer.status_code for answer in passing + list(await asyncio.gather(*staying))]


def test_who_watches_or_waits_keeps_no_connection_of_the_pool(live_house: Fleet) -> None:
    live_house.dismiss(*WORKERS)  # of a test before: nobody votes, so nobody is done watching
    live_house.muster(*GUARDS)
    (door,) = doors.opened(live_house, "web-small", THALAS_DB_POOL="2")
    headers = doors.key()
    question = doors.question(deadline_s=12)
    asked = httpx.post(f"{door.url}{RUNS}", json=question, headers=headers, timeout=20).json()
    assert set(asyncio.run(look_in(door, asked["id"], headers))) == {200}

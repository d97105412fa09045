"""Server-sent events: each vote once, then the end, whatever broke off in between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import AsyncClient

from tests.processes import waits
from tests.thalas.api import callers
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.api import boards, streams
from thalas.errors import BadInput
from thalas.selectors import clock, records
from thalas.services import closings, runs, votes

pytestmark = pytest.mark.usefixtures("shared_house")

PANEL = ["breakout", "momentum", "trend"]


def opened(**changes: Any) -> models.Run:
    return council.opened(panel=PANEL, **changes)


def close(run: models.Run) -> None:
    closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 1))


def hang_up() -> None:
    connection.close()  # of the thread that this runs in


def pieces(chunk: bytes) -> list[bytes]:
    """Return the events of what went out in one piece."""
    return [piece for piece in chunk.split(b"\n\n") if piece.startswith(b"id:")]


def parsed(piece: bytes) -> dict[str, Any]:
    fields = dict(line.split(": ", 1) for line in piece.decode().splitlines())
    return {"id": fields["id"], "event": fields["event"], **json.loads(fields["data"])}


async def read(
    stream: AsyncIterator[bytes], *, most: int = 99, into: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Read so many events, or all until the end, which can be looked at in *into* meanwhile."""
    events: list[dict[str, Any]] = [] if into is None else into
    async with aclosing(stream) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            events += map(parsed, pieces(chunk))
            if len(events) >= most:
                break
    return events[:most]


def in_thread(work: Callable[[], object]) -> Any:
    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    return sync_to_async(run, thread_sensitive=False)()


def test_votes_come_one_by_one_then_the_decision_then_the_end() -> None:
    run = opened()

    seen: list[dict[str, Any]] = []

    async def watch() -> list[dict[str, Any]]:
        reading = asyncio.create_task(read(streams.stream(run.pk, sent=0), into=seen))
        for number, voter in enumerate(("trend", "breakout", "momentum"), 1):
            await in_thread(partial(council.answered, run, {voter: council.buy(run)}))
            await waits.until_async(lambda n=number: len(seen) == n, within_s=20, what=f"{number} are told")  # type: ignore[misc]
        await in_thread(lambda: close(run))
        return await asyncio.wait_for(reading, 20)

    events = asyncio.run(watch())
    assert [event["event"] for event in events] == ["vote", "vote", "vote", "decision"]
    assert [event.get("voter") for event in events[:3]] == ["trend", "breakout", "momentum"]
    assert [event["settled"] for event in events[:3]] == [1, 2, 3]
    assert [event["id"] for event in events] == ["4", "5", "7", "f"]
    assert events[0]["answers"][0]["action"] == "BUY"
    assert events[3]["legs"][0]["outcome"] == "BUY"


@pytest.mark.parametrize("broken_after", [0, 1, 2, 3])
def test_a_stream_taken_up_again_brings_exactly_the_rest(broken_after: int) -> None:
    run = opened()
    council.answered(run, {"momentum": council.buy(run), "trend": council.hold(run)})

    async def watch() -> list[dict[str, Any]]:
        before = await read(streams.stream(run.pk, sent=0), most=min(broken_after, 2)) if broken_after else []
        await in_thread(lambda: close(run))
        sent = streams.read_id(before[-1]["id"] if before else "", panel=3)
        return before + await read(streams.stream(run.pk, sent=sent))

    events = asyncio.run(watch())
    assert sorted(event["voter"] for event in events if event["event"] == "vote") == PANEL
    assert [event["event"] for event in events] == ["vote", "vote", "vote", "decision"]
    states = {event["voter"]: event["state"] for event in events if event["event"] == "vote"}
    assert states == {"breakout": "missing", "momentum": "cast", "trend": "cast"}


def test_a_cancelled_run_ends_its_streams() -> None:
    run = opened()

    async def watch() -> list[dict[str, Any]]:
        reading = asyncio.create_task(read(streams.stream(run.pk, sent=0)))
        await asyncio.sleep(0.2)
        await in_thread(lambda: runs.cancel_run(run.pk, by="Ann", now=clock.now()))
        return await asyncio.wait_for(reading, 20)

    events = asyncio.run(watch())
    assert [event["event"] for event in events] == ["vote", "vote", "vote", "cancelled"]
    assert events[-1]["reason"] == "cancelled by Ann"


def test_who_waits_for_an_overdue_run_closes_it() -> None:
    run = opened(deadline_s=1.0)
    models.Run.objects.update(
        opened_at=council.later(run, -10), deadline_at=council.later(run, -9)
    )  # nobody has closed it

    async def wait() -> records.Record | None:
        return await boards.ended(run.pk, within_s=20)

    record = asyncio.run(wait())
    assert record is not None
    assert (record.run.state, record.run.closed_by) == ("closed", "waiter")
    assert record.decision is not None


def test_waiting_ends_when_its_time_is_up() -> None:
    run = opened()

    async def wait() -> tuple[records.Record | None, float]:
        started = asyncio.get_running_loop().time()
        record = await boards.ended(run.pk, within_s=0.3)
        return record, asyncio.get_running_loop().time() - started

    record, took_s = asyncio.run(wait())
    assert record is None
    assert took_s >= 0.3
    waits.no_longer(took_s, 1.0, "waiting for 0.3 s")


def test_the_board_serves_many_watchers_and_rests_when_they_are_gone() -> None:
    watched = [opened() for _ in range(20)]

    async def watch() -> list[list[dict[str, Any]]]:
        reading = [
            asyncio.create_task(read(streams.stream(run.pk, sent=0))) for run in watched for _ in range(3)
        ]
        await asyncio.sleep(0.3)
        for run in watched:
            await in_thread(partial(close, run))
        events = await asyncio.wait_for(asyncio.gather(*reading), 30)
        rests = "the board rests"
        await waits.until_async(lambda: boards.board()._looking is None, within_s=10, what=rests)
        return events

    events = asyncio.run(watch())
    assert all([event["event"] for event in stream] == ["vote"] * 3 + ["decision"] for stream in events)


def test_one_look_asks_a_few_queries_however_many_are_watched(django_assert_max_num_queries: Any) -> None:
    known: dict[Any, records.Standing | None] = {opened().pk: None for _ in range(20)}
    with django_assert_max_num_queries(6):
        pictures = boards.look(known)
    assert len(pictures) == 20
    now = {run_id: picture.standing for run_id, picture in pictures.items()}
    with django_assert_max_num_queries(2):
        assert boards.look(now) == {}


def test_an_answer_after_the_close_is_not_part_of_the_stream() -> None:
    run = opened()
    claim = council.claimed(run, "trend")
    close(run)

    async def watch() -> list[dict[str, Any]]:
        return await read(streams.stream(run.pk, sent=0))

    first = asyncio.run(watch())
    votes.record(claim, council.buy(run), latency_ms=5.0, now=council.later(run, 2))
    assert council.vote_of(run, "trend").state == "late"
    assert streams.respond(run.pk, panel=3, last_event_id=first[-1]["id"]) is None


@pytest.mark.parametrize("text", ["x", "10", "-1", "f" * 65, "0x1", "é"])
def test_what_is_no_event_id_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="Last-Event-ID"):
        streams.read_id(text, panel=3)


def test_over_http_a_stream_is_an_event_stream_and_a_finished_one_is_no_content() -> None:
    run = opened()
    close(run)
    key = callers.key().shown
    headers = {"Authorization": f"Bearer {key}"}

    async def watch() -> tuple[Any, list[bytes], Any]:
        answer: Any = await AsyncClient().get(f"/api/v1/runs/{run.pk}/events", headers=headers)
        chunks = [chunk async for chunk in answer.streaming_content]
        done = {**headers, "Last-Event-ID": "f"}
        again = await AsyncClient().get(f"/api/v1/runs/{run.pk}/events", headers=done)
        await sync_to_async(hang_up)()
        return answer, chunks, again

    answer, chunks, again = asyncio.run(watch())
    assert answer.headers["Content-Type"] == "text/event-stream"
    told = [parsed(piece)["event"] for piece in pieces(b"".join(chunks))]
    assert told == ["vote"] * 3 + ["decision"]
    assert again.status_code == 204


def test_a_stream_with_nothing_new_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.2)
    run = opened()

    async def watch() -> list[bytes]:
        chunks: list[bytes] = []
        async with aclosing(streams.stream(run.pk, sent=0)) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                chunks.append(chunk)
                if len(chunks) == 3:
                    return chunks
        return chunks

    assert asyncio.run(watch()) == [streams.OPENING, streams.KEEP_ALIVE, streams.KEEP_ALIVE]

"""Events come once each and in order, wherever the connection is cut."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.thalas.client import scripts
from tests.thalas.client.scripts import KEY, RUN_ID, Heard, Said, Time
from thalas.client import Broken, Cancelled, Decided, Forbidden, Thalas, Unavailable, Voted, events
from thalas.client.events import Message

VOTERS = ["breakout", "momentum", "trend"]
TEXTS = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"))


def vote(voter: str, settled: int) -> dict[str, object]:
    return {
        "voter": voter,
        "provider": "analysts",
        "model": "",
        "state": "cast",
        "weight": 1.0,
        "error_kind": "",
        "error": "",
        "recorded_at": None,
        "latency_ms": 1.5,
        "cost_usd": 0.0,
        "tokens_in": 0,
        "tokens_out": 0,
        "is_repaired": False,
        "is_simulated": False,
        "answers": [],
        "settled": settled,
        "panel": 3,
    }


def encoded(event_id: str, name: str, data: object) -> bytes:
    return f"id: {event_id}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()


EVENTS = [
    *(encoded(str(n), "vote", vote(name, n)) for n, name in enumerate(VOTERS, 1)),
    encoded("4", "cancelled", {"run_id": RUN_ID, "reason": "a test"}),
]
WHOLE = b"retry: 20\n\n" + b": nothing new\n\n".join(EVENTS)


def streaming(cuts: Iterator[int]) -> Callable[[Heard], Said]:
    """Return a house that sends what comes after Last-Event-ID, and cuts it after so many bytes."""

    def answer(heard: Heard) -> Said:
        seen = int(heard.headers.get("last-event-id", "0"))
        if seen == len(EVENTS):
            return Said(204)
        body = b"retry: 20\n\n" + b": nothing new\n\n".join(EVENTS[seen:])
        cut = next(cuts, None)
        media = {"Content-Type": "text/event-stream"}
        return Said(200, body, media) if cut is None else Said(200, body[:cut], media, is_cut=True)

    return answer


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(WHOLE) - 1), max_size=4))
def test_wherever_connections_are_cut_each_event_comes_once(cuts: list[int]) -> None:
    time = Time()
    with (
        scripts.house(streaming(iter(cuts))) as house,
        Thalas(house.url, KEY, patience=time.patience()) as thalas,
    ):
        told = list(thalas.events(RUN_ID))
    assert [event.vote.voter for event in told if isinstance(event, Voted)] == VOTERS
    assert [event.id for event in told] == ["1", "2", "3", "4"]
    assert isinstance(told[-1], Cancelled)


def test_who_has_seen_some_gets_the_rest_and_who_has_seen_all_gets_nothing() -> None:
    with scripts.house(streaming(iter([]))) as house, Thalas(house.url, KEY) as thalas:
        assert [event.id for event in thalas.events("1", last_event_id="2")] == ["3", "4"]
        assert list(thalas.events("1", last_event_id="4")) == []


def test_the_wait_before_coming_back_is_the_one_that_the_house_asks_for() -> None:
    time = Time()
    with (
        scripts.house(streaming(iter([len(EVENTS[0]) + 11]))) as house,
        Thalas(house.url, KEY, patience=time.patience()) as thalas,
    ):
        list(thalas.events("1"))
    assert time.slept_s == [0.02]


def test_an_end_without_the_end_of_the_run_is_a_loss_and_losses_end_the_patience() -> None:
    time = Time()
    empty = Said(200, b"retry: 20\n\n", {"Content-Type": "text/event-stream"})
    with (
        scripts.client(empty, patience=time.patience(10)) as (thalas, house),
        pytest.raises(Broken, match="before the run did"),
    ):
        list(thalas.events("1"))
    assert 5 < time.now_s <= 10
    assert len(house.heard) > 3


def test_patience_begins_anew_with_each_event() -> None:
    time = Time()
    head, body = 11, [len(event) for event in EVENTS]
    with (
        scripts.house(streaming(iter([head + body[0], head, head, head, head + body[1]]))) as house,
        Thalas(house.url, KEY, patience=time.patience(4)) as thalas,
    ):
        assert len(list(thalas.events("1"))) == 4


def test_a_refusal_ends_the_watch_at_once_and_a_limit_is_waited_out() -> None:
    with scripts.client(scripts.problem(403)) as (thalas, house), pytest.raises(Forbidden):
        list(thalas.events("1"))
    assert len(house.heard) == 1
    time = Time()
    whole = Said(200, WHOLE, {"Content-Type": "text/event-stream"})
    with scripts.client(scripts.problem(429, Retry_After="3"), whole, patience=time.patience()) as (
        thalas,
        _,
    ):
        assert len(list(thalas.events("1"))) == 4
    assert time.slept_s == [3]
    away = scripts.problem(503, "away", Retry_After="31")
    with (
        scripts.client(away, patience=time.patience()) as (thalas, _),
        pytest.raises(Unavailable, match="away"),
    ):
        list(thalas.events("1"))


def test_an_event_of_an_unknown_kind_is_passed_over_and_one_that_cannot_be_read_is_not() -> None:
    newer = encoded("1", "weather", {}) + EVENTS[3]
    with scripts.client(Said(200, newer)) as (thalas, _):
        assert [type(event) for event in thalas.events("1")] == [Cancelled]
    with (
        scripts.client(Said(200, encoded("1", "vote", {}))) as (thalas, _),
        pytest.raises(Broken, match="'vote'"),
    ):
        list(thalas.events("1"))


def test_a_decision_is_read_whole() -> None:
    decision = {
        "run_id": RUN_ID,
        "filed_at": "2026-01-31T12:00:00Z",
        "panel": 3,
        "heard": 3,
        "is_degraded": False,
        "latency_ms": 7.0,
        "cost_usd": 0.1,
        "tokens": 3,
        "legs": [],
    }
    with scripts.client(Said(200, encoded("1", "decision", decision))) as (thalas, _):
        (event,) = thalas.events("1")
    assert isinstance(event, Decided)
    assert str(event.decision.cost_usd) == "0.1"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_any_chunks_and_any_line_ends_give_the_same_events(
    told: list[tuple[str, str]], end: bytes, cuts: list[int]
) -> None:
    stream = b"".join(
        end.join([f"id: {n}".encode(), b"event: " + name.encode(), b"data: " + data.encode(), b"", b""])
        for n, (name, data) in enumerate(told)
    )
    places = [0, *sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(places)]
    wanted = [Message(str(n), name or "message", data, 1.0) for n, (name, data) in enumerate(told)]
    assert list(events.messages(chunks)) == wanted


def test_a_line_separator_in_a_reason_ends_no_line() -> None:
    (message,) = events.messages(["data: a\u2028b\u0085c\x0bd\n\n".encode()])
    assert message.data == "a\u2028b\u0085c\x0bd"


def test_an_event_without_its_empty_line_has_not_come() -> None:
    assert list(events.messages([b"id: 1\ndata: half\n"])) == []

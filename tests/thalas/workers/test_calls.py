"""What a message may ask of a worker: every forgery is refused under its word, and what we send passes."""

import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.thalas.workers import forgeries
from thalas.celery import app
from thalas.workers import calls, envelopes
from thalas.workers.calls import Terms
from thalas.workers.envelopes import Refused

KINDS = forgeries.all_kinds(Path("never-made"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def terms() -> dict[str, Terms]:
    """Return the terms of the tasks that are registered."""
    app.loader.import_default_modules()
    return {name: Terms.of(task.run) for name, task in app.tasks.items() if name.startswith("tasks.")}


def receive(raw: bytes) -> None:
    """Do what a worker does with what it finds in a queue, but for the work."""
    body = envelopes.look_over(raw)
    calls.look_over(json.loads(raw)["headers"], body, terms=terms())


@pytest.mark.parametrize(("reason", "raw"), KINDS, ids=[f"{n}-{kind}" for n, (kind, _) in enumerate(KINDS)])
def test_every_forgery_is_refused_under_its_word(reason: str, raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        receive(raw)
    assert refused.value.reason == reason
    assert len(refused.value.detail) <= envelopes.TOLD_CHARACTERS


@pytest.mark.parametrize(
    "raw",
    [
        forgeries.envelope(),
        forgeries.chord(),
        forgeries.task(expires="2026-11-21T13:35:51.897921+00:00"),
        forgeries.envelope(forgeries.body(kwargs={"run_id": str(uuid.uuid4()), "voter": "ü", "since": 7})),
    ],
)
def test_what_our_publishers_send_passes_and_so_do_arguments_of_newer_ones(raw: bytes) -> None:
    receive(raw)


def test_the_terms_of_a_task_are_its_arguments_without_default() -> None:
    found = terms()
    assert found["tasks.votes.ask"].required == {"run_id", "voter"}
    assert found["tasks.runs.close"].required == {"run_id"}
    assert found["tasks.housekeeping.prune"].required == frozenset()


def reason(raw: bytes) -> str:
    """Return the word under which *raw* is refused; empty if it passes."""
    try:
        receive(raw)
    except Refused as refused:
        return refused.reason
    return ""


@given(st.binary(max_size=300) | JSON.map(lambda content: json.dumps(content).encode()))
def test_no_bytes_in_a_queue_raise_anything_else(raw: bytes) -> None:
    assert reason(raw) == "malformed"


@given(JSON, JSON, JSON)
def test_nothing_in_a_sound_envelope_raises_anything_else(
    headers: object, arguments: object, embedded: object
) -> None:
    content = json.dumps([[], arguments, embedded]).encode()
    assert reason(forgeries.envelope(content)) in {"malformed", "arguments", "callback"}
    assert reason(forgeries.envelope(headers=headers)) in {
        "malformed",
        "compressed",
        "headers",
        "unknown_task",
    }

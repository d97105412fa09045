"""The journal: each event at once, and what is in flight."""

from pathlib import Path

import orjson

from providers.emulator.journals import Journal


def test_events_are_on_disk_as_soon_as_they_are_noted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.jsonl")
    first, second = journal.start("m", "run-1"), journal.start("n", None)
    lines = [orjson.loads(line) for line in (tmp_path / "calls.jsonl").read_bytes().splitlines()]
    assert [(line["event"], line["model"], line.get("run")) for line in lines] == [
        ("started", "m", "run-1"),
        ("started", "n", None),
    ]
    assert first.id != second.id
    journal.close()


def test_calls_in_flight_are_those_started_and_not_ended() -> None:
    journal = Journal(None)
    first, second, _ = (journal.start("m", None) for _ in range(3))
    journal.finish(first)
    journal.cut(second)
    assert journal.state() == {"started": 3, "finished": 1, "cut": 1, "in_flight": 1}


def test_questions_are_kept_word_for_word_if_there_is_a_file_for_them(tmp_path: Path) -> None:
    journal = Journal(None, tmp_path / "heard.jsonl")
    journal.hear("/v1/messages?a=b", [(b"x-api-key", b"key")], b'{"half of \xff')
    (line,) = (tmp_path / "heard.jsonl").read_bytes().splitlines()
    assert orjson.loads(line) == {
        "path": "/v1/messages?a=b",
        "headers": {"x-api-key": "key"},
        "body": '{"half of \ufffd',
    }
    journal.close()

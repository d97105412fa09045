"""Logs are one JSON object a line, and what looks like a secret is blanked out of each."""

import json
import subprocess
import sys

import pytest

from thalas import env

KEY = "sk-abcdefgh12345678"
SET_UP = f"import logging, structlog; from thalas import logs; logs.configure('INFO'); KEY = {KEY!r}\n"


def logged(code: str) -> list[dict[str, str]]:
    """Return what *code* logs in a process of its own, where nothing else has set up logging."""
    done = subprocess.run(
        [sys.executable, "-c", SET_UP + code], cwd=env.BASE_DIR, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_our_own_and_the_libraries_records_share_one_form() -> None:
    ours, theirs = logged(
        "structlog.get_logger('thalas.x').info('run_closed', run_id='r-1')\n"
        "logging.getLogger('library').warning('it took %s s', 3)"
    )
    assert ours.pop("timestamp") <= theirs.pop("timestamp")
    assert ours == {"event": "run_closed", "run_id": "r-1", "level": "info", "logger": "thalas.x"}
    assert theirs == {"event": "it took 3 s", "level": "warning", "logger": "library"}


def test_what_is_below_the_level_is_left_out() -> None:
    assert logged("structlog.get_logger('thalas.x').debug('quiet'); logging.debug('quiet')") == []


@pytest.mark.parametrize(
    "text",
    [
        f"key {KEY} refused",
        f"Authorization: Bearer {KEY}xyz",
        f"redis://user:{KEY}@host:6379/0",
        f"postgresql://:{KEY}@host/db",
    ],
)
def test_what_looks_like_a_secret_is_blanked_out(text: str) -> None:
    ours, theirs = logged(
        f"structlog.get_logger('thalas.x').warning('failed', why={text!r})\n"
        f"logging.getLogger('library').warning('failed: %s', {text!r})"
    )
    assert "[secret]" in ours["why"]
    assert "[secret]" in theirs["event"]
    assert KEY not in f"{ours} {theirs}"


def test_a_secret_inside_a_traceback_is_blanked_out() -> None:
    (broke,) = logged(
        "try:\n    raise ValueError(f'redis://u:{KEY}@h is away')\n"
        "except ValueError:\n    structlog.get_logger('thalas.x').exception('broke')"
    )
    assert "ValueError" in broke["exception"]
    assert KEY not in broke["exception"]


def test_http_clients_do_not_log_the_addresses_they_call() -> None:
    assert (
        logged("[logging.getLogger(n).info('GET https://h/?key=%s', KEY) for n in ('httpx', 'httpcore')]")
        == []
    )

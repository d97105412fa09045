"""Logs are one JSON object a line, and what looks like a secret is blanked out of each."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from thalas import env

KEY = "sk-abcdefgh12345678"
# Looks like nothing; only who knows it knows that it is a secret.
ODD = "0d4f/1c+9b22e7a6"
SET_UP = f"""
import logging, structlog
from thalas import logs
KEY, ODD = {KEY!r}, {ODD!r}
logs.configure('INFO', [ODD])
"""


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
        "key tk0123456789ab.q8vT2mWx4Lr7Ns1-abcdefgh12345678_x of a person",
        "signed with whsec_q8vT2mWx4Lr7Ns1-abcdefgh12345678",
    ],
)
def test_what_looks_like_a_secret_is_blanked_out(text: str) -> None:
    ours, theirs = logged(
        f"structlog.get_logger('thalas.x').warning('failed', why={text!r})\n"
        f"logging.getLogger('library').warning('failed: %s', {text!r})"
    )
    assert "[secret]" in ours["why"]
    assert "[secret]" in theirs["event"]
    assert "abcdefgh12345678" not in f"{ours} {theirs}"


def test_a_secret_of_the_environment_is_blanked_out_whatever_it_looks_like() -> None:
    ours, theirs, half, deep = logged(
        "structlog.get_logger('thalas.x').warning('failed', why=f'with {ODD}!')\n"
        "logging.getLogger('library').warning('failed: %s', ODD)\n"
        "logging.getLogger('library').warning('failed: %s…', ODD[:12])\n"
        "structlog.get_logger('thalas.x').warning('failed', tried=[{'headers': (b'x', ODD.encode())}])"
    )
    assert ours["why"] == "with [secret]!"
    assert theirs["event"] == "failed: [secret]"
    assert half["event"] == "failed: [secret]…"
    assert str(deep["tried"]) == str([{"headers": ["b'x'", "b'[secret]'"]}])


def test_a_secret_inside_a_traceback_is_blanked_out() -> None:
    (broke,) = logged(
        "try:\n    raise ValueError(f'redis://u:{KEY}@h is away')\n"
        "except ValueError:\n    structlog.get_logger('thalas.x').exception('broke')"
    )
    assert "ValueError" in broke["exception"]
    assert KEY not in broke["exception"]


@pytest.mark.parametrize(
    "way", ["", "from thalas import celery; celery.use_our_logs()"], ids=["web", "worker"]
)
def test_every_process_knows_the_secrets_of_its_environment(way: str, tmp_path: Path) -> None:
    code = f"import django, logging, os; django.setup(); {way}\nlogging.warning(os.environ['LLAMA_API_KEY'])"
    settings = {"DJANGO_SETTINGS_MODULE": "thalas.settings", "THALAS_HOME": str(tmp_path)}
    server = {"LLAMA_BASE_URL": "http://127.0.0.1:1/v1", "LLAMA_MODEL": "m", "LLAMA_API_KEY": ODD}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **settings, **server},
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stderr.splitlines()[-1])["event"] == "[secret]"


def test_the_web_server_logs_as_all_do_and_no_addresses() -> None:
    own = "logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)"
    (broke,) = logged(
        f"import uvicorn\n{own}\nlogs.configure('INFO', [ODD])\n"
        "logging.getLogger('uvicorn.error').error('broke: %s', ODD)\n"
        "logging.getLogger('uvicorn.access').info('GET /?key=%s', KEY)\n"
        "assert not logging.getLogger('uvicorn.access').hasHandlers()"
    )
    assert broke["event"] == "broke: [secret]"


def test_what_pydantic_quotes_of_a_value_that_it_refuses_is_blanked_out() -> None:
    (broke,) = logged(
        "import pydantic\n"
        "try:\n    pydantic.TypeAdapter(int).validate_python('hunter' + '22')\n"
        "except ValueError:\n    structlog.get_logger('thalas.x').exception('broke')"
    )
    assert "[secret], input_type=str" in broke["exception"]
    assert "hunter22" not in broke["exception"]


def test_what_a_stranger_writes_into_a_path_that_is_not_there_is_not_logged() -> None:
    assert logged("logging.getLogger('django.request').warning('Not Found: /%s', KEY)") == []


def test_http_clients_do_not_log_the_addresses_they_call() -> None:
    assert (
        logged("[logging.getLogger(n).info('GET https://h/?key=%s', KEY) for n in ('httpx', 'httpcore')]")
        == []
    )

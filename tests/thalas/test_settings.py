"""Django's settings come from the checked environment and start closed rather than open."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from thalas import env


def shown(home: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a process of its own with these variables and no other of ours."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("THALAS_") and k != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "DJANGO_SETTINGS_MODULE": "thalas.settings", "THALAS_HOME": str(home), **variables},
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_debug_is_off_hosts_are_named_and_cookies_are_not_for_scripts() -> None:
    assert settings.DEBUG is False
    assert "*" not in settings.ALLOWED_HOSTS
    assert settings.SESSION_COOKIE_HTTPONLY is True
    assert settings.X_FRAME_OPTIONS == "DENY"
    assert len(settings.SECRET_KEY) >= 40


@pytest.mark.django_db
def test_the_database_is_set_up_for_many_processes() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone()[0] == "wal"
            cursor.execute("PRAGMA foreign_keys")
            assert cursor.fetchone()[0] == 1
        else:
            for name, limit in (("lock_timeout", "5s"), ("statement_timeout", "15s")):
                cursor.execute(f"SHOW {name}")
                assert cursor.fetchone()[0] == limit


def test_on_postgresql_connections_are_pooled_and_no_lock_is_waited_for_for_ever(tmp_path: Path) -> None:
    code = "from thalas import settings as s; print(s.DATABASES['default']['OPTIONS'])"
    told = shown(tmp_path, code, DATABASE_URL="postgresql://u:p@127.0.0.1/d").stdout
    for part in ("'max_size': 16", "lock_timeout=5s", "statement_timeout=15s", "idle_in_transaction"):
        assert part in told


def test_a_broken_environment_stops_the_start_with_all_its_problems(tmp_path: Path) -> None:
    variables = {"THALAS_WEB_PORT": "80", "REDIS_URL": "http://u:hunter2@h", "THALAS_WEBPORT": "1"}
    done = shown(tmp_path, "import thalas.settings", **variables)
    assert done.returncode != 0
    for name in variables:
        assert name in done.stderr
    assert "hunter2" not in done.stderr

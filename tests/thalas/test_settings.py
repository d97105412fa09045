"""Django's settings come from the checked environment and start closed rather than open."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from thalas import databases, env
from thalas.celery import app


def shown(home: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run *code* in a process of its own with these variables and no other of ours."""
    ours = ("THALAS_", "DATABASE_", "REDIS_", "SECRET_KEY")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
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
            for name, limit in databases.LIMITS.items():
                cursor.execute(f"SHOW {name}")
                assert cursor.fetchone()[0] == limit


def test_a_broken_environment_stops_the_start_with_all_its_problems(tmp_path: Path) -> None:
    variables = {"THALAS_WEB_PORT": "80", "REDIS_URL": "http://u:hunter2@h", "THALAS_WEBPORT": "1"}
    done = shown(tmp_path, "import thalas.settings", **variables)
    assert done.returncode != 0
    for name in variables:
        assert name in done.stderr
    assert "hunter2" not in done.stderr


PUBLIC = {"THALAS_PUBLIC_URL": "https://thalas.example:8443", "SECRET_KEY": "0123456789abcdef" * 4}
VISIT = """
import django
django.setup()
from django.test import Client
from thalas import settings as s
for name in {names!r}:
    print(getattr(s, name))
for path, headers in {visits!r}:
    headers = {{"host": "thalas.example:8443", **headers}}
    answer = Client(raise_request_exception=False).get(path, headers=headers)
    print(answer.status_code, answer.headers.get("Location"), answer.headers.get("Strict-Transport-Security"))
"""


def visited(
    home: Path, names: list[str], visits: list[tuple[str, dict[str, str]]], **variables: str
) -> list[str]:
    """Return these settings, then how these visits are answered."""
    done = shown(home, VISIT.format(names=names, visits=visits), **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_a_public_address_the_demo_s_pages_need_no_tls_and_no_proxy_is_believed(
    tmp_path: Path,
) -> None:
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_PROXY_SSL_HEADER"]
    visits = [("/healthz", {"host": "127.0.0.1"})]
    told = visited(tmp_path, [*names, "SECURE_HSTS_SECONDS", "CSRF_TRUSTED_ORIGINS", "FLOWER_URL"], visits)
    assert told == ["False", "False", "False", "None", "0", "[]", "None", "200 None None"]


def test_with_a_public_address_cookies_and_pages_are_for_tls_only(tmp_path: Path) -> None:
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "CSRF_TRUSTED_ORIGINS"]
    by_tls = {"X-Forwarded-Proto": "https"}
    visits: list[tuple[str, dict[str, str]]] = [("/none", {}), ("/healthz", {}), ("/healthz", by_tls)]
    assert visited(tmp_path, names, visits, **PUBLIC) == [
        "True",
        "True",
        "['https://thalas.example:8443']",
        "301 https://thalas.example:8443/none None",
        "200 None None",
        "200 None max-age=31536000; includeSubDomains",
    ]


def test_the_public_name_is_answered_to_beside_the_others(tmp_path: Path) -> None:
    (hosts,) = visited(tmp_path, ["ALLOWED_HOSTS"], [], THALAS_ALLOWED_HOSTS="a.example, b.example", **PUBLIC)
    assert hosts == "['a.example', 'b.example', 'thalas.example']"


def test_with_a_public_address_django_s_checks_for_deployment_find_nothing(tmp_path: Path) -> None:
    code = "import django; django.setup()\nfrom django.core.management import call_command\n"
    done = shown(tmp_path, code + "call_command('check', deploy=True, fail_level='WARNING')", **PUBLIC)
    assert done.returncode == 0, done.stderr
    assert "W0" not in done.stdout + done.stderr


def test_neither_messages_nor_sessions_are_ever_unpickled() -> None:
    assert set(app.conf.accept_content) == {"json"}
    assert set(app.conf.result_accept_content or app.conf.accept_content) == {"json"}
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
    assert settings.DEBUG is False


def test_a_secret_in_a_file_reaches_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(PUBLIC["SECRET_KEY"] + "\n")
    told = visited(tmp_path, ["SECRET_KEY"], [], SECRET_KEY_FILE=str(path))
    assert told == [PUBLIC["SECRET_KEY"]]

"""Thalas does not start unsafe: whatever process is started, and however it is told to be open."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.doors import canaries
from tests.processes.fleets import free_port
from thalas import env, processes

SECRET = canaries.canary()
PORT = free_port()
COMMANDS = processes.commands(env.read({"THALAS_WEB_PORT": str(PORT), "THALAS_FLOWER_PORT": str(PORT)}).house)
UNSAFE = {
    "a short key": {"SECRET_KEY": SECRET[:49]},
    "a key out of a tutorial": {"SECRET_KEY": f"django-insecure-{SECRET}"},
    "every host": {"THALAS_ALLOWED_HOSTS": "*"},
    "an open broker elsewhere": {"REDIS_URL": "redis://192.0.2.1:6379/0"},
    "a broker with a known password": {"REDIS_URL": "redis://:redis@192.0.2.1:6379/0"},
    "an address without TLS": {"THALAS_PUBLIC_URL": "http://thalas.example"},
    "a known password": {"DATABASE_URL": "postgresql://thalas:postgres@192.0.2.1/thalas"},
    "a switch for debugging": {"THALAS_DEBUG": "1"},
    "any page may ask": {"THALAS_CORS_ORIGINS": "*"},
}
# Whoever comes may read these pages; the house listens on this machine only unless it is told otherwise.
OPEN_PAGES = {"", "runs/<uuid:run_id>/", "healthz", "readyz"}
FOR_STAFF = {"accounts/", "accounts/<path:name>/"}
# All processes read the environment in the same way: the web process shows every refusal, the others one.
STARTS = [("web", what) for what in UNSAFE] + [
    (name, "a short key") for name in ("worker-core", "guard-1", "beat", "flower")
]
OPEN_FLOWERS: dict[str, tuple[str, dict[str, str]]] = {
    "no password": ("", {}),
    "an empty one": ("0.0.0.0", {"FLOWER_BASIC_AUTH": "thalas:"}),
    "one that everybody tries": ("::", {"FLOWER_BASIC_AUTH": "admin:admin"}),
    "none, on this machine": ("127.0.0.1", {"FLOWER_UNAUTHENTICATED_API": "1"}),
}
NOT_READ = {"admin/login/", "admin/logout/", "admin/jsi18n/"}


@pytest.mark.parametrize(("name", "what"), STARTS)
def test_no_process_starts_unsafe_nor_tells_a_secret_about_it(name: str, what: str, tmp_path: Path) -> None:
    unsafe = UNSAFE[what]
    done = started(COMMANDS[name], tmp_path, unsafe)
    assert done.returncode not in (0, None)
    assert next(iter(unsafe)) in done.stderr
    assert SECRET[:32] not in done.stdout + done.stderr
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", PORT)) != 0


@pytest.mark.parametrize("what", OPEN_FLOWERS)
def test_no_flower_starts_that_anybody_may_use(what: str, tmp_path: Path) -> None:
    address, variables = OPEN_FLOWERS[what]
    words = ("-m", "celery", "-A", "thalas.celery", "flower", f"--address={address}", f"--port={PORT}")
    done = started(words, tmp_path, variables)
    assert done.returncode not in (0, None)
    assert "FLOWER_BASIC_AUTH" in done.stderr or "everybody tries first" in done.stderr
    assert "admin:admin" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def started(
    words: tuple[str, ...], home: Path, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command of the process table until it gives up."""
    ours = ("THALAS_", "DATABASE_", "REDIS_", "SECRET_KEY", "FLOWER_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    needed = {"DJANGO_SETTINGS_MODULE": "thalas.settings", "THALAS_HOME": str(home)}
    return subprocess.run(
        [sys.executable, *words],
        env={**clean, **needed, **variables},
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_nothing_in_the_environment_switches_debugging_on(tmp_path: Path) -> None:
    words = (
        "-c",
        "from django.conf import settings; print(settings.DEBUG, settings.DEBUG_PROPAGATE_EXCEPTIONS)",
    )
    done = started(
        words, tmp_path, {"DEBUG": "1", "DJANGO_DEBUG": "1", "DJANGO_DEBUG_PROPAGATE_EXCEPTIONS": "1"}
    )
    assert done.stdout.split() == ["False", "False"], done.stderr


def pages(resolver: URLResolver | URLPattern, before: str = "") -> Iterator[str]:
    """Yield the address of every page below *resolver*."""
    path = before + str(resolver.pattern)
    if isinstance(resolver, URLPattern):
        yield path
        return
    for one in resolver.url_patterns:
        yield from pages(one, path)


def addresses() -> set[str]:
    """Return every address of the house."""
    return {path for one in get_resolver().url_patterns for path in pages(one)}


def test_every_page_that_is_open_to_all_is_on_the_list() -> None:
    elsewhere = {path for path in addresses() if not path.startswith(("admin/", "api/"))}
    assert elsewhere == OPEN_PAGES | FOR_STAFF
    # Every operation of the API is behind its door, see test_matrix; beside them it has only its document.
    beside = {path for path in addresses() if path.startswith("api/") and not path.startswith("api/v1/")}
    assert beside == {"api/", "api/openapi.json", "api/docs", "api/healthz", "api/readyz"}


@pytest.mark.django_db
def test_every_page_of_the_admin_asks_strangers_to_sign_in() -> None:
    pages_below = {path for path in addresses() if path.startswith("admin/") and not set("<(") & set(path)}
    for path in sorted(pages_below - NOT_READ):
        answer = Client().get(f"/{path}")
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/admin/login/"), path


@pytest.mark.parametrize("password", ["password1234", "thalas", "short", "qwertyuiop123"])
def test_a_person_gets_no_password_that_everybody_tries_first(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


def test_cookies_are_for_this_house_alone() -> None:
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
    assert settings.SESSION_COOKIE_HTTPONLY

"""What runs: the commands, their health checks, their order, and the time they are given."""

import importlib.util

from django.core.management import get_commands
from django.urls import resolve

from tests.containers import composed
from tests.containers.parts import SETUP, Parts
from thalas import env, processes
from thalas.management.commands import healthcheck

PYTHON = "python"
# Folders with Python that no process of ours runs.
NOT_RUN = {"tests", "benchmarks", "containers"}
FOREIGN_CHECKS = {"postgres": "pg_isready", "redis": "valkey-cli"}


def every_process_of_the_table_is_a_service_with_the_same_command(seen: Parts) -> None:
    assert set(seen.ours) - {SETUP} == set(processes.commands(env.HouseSettings()))
    for name in set(seen.ours) - {SETUP}:
        service = seen.ours[name]
        assert service.command == [PYTHON, *seen.commands(service)[name]], name


def the_set_up_runs_the_table_s_commands_in_their_order_and_they_exist(seen: Parts) -> None:
    shell, flag, line = seen.ours[SETUP].command
    assert (shell, flag) == ("sh", "-c")
    assert line == " && ".join(" ".join((PYTHON, *words)) for words in processes.SETUP)
    assert {words[1] for words in processes.SETUP} <= set(get_commands())


def what_runs_is_in_the_image(seen: Parts) -> None:
    copied = set(seen.image.sources)
    assert seen.image.all("WORKDIR") == [["/app"]]
    for name, service in seen.ours.items():
        words = " ".join(service.command).split()
        assert {word for word in words if word.endswith(".py")} <= copied, name
        for at, word in enumerate(words):
            if word == "-m":
                assert importlib.util.find_spec(words[at + 1]) is not None, words[at + 1]
    rooms = {path.parent.name for path in env.BASE_DIR.glob("*/__init__.py")} - NOT_RUN
    assert rooms <= copied


def the_image_runs_the_web_server_unless_told_otherwise(seen: Parts) -> None:
    assert seen.image.all("CMD") == [seen.ours["web"].command]
    assert seen.image.all("EXPOSE") == [[str(seen.house(seen.ours["web"]).thalas_web_port)]]


def every_service_that_stays_up_has_a_health_check_that_exists(seen: Parts) -> None:
    assert "healthcheck" in get_commands()
    resolve(healthcheck.WEB_PATH)
    for name, service in seen.compose.services.items():
        if name == SETUP:
            assert service.healthcheck is None
            continue
        assert service.healthcheck is not None, name
        how, *words = service.healthcheck.test
        assert how == "CMD"
        if name in seen.ours:
            assert words == [PYTHON, "manage.py", "healthcheck", name]
            assert name in healthcheck.LOOKS
        else:
            assert words[0] == FOREIGN_CHECKS[name]
    postgres = seen.foreign["postgres"]
    assert postgres.healthcheck is not None
    asked = dict(word.removeprefix("--").split("=") for word in postgres.healthcheck.test[2:])
    stated = postgres.environment
    assert asked == {
        "host": processes.LOOPBACK,
        "username": stated["POSTGRES_USER"],
        "dbname": stated["POSTGRES_DB"],
    }


def a_check_of_ours_is_given_the_time_that_it_may_take(seen: Parts) -> None:
    longest = max(healthcheck.HTTP_TIMEOUT_S, healthcheck.WORKER_ANSWERS_WITHIN_S)
    for name, service in seen.ours.items():
        if service.healthcheck is not None:
            assert composed.seconds(service.healthcheck.timeout) >= 5 + longest, name
    beat = seen.ours["beat"].healthcheck
    assert beat is not None
    assert composed.seconds(beat.start_period) > healthcheck.BEAT_WRITES_WITHIN.total_seconds()


def whoever_waits_waits_for_something_that_comes(seen: Parts) -> None:
    for name, service in seen.compose.services.items():
        for awaited, wanted in service.depends_on.items():
            other = seen.compose.services[awaited]
            if wanted.condition == "service_healthy":
                assert other.healthcheck is not None, (name, awaited)
            else:
                assert other.restart == "no", (name, awaited)
        if name in seen.ours:
            assert set(service.depends_on) == ({"postgres"} if name == SETUP else {SETUP, "redis"}), name
            assert service.restart == ("no" if name == SETUP else "unless-stopped"), name


def whoever_stops_has_the_time_for_it(seen: Parts) -> None:
    graces = {name: composed.seconds(item.stop_grace_period) for name, item in seen.compose.services.items()}
    for name in ("worker-votes", "worker-core"):
        assert graces[name] >= 2 * seen.house(seen.ours[name]).thalas_deadline_s, name
    (shutdown,) = [word for word in seen.ours["web"].command if "graceful-shutdown" in word]
    assert graces["web"] >= 2 * int(shutdown.split("=")[1])
    assert min(graces.values()) >= 10

"""Numbers that must fit together: connections, threads, timeouts; and what the guide says of them."""

import re

import annotated_types
from django.core.management import get_commands

from tests.containers import parts
from tests.containers.parts import SETUP, Parts
from thalas import env

# Connections that are not a process's own: for pg_dump, psql and a command by hand; PostgreSQL's own reserve.
BY_HAND = 5
RESERVED = 3


def threads_fit_into_the_limits(seen: Parts) -> None:
    field = env.HouseSettings.model_fields["thalas_worker_threads"]
    (most,) = [bound.le for bound in field.metadata if isinstance(bound, annotated_types.Le)]
    assert seen.ours["worker-votes"].deploy.resources.limits.pids >= int(str(most)) + 64
    for name, service in seen.compose.services.items():
        assert service.deploy.resources.limits.pids >= 64, name


def connections_fit_into_the_database(seen: Parts) -> None:
    most_votes = int(_stated(seen, r"Up to (\d+) containers of `worker-votes`"))
    services = {name: item for name, item in seen.ours.items() if name != SETUP}
    replicas = {name: item.deploy.replicas for name, item in services.items()}
    replicas["worker-votes"] = max(most_votes, replicas["worker-votes"])
    pool = parts.settings_of(seen.environment(seen.ours["web"])).options.pool
    containers = sum(replicas.values())
    # A health check, the set-up and a command by hand have one thread each, hence one connection.
    short = containers + 1 + BY_HAND
    needed = containers * pool.max_size + short + RESERVED
    (limit,) = re.findall(r"max_connections=(\d+)", " ".join(seen.foreign["postgres"].command))
    assert needed <= int(limit)
    sum_of_it = (
        f"{containers} × {pool.max_size} + {containers} + 1 + {BY_HAND} + {RESERVED} = {needed} ≤ {limit}"
    )
    assert sum_of_it in seen.texts["docs/deployment.md"], sum_of_it


def the_database_may_not_wait_for_ever(seen: Parts) -> None:
    options = parts.settings_of(seen.environment(seen.ours["web"])).options
    for timeout in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        (value,) = re.findall(rf"-c {timeout}=(\d+)s", options.options)
        assert 0 < int(value) <= 60
    assert 0 < options.pool.timeout <= 30


def the_commands_in_the_guide_name_what_there_is(seen: Parts) -> None:
    guide = seen.texts["docs/deployment.md"]
    for words in re.findall(r"manage\.py ([a-z_]+)", guide):
        assert words in get_commands(), words
    services = "|".join(
        re.findall(r"docker compose (?:exec|run|logs|restart)(?: -\S+)* ([a-z][a-z0-9-]*)", guide)
    )
    assert set(services.split("|")) <= set(seen.compose.services)
    for name in seen.compose.services:
        assert f"`{name}`" in guide, name
    postgres = seen.foreign["postgres"].environment
    for command in re.findall(r"pg_(?:dump|restore) [^\n]*", guide):
        assert f"--username={postgres['POSTGRES_USER']} --dbname={postgres['POSTGRES_DB']}" in command, (
            command
        )


def _stated(seen: Parts, pattern: str) -> str:
    (found,) = re.findall(pattern, seen.texts["docs/deployment.md"])
    return str(found)

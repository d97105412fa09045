"""Numbers that must fit together: connections, threads, timeouts; and what the guide says of them."""

import re

import annotated_types
from django.core.management import get_commands

from tests.containers import parts
from tests.containers.parts import SETUP, Parts
from thalas import databases, env, processes

# Connections that are not a process's own: for pg_dump, psql and a command by hand; PostgreSQL's own reserve.
BY_HAND = 5
RESERVED = 3
# One loop that closes, one that asks again; two scrapes at once.
THREADS_UNPOOLED = 2


def threads_fit_into_the_limits(seen: Parts) -> None:
    field = env.HouseSettings.model_fields["thalas_worker_threads"]
    (most,) = [bound.le for bound in field.metadata if isinstance(bound, annotated_types.Le)]
    assert seen.ours["worker-votes"].deploy.resources.limits.pids >= int(str(most)) + 64
    for name, service in seen.compose.services.items():
        assert service.deploy.resources.limits.pids >= 64, name


def connections_fit_into_the_database(seen: Parts) -> None:
    most_votes = int(_stated(seen, r"Up to (\d+) containers of `worker-votes`"))
    replicas = {name: item.deploy.replicas for name, item in seen.ours.items() if name != SETUP}
    replicas["worker-votes"] = max(most_votes, replicas["worker-votes"])
    widths = {name: _pool_width(seen, name) for name in replicas}
    assert {name for name, width in widths.items() if width == 0} == processes.UNPOOLED
    (width,) = set(widths.values()) - {0}
    containers, unpooled = sum(replicas.values()), len(processes.UNPOOLED)
    # A health check, the set-up and a command by hand have one thread each, hence one connection.
    own = (containers - unpooled) * width + unpooled * THREADS_UNPOOLED
    needed = own + containers + 1 + BY_HAND + RESERVED
    (limit,) = re.findall(r"max_connections=(\d+)", " ".join(seen.foreign["postgres"].command))
    assert needed <= int(limit)
    sum_of_it = (
        f"{containers - unpooled} × {width} + {unpooled} × {THREADS_UNPOOLED}"
        f" + {containers} + 1 + {BY_HAND} + {RESERVED} = {needed} ≤ {limit}"
    )
    assert sum_of_it in seen.texts["docs/deployment.md"], sum_of_it


def nobody_waits_for_ever_and_the_holder_is_cut_off_before_the_waiter(seen: Parts) -> None:
    for name, service in seen.ours.items():
        options = parts.settings_of(seen.environment(service)).options
        assert dict(re.findall(r"-c (\w+)=(\w+)", options.options)) == databases.LIMITS, name
    # The server cuts off strangers too, such as a person's forgotten transaction.
    idle = f"idle_in_transaction_session_timeout={databases.LIMITS['idle_in_transaction_session_timeout']}"
    assert idle in seen.foreign["postgres"].command
    guide = seen.texts["docs/deployment.md"]
    for limit, told in (
        ("lock_timeout", "for a lock"),
        ("statement_timeout", "for a statement"),
        ("idle_in_transaction_session_timeout", "of idling in a transaction"),
    ):
        assert f"{databases.LIMITS[limit].removesuffix('s')} s {told}" in guide, limit


def the_web_says_within_a_second_and_a_half_that_the_database_is_away(seen: Parts) -> None:
    pool = parts.settings_of(seen.environment(seen.ours["web"])).options.pool
    assert pool is not None
    assert 0 < pool.timeout <= 1
    assert f"{pool.timeout:g} s in `web`" in seen.texts["docs/deployment.md"]


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


def _pool_width(seen: Parts, name: str) -> int:
    pool = parts.settings_of(seen.environment(seen.ours[name])).options.pool
    return 0 if pool is None else pool.max_size


def _stated(seen: Parts, pattern: str) -> str:
    (found,) = re.findall(pattern, seen.texts["docs/deployment.md"])
    return str(found)

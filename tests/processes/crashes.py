"""For tests that crash PostgreSQL or cut its connections: a durable database, and new connections."""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from tests import clusters
from tests.clusters import Cluster
from tests.processes import watches

CUT = f"""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
      AND pid <> pg_backend_pid() AND application_name <> '{watches.NAME}'
"""


def cluster() -> Cluster:
    """Return the cluster that the tests of this process run on and nobody else."""
    programs = clusters.find_programs()
    assert programs is not None
    return Cluster(settings.HOME / "cluster", programs)


@contextlib.contextmanager
def kept_on_disk() -> Iterator[None]:
    """Let what is committed outlast a crash; tests do without that where none comes."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = on')
        cursor.execute(CUT)
    hang_up()
    try:
        yield
    finally:
        hang_up()
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')


def hang_up() -> None:
    """Forget the test's own connections, which may be broken: the next statement makes a new one."""
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it, the base has not

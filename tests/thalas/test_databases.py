"""PostgreSQL's connections: few, with an end to every wait, and back at once after an outage."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.core.management import get_commands
from django.db import DatabaseError, InterfaceError
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from tests import clusters, isolation
from tests.processes import waits
from thalas import databases, env
from thalas.management.commands import migrate
from thalas.postgresql.base import DatabaseWrapper

POSTGRES = "postgresql://u:p@127.0.0.1/d"
WIDTH = 6


def described(url: str, **variables: str) -> dict[str, object]:
    """Return the description of the database at *url*."""
    return databases.described(env.read({"DATABASE_URL": url, **variables}).house, Path("/nowhere"))


def test_without_an_address_the_database_is_a_file_at_home() -> None:
    plain = databases.described(env.read({}).house, Path("/nowhere"))
    assert str(plain["NAME"]) == "/nowhere/thalas.sqlite3"
    assert plain["CONN_MAX_AGE"] is None


def test_the_pool_is_as_wide_and_as_patient_as_the_settings_say() -> None:
    plain = described(POSTGRES, THALAS_DB_POOL="7", THALAS_DB_POOL_TIMEOUT_S="1.5")
    pool = plain["OPTIONS"]["pool"]  # type: ignore[index]
    assert (pool["max_size"], pool["timeout"], plain["CONN_MAX_AGE"]) == (7, 1.5, 0)


def test_no_pool_means_a_connection_of_its_own_for_each_thread() -> None:
    plain = described(POSTGRES, THALAS_DB_POOL="0")
    assert "pool" not in plain["OPTIONS"]  # type: ignore[operator]
    assert plain["CONN_MAX_AGE"] == 3600
    assert plain["CONN_HEALTH_CHECKS"] is True


def test_what_the_address_says_of_the_connection_is_kept() -> None:
    plain = described(POSTGRES + "?sslmode=require")
    assert plain["OPTIONS"]["sslmode"] == "require"  # type: ignore[index]


@pytest.fixture(scope="module")
def cluster() -> Iterator[clusters.Cluster]:
    """A cluster that a test may crash."""
    if clusters.find_programs() is None:
        pytest.skip("PostgreSQL's server programs are not installed")
    made = clusters.start(isolation.HOME / "crashed")
    yield made
    made.stop()


@contextmanager
def reached(cluster: clusters.Cluster, **variables: str) -> Iterator[DatabaseWrapper]:
    """This thread's connection to *cluster*, as a process with these variables has it."""
    # Under a name of its own: Django keeps one pool for each name, and the tests' is "default".
    handler = ConnectionHandler({"default": {}, "own": described(cluster.url, **variables)})
    connection = handler["own"]
    assert isinstance(connection, DatabaseWrapper)
    try:
        yield connection
    finally:
        connection.close()
        connection.close_pool()


def ask(connection: DatabaseWrapper, statement: str = "SELECT 1") -> object:
    """Ask one thing and give the connection back, as a request does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]
    finally:
        connection.close()


def fails(connection: DatabaseWrapper) -> bool:
    """Say whether the database cannot be asked now."""
    try:
        ask(connection)
    except (DatabaseError, InterfaceError):
        return True
    return False


def widen(connection: DatabaseWrapper) -> None:
    """Have *WIDTH* connections in its pool, all idle."""

    def hold(_: int) -> None:
        ask(connection.copy("own"), "SELECT pg_sleep(1)")

    with ThreadPoolExecutor(WIDTH) as threads:
        list(threads.map(hold, range(WIDTH)))
    available = connection.pool.get_stats()["pool_available"]
    waits.in_time(available >= WIDTH, f"to hold {WIDTH} connections at once, not {available}")


def are_cut(line: psycopg.Connection[tuple[object, ...]]) -> bool:
    """Cut every connection but this *line*; say whether there was none left to cut."""
    others = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
    return not line.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    ).fetchall()


@pytest.fixture(autouse=True)
def _databases_of_its_own(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.mark.postgres
def test_connections_that_broke_together_cost_one_error(cluster: clusters.Cluster) -> None:
    with reached(cluster) as connection:
        widen(connection)
        with psycopg.connect(cluster.url, autocommit=True) as other:
            waits.until(lambda: are_cut(other), within_s=10, what="every connection is cut")
        assert sum(fails(connection) for _ in range(2 * WIDTH)) == 1


@pytest.mark.postgres
@pytest.mark.parametrize("variables", [{}, {"THALAS_DB_POOL": "0"}], ids=["pool", "no pool"])
def test_a_process_is_back_within_a_second_of_its_database(
    variables: dict[str, str], cluster: clusters.Cluster
) -> None:
    with reached(cluster, **variables) as connection:
        ask(connection)
        cluster.crash()
        # Long enough for the pool's own pauses, 1, 2 and 4 s, to have grown past a second.
        gone_at = time.monotonic()
        while time.monotonic() - gone_at < 4:
            assert fails(connection)
            time.sleep(0.2)
        cluster.launch()
        back_at = time.monotonic()
        while fails(connection):
            time.sleep(0.05)
        waits.not_after(back_at, 1.0, "coming back")


@pytest.mark.postgres
def test_a_lone_waiter_is_served_when_the_database_comes_back(cluster: clusters.Cluster) -> None:
    with reached(cluster, THALAS_DB_POOL_TIMEOUT_S="20") as connection, ThreadPoolExecutor(1) as thread:
        cluster.crash()
        waiting = thread.submit(lambda: ask(connection.copy("own")))
        time.sleep(4)
        cluster.launch()
        assert waiting.result(timeout=1.0) == 1


@pytest.mark.postgres
def test_a_web_server_says_after_a_second_that_the_database_is_away(cluster: clusters.Cluster) -> None:
    with reached(cluster, THALAS_DB_POOL_TIMEOUT_S="1") as connection:
        cluster.crash()
        try:
            assert fails(connection)
            asked_at = time.monotonic()
            assert fails(connection)
            waits.not_after(asked_at, 1.5, "saying that it is away")
        finally:
            cluster.launch()


@pytest.mark.postgres
def test_every_wait_has_an_end_and_the_holder_is_cut_off_before_the_waiter(cluster: clusters.Cluster) -> None:
    with reached(cluster) as connection:
        for name, limit in databases.LIMITS.items():
            assert ask(connection, f"SHOW {name}") == limit
    idle, lock, statement = (
        int(databases.LIMITS[name].removesuffix("s"))
        for name in ("idle_in_transaction_session_timeout", "lock_timeout", "statement_timeout")
    )
    assert idle < lock < statement


@pytest.mark.postgres
def test_who_idles_in_a_transaction_is_cut_off_before_who_waits_for_it(cluster: clusters.Cluster) -> None:
    with reached(cluster, THALAS_DB_POOL="0") as thief, reached(cluster, THALAS_DB_POOL="0") as waiter:
        with thief.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS held AS SELECT 1 AS one")
        thief.set_autocommit(False)
        with thief.cursor() as cursor:
            cursor.execute("SELECT one FROM held FOR UPDATE")
        assert ask(waiter, "SELECT one FROM held FOR UPDATE") == 1
        with pytest.raises(DatabaseError), thief.cursor() as cursor:
            cursor.execute("SELECT 1")


@pytest.mark.postgres
def test_a_migration_may_work_long_but_not_wait_long_and_leaves_the_limits_as_they_were(
    cluster: clusters.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reached(cluster) as connection:
        monkeypatch.setattr(migrate, "connections", {"own": connection})
        with connection.cursor() as cursor:
            with migrate.with_time_to_work("own"):
                for name, limit in (("statement_timeout", "0"), ("lock_timeout", "2s")):
                    cursor.execute(f"SHOW {name}")
                    assert cursor.fetchone()[0] == limit
            for name, limit in databases.LIMITS.items():
                cursor.execute(f"SHOW {name}")
                assert cursor.fetchone()[0] == limit


def test_manage_py_migrate_is_ours() -> None:
    assert get_commands()["migrate"] == "thalas"

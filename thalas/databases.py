"""How each process reaches the database: by SQLite's one file, or by a bounded pool to PostgreSQL.

Every wait has an end. They are cut so that a holder is cut off before those who wait for it
give up: idle in a transaction 4 s, a lock 5 s, a statement 15 s.
"""

from pathlib import Path
from typing import Any

import dj_database_url
from psycopg import Connection
from psycopg_pool import ConnectionPool

from thalas.env import HouseSettings

SQLITE_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
LIMITS = {
    "lock_timeout": "5s",
    "statement_timeout": "15s",
    # Nothing of ours waits for the network within a transaction; who does has lost its way.
    "idle_in_transaction_session_timeout": "4s",
}
# libpq takes 1 for 2. The others find a server out that has gone without a word.
NETWORK = {
    "connect_timeout": 2,
    "tcp_user_timeout": 3000,
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}
# A run is some sixty statements, always the same: the server plans each once for a connection, not each time.
PREPARED = {"server_side_binding": True, "prepare_threshold": 3}
# A pool's own pauses between attempts grow to minutes; ours gives up an attempt and makes a new one.
RETRY_EVERY_S = 0.5
PERSISTENT_S = 3600


def described(house: HouseSettings, home: Path) -> dict[str, Any]:
    """Return Django's description of the database that *house* names, by default a file in *home*."""
    url = house.database_url.get_secret_value() if house.database_url else f"sqlite:///{home}/thalas.sqlite3"
    plain = dict(dj_database_url.parse(url))
    return _sqlite(plain, home) if str(plain["ENGINE"]).endswith("sqlite3") else _postgresql(plain, house)


def _sqlite(plain: dict[str, Any], home: Path) -> dict[str, Any]:
    # IMMEDIATE takes the write lock at BEGIN: two writers wait for each other instead of failing midway.
    options = {"transaction_mode": "IMMEDIATE", "timeout": 10, "init_command": SQLITE_PRAGMAS}
    # A file for tests too, so that the processes of a test can share it.
    test = {"NAME": str(home / "test.sqlite3")}
    return {**plain, "OPTIONS": options, "CONN_MAX_AGE": None, "TEST": test}


def _postgresql(plain: dict[str, Any], house: HouseSettings) -> dict[str, Any]:
    limits = " ".join(f"-c {name}={value}" for name, value in LIMITS.items())
    options = {**plain.get("OPTIONS", {}), **NETWORK, **PREPARED, "options": limits}
    described = {**plain, "ENGINE": "thalas.postgresql", "OPTIONS": options}
    if house.thalas_db_pool == 0:
        return {**described, "CONN_MAX_AGE": PERSISTENT_S, "CONN_HEALTH_CHECKS": True}
    options["pool"] = {
        "min_size": 1,
        "max_size": house.thalas_db_pool,
        "timeout": house.thalas_db_pool_timeout_s,
        "reconnect_timeout": RETRY_EVERY_S,
        "reconnect_failed": try_again,
    }
    return {**described, "CONN_MAX_AGE": 0}


def try_again(pool: ConnectionPool[Connection]) -> None:
    """Start a fresh attempt to connect, and throw out the connections that broke along."""
    pool.check()

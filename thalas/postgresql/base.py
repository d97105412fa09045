"""Django's PostgreSQL with one thing more: a connection found broken has the others of its pool looked at.

After a restart of the server every pooled connection is stale, and Django's pool would hand
them out one by one, an error for each. Django's own answer, CONN_HEALTH_CHECKS, asks the
server at every checkout, and the pool sleeps for seconds from the second stale one on.
"""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

from django.db.backends.postgresql import base
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader


class UtcLoader(Loader):
    """Reads a timestamptz of a session in UTC, as all of Django's are: a fifth of the time of Django's own.

    timezone  what Django looks at to see whether it has to bring a loader of its own
    """

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        """Return the moment that PostgreSQL wrote as ISO 8601."""
        return datetime.fromisoformat(str(data, "ascii"))


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what a connection is made with."""
        params: dict[str, Any] = super().get_connection_params()
        return {**params, "context": _adapters(params["context"], self.timezone)}

    def _close(self) -> None:
        is_broken = self.connection is not None and self.connection.closed
        super()._close()  # type: ignore[misc]  # not in the type stubs
        if is_broken and self.pool:
            self.pool.check()


@lru_cache(maxsize=4)
def _adapters(djangos: AdaptersMap, timezone: tzinfo | None) -> AdaptersMap:
    """Return Django's adapters with our own for moments, where the session's time is UTC."""
    if timezone is not UTC:
        return djangos
    ours = AdaptersMap(djangos)
    ours.register_loader("timestamptz", UtcLoader)
    return ours

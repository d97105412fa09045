"""Django's PostgreSQL with one thing more: a connection found broken has the others of its pool looked at.

After a restart of the server every pooled connection is stale, and Django's pool would hand
them out one by one, an error for each. Django's own answer, CONN_HEALTH_CHECKS, asks the
server at every checkout, and the pool sleeps for seconds from the second stale one on.
"""

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection."""

    def _close(self) -> None:
        is_broken = self.connection is not None and self.connection.closed
        super()._close()  # type: ignore[misc]  # not in the type stubs
        if is_broken and self.pool:
            self.pool.check()

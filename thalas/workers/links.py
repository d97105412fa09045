"""Connections that find the broker again soon: Celery's own wait up to half a minute between tries."""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection

# Celery asks for no figures of its own here, and kombu's start with 2 s and grow by 2 s up to 30 s.
FIRST_PAUSE_S = 0.5
PAUSE_GROWS_BY_S = 0.5
LONGEST_PAUSE_S = 2.0


class ImpatientConnection(Connection):
    """A connection that tries again after two seconds at most."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Connect, however often it takes."""
        kwargs.setdefault("interval_start", FIRST_PAUSE_S)
        kwargs.setdefault("interval_step", PAUSE_GROWS_BY_S)
        kwargs.setdefault("interval_max", LONGEST_PAUSE_S)
        return super().ensure_connection(*args, **kwargs)


class ImpatientAMQP(AMQP):
    """Celery's messages over such connections."""

    Connection = ImpatientConnection

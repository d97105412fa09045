"""A worker's own canaries: where they fly, and what sends them without ever waiting for the broker."""

import os
import uuid

import structlog
from celery import Celery
from kombu import Connection, Exchange, Producer, Queue
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# The queue of a worker that has ended goes by itself, and so does its exchange, which is why each has one.
QUEUE_LIVES_S = 60.0
PATIENCE_S = 0.5
AWAY = (OperationalError, KombuError, RedisError, OSError)


def queue(hostname: str) -> Queue:
    """Return a queue that only this life of the worker *hostname* eats from."""
    name = f"canaries.{hostname}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    exchange = Exchange(name, type="direct", durable=False, auto_delete=True)
    return Queue(
        name, exchange=exchange, routing_key=name, durable=False, auto_delete=True, expires=QUEUE_LIVES_S
    )


class Cage:
    """Lets canaries out, on a connection of its own that gives up soon."""

    def __init__(self, app: Celery, queue: Queue) -> None:
        self._app = app
        self._queue = queue
        self._line: Connection | None = None
        self._producer: Producer | None = None

    def sing(self) -> bool:
        """Send a canary; False if the broker did not take it."""
        try:
            if self._producer is None:
                self._producer = self._connected()
            self._producer.publish(
                {}, exchange="", routing_key=self._queue.name, delivery_mode=1, retry=False
            )
        except AWAY:
            self._give_up()
            return False
        return True

    def _connected(self) -> Producer:
        options = {
            "socket_timeout": PATIENCE_S,
            "socket_connect_timeout": PATIENCE_S,
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        }
        self._line = line = self._app.connection_for_write(
            connect_timeout=PATIENCE_S, transport_options=options
        )
        channel = line.ensure_connection(max_retries=0).channel()  # else kombu waits 2 s and tries again
        self._queue(channel).declare()  # this channel, too, must know that the queue expires
        return Producer(channel, serializer="json", auto_declare=False)

    def _give_up(self) -> None:
        line, self._line, self._producer = self._line, None, None
        if line is None:
            return
        try:
            line.release()
        except (*AWAY, AttributeError) as error:  # AttributeError: half closed already
            log.debug("cage_not_closed", error=type(error).__name__)

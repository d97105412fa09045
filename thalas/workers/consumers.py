"""Celery's consumer of messages, with a watch at its door: strangers are refused, deafness is noticed."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from celery.utils.log import get_logger
from celery.worker import consumer, state
from celery.worker.control import Panel

from thalas.workers import books, calls, canaries, controls, lookouts, watches
from thalas.workers.calls import Terms
from thalas.workers.envelopes import Refused
from thalas.workers.suspicions import LEDGER

logger = get_logger(__name__)


# Its stubs leave out what is used below.
StockConsumer: Any = consumer.Consumer


class Consumer(StockConsumer):  # type: ignore[misc]
    """The consumer of a worker of ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        controls.unlearn(Panel.data)
        self._canaries = canaries.queue(kwargs["hostname"])
        kwargs["app"].amqp.queues.select_add(self._canaries)
        self._watch = watches.Watch()
        self._is_watched = False
        super().__init__(*args, **kwargs)
        lookouts.start()  # which needs no broker

    def on_ready(self) -> None:
        """Start what runs beside the loop, once in a life."""
        super().on_ready()
        if self._is_watched:
            return
        self._is_watched = True
        cage = canaries.Cage(self.app, self._canaries)
        ear = watches.Ear(cage.sing, self._has_room, lambda: bool(state.active_requests), self._is_stopping)
        watches.start(self._watch, ear)
        books.start(LEDGER)

    def _has_room(self) -> bool:
        waiting = len(state.reserved_requests) - len(state.active_requests)
        limit = self.qos.value if self.qos else 0
        return not limit or waiting < limit

    def _is_stopping(self) -> bool:
        told_to = any(flag not in (None, False) for flag in (state.should_stop, state.should_terminate))
        return told_to or self.blueprint.human_state() != "running"

    @cached_property
    def _terms(self) -> Mapping[str, Terms]:
        tasks = self.app.tasks.items()
        return {name: Terms.of(task.run) for name, task in tasks if name.startswith(calls.OURS)}

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        """Return what is called with each message from a queue."""
        handle = super().create_task_handler(*args, **kwargs)

        def receive(message: Any) -> None:
            source = message.delivery_info["routing_key"]
            if source == self._canaries.name:
                self._watch.heard()
                message.ack_log_error(logger, self.connection_errors)
                return
            try:
                calls.look_over(message.headers, _written(message.body), terms=self._terms)
                handle(message)
            except Refused as refused:
                self._refuse(message, refused)
            except self.connection_errors:
                raise
            except Exception as error:  # noqa: BLE001 - one message must not end the worker
                self._refuse(message, Refused("unprocessable", error))

        return receive

    def _refuse(self, message: Any, refused: Refused) -> None:
        LEDGER.note(refused, source=message.delivery_info["routing_key"])
        if not message.acknowledged:
            message.reject_log_error(logger, self.connection_errors)


def _written(body: object) -> bytes:
    return body if isinstance(body, bytes) else str(body).encode()

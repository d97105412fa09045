"""The consumer of a worker: what it forgets and what it listens to, before any message arrives."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from celery import Celery
from celery.worker import consumer
from celery.worker.control import Panel

from tests.thalas.workers import forgeries
from thalas.workers import canaries, controls
from thalas.workers.calls import Terms
from thalas.workers.consumers import Consumer
from thalas.workers.suspicions import LEDGER


@pytest.fixture
def panel() -> Iterator[dict[str, Any]]:
    """Celery's commands, which are there again afterwards."""
    before = dict(Panel.data)
    yield Panel.data
    Panel.data.update(before)


def test_a_worker_forgets_every_command_that_changes_it_and_keeps_those_that_ask(
    panel: dict[str, Any],
) -> None:
    known = set(panel)
    app = Celery("apart", broker="memory://", set_as_current=False)
    with suppress(AttributeError, TypeError):  # it has neither pool nor controller here
        Consumer(lambda _request: None, hostname="votes@here", app=app)
    assert {"shutdown", "cancel_consumer", "pool_shrink"} <= known
    assert set(panel) == known & controls.HARMLESS
    assert {"ping", "active", "active_queues", "stats", "enable_events"} <= set(panel)
    assert any(name.startswith("canaries.votes@here.") for name in app.amqp.queues.consume_from)


class Message:
    """A message of ours that notes what became of it."""

    headers = forgeries.headers()
    body = forgeries.body()
    delivery_info = {"routing_key": "votes"}
    acknowledged = False

    def reject_log_error(self, *_: object) -> None:
        """Be refused."""
        self.acknowledged = True


@pytest.fixture
def receiving(monkeypatch: pytest.MonkeyPatch) -> Consumer:
    """A consumer in which Celery itself raises whatever the message is told to raise."""

    def stumbling(self: object) -> Any:
        def handle(message: Any) -> None:
            raise message.error

        return handle

    monkeypatch.setattr(consumer.Consumer, "create_task_handler", stumbling)
    bare = object.__new__(Consumer)
    bare._canaries = canaries.queue("votes@here")
    bare.connection_errors = (OSError,)
    bare.__dict__["_terms"] = {forgeries.ASK: Terms(frozenset({"run_id", "voter"}))}
    return bare


def test_a_message_that_celery_itself_stumbles_over_is_refused_and_ends_nothing(receiving: Consumer) -> None:
    LEDGER.take()
    message: Any = Message()
    message.error = AttributeError("nobody thought of this")
    receiving.create_task_handler()(message)
    assert message.acknowledged
    assert LEDGER.take() == {"unprocessable": 1}


def test_a_connection_that_breaks_meanwhile_is_celerys_to_mend(receiving: Consumer) -> None:
    message: Any = Message()
    message.error = ConnectionResetError("gone")
    with pytest.raises(ConnectionResetError):
        receiving.create_task_handler()(message)

"""The transport that looks before it reads: for every URL of Redis, and on connections given up."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from kombu import Connection
from redis.exceptions import ConnectionError as BrokerAway

from tests.processes import waits
from tests.thalas.workers import forgeries
from thalas.celery import app
from thalas.workers import transports
from thalas.workers.links import ImpatientConnection
from thalas.workers.suspicions import LEDGER


@pytest.fixture(autouse=True)
def empty_ledger() -> Iterator[None]:
    """Forget what was refused before and during a test."""
    LEDGER.take()
    yield
    LEDGER.take()


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:1/0", "rediss://127.0.0.1:1/0", "redis+socket:///nowhere/valkey.sock"]
)
def test_every_redis_url_gets_the_transport_that_looks_first(url: str) -> None:
    assert isinstance(Connection(url).transport, transports.Transport)


def test_the_app_itself_gets_it_and_an_amqp_broker_keeps_its_own() -> None:
    assert isinstance(app.connection_for_read().transport, transports.Transport)
    assert not isinstance(Connection("amqp://127.0.0.1:1//").transport, transports.Transport)


def test_only_the_broadcast_of_commands_is_read_as_commands() -> None:
    raw = forgeries.envelope(b'{"votes@here": {"ok": "pong"}}', headers={})
    assert transports.is_sound(raw, source="one.reply.celery.pidbox")
    assert not transports.is_sound(raw, source="celery.pidbox")
    assert LEDGER.take() == {"control": 1}


def test_what_is_acknowledged_on_a_connection_that_was_given_up_meets_a_broker_that_is_away() -> None:
    channel = object.__new__(transports.Channel)
    for given_up in (None, SimpleNamespace(client=None)):
        channel.connection = given_up
        with pytest.raises(BrokerAway):
            channel._connparams()
    channel.connection = None


def test_a_broker_that_is_back_is_found_within_two_seconds_however_long_it_was_away() -> None:
    pauses: list[float] = []

    class Enough(Exception):
        """Tried often enough."""

    def keep(_error: Exception, pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 3:
            raise Enough

    line = ImpatientConnection("redis+socket:///nowhere/valkey.sock", transport_options={"max_retries": 0})
    started = time.monotonic()
    with pytest.raises(Enough):
        line.ensure_connection(keep)
    assert pauses == [0.5, 1.0, 1.5]
    waits.not_after(started, 4.0, "three tries")
    assert isinstance(app.connection_for_read(), ImpatientConnection)

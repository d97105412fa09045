"""Kombu's Redis transport for a broker that strangers may write to: it reads nothing before looking it over.

Every process of ours that names a `redis` or `rediss` broker gets it, see `thalas.celery`.
"""

from typing import Any

import redis
from kombu.transport import redis as stock
from kombu.utils.encoding import bytes_to_str
from redis.exceptions import ConnectionError as BrokerAway
from redis.exceptions import DataError

from thalas.workers import controls, envelopes
from thalas.workers.envelopes import Refused
from thalas.workers.suspicions import LEDGER

# What kombu's own parsing of a stranger's bytes may raise, and redis-py when told to send what came of it.
NONSENSE = (ValueError, TypeError, KeyError, AttributeError, RecursionError, DataError)
COMMANDS = "celery.pidbox"  # the broadcast to all workers
# Its stubs leave out half of what is overridden below.
StockChannel: Any = stock.Channel


def is_sound(raw: object, *, source: str) -> bool:
    """Say whether *raw*, which came from *source*, may be read; count what may not."""
    try:
        body = envelopes.look_over(raw if isinstance(raw, bytes) else b"")
        if source == COMMANDS:
            controls.look_over(body)
    except Refused as refused:
        LEDGER.note(refused, source=source)
        return False
    return True


class Client(redis.Redis):
    """A client whose blocking pop answers "nothing there" instead of a message that is none."""

    def parse_response(self, connection: Any, command_name: str | bytes, **options: Any) -> Any:
        """Read one reply."""
        reply = super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
        if command_name == "BRPOP" and reply:
            queue, raw = reply
            if not is_sound(raw, source=bytes_to_str(queue)):
                return None
        return reply


class QoS(stock.QoS):
    """Drops what cannot be restored. Kombu would try again every second, for ever."""

    def restore_by_tag(self, tag: str, client: Any | None = None, leftmost: bool = False) -> None:
        """Put the message that was delivered under *tag* back into its queue."""
        try:
            super().restore_by_tag(tag, client=client, leftmost=leftmost)
        except NONSENSE:
            LEDGER.note(Refused("unacked", tag), source=self.unacked_key)
            channel: Any = self.channel
            with channel.conn_or_acquire(client) as line:
                line.pipeline().zrem(self.unacked_index_key, tag).hdel(self.unacked_key, tag).execute()


class Channel(StockChannel):  # type: ignore[misc]
    """Looks over what comes from queues and broadcasts alike."""

    QoS = QoS
    _client_kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        """Return a client of the channel's pool: one for all commands; making one costs more than most."""
        if asynchronous:
            return super()._create_client(asynchronous=True)
        if self._client_kept is None or self._client_kept.connection_pool is not self.pool:
            self._client_kept = super()._create_client()
        return self._client_kept

    def _get_client(self) -> Any:
        super()._get_client()  # checks redis-py's version
        return Client

    def _connparams(self, asynchronous: bool = False) -> Any:
        """Return what a connection needs.

        A task that ends after its connection was given up acknowledges its message on the old channel,
        which knows no broker any more. Kombu's AttributeError there would end the worker; of a broker
        that is away it takes note and goes on.
        """
        if self.connection is None or self.connection.client is None:
            raise BrokerAway("the connection that this message came by was given up")
        return super()._connparams(asynchronous=asynchronous)

    def _handle_message(self, client: Any, r: Any) -> Any:
        payload = super()._handle_message(client, r)
        if bytes_to_str(payload["type"]).endswith("message"):
            topic = bytes_to_str(payload["channel"]).partition(".")[2]
            if not is_sound(payload["data"], source=topic):
                payload["data"] = None  # which kombu passes over
        return payload

    def get_table(self, exchange: str) -> list[tuple[str, ...]]:
        """Return the bindings of *exchange* that are ones."""
        with self.conn_or_acquire() as client:
            members = client.smembers(self.keyprefix_queue % exchange)
        rows = [tuple(member.decode(errors="replace").split(self.sep)) for member in members]
        return [row for row in rows if len(row) == 3]


class Transport(stock.Transport):
    """The transport."""

    Channel = Channel

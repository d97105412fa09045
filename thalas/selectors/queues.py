"""How many messages wait in the broker's queues."""

from kombu import Connection
from kombu.exceptions import ChannelError


def depth(broker: Connection, queue: str) -> int:
    """Return how many messages wait in *queue*; a queue that nobody has declared yet holds none.

    Raises:  what kombu raises when the broker is away.
    """
    try:
        return int(broker.SimpleQueue(queue).qsize())
    except ChannelError:
        return 0

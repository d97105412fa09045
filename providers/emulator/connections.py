"""The emulator's side of each connection, so that a script can break one as a failing network does."""

import asyncio
import socket
import struct
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]
# Close at once and tell the peer with a reset, instead of saying goodbye in order.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection(H11Protocol):
    """uvicorn's HTTP connection, remembered by its caller's address and counted."""

    opened: ClassVar[int] = 0
    open_by_caller: ClassVar[dict[Address, asyncio.Transport]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        Connection.opened += 1
        if self.client is not None:
            self.open_by_caller[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self.client is not None:
            self.open_by_caller.pop(self.client, None)
        super().connection_lost(exc)


def reset(caller: Address) -> None:
    """Break the connection of *caller* with a TCP reset."""
    transport = Connection.open_by_caller.get(caller)
    if transport is not None:
        wire = transport.get_extra_info("socket")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        transport.abort()

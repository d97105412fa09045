"""Plain HTTP over kept connections: a client that costs little, so that what is timed is the server."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Request:
    """What to send; *body* as JSON if there is one."""

    method: str
    path: str
    key: str = ""
    body: bytes = b""

    def encoded(self) -> bytes:
        """Return it as it goes over the wire."""
        key = f"Authorization: Bearer {self.key}\r\n" if self.key else ""
        kind = f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n" if self.body else ""
        return (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{key}{kind}\r\n".encode() + self.body
        )


async def held(port: int, requests: Callable[[int], Request], *, rate: float, seconds: float) -> list[float]:
    """Send so many a second whatever becomes of them; return ms from when each was due to its answer."""
    connections: asyncio.Queue[Streams] = asyncio.Queue()
    for _ in range(32):
        connections.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    began = time.perf_counter()

    async def one(number: int) -> float:
        streams = await connections.get()
        await ask(streams, requests(number))
        connections.put_nowait(streams)
        return (time.perf_counter() - began - number / rate) * 1000

    sent = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        sent.append(asyncio.create_task(one(number)))
    took_ms = list(await asyncio.gather(*sent))
    while not connections.empty():
        connections.get_nowait()[1].close()
    return took_ms


async def capacity(
    port: int, requests: Callable[[int], Request], *, seconds: float, at_once: int = 8
) -> float:
    """Return how many a second are answered when so many clients ask without a pause."""
    give_up_at, numbers = time.perf_counter() + seconds, itertools.count()

    async def client() -> int:
        streams = await asyncio.open_connection("127.0.0.1", port)
        count = 0
        while time.perf_counter() < give_up_at:
            await ask(streams, requests(next(numbers)))
            count += 1
        streams[1].close()
        return count

    return sum(await asyncio.gather(*(client() for _ in range(at_once)))) / seconds


async def ask(streams: Streams, request: Request) -> bytes:
    """Send *request* and read its answer's body.

    Raises:  RuntimeError for anything but success.
    """
    reader, writer = streams
    writer.write(request.encoded())
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length"))
    body = await reader.readexactly(length)
    if not lines[0].split()[1].startswith(b"2"):
        raise RuntimeError(f"{request.method} {request.path}: {head.splitlines()[0]!r} {body[:300]!r}")
    return body


@asynccontextmanager
async def watching(port: int, requests: Sequence[Request]) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Open a stream for each of *requests* and yield them once each has begun."""
    pairs: list[Streams] = []
    for request in requests:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encoded())
        pairs.append((reader, writer))
    for reader, _ in pairs:
        await reader.readuntil(b"retry: ")
    try:
        yield [reader for reader, _ in pairs]
    finally:
        for _, writer in pairs:
            writer.close()


async def events(reader: asyncio.StreamReader) -> list[tuple[float, bytes]]:
    """Read a stream to its end; return each event's data and when it came."""
    came = []
    while line := await reader.readline():
        if line.startswith(b"data: "):
            came.append((time.time(), line[6:]))
        if line == b"0\r\n":
            break
    return came

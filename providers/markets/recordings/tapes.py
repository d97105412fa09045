"""The files of recorded candles: one packed text per series, and an index that vouches for each."""

import gzip
import hashlib
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter

from providers.markets.types import Candle

INDEX_NAME = "index.json"
HEADER = b"opened_at,open,high,low,close,volume\n"


class Entry(BaseModel):
    """One series of the index.

    venue    where the candles were recorded
    first, last   when the first and the last candle opened
    sha256   of the unpacked text: packers of different zlib versions write different bytes
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str
    timeframe: str
    venue: str
    first: datetime
    last: datetime
    rows: int
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.symbol.replace('/', '-')}.{self.timeframe}.csv.gz"


ENTRIES = TypeAdapter(tuple[Entry, ...])


class Tape:
    """One series in memory: its candles, and the text of each for hashing."""

    def __init__(self, text: bytes) -> None:
        if not text.startswith(HEADER):
            raise ValueError(f"a recording starts with {text[:40]!r}, not with {HEADER!r}")
        lines = text[len(HEADER) :].splitlines(keepends=True)
        self.candles = tuple(_candle(line.decode().rstrip("\n")) for line in lines)
        self._text = text
        self._offsets = tuple(accumulate(map(len, lines), initial=len(HEADER)))

    def sha256(self, start: int, stop: int) -> str:
        """Return the hash of `canonical` of the candles from *start* up to *stop*, without building it."""
        return hashlib.sha256(self._text[self._offsets[start] : self._offsets[stop]]).hexdigest()


def canonical(candles: Iterable[Candle]) -> bytes:
    """Return the one text of these candles: a line each, minutes in UTC, shortest exact decimals."""
    return "".join(
        f"{candle.opened_at:%Y-%m-%dT%H:%MZ},{candle.open!r},{candle.high!r},{candle.low!r},"
        f"{candle.close!r},{candle.volume!r}\n"
        for candle in candles
    ).encode()


def write(folder: Path, entries: Iterable[tuple[Entry, bytes]]) -> None:
    """Write the packed texts and the index; the same input gives the same bytes."""
    pairs = sorted(entries, key=lambda pair: pair[0].file_name)
    for entry, text in pairs:
        (folder / entry.file_name).write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    index = [entry.model_dump(mode="json") for entry, _ in pairs]
    (folder / INDEX_NAME).write_bytes(orjson.dumps(index, option=orjson.OPT_INDENT_2) + b"\n")


def read_index(folder: Path) -> tuple[Entry, ...]:
    """Return what *folder* holds.

    Raises:  OSError; ValueError if the index is not one.
    """
    return ENTRIES.validate_json((folder / INDEX_NAME).read_bytes())


def read(folder: Path, entry: Entry) -> Tape:
    """Return the series of *entry*, checked against its hash.

    Raises:  OSError; EOFError; ValueError if the file is not what the index vouches for.
    """
    text = gzip.decompress((folder / entry.file_name).read_bytes())
    sha256 = hashlib.sha256(text).hexdigest()
    if sha256 != entry.sha256:
        raise ValueError(f"{entry.file_name} has the hash {sha256}; the index says {entry.sha256}")
    return Tape(text)


def _candle(line: str) -> Candle:
    opened_at, *numbers = line.split(",")
    return Candle(datetime.fromisoformat(opened_at), *map(float, numbers))

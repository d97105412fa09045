"""The files of recorded candles."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.markets import replay
from providers.markets.recordings import tapes
from providers.markets.recordings.tapes import Entry, Tape
from providers.markets.types import Candle

START = datetime(2018, 1, 1, tzinfo=UTC)
NUMBERS = st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 5)


@given(st.lists(NUMBERS, max_size=6))
def test_a_tape_gives_back_exactly_the_candles_of_its_text(rows: list[tuple[float, ...]]) -> None:
    candles = tuple(Candle(START + day * timedelta(days=1), *row) for day, row in enumerate(rows))
    tape = Tape(tapes.HEADER + tapes.canonical(candles))
    assert tape.candles == candles
    for start in range(len(candles)):
        assert tape.sha256(start, len(candles)) == sha256(tapes.canonical(candles[start:])).hexdigest()


def test_a_text_without_the_header_is_no_tape() -> None:
    with pytest.raises(ValueError, match="starts with b'date,open'"):
        Tape(b"date,open")


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    text = tapes.HEADER + tapes.canonical([Candle(START, 1.0, 3.0, 0.5, 2.0, 7.0)])
    entry = Entry(
        symbol="BTC/USD",
        timeframe="1d",
        venue="nowhere",
        first=START,
        last=START,
        rows=1,
        sha256=sha256(text).hexdigest(),
    )
    contents = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        tapes.write(folder, [(entry, text)])
        assert tapes.read_index(folder) == (entry,)
        assert len(tapes.read(folder, entry).candles) == 1
        contents.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == ["BTC-USD.1d.csv.gz", "index.json"]


def test_the_index_of_the_recordings_tells_the_truth() -> None:
    entries = tapes.read_index(replay.RECORDINGS)
    assert [entry.file_name for entry in entries] == sorted(
        file.name for file in replay.RECORDINGS.glob("*.csv.gz")
    )
    for entry in entries:
        opened = [candle.opened_at for candle in tapes.read(replay.RECORDINGS, entry).candles]
        assert (opened[0], opened[-1], len(opened)) == (entry.first, entry.last, entry.rows)
        assert opened == sorted(set(opened))


def test_the_recordings_stay_small() -> None:
    assert sum(file.stat().st_size for file in replay.RECORDINGS.glob("*.csv.gz")) < 1_500_000

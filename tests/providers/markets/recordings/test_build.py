"""Building the recordings, from a small archive of the same shape."""

import io
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from providers.markets.recordings import build, tapes
from providers.markets.types import Candle

DAILY = (
    ",BTC:open,BTC:high,BTC:low,BTC:close,BTC:volume,ETH:open,ETH:high,ETH:low,ETH:close,ETH:volume,"
    "LTC:open,LTC:high,LTC:low,LTC:close,LTC:volume\n"
    "2019-03-18,10,12,9,11,5,,,,,,3,4,2,3,6\n"
    "2019-03-19,11,13,10,12,0,6,7,5,6,8,3,4,2,3,6\n"
    "2019-04-01,12,14,11,13,5,6,7,5,6,8,3,4,2,3,6\n"
    "2019-04-02,13,15,12,14,5,6,7,5,6,8,3,4,2,3,6\n"
)
HOURLY = (
    "Timestamps are UTC timezone,https://www.CryptoDataDownload.com\n"
    "date,symbol,open,high,low,close,volume_btc,volume\n"
    "2019-10-17 01-PM,BTCUSD,8,9,7,8,61.25,492394.56\n"
    "2019-10-17 11-AM,BTCUSD,6,7,5,6,1.5,9\n"
    "2019-10-17 12-PM,BTCUSD,7,8,6,7,2.5,9\n"
    "2019-10-17 12-AM,BTCUSD,5,6,4,5,3.5,9\n"
)
START = datetime(2019, 1, 1, tzinfo=UTC)


def make_archive(path: Path, *, daily: str = DAILY) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in ((build.DAILY, daily), (build.HOURLY, HOURLY)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def test_rows_are_sorted_and_the_newest_which_was_still_forming_is_left_out(tmp_path: Path) -> None:
    build.build(make_archive(tmp_path / "sdist.tar.gz"), tmp_path)
    entries = {(entry.symbol, entry.timeframe): entry for entry in tapes.read_index(tmp_path)}
    hours = tapes.read(tmp_path, entries["BTC/USD", "1h"]).candles
    assert [candle.opened_at.hour for candle in hours] == [0, 11, 12]  # 12-AM is midnight, 12-PM noon
    assert hours[1] == Candle(datetime(2019, 10, 17, 11, tzinfo=UTC), 6.0, 7.0, 5.0, 6.0, 1.5)
    rows = {symbol: entry.rows for (symbol, timeframe), entry in entries.items() if timeframe == "1d"}
    assert rows == {"BTC/USD": 3, "ETH/USD": 2, "LTC/USD": 3}


def test_what_is_odd_is_listed_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build.build(make_archive(tmp_path / "sdist.tar.gz"), tmp_path)
    printed = capsys.readouterr().out
    assert "BTC/USD 1d: no trade in the candle of 2019-03-19 00:00 (kept)" in printed
    assert "BTC/USD 1d: 12 candles missing after 2019-03-19 00:00 (kept)" in printed


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        ((10.0, 12.0, 9.0, 12.5, 5.0), "is no candle"),  # closes above its high
        ((10.0, 12.0, 10.5, 11.0, 5.0), "is no candle"),  # opens below its low
        ((10.0, 12.0, 0.0, 11.0, 5.0), "is no candle"),
        ((10.0, float("inf"), 9.0, 11.0, 5.0), "is no candle"),
        ((float("nan"), 12.0, 9.0, 11.0, 5.0), "is no candle"),
    ],
)
def test_a_row_that_is_no_candle_stops_the_build(numbers: tuple[float, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        list(build.check((Candle(START, *numbers),), "1d"))


def test_a_time_that_occurs_twice_stops_the_build() -> None:
    candle = Candle(START, 10.0, 12.0, 9.0, 11.0, 5.0)
    with pytest.raises(ValueError, match="does not follow"):
        list(build.check((candle, candle), "1d"))
    assert not list(build.check((candle, Candle(START + timedelta(days=1), 1.0, 1.0, 1.0, 1.0, 1.0)), "1d"))


def test_only_the_archive_that_the_notice_names_is_built_from(tmp_path: Path) -> None:
    problem = build.main([str(make_archive(tmp_path / "other.tar.gz"))])
    assert problem == "other.tar.gz is not the archive that NOTICE names: its sha256 differs"
    assert build.main([]) == "usage: python -m providers.markets.recordings.build SDIST"
    notice = Path(build.__file__).parents[3] / "NOTICE"
    assert build.SDIST_SHA256 in notice.read_text()

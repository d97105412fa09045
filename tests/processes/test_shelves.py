"""Fetched candles in a real broker: shared by processes, gone in time, and no obstacle while it is away."""

import subprocess
import sys
from datetime import UTC, datetime
from itertools import count

import pytest
from django.conf import settings

from providers.markets.shelves import SharedShelf
from tests.processes import waits
from tests.providers.markets.krakens import kraken

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("celery_broker_cluster")]
KEYS = count()
NOW = datetime(2026, 3, 5, 12, 20, 30, tzinfo=UTC)
ASKING = """
import sys
from datetime import datetime
from providers.markets import registry
url, broker, now = sys.argv[1:]
spec = registry.MarketSpec("kraken", ("BTC/USD",), 20.0, url, broker)
series = registry.build(spec).candles("BTC/USD", "1h", until=datetime.fromisoformat(now), count=300)
print(series.sha256, series.fetched_at)
"""


def key() -> str:
    return f"test {next(KEYS)}"


def test_what_one_puts_there_another_finds_until_its_time_is_over() -> None:
    one, other, name = SharedShelf(settings.BROKER_URL), SharedShelf(settings.BROKER_URL), key()
    assert other.get(name) is None
    one.put(name, b"candles", ttl_s=60)
    assert other.get(name) == b"candles"
    one.put(name, b"candles", ttl_s=0.2)
    waits.until(lambda: other.get(name) is None, what="the candles to be forgotten", within_s=10)


def test_of_two_one_may_fetch_until_it_lets_the_other() -> None:
    one, other, name = SharedShelf(settings.BROKER_URL), SharedShelf(settings.BROKER_URL), key()
    assert one.claim(name, ttl_s=60)
    assert not other.claim(name, ttl_s=60)
    one.release(name)
    assert other.claim(name, ttl_s=0.2)
    waits.until(lambda: one.claim(name, ttl_s=60), what="the claim to expire", within_s=10)


def test_a_broker_that_is_away_is_an_empty_shelf_on_which_everybody_may_fetch() -> None:
    nowhere = SharedShelf("redis://127.0.0.1:9/0")
    nowhere.put("x", b"y", ttl_s=60)
    assert nowhere.get("x") is None
    assert nowhere.claim("x", ttl_s=60)
    assert nowhere.claim("x", ttl_s=60)
    nowhere.release("x")


def test_three_processes_that_want_one_candle_make_one_request() -> None:
    with kraken(NOW) as served:
        served.pause_s = 0.2
        command = [sys.executable, "-c", ASKING, served.base_url, settings.BROKER_URL, NOW.isoformat()]
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        said = {process.communicate(timeout=90)[0] for process in started}
        assert {process.returncode for process in started} == {0}
        assert len(said) == 1
        assert served.asked["OHLC"] == 1

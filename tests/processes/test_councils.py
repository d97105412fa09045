"""A council without faults: its chord closes the run, everyone is heard, nobody is asked twice."""

import base64
import statistics

import orjson
import pytest

from tests import seeds
from tests.processes import fleets, records, waits
from tests.processes.fleets import GUARDS, WORKERS, Fleet
from tests.processes.nodes import CeleryBrokerCluster, CeleryTestSetup
from thalas import dispatch, models
from thalas.selectors import clock

pytestmark = pytest.mark.processes

SYMBOLS = ("BTC/USD", "ETH/USD", "LTC/USD")


def test_a_scan_of_three_symbols_is_decided_by_its_chord(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    live_house.dismiss(*GUARDS)  # of an earlier test, which may be faster than a chord on a slow machine
    slot, is_new = dispatch.scan("majors-daily", now=clock.now())
    assert is_new
    assert slot.run is not None
    (run,) = records.await_closed([slot.run], within_s=25)
    assert run.closed_by == "chord"
    assert run.symbols == list(SYMBOLS)
    records.assert_heard([run])
    assert len(records.states(run)) == 5
    assert "NO_DECISION" not in records.outcomes([run])
    assert celery_setup.app is celery_setup.worker.app


def test_forty_runs_without_faults_are_closed_by_their_chords_with_full_panels(
    celery_setup: CeleryTestSetup, guards: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = []
    for _ in range(40):
        run = dispatch.convene(seeds.question(), now=clock.now())
        closed += records.await_closed([run], within_s=25)
    latencies_ms = [run.decision.latency_ms for run in closed]
    by_chord = sum(run.closed_by == "chord" for run in closed)
    with capsys.disabled():
        p50, p95 = statistics.median(latencies_ms), statistics.quantiles(latencies_ms, n=20)[-1]
        print(f"\n40 runs: {by_chord} closed by chord, open to closed p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    records.assert_heard(closed)
    # 95 % of 40. A guard takes over from a chord that takes longer than a second.
    waits.in_time(by_chord >= 38, f"the chords to close 38 runs, not {by_chord}")
    assert models.Vote.objects.filter(starts=1).count() == 40 * 5 == models.Vote.objects.count()


def test_messages_carry_ids_only(celery_broker_cluster: CeleryBrokerCluster, live_house: Fleet) -> None:
    live_house.dismiss(*WORKERS)
    run = dispatch.convene(seeds.question(), now=clock.now())
    waits.until(lambda: not fleets.nothing_waits(), within_s=1, what="the broker has taken the messages")
    with fleets.valkey() as client:
        messages = [orjson.loads(raw) for raw in client.lrange("votes", 0, -1)]
    messages = [message for message in messages if message["headers"]["task"] == dispatch.ASK]  # no canaries
    sent = [orjson.loads(base64.b64decode(message["body"])) for message in messages]
    asked = [kwargs for _, kwargs, _ in sent]
    assert sorted(asked, key=lambda kwargs: str(kwargs["voter"])) == [
        {"run_id": str(run.pk), "voter": voter} for voter in sorted(records.states(run))
    ]
    assert {message["content-type"] for message in messages} == {"application/json"}
    assert [args for args, _, _ in sent] == [[]] * 5
    (callback,) = {orjson.dumps(embed["chord"]["kwargs"]) for _, _, embed in sent}
    assert orjson.loads(callback) == {"run_id": str(run.pk)}


def test_neither_the_broker_nor_any_log_holds_answers_or_secrets(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    before = {name: len(live_house[name].logs()) for name in live_house.running}
    run = dispatch.convene(seeds.question(), now=clock.now())
    records.await_closed([run], within_s=25)
    kept = waits.until(fleets.everything_kept, within_s=5, what="the broker keeps something")
    assert fleets.CANARY not in live_house.logs()
    for text in (kept, *(live_house[name].logs()[length:] for name, length in before.items())):
        assert fleets.CANARY not in text
        assert "reasoning" not in text
        assert "confidence" not in text

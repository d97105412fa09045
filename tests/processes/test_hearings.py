"""Without faults every voter is heard, and no call is paid for that nobody needed: over 2,000 votes."""

import pytest

from tests import seeds
from tests.processes import loads, records
from tests.processes.emulators import Emulator
from tests.processes.fleets import Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import models
from thalas.roster import EMULATED

pytestmark = pytest.mark.processes

PANEL = tuple(f"emulated-{persona}" for persona in EMULATED)
RUNS = 500
RUNS_PER_S = 10.0
DEADLINE_S = 20.0


@pytest.mark.acceptance
@pytest.mark.timeout(300)
def test_two_thousand_votes_without_faults_are_all_heard_and_paid_once(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.obey({"*": [{"latency_s": 0.35}]})
    paid_before = emulator.paid
    question = seeds.question(panel=PANEL, deadline_s=DEADLINE_S)
    with loads.steady(question, per_s=RUNS_PER_S) as load:
        load.await_count(RUNS, within_s=3 * RUNS / RUNS_PER_S)
    closed = records.await_closed(load.opened, within_s=DEADLINE_S + 2)
    assert models.Vote.objects.count() == len(closed) * len(PANEL) >= 2_000
    records.assert_heard(closed)
    assert set(models.Vote.objects.values_list("state", "starts")) <= {("cast", 1), ("abstained", 1)}
    assert emulator.paid - paid_before == models.Vote.objects.count() == models.SpendEntry.objects.count()
    by_chord, p95_s = sum(run.closed_by == "chord" for run in closed), loads.p95(loads.latencies_s(closed))
    with capsys.disabled():
        print(f"\n{len(closed)} runs: {by_chord} closed by their chords, p95 {p95_s:.2f} s")

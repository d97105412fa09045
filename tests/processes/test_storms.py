"""Providers fail in every way at once: runs end in time, the ill are left alone, the well notice nothing."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from django.conf import settings

from tests import seeds
from tests.processes import loads, records, waits
from tests.processes.emulators import Emulator, Rule
from tests.processes.fleets import CORE, VOTES, Fleet
from thalas import env, models, roster
from thalas.services import voters
from thalas.services.councils import Question

pytestmark = pytest.mark.processes

WORKERS = tuple(f"storm-{number}" for number in range(4))
CALM = ("calm_one", "calm_two", "calm_three")
CALM_S = 0.25
RETRIES = 1
TIMEOUT_S = 2.0
CALM_TIMEOUT_S = 5.0  # who answers at once needs it only where the machine is slow
DEADLINE_S = 8.0
RUNS_PER_S = 4.0
# What reading the journal's clock against a worker's, and a slow machine, may differ by.
SLACK_S = 0.5
NOISE_S = 0.15


def storms() -> dict[str, Rule]:
    """Return how each provider fails, by its name."""
    much_later = formatdate(time.time() + 300, usegmt=True)
    return {
        "busy_seconds": {"status": 429, "headers": {"retry-after": "3"}},
        "busy_date": {"status": 429, "headers": {"retry-after": much_later}},
        "busy_absent": {"status": 429},
        "busy_absurd": {"status": 429, "headers": {"retry-after": "31536000"}},
        "overloaded": {"status": 529},
        "stalled": {"latency_s": 30.0},
        "dripping": {"drip_bytes_per_s": 1.0},
        "resetting": {"reset": True},
    }


@dataclass(frozen=True, slots=True)
class Storm:
    """What was opened before and in the storm, and what the emulator was asked in it, by model."""

    before: list[models.Run]
    during: list[models.Run]
    asked: dict[str, list[float]]


class Site:
    """Four workers that ask eleven providers, all of them one emulator."""

    def __init__(self, fleet: Fleet, emulator: Emulator) -> None:
        self._fleet = fleet
        self._emulator = emulator
        self._journal = settings.LOG_DIR / "emulator.jsonl"

    def staff(self) -> None:
        """Start the workers, and seat the voters."""
        variables = {"USE_KEYS": "1"}
        for name in (*CALM, *storms()):
            variables[f"{name.upper()}_BASE_URL"] = f"http://127.0.0.1:{self._emulator.port}/v1"
            variables[f"{name.upper()}_MODEL"] = f"{name}-bull"
            variables[f"{name.upper()}_TIMEOUT"] = f"{CALM_TIMEOUT_S if name in CALM else TIMEOUT_S:g}"
            variables[f"{name.upper()}_MAX_RETRIES"] = str(RETRIES)
        environment = env.read(variables)
        voters.sync(roster.specs(environment), roster.caps_usd(environment))
        self._fleet.dismiss(VOTES)  # it knows nothing of these providers
        for name in WORKERS:
            self._fleet.add(name, like=VOTES, argv=self._argv(name), **variables)
        self._fleet.muster(*WORKERS, CORE)

    def logs(self) -> str:
        """Return what the workers have said in this life."""
        return "\n".join(self._fleet[name].said for name in WORKERS)

    def _argv(self, name: str) -> tuple[str, ...]:
        words = {"hostname": f"--hostname={name}@%h", "concurrency": "--concurrency=40"}
        return tuple(words.get(word.strip("-").partition("=")[0], word) for word in self._fleet.argv(VOTES))

    def weather(self, *, quiet_s: float, storm_s: float) -> Storm:
        """Let runs come at a steady rate, first in quiet, then in the storm."""
        calm: dict[str, list[Rule]] = {"*": [{"latency_s": CALM_S, "action": "BUY"}]}
        self._emulator.obey(calm)
        with loads.steady(question(), per_s=RUNS_PER_S) as load:
            time.sleep(1.0)  # connections are made, code is warm
            load.opened.clear()
            time.sleep(quiet_s)
            before = list(load.opened)
        records.await_closed(before, within_s=DEADLINE_S + 5)
        began_at = self._journal.stat().st_size
        self._emulator.obey(calm | {f"{name}-bull": [rule] for name, rule in storms().items()})
        with loads.steady(question(), per_s=RUNS_PER_S) as load:
            time.sleep(storm_s)
        during = records.await_closed(load.opened, within_s=DEADLINE_S + 5)
        return Storm(records.await_closed(before, within_s=1), during, asked(self._journal, began_at))


def question() -> Question:
    return seeds.question(panel=[*CALM, *storms()], deadline_s=DEADLINE_S)


def asked(journal: Path, after: int) -> dict[str, list[float]]:
    """Return when each provider was asked, by what was written after the first *after* bytes."""
    found: dict[str, list[float]] = {name: [] for name in (*CALM, *storms())}
    for line in journal.read_bytes()[after:].splitlines():
        event = orjson.loads(line)
        if event["event"] == "started":
            found[event["model"].removesuffix("-bull")].append(moment(event["at"]))
    return found


def openings(logs: str) -> dict[str, list[float]]:
    """Return when each provider's circuit opened, as workers told in their *logs*."""
    found: dict[str, list[float]] = {name: [] for name in (*CALM, *storms())}
    for line in logs.splitlines():
        if '"circuit_opened"' in line:
            event = orjson.loads(line[line.index("{") :])
            found[event["provider"]].append(moment(event["timestamp"]))
    return {name: sorted(times) for name, times in found.items()}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def between(times: list[float], begin: float, end: float) -> int:
    return sum(begin < at <= end for at in times)


def calm_p95_s(closed: list[models.Run]) -> float:
    """Return the 95th percentile of what the calm voters took, all of whom must have been heard."""
    found = list(models.Vote.objects.filter(run__in=closed, voter__in=CALM))
    for vote in found:
        if vote.state not in records.HEARD_STATES:
            told = f"{vote.voter_id} {vote.state} {vote.error_kind}: {vote.error}"
            assert records.is_of_time(vote.state, vote.error_kind), told
            raise waits.TooSlow(told)
    return loads.p95([(vote.latency_ms or 0.0) / 1000 for vote in found])


@pytest.fixture
def site(celery_broker_cluster: object, guards: Fleet, emulator: Emulator) -> Iterator[Site]:
    site = Site(guards, emulator)
    site.staff()
    yield site
    guards.dismiss(*WORKERS)


def check_calls(storm: Storm, logs: str) -> None:
    """Check that no vote cost more calls than it may, and that circuits let nothing through but probes."""
    opened = openings(logs)
    votes = len(storm.during)
    # A worker that found Redis slow goes by what it has seen itself, and may send a probe of its own.
    probes = len(WORKERS) if "circuits_are_local" in logs else 1
    for name in storms():
        calls, times = storm.asked[name], opened[name]
        assert len(calls) <= votes * (1 + RETRIES), name
        for began, ended in pairwise([*times, time.time()]):
            assert between(calls, began + SLACK_S, ended) <= probes, name
    for name in ("busy_absent", "overloaded", "stalled", "dripping", "resetting"):
        assert opened[name], name
    for name in ("busy_date", "busy_absurd"):  # it asked to be left alone for longer than the storm
        first = storm.asked[name][0]
        assert between(storm.asked[name], first + SLACK_S, time.time()) == 0, name
    assert not any(opened[name] for name in CALM)
    # Without circuits each would have been asked for every vote, most of them twice.
    assert sum(len(storm.asked[name]) for name in storms()) < votes * len(storms()) / 2


def check_storm(site: Site, storm: Storm) -> None:
    """Check everything that a storm must leave as it was."""
    assert len(storm.during) >= 5
    found = models.Vote.objects.filter(run__in=storm.during, voter__in=list(storms()))
    kinds = Counter(found.values_list("error_kind", flat=True))
    known = {"rate_limit", "overloaded", "timeout", "unavailable", "circuit_open", "not_asked", "no_answer"}
    assert set(kinds) <= known, kinds
    assert kinds["circuit_open"] > 0
    logs = site.logs()
    try:
        check_calls(storm, logs)
    except AssertionError as error:
        if "circuits_are_local" in logs:
            raise waits.TooSlow(f"Redis was slow, so that workers went by themselves: {error}") from error
        raise
    before_s, during_s = calm_p95_s(storm.before), calm_p95_s(storm.during)
    waits.no_longer(during_s, before_s * 1.1 + NOISE_S, f"p95 of the calm, {before_s:.2f} s in quiet,")


def test_a_storm_at_eight_providers_stays_outside(site: Site) -> None:
    check_storm(site, site.weather(quiet_s=3.0, storm_s=8.0))


@pytest.mark.acceptance
@pytest.mark.timeout(300)
def test_a_long_storm_stays_outside(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    storm = site.weather(quiet_s=15.0, storm_s=60.0)
    opened = openings(site.logs())
    with capsys.disabled():
        print(f"\n{len(storm.during)} runs in the storm")
        for name in storms():
            print(f"{name}: asked {len(storm.asked[name])} times, opened {len(opened[name])} times")
        print(f"p95 of the calm {calm_p95_s(storm.before):.3f} s, then {calm_p95_s(storm.during):.3f} s")
    check_storm(site, storm)

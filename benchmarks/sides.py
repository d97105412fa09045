"""The three sides of a benchmark, driven by the same load: Thalas, a naive chord, and asyncio.gather."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from benchmarks import figures, house, meters, naive, stages, watcher
from benchmarks.stages import LATENCY_S

WARM_UP = 20
LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class Load:
    """*runs* runs at *rate* a second; a rate of 0 sends them all at once."""

    runs: int
    rate: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What one side did under a load, or under several of them together.

    took_s   from before a run is opened until its decision can be read
    cpu_s    by process; "client" is the thread that opened the runs
    """

    runs: list[str] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    busy_s: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)

    @property
    def overhead_ms(self) -> list[float]:
        """What each run took beyond its voters' latency."""
        return [(took - LATENCY_S) * 1000 for took in self.took_s]

    @property
    def per_s(self) -> float:
        """Runs per second, from the first opened to the last closed."""
        return len(self.took_s) / self.busy_s

    def cpu_ms(self, is_counted: Callable[[str], bool] = lambda _: True) -> dict[str, float]:
        """Return the CPU ms per run of each process that counts."""
        return {name: s * 1000 / len(self.took_s) for name, s in self.cpu_s.items() if is_counted(name)}

    def add(self, other: "Outcome") -> None:
        """Count *other* in."""
        self.runs += other.runs
        self.took_s += other.took_s
        self.busy_s += other.busy_s
        for name, used in other.cpu_s.items():
            self.cpu_s[name] = self.cpu_s.get(name, 0.0) + used


class Side(Protocol):
    """Somebody who can be given runs."""

    name: str
    pids: dict[str, int]

    def send(self) -> str:
        """Open one run; return its id."""

    def closed_at(self) -> dict[str, float]:
        """Return when each run was seen closed."""


def drive(side: Side, load: Load, send: Callable[[], str] | None = None) -> Outcome:
    """Put *load* on *side* and wait for its last run; *send* opens runs of another kind than usual."""
    opened_at: dict[str, float] = {}
    before, used, started = meters.cpu_s(side.pids), time.thread_time(), time.time()
    for number in range(load.runs):
        if load.rate:
            time.sleep(max(0.0, started + number / load.rate - time.time()))
        at = time.time()
        opened_at[(send or side.send)()] = at
    client_s = time.thread_time() - used
    stages.wait_until(
        lambda: side.closed_at().keys() >= opened_at.keys(), f"the runs of {side.name}", within_s=LONGEST_S
    )
    after, closed_at = meters.cpu_s(side.pids), side.closed_at()
    return Outcome(
        runs=list(opened_at),
        took_s=[closed_at[run] - at for run, at in opened_at.items()],
        busy_s=max(closed_at[run] for run in opened_at) - started,
        cpu_s={"client": client_s, **{name: after[name] - before[name] for name in after}},
    )


class Thalas:
    """A real council for each run, guards included; a watcher says when each is closed."""

    name = "thalas"

    def __init__(self, home: Path) -> None:
        self.pids = {name: pid for name, pid in meters.pids(home).items() if meters.is_ours(name)}
        house.set_up()
        stages.wait_until(house.is_served, "our workers")
        self._closed: dict[str, float] = {}
        self._is_watched = threading.Event()
        words = (sys.executable, "-m", "benchmarks.watcher")
        self._watcher = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)  # noqa: S603
        threading.Thread(target=self._listen, daemon=True).start()
        stages.wait_until(self._is_watched.is_set, "the watcher")
        drive(self, Load(WARM_UP))

    def send(self) -> str:
        return house.convene()

    def closed_at(self) -> dict[str, float]:
        return dict(self._closed)

    def _listen(self) -> None:
        for line in self._watcher.stdout or ():
            if line.strip() == watcher.WATCHING:
                self._is_watched.set()
                continue
            run, at = line.split()
            self._closed[run] = float(at)

    def close(self) -> None:
        """Stop watching."""
        self._watcher.terminate()
        self._watcher.wait()


class Naive:
    """A bare chord for each run, whose callback notes the time."""

    name = "naive chord"

    def __init__(self, home: Path, body: str) -> None:
        self.pids = {name: pid for name, pid in meters.pids(home).items() if meters.is_naives(name)}
        self._body = body
        self._sent = 0
        workers = sum(name.startswith("naive") for name in self.pids)
        stages.wait_until(lambda: len(naive.app.control.ping(timeout=0.5) or ()) == workers, "naive workers")
        drive(self, Load(WARM_UP))

    def send(self) -> str:
        self._sent += 1
        naive.publish(str(self._sent), self._body)
        return str(self._sent)

    def closed_at(self) -> dict[str, float]:
        return {str(run): float(at) for run, at in naive.marks.hgetall(naive.DONE).items()}


def with_gather(load: Load, body: str) -> Outcome:
    """Ask the four voters with asyncio.gather in this process; what a script without a queue would do."""
    return asyncio.run(_gather(load, [body.replace("MODEL", voter) for voter in naive.VOTERS]))


async def _gather(load: Load, bodies: list[str]) -> Outcome:
    outcome, started, used = Outcome(), time.time(), time.process_time()
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=400)
    async with httpx.AsyncClient(limits=limits, timeout=30, base_url=naive.EMULATOR_URL) as client:

        async def one(number: int) -> None:
            if load.rate:
                await asyncio.sleep(started + number / load.rate - time.time())
            at = time.time()
            await asyncio.gather(*(client.post("/v1/chat/completions", content=body) for body in bodies))
            outcome.took_s.append(time.time() - at)

        await asyncio.gather(*(one(number) for number in range(load.runs)))
    outcome.busy_s = time.time() - started
    outcome.cpu_s = {"client": time.process_time() - used}
    return outcome


def total_ms(cpu_ms: dict[str, float], *, without: Iterable[str] = ()) -> float:
    """Return the CPU ms per run of all processes but those in *without*."""
    return sum(ms for name, ms in cpu_ms.items() if name not in without)


def overhead_row(name: str, outcome: Outcome) -> list[str]:
    """Return *outcome* as a row: side, p50, p95 and p99 of the overhead in ms."""
    spread = figures.spread(outcome.overhead_ms)
    return [name, *(f"{spread[share]:.0f}" for share in ("p50", "p95", "p99"))]

"""The killer: strikes as planned while the supervisor, and nobody else, sets up again what fell."""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from tests.chaos.plans import Blow, Target
from tests.clusters import Cluster
from tests.processes.local_processes import LocalProcess
from thalas.supervision.processes import EventKind, ProcessEvent
from thalas.supervision.supervisor import Supervisor

PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Outage:
    """From when to when the database did not answer."""

    down_at: datetime
    up_at: datetime


@dataclass(slots=True)
class Chronicle:
    """What happened, by this machine's clock, which the database and the emulator share.

    struck  the name of what was killed, and when
    deaths  what the supervisor found dead, and when: the killed, and whatever ended by itself
    """

    struck: list[tuple[datetime, str]] = field(default_factory=list)
    deaths: list[tuple[datetime, str]] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)

    def note(self, event: ProcessEvent) -> None:
        """Take down what the supervisor tells."""
        if event.kind == EventKind.DIED:
            self.deaths.append((now(), event.process))

    def cutting(self) -> list[datetime]:
        """Return each moment that can have cut a call: a worker died, broker or database were struck."""
        ends = [at for at, name in self.deaths if "worker" in name]
        return sorted(ends + [at for at, name in self.struck if "worker" in name or name in tuple(Target)])


@dataclass(slots=True)
class Storm:
    """Strikes *names*, the *broker* and the *cluster*; without a cluster the database is spared."""

    supervisor: Supervisor
    chronicle: Chronicle
    names: Sequence[str]
    dice: random.Random
    broker: LocalProcess
    cluster: Cluster | None
    _broker_due: float | None = None
    _launch_due: float | None = None
    _down_at: datetime | None = None

    def rage(self, blows: Sequence[Blow], until: Callable[[], bool]) -> None:
        """Deal *blows* until *until* says so, then wait until broker and database are back."""
        left, started = list(blows), time.monotonic()
        while not until():
            self.look_after()
            while left and left[0].at_s <= time.monotonic() - started:
                self._strike(left.pop(0))
            time.sleep(PAUSE_S)
        while self._broker_due is not None or self._down_at is not None:
            self.look_after()
            time.sleep(PAUSE_S)

    def look_after(self) -> None:
        """Let the supervisor restart what died, and start what was kept down long enough."""
        self.supervisor.tick()
        if self._broker_due is not None and time.monotonic() >= self._broker_due:
            self.broker.start()
            self._broker_due = None
        if self.cluster is not None and self._down_at is not None:
            self._mend(self.cluster, self._down_at)

    def _strike(self, blow: Blow) -> None:
        if blow.target == Target.PROCESS:
            self._kill_one()
        elif blow.target == Target.BROKER:
            self._note(Target.BROKER)
            self.broker.kill()
            self._broker_due = time.monotonic() + blow.down_s
        elif self.cluster is not None:
            self._note(Target.DATABASE)
            self._down_at = now()
            self.cluster.crash()
            self._launch_due = time.monotonic() + blow.down_s

    def _kill_one(self) -> None:
        pids = {status.name: status.pid for status in self.supervisor.statuses}
        # A name that this supervisor does not have is struck in vain: the control has no guards to hit.
        victims = [name for name in self.names if pids.get(name) is not None or name not in pids]
        name = self.dice.choice(victims)
        pid = pids.get(name)
        if pid is not None:
            self._note(name)
            os.kill(pid, signal.SIGKILL)

    def _mend(self, cluster: Cluster, down_at: datetime) -> None:
        if self._launch_due is not None:
            if time.monotonic() < self._launch_due:
                return
            cluster.launch(is_awaited=False)
            self._launch_due = None
        try:
            psycopg.connect(cluster.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return
        self.chronicle.outages.append(Outage(down_at, now()))
        self._down_at = None

    def _note(self, name: str) -> None:
        self.chronicle.struck.append((now(), str(name)))


def now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)

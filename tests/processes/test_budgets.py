"""Caps hold while workers are killed, days and months end and clocks are wrong: nothing is overspent."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from providers.voters.types import Usage
from tests import caps
from tests.processes import journals, spenders, waits
from tests.processes.fleets import database_url
from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Measure, Subject
from thalas.services import budgets, notices
from thalas.services import caps as caps_at_work
from thalas.services.ledgers import Buyer

CAP_USD, MONTH_USD = 10, 25
PROCESSES, THREADS = 4, 16
# The clocks of a house's machines: right, a little wrong, and a day ahead and behind.
SKEWS_S = (0.0, 5.0, 86_400.0, -86_400.0)
DAY = {
    "postgresql": "TO_CHAR(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "sqlite": "SUBSTR(starts_at, 1, 10)",
}
# Windows and ledger in one statement, so of one moment.
SNAPSHOT = """
    SELECT 'window', kind, subject, measure, {day}, committed FROM thalas_budgetwindow
    UNION ALL
    SELECT 'ledger', 'provider', provider_id, '', CAST(spent_on AS text),
           SUM(ROUND(COALESCE(booked_usd, reserved_usd) * 1000000))
    FROM thalas_spendentry GROUP BY provider_id, spent_on
"""


@dataclass
class Storm:
    """Processes that spend, one of which is killed now and then, and what a watcher saw meanwhile.

    A person sets, lowers and removes a voter's cap all the while, and calls that take long are given up.
    """

    bills: Path
    speed: float
    dice: random.Random = field(default_factory=lambda: random.Random(6))
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: int = 0
    changes: int = 0
    lost: int = 0
    snapshots: int = 0
    began_s: float = 0.0
    wrong: list[object] = field(default_factory=list)

    def launch(self, number: int) -> subprocess.Popen[bytes]:
        """Start the process with this number's skew, with dice of its own."""
        told: tuple[object, ...] = ("--threads", THREADS, "--seed", self.dice.randrange(10**6))
        told += ("--gun", self.gun, "--speed", self.speed, "--skew-s", SKEWS_S[number], "--bills", self.bills)
        argv = [sys.executable, "-m", "tests.processes.spenders", *map(str, told)]
        return subprocess.Popen(argv, env={**os.environ, "DATABASE_URL": database_url()})

    def rage(self, for_s: float, *, kill_every_s: float) -> None:
        """Spend for so long, killing one process after another."""
        self.running = [self.launch(number) for number in range(PROCESSES)]
        waits.until(lambda: len(self.ready()) == PROCESSES, within_s=60, what="all spenders are ready")
        until = time.monotonic() + for_s
        loaded = self.gun.with_suffix(".loaded")
        self.began_s = time.monotonic()
        loaded.write_text(str(self.began_s))
        loaded.rename(self.gun)
        with self._beside(self._watch), self._beside(self._meddle):
            while time.monotonic() < until:
                time.sleep(self.dice.uniform(0.5, 1.5) * kill_every_s)
                number = self.dice.choice(self.ready() or range(PROCESSES))
                self.kill(self.running[number])
                self.running[number] = self.launch(number)
        for process in self.running:
            self.kill(process)

    @property
    def gun(self) -> Path:
        """The file whose coming starts all clocks."""
        return self.bills.with_name("gun")

    def ready(self) -> list[int]:
        """Return the numbers of the processes that spend, or wait for the gun."""
        lines = self.bills.read_text().splitlines() if self.bills.exists() else []
        return [number for number, process in enumerate(self.running) if f"ready {process.pid}" in lines]

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End *process* wherever it is."""
        assert process.poll() is None, "a spender ended by itself"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        self.kills += 1

    @contextmanager
    def _beside(self, work: Callable[[], None]) -> Iterator[None]:
        over = threading.Event()

        def go_on() -> None:
            while not over.wait(0.05):
                work()
            connection.close()

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self) -> None:
        self.wrong += check(snapshot())
        self.snapshots += 1

    def _meddle(self) -> None:
        now = spenders.BORN_AT + timedelta(seconds=self.speed * (time.monotonic() - self.began_s))
        wanted = self.dice.choice(("0.50", "3", "5", None))
        caps_at_work.set_cap("voter", "second", "usd_per_day", wanted, by="a person", now=now)
        self.lost += notices.book_lost(now=now)
        self.changes += 1


def snapshot() -> list[tuple[str, str, str, str, str, int]]:
    """Return all windows and the ledger's sums of each day, of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT.format(day=DAY[connection.vendor]))
        return [(*row[:5], int(row[5])) for row in cursor.fetchall()]


def check(rows: list[tuple[str, str, str, str, str, int]]) -> list[object]:
    """Return what is wrong in a snapshot: a window above its cap, or one that is not the ledger's sum."""
    ledger = {day: micro for what, _, _, _, day, micro in rows if what == "ledger"}
    months: Counter[str] = Counter()
    for day, micro in ledger.items():
        months[day[:7]] += micro
    wrong: list[object] = []
    for what, kind, _, measure, day, micro in rows:
        if what == "window" and kind == "provider":
            cap = MONTH_USD if measure == "usd_per_month" else CAP_USD
            booked = months[day[:7]] if measure == "usd_per_month" else ledger.get(day, 0)
            if micro > cap * words.MICRO or micro != booked:
                wrong.append((measure, day, micro, booked))
    return wrong


def billed(path: Path) -> Counter[str]:
    """Return what the provider's own record says of each day, in millionths."""
    days: Counter[str] = Counter()
    for line in path.read_text().splitlines():
        assert not line.startswith("broken"), line
        if not line.startswith("ready"):
            day, _, micro = line.split()
            days[day] += int(micro)
    return days


def at_rest() -> bool:
    """Say whether the server has come to the end of what the dead had sent it."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = CURRENT_DATABASE() "
            "AND pid <> PG_BACKEND_PID() AND state <> 'idle'"
        )
        return bool(cursor.fetchone()[0] == 0)


@pytest.fixture
def capped(shared_house: None) -> Iterator[None]:
    """A provider that may cost US$ 10 a day and 25 a month, voters with caps of their own, and a watch."""
    provider = models.Provider.objects.create(pk="shared")
    models.Voter.objects.create(
        name="second", provider=provider, wire="openai_chat", model="m", timeout_s=1.0, is_enabled=False
    )
    caps.allow_usd(CAP_USD, provider=provider.pk)
    caps.put(Subject.PROVIDER, provider.pk, Measure.USD_PER_MONTH, MONTH_USD * words.MICRO)
    caps.put(Subject.VOTER, "first", Measure.USD_PER_DAY, 6 * words.MICRO)
    caps.put(Subject.ACCOUNT, "demo", Measure.TOKENS_PER_DAY, 10**9)
    journals.keep()
    yield
    journals.forget()


def assert_nothing_was_overspent(storm: Storm) -> None:
    """Check the windows, the ledger and the provider's bill against each other and the caps."""
    waits.until(at_rest, within_s=20, what="the server is at rest")
    assert storm.wrong == []
    assert journals.wrong() == []
    assert check(snapshot()) == []
    bills = billed(storm.bills)
    days = {f"{w.starts_at:%Y-%m-%d}": w.committed for w in windows(Measure.USD_PER_DAY)}
    for day, micro in bills.items():
        assert micro <= days[day] <= CAP_USD * words.MICRO
    for month in windows(Measure.USD_PER_MONTH):
        mine = sum(micro for day, micro in bills.items() if day.startswith(f"{month.starts_at:%Y-%m}"))
        assert mine <= month.committed <= MONTH_USD * words.MICRO
    firsts = models.BudgetWindow.objects.filter(kind="voter", subject="first")
    assert all(window.committed <= 6 * words.MICRO for window in firsts)


def windows(measure: Measure) -> list[models.BudgetWindow]:
    """Return the provider's windows."""
    rows = models.BudgetWindow.objects.filter(kind="provider", subject="shared", measure=measure.value)
    return list(rows.order_by("starts_at"))


def assert_nothing_stays_reserved(storm: Storm) -> None:
    """Check that what the dead had reserved is booked in the end, at its worst."""
    lost = models.SpendEntry.objects.filter(settled_at=None)
    held = {entry.pk: entry.reserved_usd for entry in lost}
    assert storm.lost + len(held), "no call was under way when its process was killed"
    end = max(models.SpendEntry.objects.values_list("reserved_at", flat=True)) + timedelta(hours=2)
    assert notices.book_lost(now=end) == len(held)
    assert not models.SpendEntry.objects.filter(settled_at=None).exists()
    assert dict(models.SpendEntry.objects.filter(pk__in=held).values_list("pk", "booked_usd")) == held
    assert check(snapshot()) == []


def assert_it_was_a_storm(storm: Storm, *, days: int) -> None:
    """Check that what was to happen did: kills, the ends of days and of a month, caps that were reached.

    Raises:  TooSlow where a quicker machine would have come further.
    """
    assert storm.kills >= PROCESSES + 2
    spent = [window.committed for window in windows(Measure.USD_PER_DAY)]
    for is_so, what in (
        (storm.snapshots >= 20, "twenty snapshots"),
        (storm.changes >= 20, "twenty changes of a cap"),
        (connection.vendor != "postgresql" or journals.commits() > 100, "a hundred commits"),
        (len(spent) >= days, f"{days} days"),
        (len(windows(Measure.USD_PER_MONTH)) >= 2, "two months"),
        (max(spent) > (CAP_USD - 0.6) * words.MICRO, "a day's cap to be reached"),
    ):
        waits.in_time(is_so, what)


def told(storm: Storm) -> str:
    """Return the table of each day: billed by the provider, committed, and the cap."""
    bills = billed(storm.bills)
    lines = [f"{storm.kills} kills, {storm.lost} calls lost, {storm.changes} changes of a cap"]
    lines += [f"{storm.snapshots} snapshots, {journals.commits()} commits noted"]
    lines += [f"{models.SpendEntry.objects.count()} calls made"]
    for window in windows(Measure.USD_PER_DAY):
        day = f"{window.starts_at:%Y-%m-%d}"
        committed = window.committed / 1e6
        lines.append(f"{day} billed {bills[day] / 1e6:9.6f} committed {committed:9.6f} of {CAP_USD}")
    return "\n".join(lines)


def rage(tmp_path: Path, *, for_s: float, days: int, kill_every_s: float) -> None:
    """Spend through so many days, and check everything."""
    storm = Storm(tmp_path / "bills", speed=days * 86_400 / for_s)
    storm.rage(for_s, kill_every_s=kill_every_s)
    sys.stdout.write(told(storm) + "\n")
    assert_nothing_was_overspent(storm)
    assert_it_was_a_storm(storm, days=3)
    assert_nothing_stays_reserved(storm)


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("capped")
def test_sixty_four_workers_that_are_killed_overspend_nothing_through_days_and_a_months_end(
    tmp_path: Path,
) -> None:
    rage(tmp_path, for_s=12.0, days=4, kill_every_s=2.0)


@pytest.mark.acceptance
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("capped")
def test_a_long_storm_overspends_nothing(tmp_path: Path) -> None:
    rage(tmp_path, for_s=240.0, days=12, kill_every_s=3.0)


@pytest.mark.usefixtures("capped")
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL keeps the journal")
def test_the_journal_sees_a_commit_that_passes_a_cap_or_that_the_ledger_does_not_know() -> None:
    now = spenders.BORN_AT
    buyer = Buyer("first", "shared", "demo")
    held = budgets.reserve(buyer, Usage(tokens_in=1, cost_usd=Decimal("0.50")), now=now)
    budgets.settle(held, Usage(tokens_in=1, cost_usd=Decimal("0.10")), now=now)
    assert journals.commits() >= 2
    assert journals.wrong() == []
    day = models.BudgetWindow.objects.filter(kind="provider", measure="usd_per_day")
    day.update(committed=CAP_USD * words.MICRO + 1)
    assert {what for what, *_ in journals.wrong()} == {"above its cap", "not what the ledger says"}


def test_the_watcher_sees_an_overspend_and_a_window_that_is_not_the_ledgers_sum() -> None:
    day = ("provider", "shared", "usd_per_day", "2026-01-30")
    ledger = ("provider", "shared", "", "2026-01-30")
    assert check([("window", *day, 10_000_000), ("ledger", *ledger, 10_000_000)]) == []
    assert check([("window", *day, 10_000_001), ("ledger", *ledger, 10_000_001)])
    assert check([("window", *day, 9_000_000), ("ledger", *ledger, 9_000_001)])
    assert spenders.MOST_USD < CAP_USD
    assert Decimal(MONTH_USD) < 4 * CAP_USD

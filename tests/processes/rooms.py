"""The room on an account, watched from outside: what each commit leaves held, and whether it is whole.

The watch is a trigger that runs as the last thing of a transaction, in one transaction after the other. It
takes no lock before the decision is made, so it mends nothing that it looks for.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection

from tests.processes.fleets import database_url
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock, histories, markets

ACCOUNT, EQUITY_USD = "demo", Decimal(10_000)
HELD, ASKED = "LTC/USD", ("BTC/USD", "ETH/USD")
PASSED, OBJECTING = ("approved", "resized"), ("failed", "resized", "not_computable")
# The account holds a position of this worth; each order asks for more than ORDER_USD and is cut to that.
OPEN_USD, ORDER_USD = Decimal(1000), Decimal(1500)
RUNS = 50
CENT = Decimal("0.01")

WATCH = """
    CREATE TABLE room_commits (id bigserial, txid bigint, held_usd numeric, is_whole boolean);
    CREATE FUNCTION watch_room() RETURNS trigger AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(4711);
        INSERT INTO room_commits (txid, held_usd, is_whole)
        SELECT txid_current(), COALESCE(SUM(size_usd), 0), EXISTS (
            SELECT FROM thalas_decisionleg leg WHERE leg.decision_id = NEW.run_id
            AND leg.symbol = NEW.symbol AND leg.outcome = NEW.side AND leg.size_usd = NEW.size_usd)
        FROM thalas_reservation
        WHERE account_id = NEW.account_id AND expires_at > clock_timestamp();
        RETURN NULL;
    END $$ LANGUAGE plpgsql;
    CREATE FUNCTION watch_legs() RETURNS trigger AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(4711);
        INSERT INTO room_commits (txid, is_whole)
        SELECT txid_current(), NEW.size_usd = 0 OR EXISTS (
            SELECT FROM thalas_reservation WHERE run_id = NEW.decision_id
            AND symbol = NEW.symbol AND side = NEW.outcome AND size_usd = NEW.size_usd);
        RETURN NULL;
    END $$ LANGUAGE plpgsql;
    CREATE CONSTRAINT TRIGGER watch_room AFTER INSERT OR UPDATE ON thalas_reservation
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch_room();
    CREATE CONSTRAINT TRIGGER watch_legs AFTER INSERT OR UPDATE ON thalas_decisionleg
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch_legs();
"""
UNWATCH = """
    DROP TRIGGER watch_room ON thalas_reservation; DROP TRIGGER watch_legs ON thalas_decisionleg;
    DROP FUNCTION watch_room; DROP FUNCTION watch_legs; DROP TABLE room_commits;
"""
SEEN = """
    SELECT COUNT(DISTINCT txid), COALESCE(MAX(held_usd), 0), COUNT(*) FILTER (WHERE NOT is_whole)
    FROM room_commits
"""
REOPEN = """
    DELETE FROM thalas_reservation; DELETE FROM thalas_decisionleg; DELETE FROM thalas_decision;
    UPDATE thalas_run SET state = 'open', closed_at = NULL, closed_by = '', close_reason = '';
    DELETE FROM room_commits;
"""


@dataclass(frozen=True, slots=True)
class Commits:
    """What the watch saw: how many commits, the most that one left held, and how many left a half."""

    seen: int
    most_usd: Decimal
    torn: int


class Closers:
    """Processes that close what they are told, all their runs at the same moment."""

    def __init__(self, count: int) -> None:
        argv = [sys.executable, "-m", "tests.processes.closers"]
        self._running = [
            subprocess.Popen(
                argv,
                env={**os.environ, "DATABASE_URL": database_url(), "THALAS_DB_POOL": "32"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(count)
        ]

    def close(self, runs: Sequence[UUID], *, sweeps: int = 0) -> list[str]:
        """Close *runs*, each by one process, and *sweeps* times what is open; return what was raised."""
        for place, process in enumerate(self._running):
            mine = [str(run) for run in runs[place :: len(self._running)]]
            assert process.stdin is not None
            process.stdin.write(json.dumps({"runs": mine, "sweeps": sweeps if place == 0 else 0}) + "\n")
            process.stdin.flush()
        wrong: list[str] = []
        for process in self._running:
            assert process.stdout is not None
            wrong += json.loads(process.stdout.readline())
        return wrong

    def __enter__(self) -> "Closers":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.communicate(timeout=30)  # the end of its input ends it


@contextmanager
def watched() -> Iterator[None]:
    """Write down what every commit leaves held."""
    _run(WATCH)
    try:
        yield
    finally:
        _run(UNWATCH)


def commits() -> Commits:
    """Return what the watch saw until now."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN)
        return Commits(*cursor.fetchone())


def furnish(*, room_usd: Decimal) -> None:
    """Let the account hold one position at today's price, and have room for so much more."""
    shown = markets.tape(now=clock.now()).at.market_at
    past = histories.history(HELD, histories.RISK_TIMEFRAME, at=shown)
    assert past is not None
    price = Decimal(str(past.closes[-1]))
    models.Position.objects.update_or_create(
        account_id=ACCOUNT,
        symbol=HELD,
        defaults={
            "market_type": "crypto",
            "amount": OPEN_USD / price,
            "entry_price": price,
            "opened_at": shown - timedelta(days=1),
        },
    )
    share = float((OPEN_USD + room_usd) / EQUITY_USD)
    models.Account.objects.filter(pk=ACCOUNT).update(limits={"max_exposure_pct": share})


def answered_runs(count: int) -> list[UUID]:
    """Open so many runs, on one symbol each in turn, all of whose votes are in and say BUY."""
    runs = []
    for place in range(count):
        run = council.opened(ASKED[place % len(ASKED)], panel=["trend", "momentum"], deadline_s=300.0)
        council.everyone(run, council.buy(run))
        runs.append(run.pk)
    return runs


def reopen() -> None:
    """Make all runs open again, as if none had been closed."""
    _run(REOPEN)


def check(*, room_usd: Decimal, passes: int) -> None:
    """Check what became of the runs: so many passed, the rest were refused the room, and it always held."""
    legs = list(models.DecisionLeg.objects.all())
    passed = [leg for leg in legs if leg.verdict in PASSED]
    assert (len(legs), len(passed)) == (RUNS, passes)
    taken = {leg.symbol for leg in passed}
    for leg in legs:
        objections = {each["code"] for each in leg.checks if each["outcome"] in OBJECTING}
        why = "open_orders" if leg.symbol in taken else "total_exposure"
        assert leg in passed or (leg.verdict == "vetoed" and why in objections), leg.verdict_reason
    kept = models.Reservation.objects.values_list("run_id", "size_usd")
    assert set(kept) == {(leg.decision_id, leg.size_usd) for leg in passed}
    saw = commits()
    assert saw.seen > 0
    assert saw.torn == 0
    assert room_usd - CENT * passes <= saw.most_usd <= room_usd


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

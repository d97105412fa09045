"""(g) The API with a long history: reads, new runs, and events to many who watch, beside a bare endpoint."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import psutil
from django.conf import settings
from django.db import connection

from benchmarks import figures, histories, house, stages, wires
from benchmarks.reports import Report
from benchmarks.wires import Request
from thalas import dispatch, models, processes
from thalas.domain.scopes import SCOPES
from thalas.selectors import clock, records
from thalas.services import councils, keys

VOTES, SHORT_VOTES = 1_000_000, 50_000
READ_RATE, WRITE_RATE, CALM_RATE = 200.0, 20.0, 4.0
WATCHERS, WATCHED = (100, 500), 10
# Of what the server can do; beyond it only the queue would be timed.
SUSTAINABLE = 0.6
RUNS = "/api/v1/runs"
GROSS_MS = 2_000.0
Spread = dict[str, float]


def measure(home: Path, *, short: bool) -> Report:
    """Fill the database, start both servers, and time them in turn."""
    house.set_up()
    stages.wait_until(house.is_served, "our workers")
    began = time.monotonic()
    ids = histories.grow(_model_run(), votes=SHORT_VOTES if short else VOTES)
    filled_s, seconds = time.monotonic() - began, 3.0 if short else 8.0
    key = _key()
    with (
        server("thalas.asgi:application", home) as ours,
        server("benchmarks.bare_door:application", home) as bare,
    ):
        asked = {
            "bare GET": (bare, [Request("GET", "/note")], READ_RATE),
            **{name: (ours, requests, READ_RATE) for name, requests in _reads(ids, key).items()},
            "bare POST": (bare, [Request("POST", "/note", "", _question())], WRITE_RATE),
            "POST /runs": (ours, [Request("POST", RUNS, key, _question())], WRITE_RATE),
            "POST /runs, calmly": (ours, [Request("POST", RUNS, key, _question())], CALM_RATE),
        }
        timed = {}
        for name, what in asked.items():
            timed[name] = _timed(*what, seconds=seconds)
            stages.wait_until(house.is_idle, "the new runs", within_s=300)
        watched = {n: _watched(ours, key, n) for n in (WATCHERS[:1] if short else WATCHERS)}
    return _report(timed, watched, votes=SHORT_VOTES if short else VOTES, filled_s=filled_s)


class Server:
    """A web server that runs."""

    def __init__(self, port: int, process: psutil.Process) -> None:
        self.port = port
        self._process = process

    @property
    def cpu_s(self) -> float:
        """The CPU seconds it has used."""
        return float(sum(self._process.cpu_times()[:2]))

    @property
    def rss_mb(self) -> float:
        """Its memory in MiB."""
        return float(self._process.memory_info().rss / 2**20)


@contextlib.contextmanager
def server(application: str, home: Path) -> Iterator[Server]:
    """Run *application* under uvicorn as the process table does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    words = [word for word in processes.commands(settings.HOUSE)["web"] if not word.startswith("--port=")]
    words[words.index("thalas.asgi:application")] = application
    with (home / "door.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *words, f"--port={port}"], cwd=stages.ROOT, stdout=log, stderr=log
        )
    try:
        stages.wait_until(lambda: _listens(port), application)
        yield Server(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _model_run() -> str:
    run = house.convene()
    stages.wait_until(lambda: bool(house.closed([run])), "the model run")
    return run


def _key() -> str:
    wide = keys.Limits(per_second=100_000, per_minute=100_000, per_hour=100_000)
    made = keys.create(
        name="a benchmark",
        scopes=sorted(SCOPES),
        account="demo",
        expires_at=None,
        limits=wide,
        by="a benchmark",
        now=clock.now(),
    )
    return made.shown


def _reads(ids: Sequence[UUID], key: str) -> dict[str, list[Request]]:
    """Return every read that clients do all day."""
    middle = records.page(account="demo", limit=1, after=records.page(account="demo", limit=100).older or "")
    return {
        "GET /runs": [Request("GET", RUNS, key)],
        "GET /runs?after=": [Request("GET", f"{RUNS}?after={middle.older}", key)],
        "GET /runs?symbol=": [Request("GET", f"{RUNS}?symbol={house.SYMBOL}", key)],
        "GET /runs/{id}": [Request("GET", f"{RUNS}/{pk}", key) for pk in ids],
        "GET /runs/{id}/decision": [Request("GET", f"{RUNS}/{pk}/decision", key) for pk in ids],
        "GET /voters": [Request("GET", "/api/v1/voters", key)],
        "GET /kill-switch": [Request("GET", "/api/v1/kill-switch", key)],
    }


def _question() -> bytes:
    asked = {
        "symbols": [house.SYMBOL],
        "timeframe": house.TIMEFRAME,
        "panel": house.FOUR,
        "force_refresh": True,
    }
    return json.dumps(asked).encode()


def _timed(server: Server, requests: Sequence[Request], rate: float, *, seconds: float) -> Spread:
    """Time *requests* at *rate* a second, reads at as much of it as the server can keep up with."""

    def chosen(number: int) -> Request:
        return requests[number % len(requests)]

    asyncio.run(wires.held(server.port, chosen, rate=4, seconds=2))  # connections and caches
    able = float("nan")
    if requests[0].method == "GET":
        able = asyncio.run(wires.capacity(server.port, chosen, seconds=seconds / 2))
        rate = min(rate, able * SUSTAINABLE)
    used = server.cpu_s
    took_ms = asyncio.run(wires.held(server.port, chosen, rate=rate, seconds=seconds))
    cpu_ms = (server.cpu_s - used) * 1000 / len(took_ms)
    return {**figures.spread(took_ms), "rate": rate, "capacity": able, "cpu_ms": cpu_ms}


def _watched(ours: Server, key: str, watchers: int) -> Spread:
    """Let so many watch some runs; return the lag of their events in ms, and the server's memory."""
    runs = [_unsent() for _ in range(WATCHED)]
    before = ours.rss_mb
    lags, during = asyncio.run(_lags(ours, key, runs, watchers))
    time.sleep(2)
    return {**figures.spread(lags), "rss_before": before, "rss_during": during, "rss_after": ours.rss_mb}


def _unsent() -> models.Run:
    """Open a run whose votes nobody asks for yet, guards included."""
    now = clock.now()
    question = councils.Question([house.SYMBOL], house.TIMEFRAME, "a benchmark", 300.0, panel=house.FOUR)
    run = councils.open_question(question, now=now)
    models.Vote.objects.filter(run=run).update(published_at=now + timedelta(minutes=5))
    return run


async def _lags(
    ours: Server, key: str, runs: Sequence[models.Run], watchers: int
) -> tuple[list[float], float]:
    requests = [Request("GET", f"{RUNS}/{runs[n % WATCHED].pk}/events", key) for n in range(watchers)]
    async with wires.watching(ours.port, requests) as streams:
        reading = [asyncio.create_task(wires.events(stream)) for stream in streams]
        during = ours.rss_mb
        for run in runs:
            await asyncio.to_thread(_publish, run)
            await asyncio.sleep(0.2)
        read = await asyncio.wait_for(asyncio.gather(*reading), 120)
    return [lag for events in read for lag in map(_lag_ms, events) if lag is not None], during


def _publish(run: models.Run) -> None:
    """Send a run's council to work from a thread that keeps no connection."""
    dispatch.publish(run)
    connection.close()


def _lag_ms(event: tuple[float, bytes]) -> float | None:
    """Return how long after its recording a vote was heard of; None for the decision and the end."""
    at, told = event[0], json.loads(event[1])
    recorded_at = told.get("recorded_at")
    return None if recorded_at is None else (at - datetime.fromisoformat(recorded_at).timestamp()) * 1000


def _report(timed: dict[str, Spread], watched: dict[int, Spread], *, votes: int, filled_s: float) -> Report:
    rows = [
        _row(name, one, timed["bare POST" if "POST" in name else "bare GET"]) for name, one in timed.items()
    ]
    rows += [
        [f"events, {n} streams", "", *(f"{one[p]:.0f}" for p in ("p50", "p95", "p99")), "", "", ""]
        for n, one in watched.items()
    ]
    # Two cores cannot close twenty runs a second, so a queue at that rate says nothing about the door.
    slow = [name for name, one in timed.items() if one["p50"] > GROSS_MS and one["rate"] != WRITE_RATE]
    return Report(
        part="g",
        title=f"the API beside a bare endpoint, {votes:,} votes stored",
        headings=["what", "at req/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "CPU of bare", "most req/s"],
        rows=rows,
        figures={"votes": votes, "filled_s": filled_s, "timed": timed, "events": watched},
        notes=[
            f"{n} streams: server {one['rss_before']:.0f} MiB before, {one['rss_during']:.0f} with them, "
            f"{one['rss_after']:.0f} after"
            for n, one in watched.items()
        ],
        regressions=[f"{name} takes more than {GROSS_MS:.0f} ms at the median" for name in slow],
    )


def _row(name: str, one: Spread, bare: Spread) -> list[str]:
    times = [f"{one[p]:.1f}" for p in ("p50", "p95", "p99")]
    able = "" if one["capacity"] != one["capacity"] else f"{one['capacity']:.0f}"
    cpu = [f"{one['cpu_ms']:.1f}", f"{one['cpu_ms'] / bare['cpu_ms']:.1f}"]
    return [name, f"{one['rate']:.0f}", *times, *cpu, able]

"""One run of the council beside a naive chord and asyncio.gather: same voters, same emulator, one machine.

`python -m benchmarks.council --database postgresql` prints a table and one JSON line.
Overhead is what a run takes beyond its slowest voter, from acceptance to the decision being readable.
"""

import argparse
import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import redis

from benchmarks import figures, stages
from benchmarks.stages import Stage

LATENCY_S = 0.35
SCRIPT = {"*": [{"latency_s": LATENCY_S}]}
THREADS, CORE_THREADS = 100, 4


@dataclass(frozen=True, slots=True)
class Load:
    """*runs* runs at *rate* a second; a rate of 0 sends them all at once."""

    runs: int
    rate: float


@dataclass(frozen=True, slots=True)
class Result:
    """What one side did: overhead per run in ms, runs a second, and CPU ms per run by process."""

    side: str
    overhead_ms: list[float]
    per_s: float
    cpu_ms: dict[str, float]
    rss_mb: dict[str, float]
    failed: int = 0
    legs_ms: dict[str, float] = field(default_factory=dict)


def paced(load: Load, send: Callable[[int], None]) -> None:
    """Call *send* for each run at the load's rate; a late sender catches up."""
    started = time.monotonic()
    for number in range(load.runs):
        if load.rate:
            time.sleep(max(0.0, started + number / load.rate - time.monotonic()))
        send(number)


def workers(stage: Stage, app: str, **variables: str) -> None:
    """Start a worker for each queue, as the process table does."""
    for queue, threads in (("votes", THREADS), ("core", CORE_THREADS)):
        words = ("--pool=threads", f"--concurrency={threads}", f"--queues={queue}", f"--hostname={queue}@%h")
        quiet = ("--task-events", "--without-gossip", "--without-mingle")
        argv = (sys.executable, "-m", "celery", "-A", app, "--quiet", "worker", *words, *quiet)
        stage.start(f"{app.split('.')[-1]}-{queue}", *argv, **variables)


def with_gather(stage: Stage, load: Load, body: str) -> Result:
    """Ask the four voters with asyncio.gather in this process; what a script without a queue would do."""
    return asyncio.run(_gather(stage, load, body))


async def _gather(stage: Stage, load: Load, body: str) -> Result:
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=400)
    overhead: list[float] = []
    used, started = time.process_time(), time.monotonic()
    async with httpx.AsyncClient(limits=limits, timeout=30, base_url=stage.emulator_url) as client:

        async def one(number: int) -> None:
            if load.rate:
                await asyncio.sleep(number / load.rate)
            opened = time.monotonic()
            await asyncio.gather(
                *(client.post("/v1/chat/completions", content=text) for text in bodies(body))
            )
            overhead.append((time.monotonic() - opened - LATENCY_S) * 1000)

        await asyncio.gather(*(one(number) for number in range(load.runs)))
    per_s = load.runs / (time.monotonic() - started)
    return Result(
        "asyncio.gather", overhead, per_s, {"client": (time.process_time() - used) * 1000 / load.runs}, {}
    )


def bodies(body: str) -> list[str]:
    """Return the request of each voter."""
    names = ("emulated-bull", "emulated-bear", "emulated-trend", "emulated-doubter")
    return [body.replace("MODEL", name) for name in names]


def with_naive_chord(stage: Stage, load: Load, body: str) -> Result:
    """Send each run as a bare chord, and read when its callback ran."""
    os.environ.update(NAIVE_BROKER_URL=stage.broker_url, NAIVE_EMULATOR_URL=stage.emulator_url)
    variables = {"NAIVE_BROKER_URL": stage.broker_url, "NAIVE_EMULATOR_URL": stage.emulator_url}
    from benchmarks import naive  # noqa: PLC0415 - its app reads the broker's address when it is imported

    workers(stage, "benchmarks.naive", **variables)
    stages.wait_until(lambda: len(naive.app.control.ping(timeout=0.5) or ()) == 2, "the naive workers")
    server = redis.Redis(unix_socket_path=str(stage.home / "broker" / "valkey.sock"), decode_responses=True)
    sent: dict[str, float] = {}
    warm_up(
        lambda number: naive.publish(f"warm-{number}", body), lambda: server.hlen("naive:done") >= WARM_UP
    )
    server.delete("naive:done")

    def send(number: int) -> None:
        sent[str(number)] = time.time()
        naive.publish(str(number), body)

    before, used, started = stage.cpu_s(), time.process_time(), time.time()
    paced(load, send)
    stages.wait_until(lambda: server.hlen("naive:done") == load.runs, "the naive runs", within_s=120)
    client_ms = (time.process_time() - used) * 1000 / load.runs
    done = {run: float(at) for run, at in server.hgetall("naive:done").items()}
    overhead = [(done[run] - sent[run] - LATENCY_S) * 1000 for run in sent]
    result = Result(
        "naive chord",
        overhead,
        load.runs / (max(done.values()) - started),
        {"client": client_ms, **per_run(stage, before, load.runs)},
        stage.rss_mb(),
    )
    for name in ("naive-votes", "naive-core"):
        stage.processes.pop(name).terminate()
    return result


WARM_UP = 20


def warm_up(send: Callable[[int], object], is_done: Callable[[], bool]) -> None:
    """Let threads, connections and caches come to life before anything counts."""
    for number in range(WARM_UP):
        send(number)
    stages.wait_until(is_done, "the warm-up", within_s=60)


def per_run(stage: Stage, before: dict[str, float], runs: int) -> dict[str, float]:
    """Return the CPU ms per run that each process has used since *before*."""
    after = stage.cpu_s()
    return {name: (after[name] - before.get(name, 0.0)) * 1000 / runs for name in after}


def with_thalas(stage: Stage, load: Load) -> Result:
    """Convene a real council for each run, guards included, and read when its decision is committed."""
    from benchmarks import house  # noqa: PLC0415 - Django reads its settings from variables set for this stage

    workers(stage, "thalas.celery")
    for name in ("guard-1", "guard-2"):
        stage.start(name, sys.executable, "manage.py", "guard", "--name", name)
    house.set_up()
    stages.wait_until(house.is_served, "the workers")
    warm_up(lambda _: house.convene(), house.is_idle)
    closed: dict[str, float] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=house.watch, args=(closed, stop), daemon=True)
    watcher.start()
    sent: dict[str, float] = {}

    def send(_number: int) -> None:
        at = time.time()
        sent[house.convene()] = at

    before, used, started = stage.cpu_s(), time.thread_time(), time.time()
    paced(load, send)
    client_ms = (time.thread_time() - used) * 1000 / load.runs
    stages.wait_until(lambda: all(run in closed for run in sent), "the runs", within_s=120)
    stop.set()
    watcher.join()
    overhead = [(closed[run] - sent[run] - LATENCY_S) * 1000 for run in sent]
    return Result(
        "thalas",
        overhead,
        load.runs / (max(closed[run] for run in sent) - started),
        {"client": client_ms, **per_run(stage, before, load.runs)},
        stage.rss_mb(),
        failed=house.not_by_chord(list(sent)),
        legs_ms=house.legs_ms(list(sent)),
    )


def told(results: list[Result]) -> str:
    """Return the results as a table, each beside the naive chord."""
    naive = next(result for result in results if result.side == "naive chord")
    rows = []
    for result in results:
        spread = figures.spread(result.overhead_ms)
        rows.append(
            [
                result.side,
                *(f"{spread[name]:.0f}" for name in ("p50", "p95", "p99")),
                f"{result.per_s:.1f}",
                f"{result.per_s / naive.per_s:.2f}",
                f"{sum(v for k, v in result.cpu_ms.items() if k != 'emulator'):.1f}",
                str(result.failed),
            ]
        )
    headings = ["side", "p50 ms", "p95 ms", "p99 ms", "runs/s", "x naive", "CPU ms/run", "not by chord"]
    return figures.table(headings, rows)


def main() -> None:
    """Run the three sides on one stage and print what they did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--runs", type=int, default=150)
    parser.add_argument("--rate", type=float, default=10.0, help="runs a second; 0 sends all at once")
    options = parser.parse_args()
    load = Load(options.runs, options.rate)
    with stages.open_stage(options.database, script=SCRIPT) as stage:
        os.environ.update(stage.variables)
        from benchmarks import house  # noqa: PLC0415 - as above

        body = house.request_body()
        results = [
            with_gather(stage, load, body),
            with_naive_chord(stage, load, body),
            with_thalas(stage, load),
        ]
    print(
        f"{options.database}, {load.runs} runs, "
        + (f"{load.rate:g} a second" if load.rate else "all at once")
    )
    print(told(results))
    for result in results:
        cpu = ", ".join(f"{name} {ms:.1f}" for name, ms in result.cpu_ms.items())
        print(f"{result.side}: CPU ms a run: {cpu}")
        if result.legs_ms:
            legs = ", ".join(f"{name} +{ms:.0f}" for name, ms in result.legs_ms.items())
            print(f"{result.side}: median ms from opening: {legs}")
    print(json.dumps({r.side: {**figures.spread(r.overhead_ms), "per_s": r.per_s} for r in results}))


if __name__ == "__main__":
    main()

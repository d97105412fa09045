"""`python -m tests.chaos`: never lost, never twice, while everything is killed. One table, one JSON line."""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import psycopg
import redis

from tests.chaos import audits, calls, counts, houses, plans, storms, tables, verdicts
from tests.chaos.houses import House
from tests.chaos.storms import Chronicle, Storm
from tests.chaos.witnesses import Witness
from tests.processes import waits
from thalas.supervision.logfiles import tail
from thalas.supervision.processes import Process
from thalas.supervision.valkey import socket_path

# A run that is open after this stays open; one that is closed meanwhile is late, which only time can mend.
PATIENCE = timedelta(seconds=60)
LONGEST_LIFE_S = 180.0
SEEN_LINES = 60
# The control's voters answer within two seconds; a chord that is silent this long after is lost.
CONTROL_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """How long, how fast, with which dice; *least_accepted* runs make it a proof."""

    seconds: float
    rate: float
    seed: int
    control_s: float
    least_accepted: int
    is_slice: bool
    is_kept: bool = False


SLICE = Options(seconds=60.0, rate=13.0, seed=1, control_s=16.0, least_accepted=720, is_slice=True)


def main(arguments: list[str]) -> int:
    """Let the storm rage and count. Return 1 if a count is wrong, 75 if only a bar of time is missed."""
    options, started = read_options(arguments), time.monotonic()
    with houses.open_house(is_kept=options.is_kept) as house:
        chronicle, witness = Chronicle(), Witness(house.cluster.url)
        weather(house, options, chronicle, witness)
        found = figures(house, chronicle) | control(house, options)
    found |= {"offered_per_s": options.rate, "seconds": round(time.monotonic() - started)}
    wrong = verdicts.wrong(found, is_whole=not options.is_slice)
    missed = wrong + verdicts.too_slow(found, least_accepted=options.least_accepted)
    print(tables.table(found))
    print("\n".join(f"MISSED: {line}" for line in missed) or "every bar is held")
    if missed and witness.saw:
        print("\n".join(("who was in a transaction while runs were overdue:", *witness.saw[:SEEN_LINES])))
    print(json.dumps({**found, "missed": missed}))
    if wrong:
        return 1
    return os.EX_TEMPFAIL if missed else 0


def read_options(arguments: list[str]) -> Options:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=800.0, help="how long runs are opened")
    parser.add_argument("--rate", type=float, default=13.0, help="runs a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--slice", action="store_true", help=f"{SLICE.seconds:g} s at {SLICE.rate:g} a second"
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave logs and journal where they are, and say where"
    )
    given = parser.parse_args(arguments)
    if given.slice:
        return replace(SLICE, seed=given.seed, is_kept=given.keep)
    return Options(
        given.seconds,
        given.rate,
        given.seed,
        max(16.0, given.seconds / 5),
        0,
        is_slice=False,
        is_kept=given.keep,
    )


def weather(house: House, options: Options, chronicle: Chronicle, witness: Witness) -> None:
    """Sow, start everything, send the load through the storm, wait until every run is closed or overdue."""
    finish(house, house.program("sowing"), "sowing")
    with psycopg.connect(house.cluster.url, autocommit=True) as line:
        audits.install(line)
    witness.start()
    members = house.council()
    storm = muster(house, members, options, chronicle, into="council", is_durable=True)
    try:
        words = (f"--seconds={options.seconds}", f"--rate={options.rate}", f"--seed={options.seed}")
        load = house.program("load", *words, f"--register={house.home / 'register'}")
        storm.rage(plans.plan(options.seconds, seed=options.seed), until=lambda: load.poll() is not None)
        finish(house, load, "load")
        calm(house, storm)
    finally:
        witness.stop()
        storm.supervisor.stop()


def muster(
    house: House,
    members: list[Process],
    options: Options,
    chronicle: Chronicle,
    *,
    into: str,
    is_durable: bool,
) -> Storm:
    """Start *members* under a supervisor and wait until every worker has said that it eats."""
    supervisor = house.supervise(members, into=into, on_event=chronicle.note)
    dice = random.Random(options.seed + 1)
    cluster = house.cluster if is_durable else None
    storm = Storm(supervisor, chronicle, houses.STRUCK, dice, house.broker, cluster)
    supervisor.start()
    logs = [status.log for status in supervisor.statuses if "worker" in status.name]

    def all_eat() -> bool:
        supervisor.tick()
        return all(log.exists() and " ready." in log.read_text(errors="replace") for log in logs)

    waits.until(all_eat, within_s=180, what="every worker says that it is ready")
    return storm


def calm(house: House, storm: Storm) -> None:
    """Stop the schedules; wait until no run is open and no call in flight, or the promise is broken."""
    with psycopg.connect(house.cluster.url, autocommit=True) as line:
        line.execute(counts.SILENCE)
        while True:
            storm.look_after()
            left, deadline_at = counts.unfinished(line)
            if (left == 0 and house.desk.in_flight == 0) or storms.now() > deadline_at + PATIENCE:
                break
            time.sleep(0.1)
    ends_at = time.monotonic() + 1.0  # what was answered last is being recorded
    storm.supervisor.run(lambda: time.monotonic() >= ends_at)


def figures(house: House, chronicle: Chronicle) -> dict[str, object]:
    """Count what came of it."""
    register = verdicts.read_register(house.home / "register")
    accepted = frozenset(UUID(line) for line in register if not line.startswith("refused"))
    with psycopg.connect(house.cluster.url) as line:
        evidence = verdicts.Evidence(
            accepted=accepted,
            refused=len(register) - len(accepted),
            runs=counts.runs(line),
            votes=counts.votes(line),
            slots=counts.slots(line),
            booked=counts.number(line, counts.BOOKED),
            audit=audits.read(line),
            calls=calls.read(house.journal),
            chronicle=chronicle,
        )
    parts: list[Callable[[verdicts.Evidence], dict[str, object]]] = [
        verdicts.run_figures,
        verdicts.late_figures,
        verdicts.call_figures,
        verdicts.storm_figures,
    ]
    return {name: value for part in parts for name, value in part(evidence).items()}


def control(house: House, options: Options) -> dict[str, object]:
    """Send the naive chord through the same storm and count the runs that never finish."""
    server = redis.Redis(unix_socket_path=str(socket_path(house.home / "broker")), decode_responses=True)
    server.flushall()
    variables = {"NAIVE_BROKER_URL": house.broker_url, "NAIVE_EMULATOR_URL": house.emulator_url}
    members = [naive(process, variables) for process in house.council() if "worker" in process.name]
    storm = muster(house, members, options, Chronicle(), into="naive", is_durable=False)
    register = house.home / "control"
    try:
        words = (f"--seconds={options.control_s}", f"--rate={options.rate}", f"--register={register}")
        load = house.program("control", *words, **variables)
        storm.rage(plans.plan(options.control_s, seed=options.seed), until=lambda: load.poll() is not None)
        finish(house, load, "control")
        ends_at = time.monotonic() + CONTROL_PATIENCE_S
        storm.supervisor.run(lambda: time.monotonic() >= ends_at)
    finally:
        storm.supervisor.stop()
    accepted = {line for line in verdicts.read_register(register) if not line.startswith("refused")}
    finished = accepted & set(server.hkeys("naive:done"))
    return {
        "control_accepted": len(accepted),
        "control_finished": len(finished),
        "control_unfinished": len(accepted - finished),
    }


def naive(process: Process, variables: dict[str, str]) -> Process:
    """Return the worker *process* as one of the naive app."""
    argv = tuple("benchmarks.naive" if word == "thalas.celery" else word for word in process.argv)
    return replace(process, argv=(*argv, "--loglevel=INFO"), env={**process.env, **variables})


def finish(house: House, program: "subprocess.Popen[bytes]", name: str) -> None:
    """Wait for *program* and insist that it did what it was for."""
    code = program.wait(timeout=LONGEST_LIFE_S)
    if code != 0:
        raise SystemExit(
            "\n".join((f"{name} ended with {code}:", *tail(house.logs / f"{name}.log", lines=20)))
        )


def run(arguments: list[str]) -> int:
    """Do the same as `main`; where the storm did not even begin in time, only a bar of time is missed."""
    try:
        return main(arguments)
    except (waits.TooSlow, *waits.LATE) as error:
        print(f"MISSED: {type(error).__name__}: {error}")
        return os.EX_TEMPFAIL


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))

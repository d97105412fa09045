"""Hostile messages in the queues of running workers: none is executed, each is counted, and work goes on."""

import json
import socket
import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests import seeds
from tests.processes import fleets, records, waits
from tests.processes.fleets import GUARDS, WORKERS, Fleet
from tests.processes.nodes import CeleryTestSetup
from tests.thalas.workers import forgeries
from thalas import dispatch, models
from thalas.selectors import clock

pytestmark = pytest.mark.processes

QUEUES = ("votes", "core")
BROADCAST = "/0.celery.pidbox"
TIMES = 2
# Far fewer than messages: each reason is told once a minute, and some of the work that goes on has its lines.
MOST_LOG_LINES = 100


@pytest.fixture(autouse=True)
def nobody_on_watch(live_house: Fleet) -> None:
    """No guard of an earlier test: it would close a run whose chord takes its time."""
    live_house.dismiss(*GUARDS)


def refused() -> Counter[str]:
    """Return what the database says was refused."""
    counts = models.Refusal.objects.exclude(reason="unknown_id")  # a run of an earlier test, gone since
    return Counter(dict(counts.values_list("reason", "count")))


def await_refused(expected: Counter[str]) -> None:
    """Wait until the database says that exactly *expected* were refused."""

    def are_counted() -> bool:
        assert refused() <= expected
        return refused().total() >= expected.total()

    waits.until(are_counted, within_s=25, what=f"these are counted: {expected}")
    assert refused() == expected


def lines(fleet: Fleet) -> int:
    """Return how many lines the workers have logged."""
    return sum(fleet[name].logs().count("\n") for name in WORKERS)


def assert_a_run_is_closed_by_its_chord(panel: int = 5) -> models.Run:
    """Convene a council as anyone would, and check that it is heard whole."""
    run = dispatch.convene(seeds.question(), now=clock.now())
    (closed,) = records.await_closed([run], within_s=25)
    assert closed.closed_by == "chord"
    assert closed.votes.count() == panel
    records.assert_heard([closed])
    return closed


def test_no_hostile_message_is_executed_or_ends_a_worker_and_each_is_counted(
    celery_setup: CeleryTestSetup, live_house: Fleet, tmp_path: Path
) -> None:
    victim = assert_a_run_is_closed_by_its_chord()
    before = list(models.Vote.objects.order_by("pk").values())
    pids = [live_house[name].pid for name in WORKERS]
    lines_before = lines(live_house)
    trap = tmp_path / "sprung"
    kinds = forgeries.all_kinds(trap)
    with fleets.valkey() as client:
        for _, raw in kinds * TIMES:
            for queue in QUEUES:
                client.lpush(queue, raw)
    assert len(kinds) * TIMES * len(QUEUES) >= 300
    counted = {reason: times * TIMES * len(QUEUES) for reason, times in Counter(k for k, _ in kinds).items()}
    await_refused(Counter(counted))
    run = assert_a_run_is_closed_by_its_chord()
    assert [live_house[name].pid for name in WORKERS] == pids
    assert all(live_house[name].status == "running" for name in WORKERS)
    assert not trap.exists()
    assert list(models.Vote.objects.exclude(run=run).order_by("pk").values()) == before
    assert set(models.Run.objects.values_list("pk", flat=True)) == {victim.pk, run.pk}
    assert lines(live_house) - lines_before < MOST_LOG_LINES


def test_a_foreign_run_or_voter_is_asked_of_nobody(celery_setup: CeleryTestSetup, live_house: Fleet) -> None:
    victim = assert_a_run_is_closed_by_its_chord()
    before = list(models.Vote.objects.order_by("pk").values())
    foreign = [
        {"run_id": str(uuid.uuid4()), "voter": "trend"},
        {"run_id": str(victim.pk), "voter": "nobody"},
        {"run_id": str(victim.pk), "voter": "trend"},
    ]
    with fleets.valkey() as client:
        for kwargs in foreign:
            client.lpush("votes", forgeries.envelope(forgeries.body(kwargs=kwargs)))
        client.lpush(
            "core",
            forgeries.envelope(
                forgeries.body(kwargs=foreign[0]), headers=forgeries.headers("tasks.runs.close")
            ),
        )
    waits.until(fleets.nothing_waits, within_s=20, what="the forged messages are eaten")
    for name in WORKERS:
        fleets.come_to_rest(live_house[name])
    assert list(models.Vote.objects.order_by("pk").values()) == before
    assert not refused()


def await_listening() -> None:
    """Wait until both workers say how they are, which they were asked by broadcast."""
    nodes = [f"{queue}@{socket.gethostname()}" for queue in QUEUES]
    waits.until(
        lambda: [fleets.busy_with(node) for node in nodes] == [[], []],
        within_s=30,
        what="both workers answer",
    )


def command(method: object, **changes: object) -> bytes:
    """Return a control command as anyone can broadcast it."""
    told = {"method": method, "arguments": {}, "destination": None, "pattern": None, "matcher": None}
    return forgeries.envelope(json.dumps({**told, **changes}).encode(), headers={"clock": 1, "expires": 0})


def test_no_command_from_afar_changes_a_worker(celery_setup: CeleryTestSetup, live_house: Fleet) -> None:
    pids = [live_house[name].pid for name in WORKERS]
    commands = [
        command("shutdown"),
        command("cancel_consumer", arguments={"queue": "votes"}),
        command("add_consumer", arguments={"queue": "elsewhere"}),
        command("pool_shrink", arguments={"n": 1000}),
        command("pool_restart"),
        command("rate_limit", arguments={"task_name": "tasks.votes.ask", "rate_limit": "1/h"}),
        command("terminate", arguments={"signal": "KILL", "task_id": "*"}),
        command("no such thing"),
        command(["ping"]),
        command("ping", arguments=[1]),
        command("ping", reply_to={"exchange": "", "routing_key": "core"}),
        command("ping", reply_to=7),
        forgeries.envelope(b"[1, 2]"),
        forgeries.envelope(b"not json"),
    ]
    no_messages = forgeries.no_messages()
    await_listening()
    with fleets.valkey() as client:
        for raw in (*commands, *no_messages):
            assert client.publish(BROADCAST, raw) == len(WORKERS)
    expected = Counter(control=len(commands) - 1, malformed=len(no_messages) + 1)
    await_refused(Counter({reason: times * len(WORKERS) for reason, times in expected.items()}))
    assert_a_run_is_closed_by_its_chord()
    assert [live_house[name].pid for name in WORKERS] == pids
    for name in WORKERS:
        assert live_house[name].status == "running"


def test_what_kombu_keeps_for_itself_may_be_garbage(celery_setup: CeleryTestSetup, live_house: Fleet) -> None:
    pids = [live_house[name].pid for name in WORKERS]
    garbage = [b"{}", b"[]", b"null", b"\xff\x00", b"[1, 2]", b'[{}, "", ""]', b"[" * 100_000]
    with fleets.valkey() as client:
        # By this one the workers' answers find whoever asked how they are.
        client.sadd("_kombu.binding.reply.celery.pidbox", b"garbage", b"\xff\xfe")
        for number, raw in enumerate(garbage):
            client.hset("unacked", f"tag-{number}", raw)
            client.zadd("unacked_index", {f"tag-{number}": 1.0})
        waits.until(lambda: client.hlen("unacked") == 0, within_s=40, what="the garbage is gone")
    await_refused(Counter(unacked=len(garbage)))
    await_listening()
    assert_a_run_is_closed_by_its_chord()
    assert [live_house[name].pid for name in WORKERS] == pids

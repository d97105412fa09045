"""Tasks are thin: registered by the names that others use, routed, taking ids only, and never raising."""

import inspect
import logging
import uuid
from datetime import timedelta

import pytest
from celery import Task
from django.conf import settings as django_settings
from django.db import connection

from beat_schedule import entries
from tasks import budgets, canaries, guard, housekeeping, runs, schedules, votes, webhooks
from tests.thalas.services import councils_at_work as council
from thalas import dispatch, models
from thalas.celery import app
from thalas.selectors import clock
from thalas.services import beats

OURS = {
    "tasks.votes.ask": "votes",
    "tasks.runs.close": "core",
    "tasks.schedules.tick": "core",
    "tasks.housekeeping.prune": "core",
    "tasks.canaries.sing": "core",
    "tasks.webhooks.deliver": "core",
    "tasks.webhooks.anchor": "core",
    "tasks.budgets.look_after": "core",
}
NOWHERE = str(uuid.UUID(int=0))
TASKS: dict[str, Task[..., str]] = {
    task.name: task
    for task in (
        votes.ask,
        runs.close,
        schedules.tick,
        housekeeping.prune,
        canaries.sing,
        webhooks.deliver,
        webhooks.anchor,
        budgets.look_after,
    )
}


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.msg["event"] for record in caplog.records if isinstance(record.msg, dict)]


# --- names and queues ----------------------------------------------------------------------------


def test_every_task_that_is_started_by_name_is_registered() -> None:
    used = {dispatch.ASK, dispatch.CLOSE, beats.TICK} | {chore.task for chore in entries.CHORES}
    app.loader.import_default_modules()
    assert used <= set(app.tasks)
    assert {name for name in app.tasks if name.startswith("tasks.")} == set(OURS)


@pytest.mark.parametrize(("name", "queue"), OURS.items())
def test_every_task_goes_to_its_queue(name: str, queue: str) -> None:
    assert app.amqp.router.route({}, name)["queue"].name == queue


def test_two_queues_are_enough_for_all_tasks() -> None:
    from_workers = {"votes", "core"}
    assert set(OURS.values()) == from_workers
    assert app.conf.task_default_queue == "core"


@pytest.mark.parametrize("name", OURS)
def test_results_are_not_kept_and_messages_are_json(name: str) -> None:
    assert TASKS[name].ignore_result is True
    assert TASKS[name].serializer == "json"
    assert app.conf.accept_content == ["json"]


@pytest.mark.parametrize("name", OURS)
def test_a_task_takes_ids_by_name_and_tolerates_what_newer_ones_send(name: str) -> None:
    parameters = inspect.signature(TASKS[name].run).parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
    assert inspect.Parameter.VAR_KEYWORD in kinds
    assert {p.name for p in parameters if p.kind is p.KEYWORD_ONLY} <= {
        "run_id",
        "voter",
        "schedule",
        "queue",
    }


# --- what they do --------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_run_is_asked_and_closed_by_its_tasks() -> None:
    run = council.opened("BTC/USD", "ETH/USD")
    for vote in run.votes.all():
        said = votes.ask(run_id=str(run.pk), voter=vote.voter_id, from_a_newer_sender=1)
        assert said in ("cast", "abstained")
    assert runs.close(run_id=str(run.pk), from_a_newer_sender=1) == "closed"
    run.refresh_from_db()
    assert (run.state, run.closed_by) == ("closed", "chord")
    assert runs.close(run_id=str(run.pk)) == "closed"


@pytest.mark.usefixtures("house")
def test_a_callback_that_comes_too_early_leaves_the_run_open() -> None:
    run = council.opened()
    assert runs.close(run_id=str(run.pk)) == "votes_missing"
    run.refresh_from_db()
    assert run.state == "open"


@pytest.mark.usefixtures("house")
def test_pruning_keeps_what_the_environment_says() -> None:
    assert housekeeping.prune(from_a_newer_sender=1) == "0 runs removed"
    assert django_settings.HOUSE.thalas_retention_days == 30


@pytest.mark.usefixtures("house")
def test_a_tick_says_what_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing may leave this process: there is no broker.
    monkeypatch.setattr(dispatch, "publish", lambda _run: False)
    models.Schedule.objects.create(
        name="often",
        cadence="interval",
        every_s=1,
        timeframe="1d",
        watchlist_id="bitcoin",
        starts_at=clock.now().replace(microsecond=0) - timedelta(seconds=1),
    )
    assert schedules.tick(schedule="often", from_a_newer_sender=1).endswith(": fired")
    assert schedules.tick(schedule="bitcoin-hourly") == "nothing due"


# --- what they survive ---------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("name", "ids", "word"),
    [
        ("tasks.votes.ask", {"run_id": NOWHERE, "voter": "trend"}, "not_mine"),
        ("tasks.votes.ask", {"run_id": "no id at all", "voter": "trend"}, "error"),
        ("tasks.votes.ask", {"run_id": NOWHERE, "voter": "x" * 10_000}, "not_mine"),
        ("tasks.votes.ask", {}, "error"),
        ("tasks.runs.close", {"run_id": "no id at all"}, "error"),
        ("tasks.runs.close", {"run_id": NOWHERE}, "unknown"),
        ("tasks.runs.close", {}, "error"),
        ("tasks.schedules.tick", {"schedule": "no such schedule"}, "unknown"),
    ],
)
def test_ids_that_lead_nowhere_end_in_a_word(name: str, ids: dict[str, str], word: str) -> None:
    assert TASKS[name](**ids) == word


@pytest.mark.parametrize("name", OURS)
def test_without_a_database_a_task_ends_in_a_word_and_a_log_line(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    # This test may not use the database: every query of the task raises.
    ids = {
        "tasks.votes.ask": {"run_id": NOWHERE, "voter": "trend"},
        "tasks.runs.close": {"run_id": NOWHERE},
        "tasks.schedules.tick": {"schedule": "majors-daily"},
        "tasks.housekeeping.prune": {},
        "tasks.canaries.sing": {"queue": "votes"},
        "tasks.webhooks.deliver": {},
        "tasks.webhooks.anchor": {},
        "tasks.budgets.look_after": {},
    }[name]
    with caplog.at_level(logging.ERROR):
        assert TASKS[name](**ids) == "error"
    assert logged(caplog) == ["task_raised"]


@pytest.mark.usefixtures("house")
def test_a_table_that_is_gone_does_not_make_a_header_task_raise() -> None:
    run = council.opened()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE thalas_vote RENAME TO hidden")
    assert votes.ask(run_id=str(run.pk), voter="trend") == "error"


@pytest.mark.usefixtures("house")
def test_a_brief_that_cannot_be_read_does_not_make_a_header_task_raise() -> None:
    run = council.opened()
    models.Brief.objects.update(payload="{")
    assert votes.ask(run_id=str(run.pk), voter="trend") == "error"


def test_the_guard_lets_a_stop_of_the_process_through() -> None:
    @guard.never_raises
    def stopped() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()

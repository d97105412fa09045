"""From the shell to the workers: the chord of a run, ids only, and no run lost while the broker is away."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import signals
from django.conf import settings
from kombu import Connection
from kombu.pools import producers
from kombu.transport import memory

from tests import seeds
from tests.processes import waits
from tests.thalas.services import councils_at_work as council
from thalas import dispatch, models
from thalas.celery import app
from thalas.errors import BadInput
from thalas.selectors import clock
from thalas.services import guards

pytestmark = pytest.mark.usefixtures("house")

PANEL = ("breakout", "mean_reversion", "momentum", "trend", "volatility")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """Everything that is published, on a broker in this process's memory."""
    published: list[dict[str, object]] = []

    def keep(sender: str, headers: dict[str, object], body: object, routing_key: str, **_: object) -> None:
        published.append({"task": sender, "headers": headers, "body": body, "queue": routing_key})

    memory.Channel.queues.clear()  # of the test before
    monkeypatch.setattr(app.amqp, "_producer_pool", producers[Connection("memory://")])
    # The counter of a chord is kept in the broker, which is not there.
    monkeypatch.setattr(app.backend, "set_chord_size", lambda *_, **__: None)
    signals.before_task_publish.connect(keep)
    yield published
    signals.before_task_publish.disconnect(keep)


def test_a_run_is_one_chord_a_message_per_voter_with_the_close_as_callback(
    sent: list[dict[str, object]],
) -> None:
    run = dispatch.convene(seeds.question("BTC/USD", "ETH/USD"), now=clock.now())
    assert [message["task"] for message in sent] == ["tasks.votes.ask"] * 5
    assert {message["queue"] for message in sent} == {"votes"}
    bodies = [message["body"] for message in sent]
    assert [body[1] for body in bodies] == [  # type: ignore[index]
        {"run_id": str(run.pk), "voter": voter} for voter in PANEL
    ]
    callbacks = [body[2]["chord"] for body in bodies]  # type: ignore[index]
    assert {callback["task"] for callback in callbacks} == {"tasks.runs.close"}
    assert all(callback["kwargs"] == {"run_id": str(run.pk)} for callback in callbacks)
    assert all(callback["immutable"] for callback in callbacks)


def test_the_broker_takes_all_messages_of_a_run_at_once() -> None:
    # A setting that lets the client try again, such as retry_on_timeout, would quietly end that.
    with app.producer_or_acquire() as producer:
        assert producer.supports_batch_publish


def test_messages_carry_ids_and_nothing_of_the_brief(sent: list[dict[str, object]]) -> None:
    dispatch.convene(seeds.question("BTC/USD"), now=clock.now())
    text = json.dumps([message["body"] for message in sent], default=str)
    assert "candles" not in text
    assert "BTC" not in text


def test_lost_votes_are_sent_again_outside_the_chord(sent: list[dict[str, object]]) -> None:
    run = council.opened()
    assert dispatch.resend(now=council.later(run, 5)) == 5
    assert all(message["body"][2]["chord"] is None for message in sent)  # type: ignore[index]


def test_votes_whose_messages_still_wait_in_the_queue_are_not_sent_again(
    sent: list[dict[str, object]],
) -> None:
    run = dispatch.convene(seeds.question("BTC/USD"), now=clock.now())
    assert len(sent) == 5
    assert dispatch.resend(now=council.later(run, 5)) == 0


def test_a_tick_sends_the_runs_it_opened_and_a_second_one_sends_nothing(
    sent: list[dict[str, object]],
) -> None:
    models.Schedule.objects.create(
        name="often",
        cadence="interval",
        every_s=3600,
        timeframe="1d",
        watchlist_id="bitcoin",
        starts_at=clock.now() - timedelta(hours=1),
    )
    now = clock.now()
    assert [slot.state for slot in dispatch.tick("often", now=now)] == ["fired"]
    assert len(sent) == 5
    assert dispatch.tick("often", now=now) == []
    slot, is_new = dispatch.scan("often", now=now)
    assert (slot.state, is_new, len(sent)) == ("fired", False, 5)


def test_asking_again_sends_the_old_panel(sent: list[dict[str, object]]) -> None:
    old = council.opened(panel=["trend"])
    new = dispatch.ask_again(old.pk, requested_by="Ann", now=clock.now())
    assert [message["body"][1] for message in sent] == [  # type: ignore[index]
        {"run_id": str(new.pk), "voter": "trend"}
    ]


def test_a_question_that_is_refused_sends_nothing(sent: list[dict[str, object]]) -> None:
    with pytest.raises(BadInput):
        dispatch.convene(seeds.question("DOGE/USD"), now=clock.now())
    assert sent == []


def test_while_the_broker_is_away_the_run_is_kept_and_publishing_gives_up_at_once() -> None:
    # The embedded broker's socket does not exist: nobody has started it.
    assert not (Path(settings.HOME) / "broker" / "valkey.sock").exists()
    started = time.monotonic()
    run = dispatch.convene(seeds.question(), now=clock.now())
    waits.not_after(started, 2.0, "giving up")
    assert (run.state, run.votes.count()) == ("open", 5)
    assert dispatch.resend(now=council.later(run, 5)) == 0
    assert len(guards.votes_to_resend(now=council.later(run, 5))) == 5, "nothing was taken in vain"

"""The client against a real web process: a run asked for and watched through a restart, limits waited out."""

import time
from collections.abc import Iterator

import pytest

from tests.processes import doors, waits
from tests.processes.doors import Door
from tests.processes.emulators import Emulator
from tests.processes.fleets import WORKERS, Fleet
from tests.processes.nodes import CeleryTestSetup
from tests.thalas.api import callers
from thalas import models
from thalas.client import (
    Advice,
    BadRequest,
    Conflict,
    Decided,
    Forbidden,
    NotFound,
    Thalas,
    Unauthorized,
    Voted,
)
from thalas.services.keys import Limits

pytestmark = pytest.mark.processes

SLOW_S = 3.0


@pytest.fixture
def door(live_house: Fleet) -> Door:
    """One web process."""
    (door,) = doors.opened(live_house, "web-1")
    return door


@pytest.fixture
def thalas(door: Door) -> Iterator[Thalas]:
    """A client that may do everything."""
    with Thalas(door.url, callers.key().shown) as thalas:
        yield thalas


def test_a_run_is_watched_to_its_decision_through_a_death_of_the_web_process(
    celery_setup: CeleryTestSetup, live_house: Fleet, emulator: Emulator, door: Door, thalas: Thalas
) -> None:
    slow = next(name for name in models.Voter.objects.filter(is_simulated=True).values_list("pk", flat=True))
    emulator.obey({"*": [{"latency_s": SLOW_S, "action": "BUY", "confidence": 0.8}]})
    asked = thalas.ask(["BTC/USD"], panel=["trend", slow], deadline_s=60, force_refresh=True)
    watching = thalas.events(asked.id)
    first = next(watching)
    live_house[door.name].kill()
    run = models.Run.objects.get(pk=asked.id)
    waits.until(lambda: run.votes.filter(voter_id=slow, state="cast").exists(), within_s=30, what="voted")
    assert live_house[door.name].status == "exited"
    live_house[door.name].start()
    *votes, end = [first, *watching]
    voted = [vote for vote in votes if isinstance(vote, Voted)]
    assert sorted(vote.vote.voter for vote in voted) == sorted(["trend", slow])
    assert [vote.settled for vote in voted] == [1, 2]
    assert len(votes) == 2
    assert isinstance(end, Decided)
    told = thalas.run(asked.id)
    assert told.decision is not None
    assert told.decision.legs == end.decision.legs
    assert len({event.id for event in [*votes, end]}) == 3


def test_a_question_that_is_sent_while_the_web_process_restarts_opens_one_run(
    celery_setup: CeleryTestSetup, live_house: Fleet, door: Door, thalas: Thalas
) -> None:
    live_house[door.name].kill()
    live_house[door.name].start()
    run = thalas.ask(["BTC/USD"], force_refresh=True, wait_s=40)
    waits.in_time(run.is_over, "the run to end")
    assert (run.settled, run.shared) == (5, False)
    assert run.decision is not None
    assert models.Run.objects.count() == 1


def test_a_limit_is_waited_out_and_nothing_is_lost(door: Door) -> None:
    key = callers.key(limits=Limits(per_second=2, per_minute=1000, per_hour=1000)).shown
    began_at = time.monotonic()
    with Thalas(door.url, key) as thalas:
        assert [thalas.kill_switch.read().is_engaged for _ in range(7)] == [False] * 7
    assert time.monotonic() - began_at >= 3.0
    waits.not_after(began_at, 10.0, "seven calls at two a second")


def test_advice_on_given_data_is_waited_for_and_the_same_under_the_same_key(
    celery_setup: CeleryTestSetup, thalas: Thalas
) -> None:
    def ask() -> Advice:
        data = {"rsi_14": 38.2, "macd_hist": 12.5}
        return thalas.llm_consensus(data, pair="BTC/USDT", current_price=61_000.0, idempotency_key="one")

    advice = ask()
    assert advice.consensus_metadata.total_providers == 5
    assert len(advice.provider_responses) + len(advice.silent_responses) == 5
    assert ask().run_id == advice.run_id


def test_one_voter_is_asked_and_the_council_says_whether_it_can_be(
    celery_setup: CeleryTestSetup, thalas: Thalas
) -> None:
    advice = thalas.llm({"rsi_14": 38.2}, pair="BTC/USDT", current_price=61_000.0, provider="analyst")
    assert (advice.provider, advice.pair, advice.timeframe) == ("analyst", "BTC/USDT", "5m")
    decision = thalas.decision(advice.run_id)
    assert (decision.run_id, decision.panel) == (advice.run_id, 1)
    ready = thalas.readiness()
    assert ready.metrics.total_requests == 1
    assert ready.provider_health


def test_lists_are_read_page_by_page_and_a_run_is_cancelled_once(live_house: Fleet, thalas: Thalas) -> None:
    live_house.dismiss(*WORKERS)  # so that nothing is decided
    asked = [thalas.ask([symbol], force_refresh=True) for symbol in ["BTC/USD", "ETH/USD"] * 2]
    assert [run.id for run in thalas.runs(page=1)] == [run.id for run in reversed(asked)]
    assert len(list(thalas.runs(symbol="ETH/USD", page=1))) == 2
    assert thalas.cancel(asked[0].id).state == "cancelled"
    assert [run.id for run in thalas.runs(state="cancelled")] == [asked[0].id]
    with pytest.raises(Conflict):
        thalas.cancel(asked[0].id)


def test_what_the_house_keeps_is_read_and_changed(thalas: Thalas) -> None:
    voter = thalas.voters.all()[0]
    assert thalas.voters.edit(voter.name, is_enabled=False, weight=2.0).weight == 2.0
    assert not thalas.voters.read(voter.name).is_enabled
    made = thalas.watchlists.create("mine", ["BTC/USD"])
    assert thalas.watchlists.edit("mine", ["BTC/USD", "ETH/USD"]).symbols == ("BTC/USD", "ETH/USD")
    assert thalas.watchlists.read("mine") in thalas.watchlists.all()
    thalas.watchlists.delete(made.name)
    with pytest.raises(NotFound):
        thalas.watchlists.read("mine")
    assert thalas.kill_switch.trip("a test").is_engaged
    assert not thalas.kill_switch.release("a test is over").is_engaged


def test_schedules_are_paused_and_resumed(live_house: Fleet, thalas: Thalas) -> None:
    schedules = thalas.schedules.all()
    assert schedules
    for schedule in schedules:
        assert not thalas.schedules.pause(schedule.name).is_enabled
        assert thalas.schedules.read(schedule.name).next_due == ()
        assert thalas.schedules.resume(schedule.name).is_enabled
        assert list(thalas.schedules.slots(schedule.name)) == []


def test_a_schedule_is_made_changed_and_deleted(thalas: Thalas) -> None:
    made = thalas.schedules.create("mine", why="to see", watchlist="majors", timeframe="1d", deadline_s=20.0)
    assert (made.cadence, made.deadline_s, made.is_declared) == ("candle", 20.0, False)
    changed = thalas.schedules.edit(
        "mine", cadence="crontab", crontab="0 8 * * 1-5", timezone="Europe/Berlin"
    )
    assert (changed.crontab, changed.why, len(changed.next_due)) == ("0 8 * * 1-5", "to see", 3)
    thalas.schedules.delete("mine")
    with pytest.raises(NotFound):
        thalas.schedules.read("mine")


def test_webhooks_are_made_and_deleted_and_the_chain_tells_of_it(thalas: Thalas) -> None:
    made = thalas.webhooks.create("https://example.com/hook", idempotency_key="one")
    assert made.secret is not None
    assert made.secret not in repr(made)
    assert thalas.webhooks.create("https://example.com/hook", idempotency_key="one").secret is None
    assert [hook.id for hook in thalas.webhooks.all()] == [made.id]
    assert list(thalas.webhooks.deliveries(made.id)) == []
    thalas.webhooks.delete(made.id)
    entries = list(thalas.audit.entries(page=1))
    assert [entry.action for entry in entries[:2]] == ["webhook.delete", "webhook.create"]
    assert entries[0].prev_sha256 == entries[1].sha256


def test_refusals_come_as_what_they_are(door: Door, thalas: Thalas) -> None:
    with pytest.raises(BadRequest) as caught:
        thalas.ask(["BTC/USD"], timeframe="7m")
    assert list(caught.value.details) == ["timeframe"]
    with Thalas(door.url, callers.key("runs:read").shown) as reader, pytest.raises(Forbidden) as refused:
        reader.ask(["BTC/USD"])
    assert refused.value.details == {"scope": "runs:write"}
    with Thalas(door.url, "tk0123456789ab.none") as stranger, pytest.raises(Unauthorized):
        list(stranger.runs())

"""Webhooks hear of each decision of their account, at least once, and hold up nobody."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers import webhooks as wire
from providers.voters.types import Usage
from tests import caps, seeds
from tests.processes import waits
from tests.providers.canned import Canned, canned
from thalas import models
from thalas.domain.budgets import Measure, Subject
from thalas.errors import BadInput, NotPossible
from thalas.selectors import clock
from thalas.services import budgets, closings, councils, notices, webhooks
from thalas.services.ledgers import Buyer

pytestmark = pytest.mark.usefixtures("house")
DICE = Random(1)


@pytest.fixture
def receiver() -> Iterator[Canned]:
    """Return a receiver on a loopback port that takes everything."""
    with canned() as served:
        served.answer(b"")
        yield served


def hook(url: str, *, account: str = "demo") -> models.Webhook:
    """Make a webhook."""
    return webhooks.create(url, account=account, by="a test", now=clock.now())


def decide() -> models.Run:
    """Open a run and close it at its deadline; return it."""
    run = councils.open_question(seeds.question(), now=clock.now())
    closings.close_run(run.pk, by="guard", reason="a test", now=clock.now())
    return run


def go(now: datetime | None = None) -> tuple[int, int]:
    """Take one turn; return what was noticed and what was sent."""
    now = now or clock.now()
    return webhooks.notice(now=now), webhooks.deliver(now=now, dice=DICE)


def test_a_decision_arrives_once_signed_under_its_deliverys_id(receiver: Canned) -> None:
    made = hook(receiver.base_url)
    run = decide()
    assert go() == (1, 1)
    assert go() == (0, 0)
    head, _, body = receiver.received[0].partition(b"\r\n\r\n")
    told = json.loads(body)
    delivery = models.WebhookDelivery.objects.get()
    assert (told["type"], told["run"]["id"], told["id"]) == ("decision.filed", str(run.pk), str(delivery.pk))
    assert told["decision"]["legs"][0]["outcome"] == "NO_DECISION"
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    at_s = int(headers["Thalas-Signature"].split(",")[0].removeprefix("t="))
    assert headers["Thalas-Signature"] == wire.sign(body, secret=made.secret, at_s=at_s)
    assert headers["Thalas-Delivery"] == str(delivery.pk)
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 200, 1)


def test_decisions_from_before_the_webhook_and_of_other_accounts_are_not_told(receiver: Canned) -> None:
    decide()
    models.Account.objects.create(name="other", equity_usd=1)
    hook(receiver.base_url)
    hook(receiver.base_url, account="other")
    assert go() == (0, 0)
    run = decide()
    assert go() == (1, 1)
    assert models.WebhookDelivery.objects.get().run_id == run.pk


def test_a_run_that_was_opened_before_newer_ones_were_told_of_is_not_forgotten(receiver: Canned) -> None:
    hook(receiver.base_url)
    slow = councils.open_question(seeds.question(), now=clock.now())
    decide()
    assert go() == (1, 1)
    closings.close_run(slow.pk, by="guard", reason="a test", now=clock.now())
    assert go() == (1, 1)
    assert models.WebhookDelivery.objects.filter(run=slow, state="delivered").exists()


def test_a_close_asks_nothing_about_webhooks(receiver: Canned) -> None:
    hook(receiver.base_url)
    run = councils.open_question(seeds.question(), now=clock.now())
    with CaptureQueriesContext(connection) as asked:
        closings.close_run(run.pk, by="guard", reason="a test", now=clock.now())
    assert asked.captured_queries
    assert not [query for query in asked.captured_queries if "webhook" in query["sql"]]


def test_a_receiver_that_fails_is_tried_again_later_and_later_and_given_up_after_a_day(
    receiver: Canned,
) -> None:
    receiver.answer(b"", status="500 Internal Server Error")
    hook(receiver.base_url)
    decide()
    began = now = clock.now()
    pauses = []
    for _ in range(webhooks.MOST_ATTEMPTS):
        assert go(now)[1] == 1
        assert go(now)[1] == 0, "not before its time"
        row = models.WebhookDelivery.objects.get()
        pauses.append(row.due_at - now)
        now = max(row.due_at, now)
    assert (row.state, row.attempts, row.status, row.error) == ("given_up", 14, 500, "answered 500")
    assert go(now + timedelta(days=30))[1] == 0
    assert timedelta(hours=18) < now - began < timedelta(hours=28)
    for earlier, later in pairwise(pauses[:-1]):
        assert later > earlier * 1.3
    assert timedelta(seconds=8) <= pauses[0] <= timedelta(seconds=12)


def test_a_receiver_that_is_gone_is_given_up_at_once(receiver: Canned) -> None:
    receiver.answer(b"", status="410 Gone")
    hook(receiver.base_url)
    decide()
    go()
    assert models.WebhookDelivery.objects.get().state == "given_up"


def test_a_delivery_whose_worker_died_is_sent_again_under_the_same_id(receiver: Canned) -> None:
    hook(receiver.base_url)
    decide()
    now = clock.now()
    webhooks.notice(now=now)
    # As a worker leaves it that dies after its claim.
    models.WebhookDelivery.objects.update(attempts=1, due_at=now + webhooks.LEASE)
    assert webhooks.deliver(now=now, dice=DICE) == 0
    assert webhooks.deliver(now=now + webhooks.LEASE, dice=DICE) == 1
    assert models.WebhookDelivery.objects.get().state == "delivered"


def test_hanging_receivers_hold_a_go_up_for_a_few_seconds_at_most_and_not_the_others(
    receiver: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    with canned() as deaf:
        deaf.raw, deaf.pace_s = b"", 60.0
        bad = hook(deaf.base_url)
        for _ in range(12):
            decide()
        webhooks.notice(now=clock.now())
        good = hook(receiver.base_url)
        decide()
        webhooks.notice(now=clock.now())
        now, began = clock.now(), time.monotonic()
        assert webhooks.deliver(now=now, dice=DICE) == webhooks.BATCH
        waits.not_after(began, 2.5 * wire.TIMEOUT_S, "one go")
    assert good.deliveries.get().state == "delivered"
    assert not bad.deliveries.exclude(state="pending").exists()


def test_nothing_goes_to_a_webhook_that_is_switched_off(receiver: Canned) -> None:
    made = hook(receiver.base_url)
    decide()
    webhooks.notice(now=clock.now())
    models.Webhook.objects.filter(pk=made.pk).update(is_enabled=False)
    assert go() == (0, 0)


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://10.0.0.1/", "nonsense", "https://e.com/" + "x" * 500]
)
def test_an_address_that_cannot_be_used_is_refused_by_name(url: str) -> None:
    with pytest.raises(BadInput, match="url"):
        hook(url)
    assert not models.Webhook.objects.exists()


def test_an_account_has_so_many_webhooks_and_no_more() -> None:
    for number in range(webhooks.MOST_WEBHOOKS):
        hook(f"https://example.com/{number}")
    with pytest.raises(NotPossible, match="20 webhooks"):
        hook("https://example.com/more")


def test_a_budget_that_fills_is_told_once_and_another_accounts_is_not(receiver: Canned) -> None:
    hook(receiver.base_url)
    models.Account.objects.create(name="other", equity_usd=1)
    caps.allow_usd(1, provider="analyst")
    caps.put(Subject.ACCOUNT, "other", Measure.USD_PER_DAY, 1_000_000)
    now = clock.now()
    budgets.reserve(Buyer("trend", "analyst", "other"), Usage(cost_usd=Decimal("0.85")), now=now)
    assert notices.notice(now=clock.now()) == 2
    assert go() == (1, 1)
    assert go() == (0, 0)
    told = json.loads(receiver.received[0].partition(b"\r\n\r\n")[2])
    assert told["type"] == "budget.reached"
    assert (told["budget"]["subject"], told["budget"]["reached_pct"]) == ("analyst", 80)
    assert (told["budget"]["committed"], told["budget"]["amount"]) == (0.85, 1.0)
    run = decide()
    assert go() == (1, 1)
    assert json.loads(receiver.received[1].partition(b"\r\n\r\n")[2])["run"]["id"] == str(run.pk)

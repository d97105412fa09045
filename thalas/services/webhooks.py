"""Tell webhooks of decisions and of budgets: found by looking, so that no close waits for it or knows of it.

At least once: a delivery whose worker died is sent again, under the same id. A receiver
that fails is tried again after 10 s, 20 s, 40 s, …, 14 times in about a day.
"""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.db.models import F

from providers import webhooks as wire
from thalas import models
from thalas.errors import BadInput, NotPossible
from thalas.selectors import webhooks
from thalas.services import audits

MOST_WEBHOOKS = 20
MOST_LETTERS = 500
MOST_ATTEMPTS = 14
FIRST_PAUSE_S = 10.0
# So many are on their way at once, and so many in one go: at most 10 s of hanging receivers.
THREADS = 4
BATCH = 8
# Longer than a go: until then a delivery that was begun belongs to whoever began it.
LEASE = timedelta(seconds=60)
NOTICED_AT_ONCE = 200
GONE = 410


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One delivery, ready to be sent without the database."""

    delivery_id: int
    attempts: int
    url: str
    secret: str
    body: bytes


@transaction.atomic
def create(url: str, *, account: str, by: str, now: datetime) -> models.Webhook:
    """Let *url* hear of each decision of *account* from now on; its secret is told this once.

    Raises:  BadInput; NotPossible where an account has too many.
    """
    wrong = wire.problem(url) if len(url) <= MOST_LETTERS else f"give at most {MOST_LETTERS} letters"
    if wrong is not None:
        # A wrong address may be a right one with a token in it and a slip before that.
        raise BadInput("url", f"{url[:4]}…", wrong)
    if models.Webhook.objects.filter(account_id=account).count() >= MOST_WEBHOOKS:
        raise NotPossible(
            f"account {account} has {MOST_WEBHOOKS} webhooks, the most it may; delete one first"
        )
    made = models.Webhook.objects.create(
        account_id=account,
        url=url,
        secret=f"whsec_{secrets.token_urlsafe(32)}",
        created_at=now,
        created_by=by[:100],
    )
    # An address may hold a token of its own: only its host is kept.
    details = {"host": urlsplit(url).hostname, "account": account}
    audits.append(actor=by, action="webhook.create", target=str(made.pk), details=details, now=now)
    return made


@transaction.atomic
def delete(webhook_id: int, *, account: str | None, by: str, now: datetime) -> None:
    """Delete a webhook, of *account* if it is given, with what was still on its way to it.

    Raises:  NotFound.
    """
    webhook = webhooks.get(webhook_id, account=account)
    details = {"host": urlsplit(webhook.url).hostname, "account": webhook.account_id}
    webhook.delete()
    audits.append(actor=by, action="webhook.delete", target=str(webhook_id), details=details, now=now)


def notice(*, now: datetime) -> int:
    """Make a delivery for each decision and notice that a webhook has not heard of; return how many."""
    made = 0
    for webhook in models.Webhook.objects.filter(is_enabled=True):
        runs = webhooks.unheard(webhook, limit=NOTICED_AT_ONCE)
        rows = [models.WebhookDelivery(webhook=webhook, run_id=run, due_at=now) for run in runs]
        notices = webhooks.unheard_notices(webhook, limit=NOTICED_AT_ONCE)
        rows += [models.WebhookDelivery(webhook=webhook, notice_id=one, due_at=now) for one in notices]
        # Another worker may have noticed the same.
        made += len(models.WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True))
    return made


def deliver(*, now: datetime, dice: Random) -> int:
    """Send what is due, a few at a time; return how many attempts were made."""
    parcels = [parcel for delivery in _due(now) if (parcel := _claimed(delivery, now))]
    if not parcels:
        return 0
    _give_back_connection()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as pool:
        outcomes = list(pool.map(lambda parcel: _sent(parcel, now), parcels))
    for parcel, outcome in zip(parcels, outcomes, strict=True):
        _record(parcel, outcome, now, dice)
    return len(parcels)


def ping(webhook: models.Webhook, *, now: datetime) -> wire.Outcome:
    """Send *webhook* a signed greeting and return what became of it."""
    body = b'{"id":"0","type":"ping"}'
    return _sent(_Parcel(0, 1, webhook.url, webhook.secret, body), now)


def _due(now: datetime) -> list[models.WebhookDelivery]:
    """Return what is due, a turn for each webhook and then another: none crowds out the others."""
    pending = models.WebhookDelivery.objects.select_related("webhook").filter(
        state=models.WebhookDelivery.State.PENDING, due_at__lte=now, webhook__is_enabled=True
    )
    found = []
    for webhook in pending.order_by().values_list("webhook_id", flat=True).distinct():
        oldest = pending.filter(webhook_id=webhook).order_by("due_at", "pk")[:BATCH]
        found += [(turn, row.due_at, row.pk, row) for turn, row in enumerate(oldest)]
    return [row for *_, row in sorted(found, key=lambda item: item[:3])[:BATCH]]


def _claimed(delivery: models.WebhookDelivery, now: datetime) -> _Parcel | None:
    """Take *delivery* for this worker; None if another was faster."""
    taken = models.WebhookDelivery.objects.filter(
        pk=delivery.pk,
        state=models.WebhookDelivery.State.PENDING,
        attempts=delivery.attempts,
        due_at__lte=now,
    ).update(attempts=F("attempts") + 1, due_at=now + LEASE)
    if not taken:
        return None
    hook = delivery.webhook
    return _Parcel(delivery.pk, delivery.attempts + 1, hook.url, hook.secret, webhooks.told(delivery))


def _give_back_connection() -> None:
    """Hold no connection to the database while receivers take their time."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _sent(parcel: _Parcel, now: datetime) -> wire.Outcome:
    signature = wire.sign(parcel.body, secret=parcel.secret, at_s=int(now.timestamp()))
    headers = {wire.SIGNATURE_HEADER: signature, wire.DELIVERY_HEADER: str(parcel.delivery_id)}
    return wire.post(parcel.url, parcel.body, headers=headers)


def _record(parcel: _Parcel, outcome: wire.Outcome, now: datetime, dice: Random) -> None:
    state = models.WebhookDelivery.State
    fields: dict[str, object] = {"status": outcome.status, "error": outcome.error[:200]}
    if outcome.is_delivered:
        fields |= {"state": state.DELIVERED, "delivered_at": now}
    elif parcel.attempts >= MOST_ATTEMPTS or outcome.status == GONE:
        fields["state"] = state.GIVEN_UP
    else:
        fields["due_at"] = now + pause(parcel.attempts, dice)
    # Whoever was so slow that another began anew must not write over what that one found.
    models.WebhookDelivery.objects.filter(
        pk=parcel.delivery_id, state=state.PENDING, attempts=parcel.attempts
    ).update(**fields)


def pause(attempts: int, dice: Random) -> timedelta:
    """Return how long to wait after so many failed *attempts*: twice as long each time, about."""
    return timedelta(seconds=FIRST_PAUSE_S * 2 ** (attempts - 1) * dice.uniform(0.8, 1.2))

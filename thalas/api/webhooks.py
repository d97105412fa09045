"""Webhooks over HTTP: who hears of an account's decisions, and what became of each telling."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Schema, Status
from pydantic import AfterValidator, ConfigDict, Field

from providers import masks
from thalas import models
from thalas.api.doors import Door, caller
from thalas.api.requests import RepeatKey, repeatable
from thalas.selectors import clock, webhooks
from thalas.services import creations
from thalas.services import webhooks as changing

router = Door(tags=["webhooks"])
Shown = Annotated[str, AfterValidator(masks.address)]


class WebhookIn(Schema):
    """An address that is to hear of each decision from now on."""

    model_config = ConfigDict(strict=True, extra="forbid")

    url: str = Field(min_length=1, max_length=changing.MOST_LETTERS, examples=["https://example.com/hook"])


class WebhookOut(Schema):
    """An address that hears of decisions; of what comes behind its host only the end is shown."""

    id: int
    url: Shown
    is_enabled: bool
    created_at: datetime
    created_by: str


class MadeWebhookOut(WebhookOut):
    """A webhook that was made; its secret is told once, and null where the request was sent again."""

    secret: str | None


class WebhooksOut(Schema):
    """All webhooks of the account."""

    webhooks: list[WebhookOut]


class DeliveryOut(Schema):
    """What became of telling one decision, or one notice of a budget: one of the two ids is null."""

    id: int
    run_id: UUID | None
    notice_id: int | None
    state: Literal["pending", "delivered", "given_up"]
    attempts: int
    due_at: datetime
    status: int | None
    error: str
    delivered_at: datetime | None


class DeliveriesOut(Schema):
    """Deliveries, the newest first; *older* goes into `before`."""

    deliveries: list[DeliveryOut]
    older: int | None


@router.get("", scope="webhooks:read", response=WebhooksOut)
def list_webhooks(request: HttpRequest) -> dict[str, object]:
    """List the account's webhooks, without their secrets."""
    return {"webhooks": webhooks.of(caller(request).account)}


@router.post("", scope="webhooks:write", response={201: MadeWebhookOut})
def create_webhook(
    request: HttpRequest, body: WebhookIn, idempotency_key: RepeatKey
) -> Status[dict[str, object]]:
    """Let an address hear of each decision of the account, signed with the secret that is told here once."""
    now, who = clock.now(), caller(request)
    secrets: list[str] = []

    def make() -> dict[str, object]:
        made = changing.create(body.url, account=who.account, by=who.actor, now=now)
        secrets.append(made.secret)
        return tell_plain(made)

    asked = repeatable(request, idempotency_key, route="POST /webhooks")
    told = creations.once(asked, make, now=now)
    return Status(201, told | {"secret": secrets[0] if secrets else None})


@router.delete("/{int:webhook_id}", scope="webhooks:write", response={204: None})
def delete_webhook(request: HttpRequest, webhook_id: int) -> Status[None]:
    """Delete a webhook, with what was still on its way to it."""
    who = caller(request)
    changing.delete(webhook_id, account=who.account, by=who.actor, now=clock.now())
    return Status(204, None)


@router.get("/{int:webhook_id}/deliveries", scope="webhooks:read", response=DeliveriesOut)
def list_deliveries(
    request: HttpRequest,
    webhook_id: int,
    before: Annotated[int | None, Query(None, ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(50, ge=1, le=200)] = 50,
) -> dict[str, object]:
    """List what became of telling a webhook, the newest first."""
    webhook = webhooks.get(webhook_id, account=caller(request).account)
    rows = webhooks.deliveries(webhook, before=before, limit=limit)
    return {"deliveries": rows, "older": rows[-1].pk if len(rows) == limit else None}


def tell_plain(webhook: models.Webhook) -> dict[str, object]:
    """Return *webhook* as JSON can hold it."""
    return WebhookOut.model_validate(webhook).model_dump(mode="json")

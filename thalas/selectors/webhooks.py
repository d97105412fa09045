"""Webhooks of an account, the decisions that they have not heard of yet, and what they are told."""

from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.db.models import Exists, OuterRef, Q

from thalas import models
from thalas.domain import budgets
from thalas.domain.budgets import Measure, Subject
from thalas.errors import NotFound

# A run closes at most an hour and a little after it was opened: what is older holds no news.
LONGEST_RUN = timedelta(hours=1, minutes=5)
DECISION_FILED, BUDGET_REACHED = "decision.filed", "budget.reached"


def of(account: str) -> list[models.Webhook]:
    """Return the webhooks of *account*, the oldest first."""
    return list(models.Webhook.objects.filter(account_id=account).order_by("pk"))


def get(webhook_id: int, *, account: str | None = None) -> models.Webhook:
    """Return the webhook *webhook_id*, of *account* if it is given.

    Raises:  NotFound.
    """
    rows = models.Webhook.objects.filter(pk=webhook_id)
    found = (rows if account is None else rows.filter(account_id=account)).first()
    if found is None:
        raise NotFound(f"there is no webhook {webhook_id}")
    return found


def deliveries(webhook: models.Webhook, *, before: int | None, limit: int) -> list[models.WebhookDelivery]:
    """Return the newest deliveries to *webhook*, those below *before* if it is given."""
    rows = webhook.deliveries.order_by("-pk")
    return list((rows if before is None else rows.filter(pk__lt=before))[:limit])


def unheard(webhook: models.Webhook, *, limit: int) -> list[UUID]:
    """Return runs whose decision was filed since *webhook* was made and has no delivery to it, oldest first.

    Runs are looked through from the newest that it was told of, less the longest that a run lasts:
    their ids are in the order of their opening, so that no history is read.
    """
    newest = webhook.deliveries.exclude(run=None).order_by("-run_id").values_list("run_id", flat=True).first()
    since = webhook.created_at if newest is None else max(webhook.created_at, _made_at(newest))
    known = models.WebhookDelivery.objects.filter(webhook=webhook, run_id=OuterRef("run_id"))
    rows = models.Decision.objects.filter(
        ~Exists(known),
        run_id__gte=_first_id(since - LONGEST_RUN),
        run__account_id=webhook.account_id,
        filed_at__gte=webhook.created_at,
    )
    return list(rows.order_by("run_id").values_list("run_id", flat=True)[:limit])


def _made_at(run_id: UUID) -> datetime:
    """Return when a run's id was made: a UUIDv7 begins with the milliseconds since 1970."""
    return datetime.fromtimestamp((run_id.int >> 80) / 1000).astimezone()


def _first_id(at: datetime) -> UUID:
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


def unheard_notices(webhook: models.Webhook, *, limit: int) -> list[int]:
    """Return notices of budgets since *webhook* was made that have no delivery to it, oldest first.

    Of accounts' budgets it hears only of its own account's.
    """
    known = models.WebhookDelivery.objects.filter(webhook=webhook, notice_id=OuterRef("pk"))
    mine = ~Q(kind=Subject.ACCOUNT.value) | Q(subject=webhook.account_id)
    rows = models.BudgetNotice.objects.filter(~Exists(known), mine, noticed_at__gte=webhook.created_at)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def told(delivery: models.WebhookDelivery) -> bytes:
    """Return what *delivery* says, as JSON."""
    return _notice(delivery) if delivery.run_id is None else _decision(delivery, delivery.run_id)


def _notice(delivery: models.WebhookDelivery) -> bytes:
    notice = delivery.notice
    assert notice is not None  # a constraint of the table
    measure = Measure(notice.measure)
    return orjson.dumps(
        {
            "id": str(delivery.pk),
            "type": BUDGET_REACHED,
            "budget": {
                "kind": notice.kind,
                "subject": notice.subject,
                "measure": notice.measure,
                "starts_at": notice.starts_at,
                "reached_pct": notice.pct,
                "committed": float(budgets.in_people_s_units(measure, notice.committed)),
                "amount": float(budgets.in_people_s_units(measure, notice.amount)),
                "noticed_at": notice.noticed_at,
            },
        }
    )


def _decision(delivery: models.WebhookDelivery, run_id: UUID) -> bytes:
    run = models.Run.objects.select_related("decision").get(pk=run_id)
    return orjson.dumps(
        {
            "id": str(delivery.pk),
            "type": DECISION_FILED,
            "run": {
                "id": str(run.pk),
                "kind": run.kind,
                "symbols": run.symbols,
                "timeframe": run.timeframe,
                "opened_at": run.opened_at,
                "closed_at": run.closed_at,
            },
            "decision": {
                "filed_at": run.decision.filed_at,
                "is_degraded": run.decision.is_degraded,
                "panel": run.decision.panel,
                "heard": run.decision.heard,
                "legs": [_leg(leg) for leg in run.decision.legs.order_by("position")],
            },
        }
    )


def _leg(leg: models.DecisionLeg) -> dict[str, object]:
    return {
        "symbol": leg.symbol,
        "outcome": leg.outcome,
        "confidence": leg.confidence,
        "agreement": leg.agreement,
        "verdict": leg.verdict,
        "size_usd": float(leg.size_usd),
        "price": None if leg.price is None else float(leg.price),
        "stop": None if leg.stop is None else float(leg.stop),
        "target": None if leg.target is None else float(leg.target),
    }

"""Budgets over HTTP: what calls may take, what is left, and what past days and months took."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import ConfigDict, Field

from thalas.api.doors import Caller, Door, caller
from thalas.api.schemas_estimates import EstimateIn, EstimateOut
from thalas.api.shapes import Out
from thalas.domain.budgets import Measure, Subject
from thalas.selectors import budgets, clock
from thalas.services import caps, estimates
from thalas.services.councils import Question

router = Door(tags=["budgets"])
Amount = Annotated[float, Field(ge=0, le=float(caps.MOST), allow_inf_nan=False)]


class BudgetOut(Out):
    """A cap and its running window (UTC), in US dollars where it counts money.

    *committed* is what calls took and, of those under way, the most they may take.
    """

    kind: Subject
    subject: str
    measure: Measure
    amount: float
    committed: float
    left: float
    starts_at: datetime
    ends_at: datetime


class BudgetsOut(Out):
    """All caps on voters and providers, and those on the key's own account."""

    budgets: list[BudgetOut]


class PastOut(Out):
    """What the calls of a past day or month took, in US dollars where money is counted."""

    kind: Subject
    subject: str
    measure: Measure
    starts_at: datetime
    committed: float


class HistoryOut(Out):
    """Windows of days and months, the newest first."""

    windows: list[PastOut]


class CapIn(Schema):
    """The cap that is wanted; an *amount* of null removes it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    kind: str = Field(max_length=20, description=", ".join(Subject), examples=["provider"])
    subject: str = Field(min_length=1, max_length=60)
    measure: str = Field(max_length=40, description=", ".join(Measure), examples=["usd_per_day"])
    amount: Amount | None


@router.get("", scope="budgets:read", response=BudgetsOut)
def list_budgets(request: HttpRequest) -> dict[str, object]:
    """List the caps on calls with what is left of each."""
    return _told(caller(request))


@router.put("", scope="budgets:write", response=BudgetsOut)
def set_budget(request: HttpRequest, body: CapIn) -> dict[str, object]:
    """Set or remove one cap; what its window holds already counts."""
    who = caller(request)
    if not _is_seen(body.kind, body.subject, who):
        # Another account is as good as none: who asks learns nothing of it.
        raise caps.unknown(body.kind, body.subject)
    amount = None if body.amount is None else Decimal(str(body.amount))
    caps.set_cap(body.kind, body.subject, body.measure, amount, by=who.actor, now=clock.now())
    return _told(who)


@router.post("/estimate", scope="budgets:read", response=EstimateOut)
def estimate_run(request: HttpRequest, wanted: EstimateIn) -> estimates.Estimate:
    """Say what a run would cost, and which voters would not be asked and why; nobody is asked."""
    who = caller(request)
    question = Question(
        symbols=wanted.symbols,
        timeframe=wanted.timeframe,
        requested_by=who.actor,
        deadline_s=settings.HOUSE.thalas_deadline_s,
        panel=wanted.panel,
        account=who.account,
    )
    return estimates.estimate(question, now=clock.now())


@router.get("/history", scope="budgets:read", response=HistoryOut)
def list_history(
    request: HttpRequest, days: Annotated[int, Query(31, ge=1, le=3_660)] = 31
) -> dict[str, object]:
    """List what the calls of past days and months took, the newest first."""
    who = caller(request)
    rows = budgets.history(now=clock.now(), days=days)
    return {"windows": [budgets.past(row) for row in rows if _is_seen(row.kind, row.subject, who)]}


def _told(who: Caller) -> dict[str, object]:
    found = budgets.budgets(now=clock.now())
    return {"budgets": [one for one in found if _is_seen(one.kind, one.subject, who)]}


def _is_seen(kind: str, subject: str, who: Caller) -> bool:
    return kind != Subject.ACCOUNT or subject == who.account

"""What a Thalas keeps beside its runs, as it tells it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from pydantic import Field

from thalas.client.answers import Answer


class Voter(Answer):
    """A voter, and what its provider may still spend today."""

    name: str
    provider: str
    model: str
    weight: float
    is_present: bool
    is_enabled: bool
    is_simulated: bool
    spent_today_usd: Decimal
    cap_usd_per_day: Decimal
    left_today_usd: Decimal


class VoterList(Answer):
    """All voters."""

    voters: tuple[Voter, ...]


class Budget(Answer):
    """A cap on calls and its running window, in US dollars where it counts money."""

    kind: str
    subject: str
    measure: str
    amount: Decimal
    committed: Decimal
    left: Decimal
    starts_at: datetime
    ends_at: datetime


class BudgetList(Answer):
    """All caps that the key may see."""

    budgets: tuple[Budget, ...]


class PastWindow(Answer):
    """What the calls of a past day or month took."""

    kind: str
    subject: str
    measure: str
    starts_at: datetime
    committed: Decimal


class VoterEstimate(Answer):
    """What asking one voter would cost; no amounts, and *why_not*, where it would not be asked."""

    voter: str
    provider: str
    model: str
    why_not: str
    tokens_in: int
    tokens_out: int
    tokens_out_most: int
    likely_usd: Decimal | None
    worst_usd: Decimal | None


class Estimate(Answer):
    """What a run would cost in US dollars, and who would not be asked."""

    symbols: tuple[str, ...]
    timeframe: str
    voters: tuple[VoterEstimate, ...]
    not_asked: tuple[str, ...]
    likely_usd: Decimal
    worst_usd: Decimal


class BudgetHistory(Answer):
    """Past days and months, the newest first."""

    windows: tuple[PastWindow, ...]


class Schedule(Answer):
    """A scan that repeats; *next_due* is empty while it is paused."""

    name: str
    why: str
    watchlist: str
    timeframe: str
    cadence: str
    every_s: int | None
    crontab: str
    timezone: str
    deadline_s: float
    missed: str
    overlap: str
    may_close_early: bool
    is_enabled: bool
    is_declared: bool
    starts_at: datetime
    ticked_at: datetime | None
    next_due: tuple[datetime, ...]


class ScheduleList(Answer):
    """All schedules."""

    schedules: tuple[Schedule, ...]


class Slot(Answer):
    """One moment at which a schedule came due, and what became of it."""

    due_at: datetime
    state: str
    reason: str


class SlotPage(Answer):
    """A page of slots; *older* goes into `before`."""

    slots: tuple[Slot, ...]
    older: datetime | None


class Watchlist(Answer):
    """A named list of symbols, and the schedules that scan it."""

    name: str
    symbols: tuple[str, ...]
    schedules: tuple[str, ...]


class WatchlistList(Answer):
    """All watchlists."""

    watchlists: tuple[Watchlist, ...]


class KillSwitch(Answer):
    """How the kill switch stands."""

    is_engaged: bool
    is_readable: bool
    reason: str
    changed_by: str
    changed_at: datetime | None


class Webhook(Answer):
    """An address that hears of each decision; *secret* is told once, by the first answer to `create`.

    url  its host, and its last letters
    """

    id: int
    url: str
    is_enabled: bool
    created_at: datetime
    created_by: str
    secret: str | None = Field(default=None, repr=False)


class WebhookList(Answer):
    """All webhooks of the account."""

    webhooks: tuple[Webhook, ...]


class Delivery(Answer):
    """What became of telling one decision, or one notice of a budget: one of the two ids is None."""

    id: int
    run_id: UUID | None
    notice_id: int | None = None
    state: str
    attempts: int
    due_at: datetime
    status: int | None
    error: str
    delivered_at: datetime | None


class DeliveryPage(Answer):
    """A page of deliveries; *older* goes into `before`."""

    deliveries: tuple[Delivery, ...]
    older: int | None


class AuditEntry(Answer):
    """One change that a person or a key has made; *sha256* covers it and *prev_sha256*."""

    seq: int
    at: datetime
    actor: str
    action: str
    target: str
    details: dict[str, object]
    prev_sha256: str
    sha256: str


class AuditPage(Answer):
    """A page of entries; *older* goes into `before`."""

    entries: tuple[AuditEntry, ...]
    older: int | None

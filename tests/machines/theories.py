"""A council in plain Python, as the promises have it: what the database must hold after every step.

Time is seconds since a machine's beginning, money whole millionths of a US dollar. Nothing here asks
the code under test anything; the constants are written down a second time on purpose.
"""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from tests.domain import oracles

MAX_STARTS = 3
LEASE_SLACK_S = 2.0
DEADLINE_MARGIN_S = 0.25
SHORTEST_CALL_S = 0.05
CHORD_GRACE_S = 1.0
RESEND_AFTER_S = 4.0

OPEN, CLOSED, CANCELLED = "open", "closed", "cancelled"
EXPECTED, CLAIMED, MISSING, WAIVED, LATE, FAILED = (
    "expected",
    "claimed",
    "missing",
    "waived",
    "late",
    "failed",
)
HEARD = ("cast", "abstained")
CONFIDENCE = 0.8
# All voters are technical analysts of weight 1, whose errors are taken to go half together.
HALF_TOGETHER = 0.5
# What somebody who has not answered yet may still say: nothing, or any action at either end.
EXTREMES = (None, *((action, 1.0, confidence) for action in oracles.ACTIONS for confidence in (0.0, 1.0)))


@dataclass(frozen=True, slots=True)
class Said:
    """What a voter's answer becomes on its vote; *action* is empty unless a vote was cast."""

    state: str
    action: str = ""
    error_kind: str = ""
    cost: int = 0


@dataclass(slots=True)
class Vote:
    """One vote; *holder* is the token of the last worker that claimed it."""

    timeout_s: float
    published_s: float
    state: str = EXPECTED
    starts: int = 0
    holder: UUID | None = None
    lease_s: float | None = None
    recorded_s: float | None = None
    action: str = ""
    error_kind: str = ""
    cost: int = 0

    @property
    def cost_usd(self) -> Decimal:
        """What its call has cost."""
        return usd(self.cost)

    @property
    def is_open(self) -> bool:
        """Whether an answer may still be counted."""
        return self.state in (EXPECTED, CLAIMED)

    def has_lost_its_worker(self, now_s: float) -> bool:
        """Say whether its lease has run out."""
        return self.state == CLAIMED and self.lease_s is not None and self.lease_s < now_s

    def give_up(self, into: str) -> None:
        """Let the run close without it; the reason tells how far it had got."""
        self.error_kind = "no_answer" if self.state == CLAIMED else "not_asked"
        self.state = into


@dataclass(slots=True)
class Run:
    """One run: its votes by voter, and how it stands."""

    opened_s: float
    deadline_s: float
    quorum: int
    votes: dict[str, Vote]
    may_close_early: bool = False
    method: str = "weighted_majority"
    state: str = OPEN
    closed_by: str = ""

    def claim(self, voter: str, token: UUID | None, now_s: float) -> float | None:
        """Take the lease on a vote; return the time-out, or None where nobody may ask.

        token  of the claim that was really made, None if none was
        """
        vote, left_s = self.votes[voter], self.deadline_s - DEADLINE_MARGIN_S - now_s
        timeout_s = min(vote.timeout_s, left_s)
        may_retry = vote.has_lost_its_worker(now_s) and vote.timeout_s <= left_s
        may_ask = self.state == OPEN and vote.starts < MAX_STARTS and timeout_s >= SHORTEST_CALL_S
        if not (may_ask and (vote.state == EXPECTED or may_retry)):
            return None
        vote.state, vote.holder, vote.starts = CLAIMED, token, vote.starts + 1
        vote.lease_s = now_s + timeout_s + LEASE_SLACK_S
        return timeout_s

    def record(self, voter: str, token: UUID, said: Said, recorded_s: float) -> str:
        """Write what was said if *token* still holds the lease; return what became of it."""
        vote = self.votes[voter]
        if vote.holder != token or vote.state not in (CLAIMED, MISSING, WAIVED):
            return "lease_lost"
        state = said.state if vote.state == CLAIMED else LATE
        vote.state, vote.action, vote.cost = state, said.action, said.cost
        vote.error_kind = said.error_kind
        vote.recorded_s, vote.lease_s = recorded_s, None
        return state

    def close(self, by: str) -> bool:
        """Close or leave as it is; say whether this closed it."""
        if self.state != OPEN:
            return False
        self.state, self.closed_by = CLOSED, by
        self._give_up_open(MISSING)
        return True

    def close_early(self) -> None:
        """Close before all have answered; the others were not needed."""
        self.state, self.closed_by = CLOSED, "early"
        self._give_up_open(WAIVED)

    def cannot_be_turned(self, min_confidence: float, min_agreement: float) -> bool:
        """Say whether the outcome stands, whatever of the extremes those who are still to come say."""

        def outcome(more: tuple[tuple[str, float, float] | None, ...]) -> str:
            late = [ballot for ballot in more if ballot is not None]
            return self._decided(late, (len(self.votes), self.quorum, min_confidence, min_agreement))

        to_come = sum(vote.is_open for vote in self.votes.values())
        now = outcome(())
        return all(outcome(more) == now for more in itertools.product(EXTREMES, repeat=to_come))

    def _decided(self, late: list[oracles.Vote], rules: tuple[int, int, float, float]) -> str:
        """Return what its method decides; those who answered call their risk medium, late ones low."""
        cast = [(vote.action, 1.0, CONFIDENCE) for vote in self.votes.values() if vote.action]
        ballots = cast + late
        if self.method == "confidence_average":
            return oracles.confidence_average(ballots, *rules)["decision"]
        if self.method == "risk_adjusted":
            risks = ["medium"] * len(cast) + ["low"] * len(late)
            return oracles.risk_adjusted(ballots, risks, *rules)["decision"]
        if self.method == "log_opinion_pool":
            count = len(ballots)
            rho = [[1.0 if i == j else HALF_TOGETHER for j in range(count)] for i in range(count)]
            voters = oracles.n_eff([1.0] * count, rho)
            return oracles.log_opinion_pool(ballots, voters, *rules)["decision"]
        return oracles.weighted_majority(ballots, *rules)["decision"]

    def cancel(self) -> bool:
        """Cancel or leave as it is; say whether this cancelled it."""
        if self.state != OPEN:
            return False
        self.state, self.closed_by = CANCELLED, "person"
        self._give_up_open(MISSING)
        return True

    def _give_up_open(self, into: str) -> None:
        for vote in self.votes.values():
            if vote.is_open:
                vote.give_up(into)

    @property
    def is_answered(self) -> bool:
        """Whether no answer is waited for."""
        return not any(vote.is_open for vote in self.votes.values())

    def give_up_lost(self, now_s: float) -> int:
        """Fail what lost its worker and may not be asked again; return how many."""
        left_s = self.deadline_s - DEADLINE_MARGIN_S - now_s
        lost = [
            vote
            for vote in self.votes.values()
            if vote.has_lost_its_worker(now_s) and (vote.starts >= MAX_STARTS or left_s < vote.timeout_s)
        ]
        for vote in lost:
            vote.state, vote.error_kind, vote.recorded_s = FAILED, "worker_lost", now_s
        return len(lost)

    def is_due(self, now_s: float) -> bool:
        """Say whether a guard closes it: its deadline has passed, or all is in and its chord is silent."""
        silent_s = now_s - CHORD_GRACE_S
        is_recent = any(
            vote.recorded_s is not None and vote.recorded_s > silent_s for vote in self.votes.values()
        )
        is_silent = self.is_answered and not is_recent and self.opened_s <= silent_s
        return self.deadline_s <= now_s or is_silent

    def take_unasked(self, now_s: float) -> set[str]:
        """Mark as published and return the voters whom nobody is asking and somebody should."""
        if self.deadline_s <= now_s:
            return set()
        return {name for name, vote in self.votes.items() if _take(vote, now_s)}

    def actions(self) -> Counter[str]:
        """Count what was cast; a decision is made of nothing else."""
        return Counter(vote.action for vote in self.votes.values() if vote.state == "cast")


def usd(micro: int) -> Decimal:
    """Return millionths of a US dollar in whole ones."""
    return Decimal(micro) / 1_000_000


def _take(vote: Vote, now_s: float) -> bool:
    is_old = vote.published_s <= now_s - RESEND_AFTER_S
    is_lost = vote.has_lost_its_worker(now_s) and vote.starts < MAX_STARTS
    if (vote.state == EXPECTED and is_old) or (
        is_lost and (is_old or vote.published_s < (vote.lease_s or 0))
    ):
        vote.published_s = now_s
        return True
    return False


@dataclass(slots=True)
class Entry:
    """One call's line in the ledger; *booked* is None until its cost is known."""

    day: int
    reserved: int
    booked: int | None = None

    @property
    def reserved_usd(self) -> Decimal:
        """What was held for the call."""
        return usd(self.reserved)

    @property
    def booked_usd(self) -> Decimal | None:
        """What it has cost, None while nobody knows."""
        return None if self.booked is None else usd(self.booked)


@dataclass(slots=True)
class Ledger:
    """What calls may have cost: each line, and the cap of a day."""

    cap: int
    entries: list[Entry] = field(default_factory=list)

    def spent(self, day: int) -> int:
        """Return what *day* has cost, unsettled calls at their worst."""
        return sum(_held(entry) for entry in self.entries if entry.day == day)

    def reserve(self, worst: int, day: int) -> bool:
        """Hold *worst* if the day's cap allows it."""
        if self.spent(day) + worst > self.cap:
            return False
        self.entries.append(Entry(day, worst))
        return True

    def settle(self, entry: Entry, cost: int) -> None:
        """Book the true *cost*; a second time changes nothing."""
        if entry.booked is None:
            entry.booked = cost


def _held(entry: Entry) -> int:
    return entry.reserved if entry.booked is None else entry.booked


def days(entries: Iterable[Entry]) -> set[int]:
    """Return every day that has an entry."""
    return {entry.day for entry in entries}

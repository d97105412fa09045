"""The statements that every run takes, written out as SQL for SQLite and PostgreSQL alike.

Django would build each of them anew for every call, which takes ten times what running it takes,
and running them is what workers do all day. Only the path that every run takes is here; the rest asks
Django. A state filter in a WHERE is a lock: whoever changes one reads `votes`, `budgets` and `closings`
first.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from thalas import models
from thalas.selectors import clock, rows

# All that is the same for every vote when a run opens is written out.
EXPECT_VOTES = """
    INSERT INTO thalas_vote
        (run_id, voter_id, round, state, weight, timeout_s, starts, published_at, answers, error_kind, error,
         cost_usd, tokens_in, tokens_out, request_model, response_model, prompt_sha256, is_simulated)
    VALUES {votes}
"""
EXPECTED_VOTE = (
    "(%(run_id)s, %(voter_{0})s, 1, 'expected', %(weight_{0})s, %(timeout_s_{0})s, 0, %(now)s, '[]', '', '',"
    " 0, 0, 0, %(request_model_{0})s, '', '', %(is_simulated_{0})s)"
)
VOTE_TO_CLAIM = """
    SELECT vote.id, vote.timeout_s, run.deadline_at, run.brief_id, run.may_close_early, voter.provider_id,
           run.account_id
    FROM thalas_vote vote
    JOIN thalas_run run ON run.id = vote.run_id
    JOIN thalas_voter voter ON voter.name = vote.voter_id
    WHERE vote.run_id = %(run_id)s AND vote.voter_id = %(voter)s
    ORDER BY vote.id LIMIT 1
"""
# The run's state is an EXISTS, not a join: a joined UPDATE re-reads the vote from the
# statement's own snapshot on PostgreSQL, and two workers could claim it at once.
CLAIM_VOTE = """
    UPDATE thalas_vote
    SET state = 'claimed', token = %(token)s,
        starts = CASE WHEN token = %(token)s THEN starts ELSE starts + 1 END,
        started_at = %(now)s, lease_until = %(lease_until)s
    WHERE id = %(vote_id)s
      AND (token = %(token)s OR starts < %(max_starts)s)
      AND (state = 'expected'
           OR (state = 'claimed' AND token = %(token)s)
           OR (state = 'claimed' AND lease_until < %(now)s AND timeout_s <= %(left_s)s))
      AND EXISTS (SELECT 1 FROM thalas_run WHERE id = thalas_vote.run_id AND state = 'open')
"""
# The lock and the only gate of a close: of all who try, one finds the run open.
CLOSE_RUN = """
    UPDATE thalas_run
    SET state = 'closed', closed_at = %(now)s, closed_by = %(by)s, close_reason = %(reason)s
    WHERE id = %(run_id)s AND state = 'open'
    RETURNING {columns}
"""
GIVE_UP_VOTES = """
    UPDATE thalas_vote
    SET error_kind = CASE state WHEN 'expected' THEN 'not_asked' ELSE 'no_answer' END, state = %(into)s
    WHERE run_id IN {run_ids} AND state IN ('expected', 'claimed')
"""
VOTES_TO_COUNT = """
    SELECT vote.run_id, vote.answers, vote.cost_usd, vote.voter_id, voter.provider_id, vote.weight,
           vote.state, vote.response_model, vote.request_model, vote.tokens_in, vote.tokens_out
    FROM thalas_vote vote
    JOIN thalas_voter voter ON voter.name = vote.voter_id
    WHERE vote.run_id IN {run_ids}
    ORDER BY vote.voter_id
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """A vote as a run begins with it."""

    voter: str
    weight: float
    timeout_s: float
    request_model: str
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class VoteToCount:
    """What a tally needs of a vote, in the order of the statement; *answers* as they were stored."""

    run_id: UUID
    answers: object
    cost_usd: Decimal
    voter: str
    provider: str
    weight: float
    state: str
    response_model: str
    request_model: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class VoteToClaim:
    """What a claim needs to know of a vote before it takes it; *brief* is the brief's SHA-256."""

    vote_id: int
    timeout_s: float
    deadline_at: datetime
    brief: str
    may_close_early: bool
    provider: str
    account: str


def expect_votes(votes: Sequence[Expected], *, run_id: UUID, now: datetime) -> None:
    """Store *votes* of a run that is being opened."""
    if not votes:
        return
    sql = EXPECT_VOTES.format(votes=", ".join(map(EXPECTED_VOTE.format, range(len(votes)))))
    each = {
        f"{name}_{number}": getattr(vote, name)
        for number, vote in enumerate(votes)
        for name in Expected.__slots__
    }
    change(sql, run_id=run_id, now=now, **each)


def close_run(run_id: UUID, *, by: str, reason: str, now: datetime) -> models.Run | None:
    """Close a run and return it; None if it is not open."""
    table = rows.table_of(models.Run, connection.vendor)
    sql = CLOSE_RUN.format(columns=table.columns)
    row = read(sql, run_id=run_id, by=by, reason=reason, now=now)
    return None if row is None else rows.made(models.Run, table, row)


def give_up_votes(run_ids: Collection[UUID], *, into: str) -> int:
    """Give up the votes of *run_ids* that are not answered, saying how far each had got; return how many."""
    places, listed = rows.listed(run_ids)
    return change(GIVE_UP_VOTES.format(run_ids=places), into=into, **listed)


def votes_to_count(run_ids: Collection[UUID]) -> list[VoteToCount]:
    """Return the votes of *run_ids* in the order of their voters' names."""
    places, listed = rows.listed(run_ids)
    with connection.cursor() as cursor:
        cursor.execute(VOTES_TO_COUNT.format(run_ids=places), rows.adapted(listed))
        return [_vote_to_count(*row) for row in cursor.fetchall()]


def _vote_to_count(run_id: Any, answers: Any, cost_usd: Any, *plain: Any) -> VoteToCount:
    return VoteToCount(
        rows.value(models.Vote, "run_id", run_id),
        rows.value(models.Vote, "answers", answers),
        rows.value(models.Vote, "cost_usd", cost_usd),
        *plain,
    )


def vote_to_claim(*, run_id: UUID, voter: str) -> VoteToClaim | None:
    """Return the vote of *voter* in *run_id*, or None if that voter does not sit there."""
    row = read(VOTE_TO_CLAIM, run_id=run_id, voter=voter)
    if row is None:
        return None
    vote_id, timeout_s, deadline_at, brief, may_close_early, *whose = row
    # SQLite keeps truth as 0 and 1.
    return VoteToClaim(vote_id, timeout_s, clock.aware(deadline_at), brief, bool(may_close_early), *whose)


@lru_cache(maxsize=16)
def record_vote(columns: tuple[str, ...]) -> str:
    """Return the UPDATE that writes *columns* on a vote in state *was* whose lease has *held_token*."""
    values = ", ".join(f"{column} = %({column})s" for column in columns)
    return (
        f"UPDATE thalas_vote SET {values}, lease_until = NULL "  # noqa: S608 - names of our own columns
        "WHERE id = %(vote_id)s AND token = %(held_token)s AND state = %(was)s"
    )


def change(sql: str, **values: object) -> int:
    """Run an UPDATE; return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, rows.adapted(values))
        return int(cursor.rowcount)


def read(sql: str, **values: object) -> tuple[Any, ...] | None:
    """Run a statement that returns rows; return the first."""
    with connection.cursor() as cursor:
        cursor.execute(sql, rows.adapted(values))
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row

"""The statements that every ask runs, written out as SQL for SQLite and PostgreSQL alike.

Django would build each of them anew for every call, which takes ten times what running it takes,
and asking is what workers do all day. Only the path that every call takes is here; the rest asks
Django. A state filter in a WHERE is a lock: whoever changes one reads `votes` and `budgets` first.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from thalas.selectors import clock

VOTE_TO_CLAIM = """
    SELECT vote.id, vote.timeout_s, run.deadline_at, run.brief_id, run.may_close_early, voter.provider_id
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
# A reservation and its entry in the ledger in one statement, where the database can do that.
RESERVE_AT_ONCE = """
    WITH committed AS (
        UPDATE thalas_spendday
        SET committed_microusd = committed_microusd + %(microusd)s
        WHERE provider_id = %(provider)s AND spent_on = %(spent_on)s
          AND committed_microusd + %(microusd)s
              <= (SELECT ROUND(cap_usd_per_day * 1000000) FROM thalas_provider WHERE name = %(provider)s)
        RETURNING 1
    )
    INSERT INTO thalas_spendentry (provider_id, vote_id, spent_on, reserved_usd, reserved_at)
    SELECT %(provider)s, %(vote_id)s, %(spent_on)s, %(reserved_usd)s, %(now)s FROM committed
    RETURNING id
"""
SETTLE_AT_ONCE = """
    WITH booked AS (
        UPDATE thalas_spendentry SET booked_usd = %(booked_usd)s, settled_at = %(now)s
        WHERE id = %(entry_id)s AND booked_usd IS NULL
        RETURNING 1
    )
    UPDATE thalas_spendday SET committed_microusd = committed_microusd + %(microusd)s
    WHERE provider_id = %(provider)s AND spent_on = %(spent_on)s AND EXISTS (SELECT 1 FROM booked)
"""
COMMIT_SPENDING = """
    UPDATE thalas_spendday
    SET committed_microusd = committed_microusd + %(microusd)s
    WHERE provider_id = %(provider)s AND spent_on = %(spent_on)s
      AND committed_microusd + %(microusd)s
          <= (SELECT ROUND(cap_usd_per_day * 1000000) FROM thalas_provider WHERE name = %(provider)s)
"""
OPEN_ENTRY = """
    INSERT INTO thalas_spendentry (provider_id, vote_id, spent_on, reserved_usd, reserved_at)
    VALUES (%(provider)s, %(vote_id)s, %(spent_on)s, %(reserved_usd)s, %(now)s)
    RETURNING id
"""
BOOK_ENTRY = """
    UPDATE thalas_spendentry SET booked_usd = %(booked_usd)s, settled_at = %(now)s
    WHERE id = %(entry_id)s AND booked_usd IS NULL
"""
CORRECT_SPENDING = """
    UPDATE thalas_spendday SET committed_microusd = committed_microusd + %(microusd)s
    WHERE provider_id = %(provider)s AND spent_on = %(spent_on)s
"""


@dataclass(frozen=True, slots=True)
class VoteToClaim:
    """What a claim needs to know of a vote before it takes it; *brief* is the brief's SHA-256."""

    vote_id: int
    timeout_s: float
    deadline_at: datetime
    brief: str
    may_close_early: bool
    provider: str


def vote_to_claim(*, run_id: UUID, voter: str) -> VoteToClaim | None:
    """Return the vote of *voter* in *run_id*, or None if that voter does not sit there."""
    row = read(VOTE_TO_CLAIM, run_id=run_id, voter=voter)
    if row is None:
        return None
    vote_id, timeout_s, deadline_at, brief, may_close_early, provider = row
    # SQLite keeps truth as 0 and 1.
    return VoteToClaim(vote_id, timeout_s, clock.aware(deadline_at), brief, bool(may_close_early), provider)


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
        cursor.execute(sql, _adapted(values))
        return int(cursor.rowcount)


def read(sql: str, **values: object) -> tuple[Any, ...] | None:
    """Run a statement that returns rows; return the first."""
    with connection.cursor() as cursor:
        cursor.execute(sql, _adapted(values))
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _adapted(values: dict[str, object]) -> dict[str, Any]:
    return {name: _adapt(value) for name, value in values.items()}


def _adapt(value: object) -> object:
    """Return *value* as Django's own fields hand it to this database."""
    operations = connection.ops
    if isinstance(value, datetime):
        return operations.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return operations.adapt_datefield_value(value)
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, Decimal):
        return operations.adapt_decimalfield_value(value, 12, 6)
    if isinstance(value, list):
        return operations.adapt_json_value(value, None)
    return value

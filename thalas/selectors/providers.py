"""How each voter and its provider have done in the last day: calls, errors, latencies, cost and state."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection

from providers.circuits import Standing, State
from thalas.domain import aliases
from thalas.selectors import clock, members, rows
from thalas.selectors.members import Member

WINDOW = timedelta(hours=24)
# The newest calls decide on a voter's state: all failed is unavailable, more than a tenth is degraded.
NEWEST = 20
DEGRADED_SHARE = 0.1

CALLS = """
    SELECT vote.voter_id, vote.error_kind, COUNT(*), SUM(CASE WHEN vote.is_repaired THEN 1 ELSE 0 END)
    FROM thalas_vote vote JOIN thalas_run run ON run.id = vote.run_id
    WHERE run.opened_at > %(since)s AND vote.recorded_at IS NOT NULL
    GROUP BY vote.voter_id, vote.error_kind
"""
# The smallest latency that so large a share of the answers did not pass.
LATENCIES = """
    SELECT voter_id,
           MIN(CASE WHEN place >= 0.5 * total THEN latency_ms END),
           MIN(CASE WHEN place >= 0.95 * total THEN latency_ms END)
    FROM (
        SELECT vote.voter_id, vote.latency_ms,
               ROW_NUMBER() OVER (PARTITION BY vote.voter_id ORDER BY vote.latency_ms) AS place,
               COUNT(*) OVER (PARTITION BY vote.voter_id) AS total
        FROM thalas_vote vote JOIN thalas_run run ON run.id = vote.run_id
        WHERE run.opened_at > %(since)s AND vote.error_kind = '' AND vote.latency_ms IS NOT NULL
    ) AS placed
    GROUP BY voter_id
"""
LATEST = """
    SELECT voter_id, recorded_at, error_kind, error, response_model
    FROM (
        SELECT vote.voter_id, vote.recorded_at, vote.error_kind, vote.error, vote.response_model,
               ROW_NUMBER() OVER (PARTITION BY vote.voter_id ORDER BY vote.recorded_at DESC) AS place
        FROM thalas_vote vote JOIN thalas_run run ON run.id = vote.run_id
        WHERE run.opened_at > %(since)s AND vote.recorded_at IS NOT NULL
    ) AS placed
    WHERE place <= %(newest)s
    ORDER BY voter_id, place
"""


class Condition(StrEnum):
    """How a voter is, in one word."""

    ACTIVE = "active"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"
    CIRCUIT_OPEN = "circuit open"
    DISABLED = "disabled"
    NOT_CONFIGURED = "not configured"


ILL = {Condition.DEGRADED, Condition.UNAVAILABLE, Condition.CIRCUIT_OPEN}


@dataclass(frozen=True, slots=True)
class LastError:
    """The newest failure among the newest calls."""

    at: datetime
    kind: str
    told: str


@dataclass(frozen=True, slots=True)
class Newest:
    """What the newest calls say of a voter: how many failed of how many, and which model answered last."""

    calls: int = 0
    failures: int = 0
    answered: str = ""
    error: LastError | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One voter, and how it has done in the last 24 hours.

    member    with its provider's purse of the day
    errors    failed calls by kind
    latency   p50 and p95 of what was answered, in ms; None if nothing was
    changed   another model answers than the one asked for
    """

    member: Member
    condition: Condition
    why: str
    circuit: Standing
    calls: int
    repaired: int
    errors: Mapping[str, int]
    latency: tuple[float, float] | None
    newest: Newest
    changed: bool

    @property
    def is_ill(self) -> bool:
        """Say whether somebody should look."""
        return self.condition in ILL


@dataclass(slots=True)
class _Counts:
    calls: int = 0
    repaired: int = 0
    errors: Counter[str] = field(default_factory=Counter)


def reports(*, now: datetime, look: Callable[[str], Standing]) -> list[Report]:
    """Return a report on every voter by name; *look* says how a provider's circuit stands."""
    since = now - WINDOW
    counts, latencies, newest = _counts(since), _latencies(since), _newest(since)
    standings: dict[str, Standing] = {}
    found = []
    for member in members.members(now=now):
        name, provider = member.voter.pk, member.voter.provider_id
        circuit = standings.setdefault(provider, look(provider))
        last, counted = newest.get(name, Newest()), counts.get(name, _Counts())
        changed = bool(last.answered) and not aliases.is_as_asked(member.voter.model, last.answered)
        condition, why = _condition(member, circuit, last, changed=changed)
        found.append(
            Report(
                member,
                condition,
                why,
                circuit,
                calls=counted.calls,
                repaired=counted.repaired,
                errors=dict(counted.errors.most_common()),
                latency=latencies.get(name),
                newest=last,
                changed=changed,
            )
        )
    return found


def _condition(member: Member, circuit: Standing, last: Newest, *, changed: bool) -> tuple[Condition, str]:
    voter = member.voter
    if not voter.is_present:
        return Condition.NOT_CONFIGURED, "the environment no longer offers it"
    if not voter.is_enabled:
        return Condition.DISABLED, "switched off by a person"
    if circuit.state is not State.CLOSED:
        told = f"for {circuit.wait_s:.0f} s more" if circuit.wait_s else "the next call tries it"
        return Condition.CIRCUIT_OPEN, f"opened {circuit.openings}× in a row; {told}"
    if last.calls and last.failures == last.calls:
        return Condition.UNAVAILABLE, f"the last {last.calls} calls failed"
    if circuit.shut_s > 0:
        return Condition.DEGRADED, f"its provider asked to be left alone for {circuit.shut_s:.0f} s"
    if last.failures > DEGRADED_SHARE * last.calls:
        return Condition.DEGRADED, f"{last.failures} of the last {last.calls} calls failed"
    if changed:
        return Condition.DEGRADED, "another model answers than the one asked for"
    return Condition.ACTIVE, ""


def _counts(since: datetime) -> Mapping[str, _Counts]:
    found: defaultdict[str, _Counts] = defaultdict(_Counts)
    for voter, kind, calls, repaired in _read(CALLS, since=since):
        found[voter].calls += calls
        found[voter].repaired += repaired
        if kind:
            found[voter].errors[kind] += calls
    return found


def _latencies(since: datetime) -> Mapping[str, tuple[float, float]]:
    return {voter: (p50, p95) for voter, p50, p95 in _read(LATENCIES, since=since)}


def _newest(since: datetime) -> Mapping[str, Newest]:
    found: dict[str, Newest] = {}
    for voter, at, kind, told, answered in _read(LATEST, since=since, newest=NEWEST):
        was = found.get(voter, Newest())
        error = LastError(clock.aware(at), kind, told) if kind and was.error is None else was.error
        found[voter] = Newest(was.calls + 1, was.failures + bool(kind), was.answered or answered, error)
    return found


def _read(sql: str, **values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, rows.adapted(values))
        return list(cursor.fetchall())

"""What the database holds, beside what it should; and what is closed, beside what it was."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Model

from tests.machines import theories
from thalas import models

Row = tuple[object, ...]
VOTE_FIELDS = ("run_id", "voter_id", "state", "starts", "token", "error_kind")
MORE_FIELDS = ("lease_until", "published_at", "recorded_at", "cost_usd")
KEYS = ("id", "run_id", "decision_id")
RUN_FIELDS = tuple(field.attname for field in models.Run._meta.concrete_fields)


class Picture:
    """Looks at the database after each step; remembers every decision and terminal row it has seen."""

    def __init__(self, born_at: datetime) -> None:
        self._born_at = born_at
        self._finals: dict[tuple[str, object], Row] = {}

    def compare(self, runs: Mapping[models.Run, theories.Run], ledger: theories.Ledger) -> None:
        """Check every row.

        Raises:  AssertionError where the database and the theory differ.
        """
        self._compare_votes(runs)
        self._compare_runs(runs)
        self._compare_ledger(ledger)

    def _compare_votes(self, runs: Mapping[models.Run, theories.Run]) -> None:
        stored = models.Vote.objects.values_list(*VOTE_FIELDS, *MORE_FIELDS)
        seen = {(row[0], row[1]): row[2:] for row in stored}
        expected = {
            (run.pk, name): self._row(vote)
            for run, theory in runs.items()
            for name, vote in theory.votes.items()
        }
        assert seen == expected

    def _row(self, vote: theories.Vote) -> Row:
        lease_until = None if vote.lease_s is None else self._at(vote.lease_s)
        published_at = self._at(vote.published_s)
        recorded_at = None if vote.recorded_s is None else self._at(vote.recorded_s)
        return (
            vote.state,
            vote.starts,
            vote.holder,
            vote.error_kind,
            lease_until,
            published_at,
            recorded_at,
            vote.cost_usd,
        )

    def _at(self, seconds: float) -> datetime:
        return self._born_at + timedelta(seconds=seconds)

    def _compare_runs(self, runs: Mapping[models.Run, theories.Run]) -> None:
        stored = {row[0]: row for row in models.Run.objects.values_list()}
        state, closed_by = RUN_FIELDS.index("state"), RUN_FIELDS.index("closed_by")
        theory_of = {run.pk: theory for run, theory in runs.items()}
        assert stored.keys() == theory_of.keys()
        for pk, theory in theory_of.items():
            assert (stored[pk][state], stored[pk][closed_by]) == (theory.state, theory.closed_by)
        closed = {pk for pk, theory in theory_of.items() if theory.state == theories.CLOSED}
        ended = {pk for pk, theory in theory_of.items() if theory.state != theories.OPEN}
        self._keep("run", {pk: stored[pk] for pk in ended})
        if closed or models.Decision.objects.exists():
            self._compare_decisions(closed, theory_of)

    def _compare_decisions(self, closed: set[UUID], theory_of: Mapping[UUID, theories.Run]) -> None:
        decisions = {decision.pk: decision for decision in models.Decision.objects.all()}
        legs = list(models.DecisionLeg.objects.all())
        assert decisions.keys() == closed, "one decision for each closed run, and none for another"
        assert sorted(leg.decision_id for leg in legs) == sorted(closed)
        for leg in legs:
            self._check_once(theory_of[leg.decision_id], decisions[leg.decision_id], leg)
        self._keep("decision", {pk: _values(decision) for pk, decision in decisions.items()})
        self._keep("leg", {leg.pk: _values(leg) for leg in legs})

    def _check_once(self, theory: theories.Run, decision: models.Decision, leg: models.DecisionLeg) -> None:
        """Check a decision when it is new; afterwards votes may have become late, and it may not change."""
        if ("decision", decision.pk) in self._finals:
            return
        actions = theory.actions()
        assert {name: count for name, count in leg.counts.items() if count} == dict(actions)
        assert decision.panel == len(theory.votes)
        assert decision.heard == sum(vote.state in theories.HEARD for vote in theory.votes.values())
        assert (leg.outcome == "NO_DECISION") == (sum(actions.values()) < theory.quorum)
        assert decision.cost_usd == sum(vote.cost_usd for vote in theory.votes.values())

    def _keep(self, kind: str, rows: Mapping[UUID, Row] | Mapping[int, Row]) -> None:
        for key, row in rows.items():
            assert self._finals.setdefault((kind, key), row) == row, f"a {kind} has changed after the close"

    def _compare_ledger(self, ledger: theories.Ledger) -> None:
        if not ledger.entries and not models.SpendEntry.objects.exists():
            return
        stored = models.SpendEntry.objects.order_by("pk").values_list("reserved_usd", "booked_usd")
        assert list(stored) == [(entry.reserved_usd, entry.booked_usd) for entry in ledger.entries]
        spent = models.BudgetWindow.objects.filter(subject="analyst").order_by("starts_at")
        held = list(spent.values_list("committed", flat=True))
        days = range(max(theories.days(ledger.entries), default=-1) + 1)
        expected = [ledger.spent(day) for day in days]
        assert [micro for micro in held if micro] == [micro for micro in expected if micro]
        assert all(micro <= ledger.cap for micro in held)


def decided(run: models.Run) -> list[Row]:
    """Return everything that *run* decided but the keys of its rows."""
    decision = models.Decision.objects.get(run=run)
    return [_values(row, without=KEYS) for row in (decision, *decision.legs.all())]


def _values(row: Model, *, without: tuple[str, ...] = ()) -> Row:
    names = [field.attname for field in row._meta.concrete_fields]
    return tuple(getattr(row, name) for name in names if name not in without)

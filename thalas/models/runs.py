"""A run of the council and everything it leaves behind: brief, votes, decision."""

import uuid
from decimal import Decimal

import uuid_utils.compat
from django.db import models
from django.db.models import F, Q

from thalas.domain.methods import Method
from thalas.models.accounts import Account
from thalas.models.voters import Voter


def new_id() -> uuid.UUID:
    """Return a fresh UUIDv7: unique, and sorted by time of making."""
    return uuid_utils.compat.uuid7()


class Brief(models.Model):
    """What voters were shown, stored once under its own SHA-256."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    payload = models.TextField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256[:12]


class Run(models.Model):
    """One consultation of the council.

    question_sha256  what was asked: equal ones within a time to live may share one run; empty for none
    method           how its votes become an outcome
    """

    class State(models.TextChoices):
        OPEN = "open"
        CLOSED = "closed"
        CANCELLED = "cancelled"

    class Kind(models.TextChoices):
        SCAN = "scan"
        ADHOC = "adhoc"
        AGAIN = "again"
        GIVEN = "given"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    symbols = models.JSONField()
    timeframe = models.CharField(max_length=4)
    brief = models.ForeignKey(Brief, on_delete=models.PROTECT, related_name="runs")
    # Its index is the one below that begins with it.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="runs", db_index=False)
    requested_by = models.CharField(max_length=100)
    question_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    quorum = models.PositiveSmallIntegerField()
    min_confidence = models.FloatField()
    min_agreement = models.FloatField()
    may_close_early = models.BooleanField(default=False, db_default=False)
    method = models.CharField(
        max_length=20,
        choices=[(method.value, method.value) for method in Method],
        default=Method.WEIGHTED_MAJORITY.value,
        db_default=Method.WEIGHTED_MAJORITY.value,
    )
    opened_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=20, blank=True)
    close_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "deadline_at"], name="run_open_by_deadline"),
            models.Index(fields=["-opened_at"], name="run_newest_first"),
            models.Index(fields=["account", "-opened_at", "-id"], name="run_newest_of_account"),
            models.Index(fields=["question_sha256", "-opened_at"], name="run_by_question"),
        ]
        constraints = [
            models.CheckConstraint(
                name="run_state_known", condition=Q(state__in=("open", "closed", "cancelled"))
            ),
            models.CheckConstraint(
                name="run_method_known", condition=Q(method__in=[m.value for m in Method])
            ),
            models.CheckConstraint(
                name="run_open_iff_not_closed_at",
                condition=(Q(state="open") & Q(closed_at=None)) | (~Q(state="open") & ~Q(closed_at=None)),
            ),
            models.CheckConstraint(
                name="run_deadline_after_opening", condition=Q(deadline_at__gt=F("opened_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.symbols)} {self.timeframe} {str(self.id)[:13]}"


class RunSymbol(models.Model):
    """A symbol that a run is about, so that a list of a symbol's runs reads no others.

    account, opened_at  the run's own, once more: they are what such a list is narrowed and sorted by
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    symbol = models.CharField(max_length=40)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="run_symbol_once", fields=["run", "symbol"])]
        indexes = [
            models.Index(fields=["account", "symbol", "-opened_at", "-run"], name="run_newest_of_symbol")
        ]

    def __str__(self) -> str:
        return f"{self.symbol} in {self.run_id}"


class Vote(models.Model):
    """One voter's answer in one run, from the moment it is expected to whatever became of it.

    expected   nobody has asked yet
    claimed    one worker holds the lease and is asking
    cast       at least one symbol got an action
    abstained  the voter answered and has no opinion on any symbol
    invalid    the voter answered, and what it said makes no sense beside its brief
    failed     no usable answer; `error_kind` says why
    missing    the run closed before an answer came; `error_kind` says how far it had got
    waived     the run closed early: no answer of this voter could have changed it
    late       the answer came after the run had closed; kept, never counted
    """

    class State(models.TextChoices):
        EXPECTED = "expected"
        CLAIMED = "claimed"
        CAST = "cast"
        ABSTAINED = "abstained"
        INVALID = "invalid"
        FAILED = "failed"
        MISSING = "missing"
        WAIVED = "waived"
        LATE = "late"

    OPEN_STATES = (State.EXPECTED, State.CLAIMED)
    GIVEN_UP_STATES = (State.MISSING, State.WAIVED)

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="votes")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="votes")
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.EXPECTED)
    weight = models.FloatField()
    timeout_s = models.FloatField()
    starts = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    published_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)
    answers = models.JSONField(default=list)
    error_kind = models.CharField(max_length=20, blank=True)
    error = models.CharField(max_length=400, blank=True)
    latency_ms = models.FloatField(null=True)
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(0))
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    request_model = models.CharField(max_length=100, blank=True)
    response_model = models.CharField(max_length=100, blank=True)
    prompt_sha256 = models.CharField(max_length=64, blank=True)
    # The answer was complete, but its form was not quite the ballot's.
    is_repaired = models.BooleanField(default=False, db_default=False)
    is_simulated = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="vote_once_per_round", fields=["run", "voter", "round"]),
            models.CheckConstraint(
                name="vote_failed_says_why",
                condition=~Q(state="failed") | ~Q(error_kind=""),
            ),
            models.CheckConstraint(name="vote_weight_not_negative", condition=Q(weight__gte=0)),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"],
                name="vote_open_by_lease",
                condition=Q(state__in=("expected", "claimed")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.voter_id} in {self.run_id}: {self.state}"


class Decision(models.Model):
    """What a run decided, filed once when it closed."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="decision")
    filed_at = models.DateTimeField()
    panel = models.PositiveSmallIntegerField()
    heard = models.PositiveSmallIntegerField()
    is_degraded = models.BooleanField()
    latency_ms = models.FloatField()
    cost_usd = models.DecimalField(max_digits=12, decimal_places=6)
    tokens = models.PositiveIntegerField()
    limits_version = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"decision of {self.run_id}"


class DecisionLeg(models.Model):
    """The decision for one symbol: consensus, verdict, and how both came about.

    baseline  what the same votes say if each counts one; empty on decisions older than it
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="legs")
    position = models.PositiveSmallIntegerField()
    symbol = models.CharField(max_length=40)
    outcome = models.CharField(max_length=12)
    confidence = models.FloatField()
    agreement = models.FloatField()
    n_eff = models.FloatField()
    baseline = models.CharField(max_length=12, blank=True, default="", db_default="")
    is_degraded = models.BooleanField()
    arithmetic = models.CharField(max_length=300)
    scores = models.JSONField()
    counts = models.JSONField()
    risk_level = models.CharField(max_length=8, blank=True)
    price = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    stop = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    target = models.DecimalField(max_digits=24, decimal_places=10, null=True)
    verdict = models.CharField(max_length=10)
    verdict_reason = models.CharField(max_length=400)
    requested_usd = models.DecimalField(max_digits=16, decimal_places=2)
    size_usd = models.DecimalField(max_digits=16, decimal_places=2)
    checks = models.JSONField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="leg_once_per_symbol", fields=["decision", "symbol"]),
            models.CheckConstraint(
                name="leg_verdict_known",
                condition=Q(verdict__in=("approved", "resized", "vetoed", "no_order")),
            ),
            models.CheckConstraint(
                name="leg_outcome_known", condition=Q(outcome__in=("BUY", "SELL", "HOLD", "NO_DECISION"))
            ),
            models.CheckConstraint(
                name="leg_size_only_when_passed",
                condition=Q(size_usd=0) | Q(verdict__in=("approved", "resized")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.outcome} {self.verdict}"

"""What the gate says, and each reason it has."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class CheckOutcome(StrEnum):
    """What one check found; FAILED and NOT_COMPUTABLE veto."""

    PASSED = "passed"
    FAILED = "failed"
    RESIZED = "resized"
    NOT_APPLICABLE = "not_applicable"
    NOT_COMPUTABLE = "not_computable"

    @property
    def is_veto(self) -> bool:
        """Whether a check with this outcome refuses the proposal."""
        return self in (CheckOutcome.FAILED, CheckOutcome.NOT_COMPUTABLE)


class VerdictOutcome(StrEnum):
    """What becomes of a proposal."""

    APPROVED = "approved"
    RESIZED = "resized"
    VETOED = "vetoed"
    NO_ORDER = "no_order"


class Check(NamedTuple):
    """One check as it is kept: *value* and *limit* are finite numbers, words or None, fit to be stored."""

    code: str
    outcome: CheckOutcome
    value: str | float | None
    limit: str | float | None
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided: *size_usd* is 0 unless an order may go out; *checks* holds every check."""

    outcome: VerdictOutcome
    size_usd: float
    checks: tuple[Check, ...]
    reason: str

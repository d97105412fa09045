"""What a check is given and what it may answer."""

from collections.abc import Callable
from dataclasses import dataclass

from risk.limits import Limits
from risk.numbers import describe, record
from risk.proposals import MarketState, Portfolio, Proposal
from risk.verdicts import CheckOutcome

Recorded = str | float | None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the gate knows; *size_usd* is what earlier checks left, None until one has read the size."""

    proposal: Proposal
    portfolio: Portfolio
    market: MarketState
    limits: Limits
    size_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's answer; *size_usd* is the size it leaves, None where size is not its business."""

    outcome: CheckOutcome
    value: Recorded
    limit: Recorded
    message: str
    size_usd: float | None = None


CheckFunction = Callable[[Case], Finding]


def compared(is_within: bool, value: Recorded, limit: Recorded, message: str) -> Finding:
    """Return a pass or a failure with the same words: they state the value and the limit."""
    outcome = CheckOutcome.PASSED if is_within else CheckOutcome.FAILED
    return Finding(outcome, value, limit, message)


def unusable(name: str, value: object, needed: str, *, limit: object = None) -> Finding:
    """Return the finding for a value, or a limit, that nothing can be computed with."""
    message = f"The {name} is {describe(value)}, but must be {needed}."
    return Finding(CheckOutcome.NOT_COMPUTABLE, record(value), record(limit), message)


def not_asked(message: str) -> Finding:
    """Return the finding of a check that has nothing to look at."""
    return Finding(CheckOutcome.NOT_APPLICABLE, None, None, message)

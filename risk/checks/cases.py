"""What a check is given and what it may answer."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ulp

from risk.checks.books import Book, Gap, History
from risk.limits import Limits
from risk.numbers import describe, record, usd
from risk.proposals import MarketState, Portfolio, Proposal
from risk.verdicts import CheckOutcome

Recorded = str | float | None
PASSED, FAILED = CheckOutcome.PASSED, CheckOutcome.FAILED

NOT_READ = Gap("portfolio", None, "read")


@dataclass(slots=True)
class Case:
    """Everything the gate knows.

    size_usd   what earlier checks left, None until one has read the size
    cut_by     the codes of the checks that cut it
    book       what is held, worked out once for all checks that look at it
    history    what the past says of it, likewise
    """

    proposal: Proposal
    portfolio: Portfolio
    market: MarketState
    limits: Limits
    size_usd: float | None = None
    cut_by: tuple[str, ...] = ()
    book: Book | Gap = NOT_READ
    history: History | Gap = NOT_READ


@dataclass(slots=True)
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
    return Finding(PASSED if is_within else FAILED, value, limit, message)


def cut(size: float, room: float, value: float, limit: float, message: str) -> Finding:
    """Return a pass if *size* fits into *room*, a failure if there is no room, else a cut to it.

    value, limit   what is measured, with the order at *size*, and how much of it may be
    """
    if size <= room:
        return Finding(PASSED, value, limit, message, size_usd=size)
    if not room > 0.0:
        return Finding(FAILED, value, limit, message, size_usd=0.0)
    message = f"{message[:-1]}, which leaves {usd(room)}."
    return Finding(CheckOutcome.RESIZED, value, limit, message, size_usd=room)


def fitted(room: float, scale: float, fits: Callable[[float], bool]) -> float:
    """Return *room*, or the little less that fits where rounding made it too much; 0 if nothing does.

    scale   the greatest number that *room* was worked out from: what rounding is in proportion to
    """
    step = ulp(max(room, scale))
    while room > 0.0 and not fits(room):
        room -= step
        step *= 2.0
    return max(room, 0.0)


def unusable(name: str, value: object, needed: str, *, limit: object = None) -> Finding:
    """Return the finding for a value, or a limit, that nothing can be computed with."""
    message = f"The {name} is {describe(value)}, but must be {needed}."
    return Finding(CheckOutcome.NOT_COMPUTABLE, record(value), record(limit), message)


def missing(gap: Gap) -> Finding:
    """Return the finding for what could not be worked out once for all checks."""
    return unusable(gap.name, gap.value, gap.needed)


def not_asked(message: str) -> Finding:
    """Return the finding of a check that has nothing to look at."""
    return Finding(CheckOutcome.NOT_APPLICABLE, None, None, message)

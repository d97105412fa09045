"""What the calls of a run took, and what is left of the budgets that they count against."""

from dataclasses import dataclass
from decimal import Decimal

from thalas import figures
from thalas.dashboard.parts import Bar, bar
from thalas.domain import budgets as words
from thalas.selectors.budgets import Budget, Call, Spending


@dataclass(frozen=True, slots=True)
class CallRow:
    """One voter's call: the most it could cost, and what became of that."""

    voter: str
    provider: str
    worst: str
    cost: str
    tokens: str
    state: str


@dataclass(frozen=True, slots=True)
class CapRow:
    """One cap, and how full its running window is."""

    whose: str
    amount: str
    used: Bar
    left: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What there is to say of a run's budgets; *refused* names the voters that had none left."""

    calls: tuple[CallRow, ...]
    caps: tuple[CapRow, ...]
    refused: str


def sheet(spending: Spending) -> Sheet | None:
    """Return *spending* as a run's page shows it; None where nothing counts against a budget."""
    if not spending.calls:
        return None
    return Sheet(
        calls=tuple(_call(call) for call in spending.calls),
        caps=tuple(_cap(budget) for budget in spending.budgets),
        refused=", ".join(call.voter for call in spending.calls if call.is_refused),
    )


def _call(call: Call) -> CallRow:
    if call.is_refused:
        return CallRow(call.voter, call.provider, "", "", "", "not asked: budget_exhausted")
    if call.booked_usd is None:
        worst = figures.usd(call.reserved_usd)
        return CallRow(call.voter, call.provider, worst, "", "", "reserved: not known yet what it took")
    return CallRow(
        voter=call.voter,
        provider=call.provider,
        worst=figures.usd(call.reserved_usd),
        cost=figures.usd(call.booked_usd),
        tokens=f"{call.booked_tokens or 0:,}",
        state="booked",
    )


def _cap(budget: Budget) -> CapRow:
    amount, left = (_in_words(budget, number) for number in (budget.amount, budget.left))
    return CapRow(
        whose=f"{budget.kind} {budget.subject}",
        amount=f"{amount} {words.period(budget.measure)}",
        used=bar(budget.used_pct, 100.0, f"{budget.used_pct:.0f} %"),
        left=left,
    )


def _in_words(budget: Budget, amount: Decimal) -> str:
    return figures.usd(amount) if budget.measure.is_money else words.in_words(budget.measure, int(amount))

"""The gate: every proposal passes here, every check is kept, and whatever cannot be computed is refused."""

from dataclasses import replace

from risk.checks.cases import Case, CheckFunction, Finding, not_asked
from risk.checks.table import CHECKS, ORDERS_ONLY
from risk.limits import Limits
from risk.numbers import usd
from risk.proposals import ORDERS, MarketState, Portfolio, Proposal
from risk.verdicts import Check, CheckOutcome, Verdict, VerdictOutcome


def assess(proposal: Proposal, portfolio: Portfolio, market: MarketState, limits: Limits) -> Verdict:
    """Judge *proposal*; return a verdict for any values whatever, and never raise.

    result  a veto if any check failed or could not be computed; else no order for HOLD and NO_DECISION;
            else resized or approved, with a size in US dollars that is never above the size asked for
    """
    case = Case(proposal, portfolio, market, limits)
    checks: list[Check] = []
    for check in CHECKS:
        found = _find(check, case)
        checks.append(Check(check.__name__, found.outcome, found.value, found.limit, found.message))
        case = _shrink(case, found.size_usd)
    return _rule(tuple(checks), case.size_usd)


def _find(check: CheckFunction, case: Case) -> Finding:
    try:
        if check in ORDERS_ONLY and case.proposal.action not in ORDERS:
            return not_asked("This is asked of orders only.")
        return check(case)
    except Exception as error:  # noqa: BLE001  # a check that breaks must refuse the trade, not lose the run
        message = f"The check {check.__name__} broke with {type(error).__name__}, so it refuses."
        return Finding(CheckOutcome.NOT_COMPUTABLE, None, None, message)


def _shrink(case: Case, size_usd: float | None) -> Case:
    if size_usd is None:
        return case
    return replace(case, size_usd=size_usd if case.size_usd is None else min(case.size_usd, size_usd))


def _rule(checks: tuple[Check, ...], size_usd: float | None) -> Verdict:
    vetoes = [check for check in checks if check.outcome.is_veto]
    if vetoes:
        codes = ", ".join(check.code for check in vetoes)
        return Verdict(VerdictOutcome.VETOED, 0.0, checks, f"Vetoed by {codes}: {vetoes[0].message}")
    if size_usd is None:
        return Verdict(VerdictOutcome.NO_ORDER, 0.0, checks, "The consensus asks for no order.")
    cuts = ", ".join(check.code for check in checks if check.outcome is CheckOutcome.RESIZED)
    if cuts:
        return Verdict(VerdictOutcome.RESIZED, size_usd, checks, f"Resized to {usd(size_usd)} by {cuts}.")
    return Verdict(
        VerdictOutcome.APPROVED, size_usd, checks, f"Approved at {usd(size_usd)}: no check objects."
    )

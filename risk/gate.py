"""The gate: every proposal passes here, every check is kept, and whatever cannot be computed is refused."""

from math import isfinite

from risk.checks.books import Book, Gap, read_book, read_history
from risk.checks.cases import Case, CheckFunction, Finding, not_asked
from risk.checks.table import EVERY_PROPOSAL, ORDERS_ONLY
from risk.limits import Limits, tighter
from risk.numbers import record, usd
from risk.proposals import ORDERS, MarketState, Portfolio, Proposal
from risk.verdicts import Check, CheckOutcome, Verdict, VerdictOutcome

NOT_AN_ORDER = not_asked("This is asked of orders only.")
VETOES = (CheckOutcome.FAILED, CheckOutcome.NOT_COMPUTABLE)
RESIZED = CheckOutcome.RESIZED


def assess(proposal: Proposal, portfolio: Portfolio, market: MarketState, limits: Limits) -> Verdict:
    """Judge *proposal*; return a verdict for any values whatever, and never raise.

    result  a veto if any check failed or could not be computed; else no order for HOLD and NO_DECISION;
            else resized or approved, with a size in US dollars that is never above the size asked for
    """
    case = Case(proposal, portfolio, market, limits)
    is_order = _prepare(case)
    checks = [_kept(check, _find(check, case)) for check in EVERY_PROPOSAL]
    if is_order is False:
        checks += [_kept(check, NOT_AN_ORDER) for check in ORDERS_ONLY]
    else:
        checks += [_kept(check, _find(check, case)) for check in ORDERS_ONLY]
    return _rule(tuple(checks), case.size_usd, ", ".join(case.cut_by))


def _prepare(case: Case) -> bool | None:
    """Work out what many checks need, and say whether an order is asked for; None if that cannot be told."""
    try:
        if case.proposal.action not in ORDERS:
            return False
        if case.market.policy is not None:
            case.limits = tighter(case.limits, dict(case.market.policy.limits))
        case.book = read_book(case.proposal, case.portfolio)
        if isinstance(case.book, Book):
            case.history = read_history(case.proposal, case.portfolio, case.market, case.limits, case.book)
        else:
            case.history = case.book
    except Exception as error:  # noqa: BLE001  # whatever is missing afterwards makes the checks refuse
        case.book = case.history = Gap("case", type(error).__name__, "readable")
        return None
    return True


def _kept(check: CheckFunction, found: Finding) -> Check:
    return Check(check.__name__, found.outcome, found.value, found.limit, found.message)


def _find(check: CheckFunction, case: Case) -> Finding:
    try:
        found = check(case)
    except Exception as error:  # noqa: BLE001  # a check that breaks must refuse the trade, not lose the run
        message = f"The check {check.__name__} broke with {type(error).__name__}, so it refuses."
        return Finding(CheckOutcome.NOT_COMPUTABLE, None, None, message)
    value, limit = found.value, found.limit
    if (type(value) is float and not isfinite(value)) or (type(limit) is float and not isfinite(limit)):
        message = f"{found.message[:-1]}: more than can be computed with, so it refuses."
        return Finding(CheckOutcome.NOT_COMPUTABLE, record(value), record(limit), message)
    size_usd = found.size_usd
    if size_usd is not None:
        case.size_usd = size_usd if case.size_usd is None else min(case.size_usd, size_usd)
    if found.outcome is RESIZED:
        case.cut_by = (*case.cut_by, check.__name__)
    return found


def _rule(checks: tuple[Check, ...], size_usd: float | None, cuts: str) -> Verdict:
    vetoes = [check for check in checks if check.outcome in VETOES]
    if vetoes:
        codes = ", ".join(check.code for check in vetoes)
        return Verdict(VerdictOutcome.VETOED, 0.0, checks, f"Vetoed by {codes}: {vetoes[0].message}")
    if size_usd is None:
        return Verdict(VerdictOutcome.NO_ORDER, 0.0, checks, "The consensus asks for no order.")
    if cuts:
        return Verdict(VerdictOutcome.RESIZED, size_usd, checks, f"Resized to {usd(size_usd)} by {cuts}.")
    return Verdict(
        VerdictOutcome.APPROVED, size_usd, checks, f"Approved at {usd(size_usd)}: no check objects."
    )

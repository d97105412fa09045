"""Checks of how large an order is. They run in this order and each may only make it smaller."""

from risk.checks.cases import Case, Finding, compared, unusable
from risk.numbers import describe, fraction, not_negative, positive, usd
from risk.verdicts import CheckOutcome


def position_size(case: Case) -> Finding:
    """The size is at most `max_position_pct` of equity; a larger one is cut to that."""
    asked, equity_usd = not_negative(case.proposal.size_usd), positive(case.portfolio.equity_usd)
    share = fraction(case.limits.max_position_pct)
    if asked is None:
        return unusable("size asked for", case.proposal.size_usd, "a finite number of dollars, 0 or more")
    if equity_usd is None:
        return unusable("equity", case.portfolio.equity_usd, "a finite number of dollars above 0")
    if share is None:  # 15 meant as a percentage would allow fifteen times the account
        return unusable("largest share of equity", case.limits.max_position_pct, "a number from 0 to 1")
    most = share * equity_usd
    return _cut(asked, most, f"{describe(share)} of the equity of {usd(equity_usd)}")


def degraded(case: Case) -> Finding:
    """A degraded consensus gets `degraded_factor` of the size that is left."""
    is_degraded: object = case.proposal.is_degraded
    factor = fraction(case.limits.degraded_factor)
    if is_degraded is False:
        return compared(
            True, "not degraded", "not degraded", "The consensus is not degraded and keeps its size."
        )
    if is_degraded is not True:
        return unusable("mark of a degraded consensus", is_degraded, "true or false", limit="not degraded")
    if factor is None:
        return unusable("factor of a degraded consensus", case.limits.degraded_factor, "a number from 0 to 1")
    if case.size_usd is None:
        return unusable("size to shrink", None, "a number of dollars")
    return _cut(
        case.size_usd, factor * case.size_usd, f"{describe(factor)} of it, as the consensus is degraded"
    )


def dust(case: Case) -> Finding:
    """What is left is above zero and at least `min_order_usd`."""
    least = not_negative(case.limits.min_order_usd)
    if case.size_usd is None:
        return unusable("size that is left", None, "a number of dollars", limit=least)
    if least is None:
        return unusable("smallest order", case.limits.min_order_usd, "a number of dollars, 0 or more")
    message = f"The size left is {usd(case.size_usd)} and must be above 0 and at least {usd(least)}."
    return compared(case.size_usd > 0 and case.size_usd >= least, case.size_usd, least, message)


def _cut(size: float, most: float, why: str) -> Finding:
    """Return the smaller of the two, as a pass where nothing had to be cut."""
    message = f"The size is {usd(size)} and may be {usd(most)}: {why}."
    outcome = CheckOutcome.RESIZED if size > most else CheckOutcome.PASSED
    return Finding(outcome, size, most, message, size_usd=min(size, most))

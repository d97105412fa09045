"""Checks that scale what is left of an order, and the last one: is it still worth sending?"""

from risk.checks.cases import Case, Finding, compared, cut, unusable
from risk.numbers import describe, fraction, not_negative, usd
from risk.regimes import REGIMES, Policy


def degraded(case: Case) -> Finding:
    """A degraded consensus gets `degraded_factor` of the size that is left."""
    is_degraded: object = case.proposal.is_degraded
    factor = fraction(case.limits.degraded_factor)
    if is_degraded is False:
        message = "The consensus is not degraded and keeps its size."
        return compared(True, "not degraded", "not degraded", message)
    if is_degraded is not True:
        return unusable("mark of a degraded consensus", is_degraded, "true or false", limit="not degraded")
    if factor is None:
        return unusable("factor of a degraded consensus", case.limits.degraded_factor, "a number from 0 to 1")
    if case.size_usd is None:
        return unusable("size to shrink", None, "a number of dollars")
    why = f"{describe(factor)} of it, as the consensus is degraded"
    return _scaled(case.size_usd, factor, case.size_usd, factor * case.size_usd, why)


def regime(case: Case) -> Finding:
    """The size is the part that the regime's policy leaves; the limits that it tightens are in force."""
    policy: object = case.market.policy
    if not isinstance(policy, Policy) or policy.regime not in REGIMES:
        return unusable("regime", policy, "one of " + ", ".join(REGIMES))
    factor = fraction(policy.size_factor)
    if factor is None:
        return unusable("size factor of the regime", policy.size_factor, "a number from 0 to 1")
    if case.size_usd is None:
        return unusable("size to shrink", None, "a number of dollars")
    tightened = ", ".join(f"{name} {describe(value)}" for name, value in policy.limits)
    also = f", with the limits {tightened} or tighter" if tightened else ""
    why = f"{describe(factor)} of it in the regime {policy.regime}{also}"
    return _scaled(case.size_usd, factor, policy.regime, factor, why)


def dust(case: Case) -> Finding:
    """What is left is above zero and at least `min_order_usd`."""
    least = not_negative(case.limits.min_order_usd)
    if case.size_usd is None:
        return unusable("size that is left", None, "a number of dollars", limit=least)
    if least is None:
        return unusable("smallest order", case.limits.min_order_usd, "a number of dollars, 0 or more")
    cuts = f" after cuts by {', '.join(case.cut_by)}" if case.cut_by else ""
    message = f"The size left{cuts} is {usd(case.size_usd)} and must be above 0 and at least {usd(least)}."
    return compared(case.size_usd > 0 and case.size_usd >= least, case.size_usd, least, message)


def _scaled(size: float, factor: float, value: str | float, limit: float, why: str) -> Finding:
    most = factor * size
    found = cut(size, most, 0.0, 0.0, f"The size is {usd(size)} and may be {usd(most)}: {why}.")
    return Finding(found.outcome, value, limit, found.message, size_usd=found.size_usd)

"""Checks of what an order is made of: who backs it and how surely, the price, the stop and the target."""

from risk.checks.cases import Case, Finding, compared, not_asked, unusable
from risk.numbers import count, describe, finite, fraction

A_FRACTION = "a number from 0 to 1"
A_PRICE = "a finite number above 0"
LARGE_PANEL = 4


def least_backers(panel: int) -> int:
    """Return how many voters must back an order: from a panel of four on, nobody moves money alone."""
    return 2 if panel >= LARGE_PANEL else 1


def backers(case: Case) -> Finding:
    """Two voters or more back the order if the panel has four or more: nobody moves money alone."""
    known, panel = count(case.proposal.backers), count(case.proposal.panel)
    if known is None:
        return unusable("number of backers", case.proposal.backers, "a whole number of 0 or more")
    if panel is None:
        return unusable("panel", case.proposal.panel, "a whole number of 0 or more")
    least = least_backers(panel)
    message = f"{known} of {panel} voters back the order and {least} must."
    return compared(known >= least, float(known), float(least), message)


def min_confidence(case: Case) -> Finding:
    """The confidence of the consensus is at least `min_confidence`."""
    return _at_least("confidence", case.proposal.confidence, case.limits.min_confidence)


def min_agreement(case: Case) -> Finding:
    """The agreement of the consensus is at least `min_agreement`."""
    return _at_least("agreement", case.proposal.agreement, case.limits.min_agreement)


def price(case: Case) -> Finding:
    """The price is a finite number above zero."""
    now = finite(case.proposal.price)
    if now is None:
        return unusable("price", case.proposal.price, A_PRICE, limit=0.0)
    return compared(now > 0, now, 0.0, f"The price is {describe(now)} and must be above 0.")


def stop_present(case: Case) -> Finding:
    """The order has a stop."""
    stop = case.proposal.stop
    if stop is None:
        return compared(False, None, "a stop", "The stop is missing and every order must have one.")
    level = finite(stop)
    if level is None:
        return unusable("stop", stop, A_PRICE, limit="a stop")
    return compared(True, level, "a stop", f"The stop is {describe(level)} and every order must have one.")


def stop_side(case: Case) -> Finding:
    """The stop is above zero, strictly below the price of a BUY, strictly above a SELL's."""
    return _on_side("stop", case.proposal.stop, case.proposal.price, is_below=case.proposal.action == "BUY")


def target_side(case: Case) -> Finding:
    """A target, if any, is above zero, strictly above the price of a BUY, strictly below a SELL's."""
    return _on_side(
        "target", case.proposal.target, case.proposal.price, is_below=case.proposal.action == "SELL"
    )


def _at_least(name: str, value: object, limit: object) -> Finding:
    known, least = fraction(value), fraction(limit)
    if known is None:
        return unusable(name, value, A_FRACTION, limit=limit)
    if least is None:
        return unusable(f"least {name}", limit, A_FRACTION)
    message = f"The {name} is {describe(known)} and must be at least {describe(least)}."
    return compared(known >= least, known, least, message)


def _on_side(name: str, level: object, now: object, *, is_below: bool) -> Finding:
    if level is None:
        return not_asked(f"There is no {name} to compare with the price of {describe(now)}.")
    number, middle = finite(level), finite(now)
    if number is None:
        return unusable(name, level, A_PRICE, limit=now)
    if middle is None:
        return unusable("price", now, A_PRICE)
    is_right = number < middle if is_below else number > middle
    side = "below" if is_below else "above"
    message = (
        f"The {name} is {describe(number)} and must be above 0 and {side} the price of {describe(middle)}."
    )
    return compared(number > 0 and is_right, number, middle, message)

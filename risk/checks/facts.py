"""Checks of every proposal, orders or not: may anything be decided on these facts?"""

from risk.checks.cases import Case, Finding, compared, unusable
from risk.numbers import count, describe, finite, not_negative, printable
from risk.proposals import ACTIONS


def kill_switch(case: Case) -> Finding:
    """The kill switch is off; one that cannot be read counts as on."""
    is_killed = case.market.is_killed
    if is_killed is True or is_killed is False:
        state = "on" if is_killed else "off"
        return compared(not is_killed, state, "off", f"The kill switch is {state} and must be off.")
    message = "The kill switch cannot be read, which counts as on, and must be off."
    return compared(False, "unreadable", "off", message)


def action(case: Case) -> Finding:
    """The action is BUY, SELL, HOLD or NO_DECISION."""
    asked, known = case.proposal.action, ", ".join(ACTIONS)
    if not isinstance(asked, str) or asked not in ACTIONS:
        return unusable("action", asked, f"one of {known}", limit=known)
    return compared(True, str(asked), known, f"The action {asked} is one of {known}.")


def data_quality(case: Case) -> Finding:
    """The market data has no faults."""
    faults = case.market.faults
    if not isinstance(faults, tuple) or not all(isinstance(fault, str) for fault in faults):
        return unusable("list of data faults", faults, "a tuple of sentences", limit="no faults")
    if not faults:
        return compared(True, "no faults", "no faults", "The data may have no faults and has none.")
    found = printable("; ".join(faults)).rstrip(".")
    message = f"The data may have no faults and has {len(faults)}: {found}."
    return compared(False, found, "no faults", message)


def data_age(case: Case) -> Finding:
    """The last candle closed at most `max_age_candles` ago, and not in the future."""
    age, oldest = finite(case.market.age_candles), not_negative(case.limits.max_age_candles)
    if age is None:
        return unusable(
            "age of the data", case.market.age_candles, "a finite number of candles", limit=oldest
        )
    if oldest is None:
        return unusable("limit on the data's age", case.limits.max_age_candles, "a number of 0 or more")
    message = f"The data is {describe(age)} candles old and must be from 0 to {describe(oldest)} candles old."
    return compared(0 <= age <= oldest, age, oldest, message)


def quorum(case: Case) -> Finding:
    """At least the quorum of votes was cast, out of a panel that can cast so many."""
    cast, needed = count(case.proposal.votes_cast), count(case.proposal.quorum)
    panel = count(case.proposal.panel)
    if cast is None:
        return unusable("number of votes cast", case.proposal.votes_cast, "a whole number of 0 or more")
    if needed is None or needed < 1:
        return unusable("quorum", case.proposal.quorum, "a whole number of 1 or more")
    if panel is None or panel < cast:
        return unusable("panel", case.proposal.panel, f"a whole number of at least the {cast} votes cast")
    message = f"{cast} of {panel} votes were cast and the quorum is {needed}."
    return compared(cast >= needed, float(cast), float(needed), message)

"""Breakers that halt trading on losses, errors or slowness, and let it go on by hand or after a while.

A breaker is a value: what trips it and what resets it are functions of the one before, so that whoever
keeps it decides where, and the same readings always give the same breaker. No clock: seconds are arguments.
"""

from dataclasses import dataclass

from risk.numbers import count, describe, fraction, not_negative


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRules:
    """When a breaker trips, and when it may reset itself.

    max_loss_pct    of equity within the window, in [0, 1]
    max_error_rate  errors over calls within the window, in [0, 1]
    min_calls       fewer calls than this say nothing about errors or slowness
    max_latency_s   slowest usual answer, such as the 95th percentile, 0 or more
    cool_down_s     after which an automatic reset is tried; None leaves it to a person
    """

    max_loss_pct: float = 0.03
    max_error_rate: float = 0.5
    min_calls: int = 5
    max_latency_s: float = 30.0
    cool_down_s: float | None = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What happened within the window; a number that is None is not known, and trips."""

    loss_pct: float | None
    errors: int | None
    calls: int | None
    latency_s: float | None


@dataclass(frozen=True, slots=True)
class Breaker:
    """Whether trading is halted; *tripped_s* says since when, and *reasons* why, in sentences."""

    is_tripped: bool = False
    tripped_s: float = 0.0
    reasons: tuple[str, ...] = ()


def watch(breaker: Breaker, reading: Reading, rules: BreakerRules, *, now_s: float) -> Breaker:
    """Return *breaker* after *reading*: tripped by it, still tripped, or reset after its cool-down.

    A tripped one stays so until it has cooled down and nothing would trip it; one that would be tripped
    again cools down anew. Without a cool-down only `reset` ends it.
    """
    found = problems(reading, rules)
    if not breaker.is_tripped:
        return Breaker(True, now_s, found) if found else breaker
    if rules.cool_down_s is None or now_s - breaker.tripped_s < rules.cool_down_s:
        return breaker
    return Breaker(True, now_s, found) if found else Breaker()


def reset(breaker: Breaker, reading: Reading, rules: BreakerRules) -> Breaker:
    """Return *breaker* after a person has reset it: it stays tripped as long as something would trip it."""
    found = problems(reading, rules)
    return Breaker(True, breaker.tripped_s, found) if found and breaker.is_tripped else Breaker()


def problems(reading: Reading, rules: BreakerRules) -> tuple[str, ...]:
    """Return why *reading* would trip a breaker, one sentence each; what cannot be computed trips it."""
    try:
        return tuple(found for found in (_loss(reading, rules), *_calls(reading, rules)) if found)
    except Exception as error:  # noqa: BLE001  # what cannot even be read must halt trading, not break it
        return (f"The reading cannot be judged: {type(error).__name__}.",)


def _loss(reading: Reading, rules: BreakerRules) -> str:
    loss, most = not_negative(reading.loss_pct), fraction(rules.max_loss_pct)
    if loss is None or most is None:
        told = f"{describe(reading.loss_pct)} cannot be compared with {describe(rules.max_loss_pct)}"
        return f"The loss of {told}."
    return f"The loss of {loss:.2%} is beyond {most:.2%}." if loss > most else ""


def _calls(reading: Reading, rules: BreakerRules) -> tuple[str, ...]:
    calls, errors, least = count(reading.calls), count(reading.errors), count(rules.min_calls)
    if calls is None or errors is None or least is None or errors > calls:
        told = f"{describe(reading.errors)} errors in {describe(reading.calls)} calls"
        return (f"It cannot be told whether {told} are too many.",)
    if calls == 0 or calls < least:
        return ()
    return _errors(errors / calls, rules), _slowness(reading, rules)


def _errors(rate: float, rules: BreakerRules) -> str:
    most = fraction(rules.max_error_rate)
    if most is None:
        return f"The limit on errors is {describe(rules.max_error_rate)}, but must be a number from 0 to 1."
    return f"{rate:.0%} of the calls failed, beyond {most:.0%}." if rate > most else ""


def _slowness(reading: Reading, rules: BreakerRules) -> str:
    latency, most = not_negative(reading.latency_s), not_negative(rules.max_latency_s)
    if latency is None or most is None:
        told = f"{describe(reading.latency_s)} s cannot be compared with {describe(rules.max_latency_s)} s"
        return f"The latency of {told}."
    return f"The latency of {latency:g} s is beyond {most:g} s." if latency > most else ""

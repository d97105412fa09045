"""What a budget's words mean: whose caps there are, what each measures, and when its windows begin (UTC)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from providers.voters.types import Usage

MICRO = 1_000_000


class Subject(StrEnum):
    """Whose calls a cap counts; by *kind* and name it is found."""

    VOTER = "voter"
    PROVIDER = "provider"
    ACCOUNT = "account"


class Measure(StrEnum):
    """What a cap counts, within which window."""

    REQUESTS_PER_MINUTE = "requests_per_minute"
    TOKENS_PER_MINUTE = "tokens_per_minute"
    TOKENS_PER_DAY = "tokens_per_day"
    USD_PER_DAY = "usd_per_day"
    USD_PER_MONTH = "usd_per_month"

    @property
    def is_money(self) -> bool:
        """Say whether it counts US dollars; in the database, millionths of them."""
        return self in (Measure.USD_PER_DAY, Measure.USD_PER_MONTH)

    @property
    def is_of_a_minute(self) -> bool:
        """Say whether its windows come and go within a minute."""
        return self in (Measure.REQUESTS_PER_MINUTE, Measure.TOKENS_PER_MINUTE)


# Without one of these for its provider, a call that costs money is not made.
MONEY = (Measure.USD_PER_DAY, Measure.USD_PER_MONTH)
MINUTES = (Measure.REQUESTS_PER_MINUTE, Measure.TOKENS_PER_MINUTE)


@dataclass(frozen=True, slots=True)
class Starts:
    """When the windows that hold one moment began."""

    minute: datetime
    day: datetime
    month: datetime

    def of(self, measure: Measure) -> datetime:
        """Return when the window of *measure* began."""
        if measure.is_of_a_minute:
            return self.minute
        return self.month if measure is Measure.USD_PER_MONTH else self.day


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a call takes of each kind of cap, in whole units; money in millionths of a US dollar."""

    requests: int
    tokens: int
    microusd: int

    def of(self, measure: Measure) -> int:
        """Return what counts against a cap of *measure*."""
        if measure.is_money:
            return self.microusd
        return self.requests if measure is Measure.REQUESTS_PER_MINUTE else self.tokens


def starts(at: datetime) -> Starts:
    """Return when the windows that hold *at* began."""
    minute = at.astimezone(UTC).replace(second=0, microsecond=0)
    day = minute.replace(hour=0, minute=0)
    return Starts(minute, day, day.replace(day=1))


def end(measure: Measure, start: datetime) -> datetime:
    """Return when the window of *measure* that began at *start* ends."""
    if measure.is_of_a_minute:
        return start + timedelta(minutes=1)
    if measure is not Measure.USD_PER_MONTH:
        return start + timedelta(days=1)
    return (start + timedelta(days=32)).replace(day=1)


def amounts(usage: Usage) -> Amounts:
    """Return *usage* in the ledger's units, money rounded up so that no cap is passed by rounding."""
    return Amounts(usage.requests, usage.tokens, micro(usage.cost_usd))


def micro(usd: Decimal) -> int:
    """Return *usd* in whole millionths, rounded up."""
    return int((usd * MICRO).to_integral_value(ROUND_CEILING))


def usd(microusd: int) -> Decimal:
    """Return millionths of a US dollar as dollars."""
    return Decimal(microusd) / MICRO


def in_people_s_units(measure: Measure, amount: int) -> Decimal:
    """Return a stored *amount* as people give it: US dollars for money, else the number itself."""
    return usd(amount) if measure.is_money else Decimal(amount)


def number(measure: Measure, amount: int, *, places: int = 2) -> str:
    """Return a stored *amount* in digits: money with *places* at least, and never rounded."""
    if not measure.is_money:
        return f"{amount:,}"
    exact = f"{usd(amount):,.6f}"
    kept = len(exact) - 6 + places
    return exact[:kept] + exact[kept:].rstrip("0")


def in_words(measure: Measure, amount: int, *, places: int = 2) -> str:
    """Return a stored *amount* of *measure* as people read it."""
    if measure.is_money:
        return f"US$ {number(measure, amount, places=places)}"
    return f"{amount:,} {'requests' if measure is Measure.REQUESTS_PER_MINUTE else 'tokens'}"


def period(measure: Measure) -> str:
    """Return the words for the window of *measure* that is running."""
    if measure.is_of_a_minute:
        return "this minute"
    return "this month" if measure is Measure.USD_PER_MONTH else "today"


def subjects(*, voter: str, provider: str, account: str) -> Iterator[tuple[Subject, str]]:
    """Yield whose caps a call counts against."""
    yield Subject.VOTER, voter
    yield Subject.PROVIDER, provider
    yield Subject.ACCOUNT, account

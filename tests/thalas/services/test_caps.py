"""Caps of every kind hold together, are set by people with a trace, and count what was before them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import ErrorKind, VoterError
from providers.voters.types import Usage
from tests import caps as tables
from tests import seeds
from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Amounts, Measure, Subject
from thalas.errors import BadInput, NotPossible
from thalas.selectors import audits
from thalas.selectors import budgets as reading
from thalas.services import budgets, caps, ledgers, notices
from thalas.services.allowances import Allowance
from thalas.services.ledgers import Buyer

NOON = seeds.moment(2026, 3, 4, 12)
BUYER = Buyer("trend", "analyst", "demo")
pytestmark = pytest.mark.usefixtures("house")


def usage(usd: str = "0.10", *, tokens: int = 100, requests: int = 1) -> Usage:
    return Usage(tokens_in=tokens, cost_usd=Decimal(usd), requests=requests)


def fits(worst: Usage, *, buyer: Buyer = BUYER, at: object = NOON) -> bool:
    """Try to reserve; say whether it was allowed."""
    try:
        budgets.reserve(buyer, worst, now=at)  # type: ignore[arg-type]
    except VoterError as error:
        return error.kind is not ErrorKind.BUDGET_EXHAUSTED
    return True


def committed() -> dict[tuple[str, str], int]:
    """Return what the windows hold, by kind and measure."""
    return {
        (row.kind, row.measure): row.committed for row in models.BudgetWindow.objects.filter(committed__gt=0)
    }


@pytest.mark.parametrize(
    ("kind", "subject", "measure", "amount", "told"),
    [
        (
            Subject.VOTER,
            "trend",
            Measure.REQUESTS_PER_MINUTE,
            2,
            "voter trend has 0 requests left of 2 requests",
        ),
        (
            Subject.PROVIDER,
            "analyst",
            Measure.TOKENS_PER_MINUTE,
            250,
            "analyst has 50 tokens left of 250 tokens",
        ),
        (
            Subject.ACCOUNT,
            "demo",
            Measure.TOKENS_PER_DAY,
            299,
            "account demo has 99 tokens left of 299 tokens",
        ),
        (
            Subject.VOTER,
            "trend",
            Measure.USD_PER_DAY,
            250_000,
            "voter trend has US$ 0.0500 left of US$ 0.25 today",
        ),
        (
            Subject.ACCOUNT,
            "demo",
            Measure.USD_PER_MONTH,
            299_999,
            "account demo has US$ 0.099999 left of US$ 0.299999 this month",
        ),
    ],
)
def test_two_calls_fit_and_the_third_is_refused_by_the_cap_that_is_full(
    kind: Subject, subject: str, measure: Measure, amount: int, told: str
) -> None:
    # Each call takes 1 request, 100 tokens and US$ 0.10.
    tables.allow_usd(100, provider="analyst")
    tables.put(kind, subject, measure, amount)
    assert fits(usage())
    assert fits(usage())
    before = committed()
    with pytest.raises(VoterError) as refused:
        budgets.reserve(BUYER, usage(), now=NOON)
    assert told in str(refused.value)
    assert committed() == before, "a call that one cap refuses takes nothing of the others"


def test_a_minutes_window_ends_with_its_minute_a_days_with_its_day_and_a_months_with_its_month() -> None:
    tables.allow_usd(100, provider="analyst")
    tables.put(Subject.VOTER, "trend", Measure.REQUESTS_PER_MINUTE, 1)
    late = seeds.moment(2026, 1, 31, 23, 59, 59)
    assert fits(usage(), at=late)
    assert not fits(usage(), at=late)
    assert fits(usage(), at=late + timedelta(seconds=1))
    tables.put(Subject.ACCOUNT, "demo", Measure.USD_PER_MONTH, 100_000)
    assert fits(usage(), at=seeds.moment(2026, 4, 1))
    assert not fits(usage(), at=seeds.moment(2026, 4, 30, 23, 59, 59))
    assert fits(usage(), at=seeds.moment(2026, 5, 1))


def test_what_costs_money_is_not_done_without_a_cap_and_what_is_free_is() -> None:
    models.BudgetCap.objects.all().delete()
    with pytest.raises(VoterError, match="analyst has no cap in US"):
        budgets.reserve(BUYER, usage(), now=NOON)
    assert fits(usage("0"))


def test_a_new_cap_counts_what_its_window_took_before_it_was_set() -> None:
    tables.allow_usd(100, provider="analyst")
    budgets.settle(budgets.reserve(BUYER, usage("0.50"), now=NOON), usage("0.20", tokens=40), now=NOON)
    assert fits(usage("0.30", tokens=10))
    caps.set_cap("voter", "trend", "usd_per_month", "0.55", by="me", now=NOON)
    caps.set_cap("voter", "trend", "tokens_per_day", "60", by="me", now=NOON)
    held = committed()
    assert (held["voter", "usd_per_month"], held["voter", "tokens_per_day"]) == (500_000, 50)
    assert not fits(usage("0.06", tokens=1))
    assert not fits(usage("0.01", tokens=11))
    assert fits(usage("0.05", tokens=10))


@pytest.mark.parametrize("measure", [Measure.USD_PER_MONTH, Measure.REQUESTS_PER_MINUTE])
def test_what_was_reserved_without_a_cap_is_not_taken_off_a_window_that_lacks_it(
    measure: Measure,
) -> None:
    tables.allow_usd(100, provider="analyst")
    caps.set_cap("voter", "trend", measure.value, "10", by="me", now=NOON)
    first = budgets.reserve(BUYER, usage("0.40", requests=3), now=NOON)
    caps.set_cap("voter", "trend", measure.value, None, by="me", now=NOON)
    second = budgets.reserve(BUYER, usage("0.40", requests=3), now=NOON)
    budgets.settle(first, usage("0", requests=0), now=NOON)
    budgets.settle(second, usage("0.10", requests=1), now=NOON)
    caps.set_cap("voter", "trend", measure.value, "10", by="me", now=NOON)
    held = models.BudgetWindow.objects.get(kind="voter", measure=measure.value, committed__gt=0)
    assert held.committed == (100_000 if measure.is_money else 1)


def test_a_new_cap_counts_the_windows_around_it_too() -> None:
    # A worker's clock that is a day ahead, one that is behind, and a commit that comes after midnight.
    tables.allow_usd(100, provider="analyst")
    for days in (-1, 0, 1):
        assert fits(usage("0.50"), at=NOON + timedelta(days=days))
    caps.set_cap("voter", "trend", "usd_per_day", "0.50", by="me", now=NOON)
    assert not any(fits(usage("0.01"), at=NOON + timedelta(days=days)) for days in (-1, 0, 1))
    assert fits(usage("0.01"), at=NOON + timedelta(days=2))


def test_a_cap_below_what_is_committed_lets_nothing_more_through_until_calls_settle_below_it() -> None:
    tables.allow_usd(1, provider="analyst")
    held = budgets.reserve(BUYER, usage("0.60"), now=NOON)
    caps.set_cap("provider", "analyst", "usd_per_day", "0.50", by="me", now=NOON)
    assert not fits(usage("0.01"))
    budgets.settle(held, usage("0.10"), now=NOON)
    assert not fits(usage("0.41"))
    assert fits(usage("0.40"))


def test_a_call_that_ends_after_midnight_is_booked_to_the_day_it_was_reserved_on() -> None:
    tables.allow_usd(1, provider="analyst")
    tables.put(Subject.PROVIDER, "analyst", Measure.USD_PER_MONTH, 2_000_000)
    late, early = seeds.moment(2026, 1, 31, 23, 59, 59), seeds.moment(2026, 2, 1)
    held = budgets.reserve(BUYER, usage("0.90"), now=late)
    assert fits(usage("1"), at=early)
    budgets.settle(held, usage("0.20"), now=early + timedelta(seconds=9))
    windows = models.BudgetWindow.objects.filter(kind="provider", committed__gt=0).order_by("starts_at")
    assert [(f"{one.starts_at:%m-%d}", one.committed) for one in windows] == [
        ("01-01", 200_000),
        ("01-31", 200_000),
        ("02-01", 1_000_000),
        ("02-01", 1_000_000),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("trend", "momentum")),
            st.integers(0, 400_000),
            st.integers(0, 900),
            st.integers(1, 4),
            st.one_of(st.none(), st.floats(0, 1)),
            st.integers(0, 4_000),
        ),
        max_size=12,
    )
)
def test_each_window_is_always_the_sum_of_its_ledger_and_never_above_its_cap(
    calls: list[tuple[str, int, int, int, float | None, int]],
) -> None:
    models.SpendEntry.objects.all().delete()
    models.BudgetWindow.objects.all().delete()
    tables.allow_usd(1, provider="analyst")
    tables.put(Subject.ACCOUNT, "demo", Measure.USD_PER_MONTH, 1_300_000)
    tables.put(Subject.VOTER, "trend", Measure.TOKENS_PER_DAY, 1_000)
    tables.put(Subject.PROVIDER, "analyst", Measure.REQUESTS_PER_MINUTE, 7)
    tables.put(Subject.VOTER, "momentum", Measure.TOKENS_PER_MINUTE, 900)
    at = seeds.moment(2026, 1, 31, 23)
    for voter, micro, tokens, requests, share, later_s in calls:
        at += timedelta(seconds=later_s)
        worst = Usage(tokens_in=tokens, cost_usd=words.usd(micro), requests=requests)
        try:
            held = budgets.reserve(Buyer(voter, "analyst", "demo"), worst, now=at)
        except VoterError:
            continue
        if share is not None:
            cost_usd = words.usd(int(micro * share))
            budgets.settle(held, Usage(tokens_in=int(tokens * share), cost_usd=cost_usd), now=at)
    for row in models.BudgetWindow.objects.all():
        cap = models.BudgetCap.objects.get(kind=row.kind, subject=row.subject, measure=row.measure)
        args = Subject(row.kind), row.subject, Measure(row.measure), row.starts_at
        assert row.committed == reading.committed(*args)
        assert row.committed <= cap.amount


def test_a_cap_is_set_changed_and_removed_with_a_trace_of_each() -> None:
    assert caps.set_cap("voter", "trend", "usd_per_day", "2.5", by="me", now=NOON) is not None
    caps.set_cap("voter", "trend", "usd_per_day", "2.50", by="me", now=NOON)  # the same
    caps.set_cap("voter", "trend", "usd_per_day", None, by="me", now=NOON)
    told = [(row.action, row.target, row.details) for row in audits.entries(limit=2)]
    target = "voter trend usd_per_day"
    assert told == [
        ("budget.set", target, {"amount": ["2.5", None]}),
        ("budget.set", target, {"amount": [None, "2.5"]}),
    ]


@pytest.mark.parametrize(
    ("kind", "subject", "measure", "amount", "named"),
    [
        ("person", "trend", "usd_per_day", "1", "kind"),
        ("voter", "nobody", "usd_per_day", "1", "subject"),
        ("voter", "a\x00b", "usd_per_day", "1", "subject"),
        ("voter", "trend", "usd_per_week", "1", "measure"),
        ("voter", "trend", "usd_per_day", "-1", "amount"),
        ("voter", "trend", "usd_per_day", "much", "amount"),
        ("voter", "trend", "usd_per_day", "", "amount"),
        ("voter", "trend", "usd_per_day", "NaN", "amount"),
        ("voter", "trend", "usd_per_day", "1_0", "amount"),
        ("voter", "trend", "usd_per_day", "\u0663", "amount"),
        ("voter", "trend", "usd_per_day", "1e400", "amount"),
        ("voter", "trend", "usd_per_day", "1e9999", "amount"),
        ("voter", "trend", "usd_per_day", "Infinity", "amount"),
        ("voter", "trend", "usd_per_day", "0.0000001", "amount"),
        ("voter", "trend", "tokens_per_day", "1.5", "amount"),
        ("voter", "trend", "tokens_per_day", "1e30", "amount"),
    ],
)
def test_a_cap_that_cannot_be_is_refused_by_name(
    kind: str, subject: str, measure: str, amount: str, named: str
) -> None:
    with pytest.raises(BadInput) as refused:
        caps.set_cap(kind, subject, measure, amount, by="me", now=NOON)
    assert refused.value.field == named
    assert repr({"kind": kind, "subject": subject, "measure": measure, "amount": amount}[named]) in str(
        refused.value
    )


def test_a_name_that_is_none_is_answered_with_those_there_are_except_accounts() -> None:
    with pytest.raises(BadInput, match="there is no provider by that name; there is analyst"):
        caps.set_cap("provider", "analist", "usd_per_day", "1", by="me", now=NOON)
    with pytest.raises(BadInput) as refused:
        caps.set_cap("account", "nobody", "usd_per_day", "1", by="me", now=NOON)
    assert "demo" not in str(refused.value)


def test_what_the_environment_says_leaves_a_trace_where_it_changes_a_cap() -> None:
    def traces() -> list[tuple[str, object]]:
        rows = models.AuditEntry.objects.filter(target="provider another usd_per_day").order_by("seq")
        return [(row.actor, row.details) for row in rows]

    models.Provider.objects.create(pk="another")
    for cap_usd in ("1", "1", "2"):
        caps.declare("another", cap_usd=Decimal(cap_usd), now=NOON)
    caps.set_cap("provider", "another", "usd_per_day", "20", by="me", now=NOON)
    caps.declare("another", cap_usd=Decimal(2), now=NOON)
    assert tables.usd_a_day("another") == 20
    assert traces() == [
        ("the environment", {"amount": ["1", "2"]}),
        ("me", {"amount": ["2", "20"]}),
    ]


def test_a_providers_dollars_a_day_cannot_be_removed() -> None:
    tables.allow_usd(1, provider="analyst")
    with pytest.raises(NotPossible, match="needs a cap in US"):
        caps.set_cap("provider", "analyst", "usd_per_day", None, by="me", now=NOON)


# --- notices, and what the dead left ----------------------------------------------------------------


def test_eighty_and_a_hundred_per_cent_are_told_once_each() -> None:
    tables.allow_usd(1, provider="analyst")
    assert fits(usage("0.79"))
    assert notices.notice(now=NOON) == 0
    assert fits(usage("0.01"))
    assert (notices.notice(now=NOON), notices.notice(now=NOON)) == (1, 0)
    assert fits(usage("0.20"))
    assert (notices.notice(now=NOON), notices.notice(now=NOON)) == (1, 0)
    told = models.BudgetNotice.objects.order_by("pk").values_list("pct", "committed", "amount")
    assert list(told) == [(80, 800_000, 1_000_000), (100, 1_000_000, 1_000_000)]


def test_a_window_that_fills_at_once_is_told_once() -> None:
    tables.allow_usd(1, provider="analyst")
    assert fits(usage("1"))
    assert notices.notice(now=NOON) == 1
    assert models.BudgetNotice.objects.get().pct == 100


def test_what_nobody_settled_is_booked_at_its_worst_an_hour_later_and_not_before() -> None:
    tables.allow_usd(1, provider="analyst")
    held = budgets.reserve(BUYER, usage("0.40"), now=NOON)
    assert notices.book_lost(now=NOON + notices.LONGEST_CALL) == 0
    later = NOON + notices.LONGEST_CALL + timedelta(seconds=1)
    assert notices.book_lost(now=later) == 1
    budgets.settle(held, usage("0.10"), now=later)  # too late to be believed
    entry = models.SpendEntry.objects.get()
    assert (entry.booked_usd, entry.booked_tokens, entry.settled_at) == (Decimal("0.40"), 100, later)
    assert budgets.spent_usd("analyst", now=NOON) == Decimal("0.40")


def test_minutes_that_are_long_over_are_forgotten_and_days_are_not() -> None:
    tables.allow_usd(1, provider="analyst")
    tables.put(Subject.VOTER, "trend", Measure.REQUESTS_PER_MINUTE, 5)
    fits(usage())
    assert notices.tidy(now=NOON + timedelta(hours=25)) == 0
    assert notices.tidy(now=NOON + timedelta(hours=27)) == 1
    assert {row.measure for row in models.BudgetWindow.objects.filter(committed__gt=0)} == {"usd_per_day"}


# --- before a run -------------------------------------------------------------------------------------


def test_an_allowance_counts_calls_together_and_says_which_would_not_be_made() -> None:
    tables.allow_usd("0.25", provider="analyst")
    tables.put(Subject.VOTER, "momentum", Measure.TOKENS_PER_DAY, 99)
    momentum = Buyer("momentum", "analyst", "demo")
    allowance = Allowance(NOON)
    assert allowance.take(BUYER, usage()) == ""
    told = allowance.take(momentum, usage())
    assert told.startswith("budget_exhausted: voter momentum has 99 tokens left of 99 tokens today")
    assert allowance.take(BUYER, usage()) == ""
    told = allowance.take(BUYER, usage())
    assert "analyst has US$ 0.0500 left of US$ 0.25 today; this call could cost US$ 0.1000" in told
    assert allowance.take(BUYER, usage("0")) == ""
    assert not models.SpendEntry.objects.exists()
    assert "no cap in US$" in Allowance(NOON).take(Buyer("x", "nobody", "demo"), usage())


def test_amounts_round_money_up_and_count_every_token() -> None:
    taken = words.amounts(
        Usage(tokens_in=3, tokens_out=4, lost_tokens=5, cost_usd=Decimal("0.0000001"), requests=2)
    )
    assert taken == Amounts(requests=2, tokens=12, microusd=1)
    assert ledgers.lacks_cap([], taken)

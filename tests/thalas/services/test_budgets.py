"""The ledger: a call is booked at its worst before it is made, and no day's cap is ever passed."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from providers.errors import ErrorKind, PermanentVoterError
from providers.voters.types import NOTHING, Usage
from tests import caps, seeds
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.threads import at_once
from thalas import models
from thalas.domain.budgets import Measure, Subject
from thalas.selectors import budgets as reading
from thalas.services import budgets
from thalas.services import caps as setting
from thalas.services.ledgers import Buyer

NOON = seeds.moment(2026, 3, 4, 12)


def capped(usd: str) -> models.Vote:
    """Give the analysts' provider a cap of *usd* a day; return a vote to spend on."""
    caps.allow_usd(usd, provider="analyst")
    return council.vote_of(council.opened(), "trend")


def buyer(vote: models.Vote) -> Buyer:
    return Buyer(vote.voter_id, vote.voter.provider_id, vote.run.account_id, vote.pk)


def cost(usd: str) -> Usage:
    return Usage(cost_usd=Decimal(usd))


def reserve(vote: models.Vote, usd: str, *, now: datetime = NOON) -> budgets.Reservation | None:
    return budgets.reserve(buyer(vote), Usage(cost_usd=Decimal(usd)), now=now)


def is_refused(vote: models.Vote, usd: str, *, now: datetime = NOON) -> bool:
    """Try to reserve *usd*; say whether the budget refused it."""
    try:
        reserve(vote, usd, now=now)
    except PermanentVoterError as error:
        return error.kind is ErrorKind.BUDGET_EXHAUSTED
    return False


@pytest.mark.usefixtures("house")
def test_the_worst_case_counts_until_the_true_cost_is_known() -> None:
    # 0.30 reserved, settled at 0.05; then 0.40 stays reserved: 0.45 spent.
    vote = capped("1.00")
    budgets.settle(reserve(vote, "0.30"), cost("0.05"), now=NOON)
    reserve(vote, "0.40")
    assert budgets.spent_usd("analyst", now=NOON) == Decimal("0.45")


@pytest.mark.usefixtures("house")
def test_a_cap_may_be_reached_exactly_and_not_passed_by_a_cent() -> None:
    vote = capped("1.00")
    reserve(vote, "0.60")
    assert is_refused(vote, "0.41")
    assert not is_refused(vote, "0.40")  # 0.60 + 0.40 = 1.00
    assert is_refused(vote, "0.01")
    assert budgets.spent_usd("analyst", now=NOON) == Decimal("1.00")


@pytest.mark.usefixtures("house")
def test_a_refusal_says_what_is_left_and_what_the_call_could_cost() -> None:
    vote = capped("1.00")
    reserve(vote, "0.75")
    with pytest.raises(PermanentVoterError) as caught:
        reserve(vote, "0.30")
    assert str(caught.value) == (
        "analyst has US$ 0.2500 left of US$ 1.00 today; this call could cost US$ 0.3000"
    )


@pytest.mark.usefixtures("house")
def test_a_voter_that_asks_nobody_needs_no_budget_and_leaves_no_entry() -> None:
    vote = capped("0")
    assert budgets.reserve(buyer(vote), NOTHING, now=NOON) is None
    budgets.settle(None, cost("0"), now=NOON)
    assert is_refused(vote, "0.000001")
    assert not models.SpendEntry.objects.exists()


@pytest.mark.usefixtures("house")
def test_fractions_of_the_ledgers_smallest_unit_are_rounded_up_so_that_no_cap_is_passed() -> None:
    # A millionth is what a row holds: 10 calls of 0.4 millionths book 10 millionths, not 0.
    vote = capped("0.000010")
    for _ in range(10):
        reserve(vote, "0.0000004")
    assert budgets.spent_usd("analyst", now=NOON) == Decimal("0.000010")
    assert is_refused(vote, "0.0000004")


@pytest.mark.usefixtures("house")
def test_an_entry_is_settled_once_and_one_that_never_was_stays_at_its_worst() -> None:
    vote = capped("1.00")
    entry = reserve(vote, "0.30")
    budgets.settle(entry, cost("0.10"), now=NOON)
    budgets.settle(entry, cost("0.90"), now=NOON)
    reserve(vote, "0.20")  # its worker dies here
    assert budgets.spent_usd("analyst", now=NOON + timedelta(hours=11)) == Decimal("0.30")


@pytest.mark.usefixtures("house")
def test_a_call_that_cost_more_than_its_worst_case_is_booked_in_full() -> None:
    vote = capped("1.00")
    budgets.settle(reserve(vote, "0.30"), cost("1.20"), now=NOON)
    assert budgets.spent_usd("analyst", now=NOON) == Decimal("1.20")
    assert is_refused(vote, "0.01")


@pytest.mark.usefixtures("house")
def test_the_next_day_in_utc_starts_with_nothing_spent() -> None:
    vote = capped("1.00")
    before, after = seeds.moment(2026, 3, 4, 23, 59, 59), seeds.moment(2026, 3, 5)
    reserve(vote, "1.00", now=before)
    assert is_refused(vote, "0.01", now=before)
    assert not is_refused(vote, "1.00", now=after)


@pytest.mark.usefixtures("house")
def test_each_provider_has_a_budget_of_its_own() -> None:
    vote = capped("1.00")
    reserve(vote, "1.00")
    assert budgets.spent_usd("somebody else", now=NOON) == 0


@pytest.mark.usefixtures("shared_house")
def test_of_eight_calls_of_thirty_cents_at_once_exactly_three_fit_under_a_dollar() -> None:
    # 3 × 0.30 = 0.90 and 4 × 0.30 = 1.20.
    for day in range(1, 9):
        vote, now = capped("1.00"), seeds.moment(2026, 3, day, 12)
        refused = at_once(*[lambda v=vote, n=now: is_refused(v, "0.30", now=n)] * 8)
        assert refused.count(False) == 3
        assert budgets.spent_usd("analyst", now=now) == Decimal("0.90")


@pytest.mark.usefixtures("shared_house")
def test_the_first_calls_of_a_day_all_pass_when_they_come_at_once_and_there_is_room() -> None:
    # The row of the day does not exist yet, and a cap of 100 has room for eight times 0.01.
    for day in range(1, 13):
        vote, now = capped("100"), seeds.moment(2026, 5, day, 12)
        refused = at_once(*[lambda v=vote, n=now: is_refused(v, "0.01", now=n)] * 8)
        assert not any(refused)


@pytest.mark.usefixtures("shared_house")
def test_people_who_set_the_same_new_cap_at_once_wait_for_each_other_and_each_change_is_traced() -> None:
    def set_it(usd: str) -> None:
        setting.set_cap("voter", "trend", "usd_per_month", usd, by=f"who wants {usd}", now=NOON)

    for _ in range(4):
        given = ["3", "4", "5", "6"]
        at_once(*[lambda usd=usd: set_it(usd) for usd in given])
        rows = models.AuditEntry.objects.filter(target="voter trend usd_per_month").order_by("-seq")[:4]
        changes = [entry.details["amount"] for entry in rows][::-1]
        assert changes[0][0] is None
        assert sorted(after for _, after in changes) == given
        assert [before for before, _ in changes[1:]] == [after for _, after in changes[:-1]]
        setting.set_cap("voter", "trend", "usd_per_month", None, by="me", now=NOON)


@pytest.mark.usefixtures("shared_house")
def test_a_cap_that_is_set_while_calls_are_reserved_counts_them_all() -> None:
    vote = capped("100")

    def spend() -> None:
        for _ in range(4):
            budgets.settle(reserve(vote, "0.30"), cost("0.10"), now=NOON)

    def set_it() -> None:
        setting.set_cap("voter", "trend", "usd_per_day", "90", by="me", now=NOON)

    for _ in range(6):
        setting.set_cap("voter", "trend", "usd_per_day", None, by="me", now=NOON)
        at_once(*[spend] * 7, set_it)
        window = models.BudgetWindow.objects.get(
            kind="voter", subject="trend", measure="usd_per_day", starts_at=NOON.replace(hour=0)
        )
        ledger = reading.committed(Subject.VOTER, "trend", Measure.USD_PER_DAY, window.starts_at)
        assert window.committed == ledger

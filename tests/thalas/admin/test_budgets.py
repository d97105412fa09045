"""Caps in the admin: people's units in, the ledger's units kept, and the rest only looked at."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import caps
from tests.thalas.admin.clients import errors, refused, saved, sign_in
from tests.thalas.dashboard import factories
from thalas import models
from thalas.domain.budgets import Measure, Subject


@pytest.fixture
def keeper(db: None) -> Client:
    factories.voter("trend")
    caps.allow_usd(1, provider="analyst")
    return sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))


def page() -> str:
    return f"/admin/thalas/budgetcap/{models.BudgetCap.objects.get().pk}/change/"


def test_a_cap_changes_in_its_amount_only_which_is_given_in_dollars(keeper: Client) -> None:
    assert 'value="1"' in keeper.get(page()).content.decode()
    saved(keeper, page(), {"at_most": "2.50", "subject": "other", "measure": "usd_per_month"})
    assert caps.usd_a_day("analyst") == Decimal("2.5")


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "1000001", "0.0000001"])
def test_an_amount_that_is_none_is_refused(keeper: Client, amount: str) -> None:
    assert errors(refused(keeper, page(), {"at_most": amount}), "at_most")
    assert caps.usd_a_day("analyst") == 1


def test_windows_read_in_the_units_of_their_measure(keeper: Client) -> None:
    caps.spend("analyst", 1_250_000)
    caps.put(Subject.VOTER, "trend", Measure.TOKENS_PER_DAY, 5_000)
    assert "US$ 1.250000" in keeper.get("/admin/thalas/budgetwindow/").content.decode()
    assert "5,000 tokens" in keeper.get("/admin/thalas/budgetcap/").content.decode()

"""Accounts by name, and a kill switch that is on unless it is plainly off."""

import pytest

from thalas import models
from thalas.errors import BadInput
from thalas.selectors import accounts

pytestmark = pytest.mark.usefixtures("house")


@pytest.mark.parametrize(
    ("state", "is_killed"), [("released", False), ("engaged", True), ("RELEASED", None), ("", None)]
)
def test_only_a_plain_word_is_read_from_the_switch(state: str, is_killed: bool | None) -> None:
    models.KillSwitch.objects.update(state=state)
    assert accounts.is_killed() is is_killed


def test_a_switch_that_is_missing_cannot_be_read() -> None:
    models.KillSwitch.objects.all().delete()
    assert accounts.is_killed() is None


def test_an_account_that_does_not_exist_names_those_that_do() -> None:
    assert accounts.get("demo").equity_usd == 10_000
    with pytest.raises(BadInput, match="account='mine' cannot be used: accounts: demo"):
        accounts.get("mine")

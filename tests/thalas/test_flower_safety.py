"""Flower asks for a password that not everybody tries first."""

import pytest

from thalas import flower_safety


@pytest.mark.parametrize(
    ("logins", "told"),
    [
        ([], "asks for no password"),
        ([""], "without a name or a password"),
        (["thalas"], "without a name or a password"),
        (["thalas:"], "without a name or a password"),
        ([":secret-of-chance"], "without a name or a password"),
        (["admin:admin"], "has a password that everybody tries first"),
        (["desk:u7fKq2mP", "guest:guest"], "has a password that everybody tries first"),
    ],
)
def test_a_flower_that_lets_anybody_in_is_refused(logins: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        flower_safety.check(logins, auth="")


def test_a_password_or_an_oauth_provider_will_do() -> None:
    flower_safety.check(["thalas:u7fKq2mP"], auth="")
    flower_safety.check(["thalas:with:a:colon"], auth="")
    flower_safety.check([], auth=r".*@thalas\.example")


def test_no_other_process_is_held_up() -> None:
    flower_safety.refuse_if_open()

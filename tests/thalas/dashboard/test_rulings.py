"""The risk checks of a run's page: what objects or cuts comes first, what passed is folded, all are there."""

import re

import pytest
from django.test import Client

from tests.thalas.dashboard import factories
from tests.thalas.dashboard.factories import Ruled, check
from tests.thalas.dashboard.pages import Page

pytestmark = pytest.mark.django_db

OUTCOMES = ("passed", "resized", "not_applicable", "failed", "passed", "not_computable", "resized")
CHECKS = [check(f"check_{k}", outcome, 1.0, 2.0, f"It {outcome}.") for k, outcome in enumerate(OUTCOMES)]


def html_of(client: Client, checks: list[dict[str, object]]) -> str:
    run = factories.closed(("BTC/USD",), Ruled(verdict="vetoed", checks=checks))
    return client.get(f"/runs/{run.pk}/").content.decode()


def codes(html: str) -> list[str]:
    return re.findall(r"<code>(check_\d)</code>", html)


def test_what_objects_or_cuts_comes_first_and_the_rest_is_folded_in_the_order_it_ran(client: Client) -> None:
    html = html_of(client, CHECKS)
    assert codes(html) == [f"check_{k}" for k in (3, 5, 1, 6, 0, 4, 2)]
    open_part = html[html.index("Risk checks") : html.index("<details>", html.index("Risk checks"))]
    assert codes(open_part) == [f"check_{k}" for k in (3, 5, 1, 6)]
    text = Page(html).text
    assert "7 checks: 1 failed, 1 not computable, 2 resized, 2 passed, 1 not applicable." in text
    assert "2 passed Checks on BTC/USD that passed, in the order they ran" in text


def test_without_objections_all_is_folded(client: Client) -> None:
    html = html_of(client, [CHECKS[0]])
    assert "Checks that object or cut" not in html
    assert "1 checks: 1 passed." in Page(html).text


def test_an_outcome_that_nobody_knows_is_shown_too(client: Client) -> None:
    html = html_of(client, [check("check_9", "pondered_over", None, None, "Hm.")])
    assert codes(html) == ["check_9"]
    assert "1 pondered over Checks on BTC/USD that came out as pondered over" in Page(html).text


def test_a_leg_without_checks_says_so(client: Client) -> None:
    assert "There are no checks." in Page(html_of(client, [])).text

"""The pages of accounts: what is held, what it risks, how much room is left, and what nobody knows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.thalas.dashboard.pages import Page
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import closings, paper_accounts

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def client(admin_client: Client) -> Client:
    """Return the browser of somebody who is signed in."""
    return admin_client


def test_strangers_are_asked_to_sign_in() -> None:
    for path in ("/accounts/", "/accounts/demo/", "/accounts/nobody/"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")


def shown(client: Client, path: str = "/accounts/demo/", *, status: int = 200) -> Page:
    response = client.get(path)
    assert response.status_code == status
    return Page(response.content.decode())


def approved() -> models.Run:
    """Close a run that approves a BUY of BTC/USD, which holds its size free."""
    run = council.opened()
    council.everyone(run, council.buy(run))
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    return run


def test_every_page_leads_to_the_accounts_and_they_to_theirs(client: Client) -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    links = [link.get("href") for link in shown(client, "/").attributes("a")]
    assert "/accounts/" in links
    listed = shown(client, "/accounts/")
    assert "/accounts/demo/" in [link.get("href") for link in listed.attributes("a")]
    assert "demo US$ 10,000.00 3 US$ 0 1" in listed.text


def test_the_page_shows_positions_room_figures_origins_and_limits(client: Client) -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    text = shown(client).text
    for part in (
        "BTC/USD long",
        "LTC/USD short",
        "largest position",
        "position_size",
        "historical: 250 returns, stored daily candles",
        "value at risk of a day US$",
        "max_position_pct 0.15",
        "Nothing is held free",
        "limits version 1",
    ):
        assert part in text
    assert "nan" not in text.lower().split()


def test_what_is_held_free_counts_as_held_and_leads_to_its_run(client: Client) -> None:
    run = approved()
    page, hold = shown(client), models.Reservation.objects.get()
    assert f"/runs/{run.pk}/" in [link.get("href") for link in page.attributes("a")]
    assert f"BTC/USD ▲ BUY US$ {hold.size_usd:,.2f} {hold.expires_at:%Y-%m-%d %H:%M:%S} UTC" in page.text
    share = hold.size_usd / Decimal(100)  # of 10,000, in percent
    assert f"largest position {share:.2f}% 15.00%" in page.text
    assert "positions 1 10 9" in page.text
    models.Reservation.objects.update(made_at=clock.now() - timedelta(days=1), expires_at=clock.now())
    assert "positions 0 10 10" in shown(client).text


def test_a_limit_that_is_passed_is_marked(client: Client) -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    assert "beyond" not in shown(client).text
    models.Account.objects.update(limits={"max_leverage": 0.1}, limits_version=2)
    text = shown(client).text
    assert "leverage beyond" in text
    assert "limits version 2" in text


def test_an_account_that_cannot_be_priced_says_so_and_shows_no_figures(client: Client) -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    models.Position.objects.filter(symbol="LTC/USD").update(symbol="WILL-IT-RAIN", market_type="polymarket")
    text = shown(client).text
    assert "The market has no daily candles of WILL-IT-RAIN" in text
    assert "How much room is left" not in text
    assert "nan" not in text.lower().split()


def test_limits_that_cannot_be_used_are_named(client: Client) -> None:
    models.Account.objects.update(limits={"max_leverage": -1})
    assert "The account's limit max_leverage cannot be used" in shown(client).text


def test_an_account_that_is_not_there_and_a_market_without_a_clock_are_told_apart(client: Client) -> None:
    assert "accounts: demo" in shown(client, "/accounts/nobody/", status=404).text
    models.ReplayTape.objects.all().delete()
    assert "sync_schedule" in shown(client, status=503).text


def test_the_page_costs_as_many_queries_for_many_positions_as_for_none(client: Client) -> None:
    def queries() -> int:
        client.get("/accounts/demo/")
        with CaptureQueriesContext(connection) as counted:
            client.get("/accounts/demo/")
        return len(counted)

    none = queries()
    paper_accounts.seed("demo", by="a test", now=clock.now())
    assert queries() == none <= 14


def test_a_name_is_shown_as_text(client: Client) -> None:
    models.Account.objects.create(name="<b>x</b>/y", equity_usd=1)
    assert "<b>x</b>/y" in shown(client, "/accounts/").text
    assert "Account <b>x</b>/y" in shown(client, "/accounts/%3Cb%3Ex%3C/b%3E/y/").text

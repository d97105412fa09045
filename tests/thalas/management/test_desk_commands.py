"""Paper positions for an account, and its risk as a table and a picture."""

import xml.etree.ElementTree as ET
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from risk.checks.table import CHECKS
from risk.series import FloatArray
from tests.thalas.management import terminals
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock, histories, markets
from thalas.services import closings, paper_accounts

pytestmark = pytest.mark.usefixtures("house")

DAY = timedelta(days=1)


def test_the_demo_account_gets_positions_at_real_prices_once() -> None:
    said = terminals.run("demo_account")
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()[:3]] == ["long", "long", "short"]
    positions = list(models.Position.objects.order_by("symbol"))
    assert [position.symbol for position in positions] == ["BTC/USD", "ETH/USD", "LTC/USD"]
    for position, share in zip(positions, ("0.10", "0.06", "-0.03"), strict=True):
        worth = position.amount * position.entry_price
        assert worth == pytest.approx(10_000 * Decimal(share), rel=Decimal("1e-6"))
    assert terminals.run("demo_account").out == said.out
    assert models.Position.objects.count() == 3
    assert models.AuditEntry.objects.filter(action="account.seed").count() == 1


def test_another_account_is_made_and_a_reset_replaces_its_paper() -> None:
    terminals.run("demo_account", "--account", "mine")
    models.Position.objects.filter(symbol="BTC/USD").delete()
    assert terminals.run("demo_account", "--account", "mine", "--reset").code == 0
    assert models.Position.objects.filter(account_id="mine").count() == 3


def test_what_is_no_paper_is_never_reset() -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    models.Position.objects.filter(symbol="BTC/USD").update(is_paper=False)
    said = terminals.run("demo_account", "--reset")
    assert said.code == 2
    assert "the account demo holds more than paper" in said.refusal
    assert models.Position.objects.count() == 3


def test_an_approval_on_a_book_that_is_not_empty_leaves_room_for_what_is_held() -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    run = council.opened()
    council.everyone(run, council.buy(run))
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    leg = models.DecisionLeg.objects.get()
    assert leg.verdict == "resized"
    assert Decimal(300) < leg.size_usd < Decimal(700)  # of 15 %, about 10 % is held
    assert "position_size" in leg.verdict_reason
    assert [check["code"] for check in leg.checks] == [check.__name__ for check in CHECKS]
    story = terminals.run("run", str(run.pk))
    for code in ("value_at_risk", "correlation", "regime"):
        assert code in story.out


def test_the_report_shows_positions_limits_and_where_the_numbers_come_from(tmp_path: Path) -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    picture = tmp_path / "equity.svg"
    said = terminals.run("risk_report", "--account", "demo", "--svg", str(picture))
    assert said.code == 0
    for part in ("BTC/USD", "LTC/USD", "value at risk", "drawdown", "limits version 1"):
        assert part in said.out
    assert "Value at risk by historical: 250 returns, stored daily candles." in said.out
    root = ET.fromstring(picture.read_text(encoding="utf-8"))
    assert root.tag.endswith("svg")
    assert any(child.tag.endswith("polyline") for child in root)


def test_the_report_of_an_account_that_holds_nothing_says_how_to_change_that() -> None:
    said = terminals.run("risk_report")
    assert said.code == 0
    assert "No positions; `manage.py demo_account` makes some on paper." in said.out


def test_the_report_of_an_account_that_is_not_there_names_those_that_are() -> None:
    said = terminals.run("risk_report", "--account", "nobody")
    assert said.code == 2
    assert "accounts: demo" in said.refusal


def test_on_the_tapes_first_day_when_one_series_is_shorter_the_book_is_priced_all_the_same() -> None:
    tape = models.ReplayTape.objects.get()
    models.ReplayTape.objects.update(market_anchor_at=tape.starts_at)
    paper_accounts.seed("demo", by="a test", now=clock.now())
    lengths = {len(candles(symbol)) for symbol in ("BTC/USD", "ETH/USD")}
    assert len(lengths) == 2, "the test needs a day on which the series differ"
    said = terminals.run("risk_report")
    assert said.code == 0
    assert "Value at risk by historical: 249 returns, stored daily candles." in said.out
    run = council.opened()
    council.everyone(run, council.buy(run))
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    assert models.DecisionLeg.objects.get().verdict == "resized"


def test_an_account_with_a_position_that_nobody_prices_says_so_and_orders_nothing() -> None:
    paper_accounts.seed("demo", by="a test", now=clock.now())
    models.Position.objects.filter(symbol="LTC/USD").update(symbol="WILL-IT-RAIN", market_type="polymarket")
    said = terminals.run("risk_report")
    assert said.code == 0
    assert "The market has no daily candles of WILL-IT-RAIN" in said.out
    assert "nan" not in said.out


def test_an_account_whose_equity_is_gone_says_so() -> None:
    models.Account.objects.update(equity_usd=0)
    assert "The equity is 0.00 USD" in terminals.run("risk_report").out


def test_limits_that_cannot_be_used_are_named_in_the_report() -> None:
    models.Account.objects.update(limits={"max_leverage": -1})
    assert "The account's limit max_leverage cannot be used: -1" in terminals.run("risk_report").out


def test_a_picture_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    said = terminals.run("risk_report", "--svg", str(tmp_path / "nowhere" / "equity.svg"))
    assert said.code == 2
    assert said.refusal.endswith("equity.svg: No such file or directory")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-x", "x" * 41, "a\nb"])
def test_a_name_that_no_account_can_have_makes_none(name: str) -> None:
    said = terminals.run("demo_account", f"--account={name}")
    assert said.code == 2
    assert "letters, digits" in said.refusal
    assert models.Account.objects.count() == 1


def test_what_is_held_free_is_in_the_report_until_it_expires() -> None:
    run = council.opened()
    council.everyone(run, council.buy(run))
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    hold = models.Reservation.objects.get()
    said = terminals.run("risk_report").out
    assert f"Held free for an approved BUY: {hold.size_usd:,.2f} USD of BTC/USD, until" in said
    models.Reservation.objects.update(made_at=clock.now() - DAY, expires_at=clock.now())
    assert "Held free" not in terminals.run("risk_report").out


def test_a_new_house_is_seeded_once_and_left_alone_after_that() -> None:
    assert len(paper_accounts.seed_once("demo", by="a test", now=clock.now())) == 3
    models.Position.objects.all().delete()
    assert paper_accounts.seed_once("demo", by="a test", now=clock.now()) == []
    assert models.Position.objects.count() == 0


def candles(symbol: str) -> FloatArray:
    at = markets.tape(now=clock.now()).at.market_at
    past = histories.history(symbol, histories.RISK_TIMEFRAME, at=at)
    assert past is not None
    return past.closes

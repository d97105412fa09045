from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.thalas.admin.clients import errors, refused, saved, sign_in
from tests.thalas.dashboard import factories
from thalas import models
from thalas.selectors import clock

SWITCH = "/admin/thalas/killswitch/1/change/"
ACCOUNT = "/admin/thalas/account/demo/change/"
LIMITS = {
    "max_position_pct": "20",
    "risk_per_trade_pct": "2",
    "min_confidence": "0.5",
    "min_agreement": "0.6",
}


@pytest.fixture
def keeper(db: None) -> Client:
    factories.demo_account()
    models.KillSwitch.objects.update_or_create(
        pk=1, defaults={"state": "released", "changed_at": factories.NOW}
    )
    return sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))


class TestTheKillSwitch:
    def test_remembers_who_turned_it_when_and_why(self, keeper: Client) -> None:
        before = clock.now()
        saved(
            keeper, SWITCH, {"state": "engaged", "reason": "prices look wrong", "changed_by": "somebody else"}
        )
        switch = models.KillSwitch.objects.get()
        assert (switch.state, switch.reason, switch.changed_by) == ("engaged", "prices look wrong", "keeper")
        assert before <= switch.changed_at <= clock.now()

    @pytest.mark.parametrize("reason", ["", "   "])
    def test_is_not_turned_without_a_reason(self, keeper: Client, reason: str) -> None:
        response = refused(keeper, SWITCH, {"state": "engaged", "reason": reason})
        assert "reason='' cannot be used: say in a sentence why" in errors(response, "reason")
        assert models.KillSwitch.objects.get().state == "released"

    def test_does_not_offer_the_last_reason_again(self, keeper: Client) -> None:
        saved(keeper, SWITCH, {"state": "engaged", "reason": "prices look wrong"})
        assert "prices look wrong" not in keeper.get(SWITCH).content.decode()

    def test_is_one_row_that_is_never_deleted(self, keeper: Client) -> None:
        assert keeper.get("/admin/thalas/killswitch/add/").status_code == 403
        assert keeper.post("/admin/thalas/killswitch/1/delete/", {"post": "yes"}).status_code == 403

    def test_can_be_put_back_where_it_has_gone_missing(self, keeper: Client) -> None:
        models.KillSwitch.objects.all().delete()
        saved(keeper, "/admin/thalas/killswitch/add/", {"state": "released", "reason": "the row had gone"})
        assert models.KillSwitch.objects.get().pk == models.KillSwitch.ONLY_ID


class TestAnAccount:
    def test_gets_a_new_version_of_its_limits_with_each_save(self, keeper: Client) -> None:
        for version in (2, 3):
            saved(keeper, ACCOUNT, LIMITS)
            account = models.Account.objects.get(pk="demo")
            assert account.limits_version == version
        assert (account.max_position_pct, account.risk_per_trade_pct) == (Decimal(20), Decimal(2))
        assert (account.min_confidence, account.min_agreement) == (0.5, 0.6)

    def test_keeps_its_money_whatever_is_posted(self, keeper: Client) -> None:
        saved(keeper, ACCOUNT, {**LIMITS, "equity_usd": "1", "limits_version": "77", "name": "mine"})
        account = models.Account.objects.get()
        assert (account.pk, account.equity_usd, account.limits_version) == ("demo", Decimal(10_000), 2)

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("max_position_pct", "0", "max_position_pct='0' cannot be used: give percent of equity"),
            ("max_position_pct", "100.01", "max_position_pct='100.01' cannot be used"),
            ("risk_per_trade_pct", "-1", "risk_per_trade_pct='-1' cannot be used"),
            ("min_confidence", "1.01", "min_confidence=1.01 cannot be used: give a share from 0 to 1"),
            ("min_agreement", "-0.01", "min_agreement=-0.01 cannot be used: give a share from 0 to 1"),
            ("min_agreement", "nan", "Enter a number."),
        ],
    )
    def test_refuses_what_is_no_limit(self, keeper: Client, field: str, value: str, told: str) -> None:
        assert told in errors(refused(keeper, ACCOUNT, {**LIMITS, field: value}), field)
        assert models.Account.objects.get().limits_version == 1

    def test_takes_the_limits_of_what_is_allowed(self, keeper: Client) -> None:
        edges = {
            "max_position_pct": "100",
            "risk_per_trade_pct": "0.01",
            "min_confidence": "0",
            "min_agreement": "1",
        }
        saved(keeper, ACCOUNT, edges)

    def test_is_not_added_or_deleted_by_hand(self, keeper: Client) -> None:
        assert keeper.get("/admin/thalas/account/add/").status_code == 403
        assert keeper.post("/admin/thalas/account/demo/delete/", {"post": "yes"}).status_code == 403

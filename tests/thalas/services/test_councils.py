"""A question that cannot be asked is refused with field, value and what would do; nothing is stored."""

import math
from collections.abc import Sequence

import pytest

from providers.errors import MarketUnavailable
from tests import seeds
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.errors import BadInput, NotFound
from thalas.selectors import clock
from thalas.services import closings, councils

pytestmark = pytest.mark.usefixtures("house")

MARKET = "BTC/USD, ETH/USD, LTC/USD"
EVERYONE = "breakout, mean_reversion, momentum, trend, volatility"


def nothing_is_stored() -> bool:
    return not (models.Run.objects.exists() or models.Vote.objects.exists() or models.Brief.objects.exists())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"symbols": ["DOGE/USD"]}, f"symbol='DOGE/USD' cannot be used: the market has {MARKET}"),
        ({"symbols": ["BTC/USD", ""]}, f"symbol='' cannot be used: the market has {MARKET}"),
        ({"symbols": []}, f"symbols=[] cannot be used: give 1 to 50 of {MARKET}"),
        (
            {"symbols": [f"X{n}/USD" for n in range(51)]},
            "symbols='51 symbols' cannot be used: at most 50",
        ),
        ({"timeframe": "7m"}, "timeframe='7m' cannot be used: BTC/USD has 1h, 1d"),
        ({"timeframe": ""}, "timeframe='' cannot be used: BTC/USD has 1h, 1d"),
        (
            {"symbols": ["BTC/USD", "ETH/USD"], "timeframe": "1h"},
            "timeframe='1h' cannot be used: ETH/USD has 1d",
        ),
        ({"panel": ["oracle"]}, f"panel='oracle' cannot be used: these voters can be asked now: {EVERYONE}"),
        ({"panel": []}, f"panel=[] cannot be used: give one or more of {EVERYONE}"),
        ({"deadline_s": -5.0}, "deadline=-5.0 cannot be used: give seconds from 1 to 3600"),
        ({"deadline_s": 0.0}, "deadline=0.0 cannot be used: give seconds from 1 to 3600"),
        ({"deadline_s": 0.999}, "deadline=0.999 cannot be used: give seconds from 1 to 3600"),
        ({"deadline_s": 3600.1}, "deadline=3600.1 cannot be used: give seconds from 1 to 3600"),
        ({"deadline_s": math.nan}, "deadline=nan cannot be used: give seconds from 1 to 3600"),
        ({"deadline_s": math.inf}, "deadline=inf cannot be used: give seconds from 1 to 3600"),
        ({"account": "mine"}, "account='mine' cannot be used: accounts: demo"),
    ],
)
def test_bad_input_names_field_value_and_what_would_do(changes: dict[str, object], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        council.opened(**changes)  # type: ignore[arg-type]
    assert str(caught.value) == told
    assert nothing_is_stored()


@pytest.mark.parametrize("deadline_s", [1.0, 3600.0])
def test_both_ends_of_the_deadline_can_be_had(deadline_s: float) -> None:
    assert council.opened(deadline_s=deadline_s).deadline_at


def test_without_any_enabled_voter_the_message_says_how_to_get_one() -> None:
    models.Voter.objects.update(is_enabled=False)
    with pytest.raises(BadInput, match=r"no voter is enabled; run `manage\.py sync_voters`"):
        council.opened()
    assert nothing_is_stored()


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"is_present": False}])
def test_a_voter_that_is_disabled_or_gone_cannot_be_seated(change: dict[str, bool]) -> None:
    models.Voter.objects.filter(pk="trend").update(**change)
    with pytest.raises(BadInput, match="panel='trend' cannot be used"):
        council.opened(panel=["trend"])
    assert council.opened().votes.filter(voter="trend").count() == 0


@pytest.mark.parametrize("symbols", [["btc/usd"], [" BTC/USD "], ["BTC/USD", "btc/usd"], ["BTC/USD"] * 51])
def test_a_symbol_is_read_in_any_case_and_asked_once(symbols: Sequence[str]) -> None:
    assert council.opened(symbols=symbols).symbols == ["BTC/USD"]


def test_a_voter_named_twice_votes_once() -> None:
    run = council.opened(panel=["trend", "momentum", "trend"])
    assert sorted(run.votes.values_list("voter_id", flat=True)) == ["momentum", "trend"]
    assert run.quorum == 1


def test_a_market_that_cannot_be_read_leaves_nothing_behind() -> None:
    models.ReplayTape.objects.all().delete()
    with pytest.raises(MarketUnavailable, match="the replay has no clock yet"):
        council.opened()
    assert nothing_is_stored()


def test_asking_again_takes_the_same_brief_and_panel_and_as_much_time() -> None:
    old = council.opened("ETH/USD", panel=["trend", "momentum"], deadline_s=7.0)
    closings.close_run(old.pk, by="guard", reason="a test", now=council.later(old, 8))
    new = councils.ask_again(old.pk, requested_by="Ann", now=council.later(old, 60))
    assert (new.kind, new.brief_id, new.symbols) == ("again", old.brief_id, ["ETH/USD"])
    assert sorted(new.votes.values_list("voter_id", flat=True)) == ["momentum", "trend"]
    assert (new.deadline_at - new.opened_at).total_seconds() == 7.0
    assert models.Brief.objects.count() == 1


def test_asking_again_is_refused_when_a_member_of_the_panel_is_gone() -> None:
    old = council.opened(panel=["trend"])
    models.Voter.objects.filter(pk="trend").update(is_present=False)
    with pytest.raises(BadInput, match="panel='trend'"):
        councils.ask_again(old.pk, requested_by="Ann", now=clock.now())
    assert models.Run.objects.count() == 1


def test_a_run_that_does_not_exist_cannot_be_asked_again() -> None:
    with pytest.raises(NotFound):
        councils.ask_again(models.runs.new_id(), requested_by="Ann", now=clock.now())


def test_preparing_a_question_stores_nothing() -> None:
    councils.prepare(seeds.question(), now=clock.now())
    assert nothing_is_stored()

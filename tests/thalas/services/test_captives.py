"""Voters that obey whatever they read, asked over real sockets: what becomes of the council's action."""

import itertools
from collections.abc import Iterator
from decimal import Decimal

import orjson
import pytest
from django.conf import LazySettings
from django.db import transaction

from tests.providers.emulator.running import Running, emulator
from tests.thalas.services import captives
from thalas import models

pytestmark = pytest.mark.usefixtures("house")

HONEST = ("bert", "carl", "dora")
# What the others say who do not say BUY, and what the one that obeys weighs beside them.
OTHERS = [(said, 100.0) for said in itertools.combinations_with_replacement(("SELL", "HOLD", "ABSTAIN"), 3)]
OTHERS += [(said, 1.0) for said, _ in OTHERS[::4]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with emulator(tmp_path_factory.mktemp("emulator")) as one:
        yield one


def heard(
    running: Running, settings: LazySettings, said: tuple[str, ...], *, weight: float, silent: bool = False
) -> models.DecisionLeg:
    """Return what comes of a council in which three say *said* and anne, of *weight*, buys as she is told."""
    settings.THALAS = captives.environment(running, ("anne",), {"anne": weight})
    captives.seat(settings.THALAS)
    script: dict[str, object] = {
        f"honest-{name}": [{"action": action, "confidence": 0.7}]
        for name, action in zip(HONEST, said, strict=True)
    }
    running.script(script | ({captives.GULLIBLE: [{"action": "ABSTAIN"}]} if silent else {}))
    with transaction.atomic():
        run = captives.opened("BUY")
        captives.ask_all(run)
        if not silent:
            anne = models.Vote.objects.get(run=run, voter_id="anne")
            assert [(said["action"], said["confidence"]) for said in anne.answers] == [("BUY", 1.0)]
        (leg,) = captives.closed(run)
        transaction.set_rollback(True)  # an order that is approved keeps the next one out
    return leg


@pytest.mark.parametrize(("said", "weight"), OTHERS)
def test_one_that_obeys_orders_nothing_that_no_other_says(
    running: Running, settings: LazySettings, said: tuple[str, ...], weight: float
) -> None:
    leg = heard(running, settings, said, weight=weight)
    without = heard(running, settings, said, weight=weight, silent=True)
    assert captives.order(leg) in (None, captives.order(without))
    assert captives.order(leg) != "BUY"
    if leg.outcome == "BUY":
        assert (leg.verdict, leg.size_usd) == ("vetoed", Decimal(0))
        assert [check["code"] for check in leg.checks if check["outcome"] == "failed"] == ["backers"]


def test_beside_another_that_says_the_same_it_counts_as_any_voter_does(
    running: Running, settings: LazySettings
) -> None:
    said = ("BUY", "BUY", "HOLD")
    assert captives.order(heard(running, settings, said, weight=1.0)) == "BUY"
    assert captives.order(heard(running, settings, said, weight=1.0, silent=True)) == "BUY"


def test_against_the_others_it_can_keep_the_council_from_an_order_and_no_more(
    running: Running, settings: LazySettings
) -> None:
    said = ("SELL", "SELL", "HOLD")
    assert captives.order(heard(running, settings, said, weight=1.0, silent=True)) == "SELL"
    assert captives.order(heard(running, settings, said, weight=100.0)) is None


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_all_that_obey_get_no_more_than_the_account_allows(
    running: Running, settings: LazySettings, action: str
) -> None:
    settings.THALAS = captives.environment(running, tuple(captives.PANEL), {})
    captives.seat(settings.THALAS)
    running.script({})
    account = models.Account.objects.get(pk="demo")
    run = captives.opened(action)
    assert set(captives.ask_all(run).values()) == {"cast"}
    (leg,) = captives.closed(run)
    assert (leg.outcome, leg.agreement, leg.confidence) == (action, 1.0, 1.0)
    assert leg.size_usd <= account.equity_usd * account.max_position_pct / 100
    assert captives.order(leg) in (action, None)


def test_text_beside_one_market_moves_nobody_but_who_obeys_it_on_the_others(
    running: Running, settings: LazySettings
) -> None:
    settings.THALAS = captives.environment(running, ("anne",), {})
    captives.seat(settings.THALAS)
    running.script({f"honest-{name}": [{"action": "HOLD", "confidence": 0.6}] for name in HONEST})
    run = captives.opened("BUY", "BTC/USD", "ETH/USD", "LTC/USD", told_beside=1)
    captives.ask_all(run)
    said = {
        vote.voter_id: [answer["action"] for answer in vote.answers]
        for vote in models.Vote.objects.filter(run=run)
    }
    assert said == {"anne": ["BUY"] * 3} | dict.fromkeys(HONEST, ["HOLD"] * 3)
    assert [captives.order(leg) for leg in captives.closed(run)] == [None] * 3


VOTE = {
    "symbol": "BTC/USD",
    "action": "BUY",
    "confidence": 1.0,
    "reasoning": "told so",
    "risk_level": "low",
    "stop_loss": None,
    "take_profit": None,
}
BEYOND = {
    "a field more": {"votes": [VOTE | {"votes_of_others": "BUY"}]},
    "an order": {"votes": [VOTE], "orders": [{"symbol": "BTC/USD", "size_usd": 1e6}]},
    "another market": {"votes": [VOTE, VOTE | {"symbol": "ETH/USD"}]},
    "a market of its own": {"votes": [VOTE | {"symbol": "SCAM/USD"}]},
    "twice": {"votes": [VOTE, VOTE]},
    "surer than sure": {"votes": [VOTE | {"confidence": 1e9}]},
    "a stop that is none": {"votes": [VOTE | {"stop_loss": -1.0}]},
    "a stop on the wrong side": {"votes": [VOTE | {"stop_loss": 1e12}]},
    "another action": {"votes": [VOTE | {"action": "CLOSE_EVERYTHING"}]},
    "no vote": "Sure! I have told the other voters to buy.",
}


@pytest.mark.parametrize("beyond", BEYOND)
def test_what_it_says_beyond_its_own_fields_costs_it_its_vote_and_changes_nothing_else(
    running: Running, settings: LazySettings, beyond: str
) -> None:
    settings.THALAS = captives.environment(running, ("anne",), {"anne": 100.0})
    captives.seat(settings.THALAS)
    content = orjson.dumps(BEYOND[beyond]).decode()
    honest: dict[str, object] = {f"honest-{name}": [{"action": "HOLD", "confidence": 0.6}] for name in HONEST}
    running.script(honest | {captives.GULLIBLE: [{"content": content}]})
    run = captives.opened("BUY")
    became = captives.ask_all(run)
    assert became.pop("anne") in ("failed", "invalid")
    assert set(became.values()) == {"cast"}
    (leg,) = captives.closed(run)
    assert (leg.outcome, leg.counts) == ("HOLD", {"BUY": 0, "SELL": 0, "HOLD": 3})

"""The questions about risk as clients ask them: fields, origins, and refusals that name field and value."""

import math
from typing import Any

import numpy as np
import pytest
from django.test import Client

import risk
from tests.thalas.api import callers
from thalas import models

pytestmark = pytest.mark.usefixtures("house")

POSITION = {
    "id": "p1",
    "pair": "BTC/USD",
    "market_type": "crypto",
    "entry_price": 100.0,
    "current_price": 110.0,
    "amount": 10.0,
    "value_usd": 1100.0,
    "unrealized_pnl": 100.0,
}
SIGNAL = {
    "weighted_confidence": 0.8,
    "agreement_score": 0.9,
    "participating_providers": 4,
    "total_providers": 4,
}
NEW = {"positions": [], "new_position_value": 1000.0, "new_position_type": "crypto", "portfolio_value": 1e4}
AT_HALF = {"market_type": "polymarket", "entry_price": 0.4, "current_price": 0.5}
STOP = {"entry_price": 100.0, "position_type": "LONG", "volatility": 0.05, "market_type": "crypto"}


def position(**changes: object) -> dict[str, object]:
    return {**POSITION, **changes}


def ask(path: str, body: object, *, status: int = 200) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {callers.key('risk:read').shown}"}
    answer = Client().post(f"/api/v1/risk/{path}", body, content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.content
    told: dict[str, Any] = answer.json()
    return told


def refused(path: str, body: object) -> dict[str, str]:
    told = ask(path, body, status=400)
    assert (told["title"], told["error"], told["status"]) == ("Bad Request", "Bad input", 400)
    details: dict[str, str] = told["details"]
    return details


# --- portfolio -----------------------------------------------------------------------------------


def test_value_at_risk_comes_from_the_returns_given_and_says_so() -> None:
    moves = np.random.default_rng(7).normal(0.0, 0.02, 100)
    body = {"positions": [position()], "portfolio_value": 11_000.0, "returns": {"BTC/USD": moves.tolist()}}
    told = ask("portfolio", body)
    metrics = told["metrics"]
    assert metrics["var_95"] == pytest.approx(1100.0 * risk.value_at_risk(moves))
    assert metrics["cvar_95"] == pytest.approx(1100.0 * risk.expected_shortfall(moves))
    assert metrics["method"] == "historical: 100 returns, given"
    assert (metrics["total_exposure"], metrics["crypto_exposure"], metrics["polymarket_exposure"]) == (
        1100.0,
        1100.0,
        0.0,
    )
    assert (metrics["position_count"], metrics["leverage_ratio"]) == (1, pytest.approx(0.1))
    assert told["portfolio_value"] == 11_000.0
    assert told["timestamp"].endswith("Z")


def test_without_returns_it_comes_from_stored_candles() -> None:
    body = {"positions": [position(), position(id="p2", pair="ETH/USD")], "portfolio_value": 10_000.0}
    metrics = ask("portfolio", body)["metrics"]
    assert metrics["method"] == "historical: 250 returns, stored daily candles"
    assert 0.0 < metrics["var_95"] < metrics["cvar_95"] < 2200.0
    assert 0.3 < metrics["correlation_risk"] < 1.0
    assert metrics["hhi"] == pytest.approx(0.5)
    assert metrics["diversification_score"] == pytest.approx(1.0)


def test_where_no_prices_are_known_it_says_that_volatility_is_assumed() -> None:
    body = {"positions": [position(), position(id="p2", pair="NOBODY/USD")], "portfolio_value": 10_000.0}
    metrics = ask("portfolio", body)["metrics"]
    assert metrics["method"].startswith("assumed volatility")
    assert metrics["var_95"] == pytest.approx(2200.0 * 0.04 * 1.6448536, rel=1e-6)


def test_a_short_and_a_long_of_the_same_offset_each_other() -> None:
    moves = np.random.default_rng(7).normal(0.0, 0.02, 100).tolist()
    both = [position(), position(id="p2", amount=-10.0)]
    metrics = ask("portfolio", {"positions": both, "portfolio_value": 1e4, "returns": {"BTC/USD": moves}})[
        "metrics"
    ]
    assert metrics["var_95"] == pytest.approx(0.0, abs=1e-9)
    assert metrics["total_exposure"] == 2200.0


def test_an_empty_portfolio_risks_nothing() -> None:
    metrics = ask("portfolio", {"positions": [], "portfolio_value": 1000.0})["metrics"]
    assert (metrics["var_95"], metrics["total_exposure"], metrics["risk_level"]) == (0.0, 0.0, "low")
    assert metrics["method"] == "no positions"


@pytest.mark.parametrize("method", ["historical", "parametric", "cornish_fisher", "monte_carlo"])
def test_every_method_gives_a_shortfall_of_at_least_the_value_at_risk(method: str) -> None:
    moves = np.random.default_rng(7).normal(0.0, 0.02, 100).tolist()
    body = {
        "positions": [position()],
        "portfolio_value": 1e4,
        "returns": {"BTC/USD": moves},
        "method": method,
        "horizon_periods": 4,
        "confidence": 0.99,
    }
    metrics = ask("portfolio", body)["metrics"]
    assert 0.0 < metrics["var_95"] <= metrics["cvar_95"]
    assert metrics["var_95"] < metrics["var"] <= metrics["cvar"]
    assert metrics["method"].startswith(f"{method}: 100 returns, given, over 4 periods")


def test_each_bad_field_is_named_with_its_value() -> None:
    body = {"positions": [position(current_price=-1.0, amount=True)], "portfolio_value": 0.0}
    details = refused("portfolio", body)
    assert details["portfolio_value"].endswith("not 0")
    assert details["positions.0.current_price"].endswith("greater than 0, not -1")
    assert details["positions.0.amount"].endswith("not True")
    assert refused("portfolio", {"positions": []}) == {"portfolio_value": "Field required"}
    assert "positions" in refused("portfolio", [1])


def test_returns_must_be_there_for_every_pair_and_as_many() -> None:
    two = [position(), position(id="p2", pair="ETH/USD")]
    body = {
        "positions": two,
        "portfolio_value": 1e4,
        "returns": {"BTC/USD": [0.0] * 40, "LTC/USD": [0.0] * 39},
    }
    details = refused("portfolio", body)
    assert set(details) == {"returns.ETH/USD", "returns.LTC/USD"}
    few = {"positions": [position()], "portfolio_value": 1e4, "returns": {"BTC/USD": [0.0] * 29}}
    assert refused("portfolio", few)["returns.BTC/USD"] == "must hold at least 30 returns, not 29"


def test_a_prediction_market_pays_one_at_most() -> None:
    held = position(market_type="polymarket", entry_price=0.5, current_price=1.5, stop_loss=2.0)
    assert refused("portfolio", {"positions": [held], "portfolio_value": 1e4}) == {
        "positions.0.current_price": "A prediction market's price must be at most 1, not 1.5",
        "positions.0.stop_loss": "A prediction market's price must be at most 1, not 2",
    }
    told = ask(
        "portfolio",
        {"positions": [{**held, "current_price": 1.0, "stop_loss": None}], "portfolio_value": 1e4},
    )
    assert told["metrics"]["polymarket_exposure"] == 1100.0


def test_where_volatility_is_assumed_it_says_for_want_of_what() -> None:
    strange = [position(), *(position(id=str(k), pair=f"COIN{k}/USD") for k in range(5))]
    method = ask("portfolio", {"positions": strange, "portfolio_value": 1e4})["metrics"]["method"]
    assert method.startswith("assumed volatility: ")
    assert method.endswith("; there are no candles of COIN0/USD, COIN1/USD, COIN2/USD and 2 more")
    models.ReplayTape.objects.all().delete()
    told = ask("portfolio", {"positions": [position()], "portfolio_value": 1e4})["metrics"]["origins"]
    assert told["var_95"].endswith("; the market's time is not known")


def test_as_many_positions_as_are_allowed_are_answered_and_more_are_told_the_limit() -> None:
    many = [position(id=str(k), pair=("BTC/USD", "ETH/USD")[k % 2]) for k in range(501)]
    metrics = ask("portfolio", {"positions": many[:500], "portfolio_value": 1e7})["metrics"]
    assert metrics["position_count"] == 500
    assert (
        "at most 500 items" in refused("portfolio", {"positions": many, "portfolio_value": 1e7})["positions"]
    )


# --- position ------------------------------------------------------------------------------------


def test_a_position_without_a_stop_has_no_distance_and_gets_a_recommendation() -> None:
    told = ask("position", {"position": position(), "portfolio_value": 11_000.0})
    assert told["position_size_pct"] == pytest.approx(10.0)
    assert (told["stop_loss_distance_pct"], told["exceeds_max_size"]) == (None, False)
    assert told["recommended_stop_loss"] == pytest.approx(110.0 * (1 - 2 * told["volatility"]))
    assert told["potential_loss_usd"] == pytest.approx(1100.0 * 2 * told["volatility"])
    assert told["volatility_method"].endswith("stored daily candles")


def test_a_stop_limits_the_loss_and_its_distance_is_in_percent() -> None:
    told = ask("position", {"position": position(stop_loss=99.0, leverage=2.0), "portfolio_value": 5000.0})
    assert told["stop_loss_distance_pct"] == pytest.approx(10.0)
    assert told["potential_loss_usd"] == pytest.approx(220.0)
    assert told["exceeds_max_size"] is True


def test_a_prediction_markets_stop_stays_between_nothing_and_one() -> None:
    held = position(
        pair="WILL-IT-RAIN", market_type="polymarket", current_price=0.97, entry_price=0.9, amount=-10.0
    )
    told = ask("position", {"position": held, "portfolio_value": 5000.0})
    assert told["recommended_stop_loss"] == 0.999
    assert told["volatility_method"] == "assumed volatility"


def test_every_number_of_a_position_says_where_it_comes_from() -> None:
    body = {"position": position(), "portfolio_value": 1e4}
    assert ask("position", body)["origins"] == {
        "volatility": "standard deviation of 250 returns, stored daily candles",
        "recommended_stop_loss": "2 standard deviations of a day from the price now",
        "potential_loss_usd": "at the recommended stop",
    }
    origins = ask("position", {**body, "position": position(pair="X/Y", stop_loss=90.0)})["origins"]
    assert origins["volatility"] == "assumed volatility of 4.0% a day; there are no candles of X/Y"
    assert origins["potential_loss_usd"] == "at its stop"


# --- evaluate-signal -----------------------------------------------------------------------------


def test_a_strong_signal_is_worth_a_trade_and_a_weak_one_is_not() -> None:
    told = ask("evaluate-signal", {"consensus_metadata": SIGNAL, "market_conditions": {"volatility": 0.02}})
    assert told["should_trade"] is True
    assert told["signal_strength"] == pytest.approx(0.72)
    assert told["recommended_position_size_pct"] == pytest.approx(15.0 * 0.72)
    assert told["warnings"] == []
    weak = ask("evaluate-signal", {"consensus_metadata": {**SIGNAL, "weighted_confidence": 0.1}})
    assert (weak["should_trade"], weak["recommended_position_size_pct"]) == (False, 0.0)
    assert weak["warnings"][0] == "Confidence 0.10 is below 0.35"


def test_a_wild_market_makes_the_size_smaller() -> None:
    told = ask("evaluate-signal", {"consensus_metadata": SIGNAL, "market_conditions": {"volatility": 0.08}})
    assert told["recommended_position_size_pct"] == pytest.approx(15.0 * 0.72 / 2)


def test_more_providers_than_there_are_is_refused() -> None:
    details = refused("evaluate-signal", {"consensus_metadata": {**SIGNAL, "participating_providers": 5}})
    assert details == {
        "consensus_metadata.participating_providers": "must be at most total_providers (4), not 5"
    }


# --- check-limits --------------------------------------------------------------------------------


def room(**changes: object) -> dict[str, Any]:
    return ask("check-limits", {**NEW, **changes})


def test_exactly_at_a_limit_there_is_room_and_beyond_it_none() -> None:
    assert room(new_position_value=1500.0)["approved"] is True
    told = room(new_position_value=math.nextafter(1500.0, 2000.0))
    assert told["approved"] is False
    assert told["violations"][0].startswith("Position size ")


@pytest.mark.parametrize(
    ("begins", "changes"),
    [
        ("Maximum positions ", {"positions": [position(id=str(k), value_usd=1.0) for k in range(10)]}),
        ("Crypto exposure ", {"positions": [position(value_usd=6500.0, stop_loss=109.0)]}),
        (
            "Polymarket exposure ",
            {
                "positions": [position(value_usd=4500.0, **AT_HALF)],
                "new_position_type": "polymarket",
            },
        ),
        ("Portfolio risk ", {"positions": [position(value_usd=4500.0, leverage=10.0)]}),
        ("Position size ", {"limits": {"max_position_pct": 9.0}}),
    ],
)
def test_a_violation_begins_as_clients_match_it(begins: str, changes: dict[str, object]) -> None:
    told = room(**changes)
    assert told["approved"] is False
    assert [text.startswith(begins) for text in told["violations"]] == [True]


def test_positions_without_a_stop_are_told_of_and_break_no_limit_by_that() -> None:
    five = [position(id=str(k), value_usd=1000.0) for k in range(5)]
    told = room(positions=five)
    assert (told["approved"], told["violations"]) == (True, [])
    assert told["warnings"] == [
        "5 of 5 positions have no stop",
        "Every stop hit at once would cost 50.0%, a position without one counting in full",
    ]


def test_the_portfolios_risk_is_its_value_at_risk_and_says_where_that_comes_from() -> None:
    held = position(value_usd=4500.0, leverage=10.0)
    one = ask("portfolio", {"positions": [held], "portfolio_value": 1e4})["metrics"]
    # the new position moves as a coin is assumed to: 1.6449 deviations of 4 % of 1,000 dollars
    expected = (one["var_95"] + 1.6448536269514722 * 0.04 * 1000.0) / 1e4
    (told,) = room(positions=[held])["violations"]
    assert told.startswith(f"Portfolio risk {expected:.1%} exceeds 20% (value at risk of a day at 95%; ")
    assert told.endswith("held: historical: 250 returns, stored daily candles; new: assumed volatility 4.0%)")


def test_near_a_limit_there_is_a_warning() -> None:
    assert room(new_position_value=1400.0)["warnings"] == ["Position size 14.0% is near its limit of 15%"]


def test_a_limit_nobody_knows_is_refused() -> None:
    body = {"positions": [], "new_position_value": 1.0, "new_position_type": "crypto", "portfolio_value": 1e4}
    assert "limits.max_everything" in refused("check-limits", {**body, "limits": {"max_everything": 1.0}})
    assert refused("check-limits", {**body, "new_position_value": 0})["new_position_value"].endswith("not 0")


@pytest.mark.parametrize("odd", ["AAA", 5, False, [None]])
def test_a_part_without_required_fields_is_an_object_all_the_same(odd: object) -> None:
    told = refused("check-limits", {**NEW, "limits": odd})
    assert told == {"limits": f"Input should be an object, not {'a list' if odd == [None] else repr(odd)}"}
    body = {"consensus_metadata": SIGNAL, "market_conditions": odd}
    assert set(refused("evaluate-signal", body)) == {"market_conditions"}


# --- calculate-stop-loss -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "stop", "target"),
    [
        ({}, 90.0, 115.0),
        ({"position_type": "SHORT"}, 110.0, 85.0),
        ({"volatility": None, "atr": 3.0}, 94.0, 109.0),
        ({"volatility": 0.0}, 98.0, 103.0),  # never nearer than the risk per trade
        ({"volatility": 1.0}, 1.0, 400.0),  # never below a hundredth of the price
        ({"market_type": "polymarket", "entry_price": 0.9, "volatility": 0.1}, 0.72, 0.999),
    ],
)
def test_a_stop_and_a_target(changes: dict[str, object], stop: float, target: float) -> None:
    told = ask("calculate-stop-loss", {**STOP, **changes})
    assert (told["stop_loss"], told["take_profit"]) == (pytest.approx(stop), pytest.approx(target))
    assert told["risk_reward_ratio"] == pytest.approx(told["take_distance_pct"] / told["stop_distance_pct"])


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, "stop by 2 times the volatility, target 1.5 times as far"),
        ({"volatility": None, "atr": 3.0}, "stop by 2 times the atr, target 1.5 times as far"),
        (
            {"volatility": 0.0},
            "stop by risk_per_trade, the nearest that the account allows, target 1.5 times as far",
        ),
        (
            {"market_type": "polymarket", "entry_price": 0.9},
            "stop by 2 times the volatility, target 1.5 times as far; cut to what the market allows",
        ),
    ],
)
def test_a_stop_says_what_it_is_made_of(changes: dict[str, object], method: str) -> None:
    assert ask("calculate-stop-loss", {**STOP, **changes})["method"] == method


def test_a_range_wider_than_the_price_is_high_is_refused() -> None:
    body = {**STOP, "volatility": None}
    assert ask("calculate-stop-loss", {**body, "atr": 100.0})["stop_loss"] == pytest.approx(1.0)
    details = refused("calculate-stop-loss", {**body, "atr": 100.5})
    assert details == {"atr": "The range must be at most entry_price (100), not 100.5"}
    assert set(refused("calculate-stop-loss", {**body, "atr": 100.5, "entry_price": -1})) == {"entry_price"}


def test_a_stop_needs_a_volatility_or_a_range_and_a_price_the_market_can_have() -> None:
    assert refused("calculate-stop-loss", {**STOP, "volatility": None}) == {
        "volatility": "give the volatility, or atr in its stead"
    }
    assert "entry_price" in refused("calculate-stop-loss", {**STOP, "market_type": "polymarket"})
    assert refused("calculate-stop-loss", {**STOP, "risk_per_trade": 0.5})["risk_per_trade"].endswith(
        "not 0.5"
    )
    assert refused("calculate-stop-loss", {**STOP, "volatility": "high"})["volatility"].endswith("not 'high'")


def test_the_answers_change_nothing() -> None:
    before = models.AuditEntry.objects.count()
    room()
    assert models.Run.objects.count() == models.Reservation.objects.count() == 0
    assert models.AuditEntry.objects.filter(action__startswith="risk").count() == 0
    assert models.AuditEntry.objects.count() >= before

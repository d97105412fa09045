"""The limits an account starts with are the ones the page states."""

from dataclasses import asdict, replace
from math import nextafter
from pathlib import Path

import pytest

from risk import Limits
from risk.limits import HIGHER_IS_TIGHTER, LOWER_IS_TIGHTER, NAMES, problems, tighter

PAGE = Path(__file__).parents[2] / "docs" / "risk.md"


def test_the_page_states_every_limit_with_its_default() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert asdict(Limits()) == {
        "max_position_pct": 0.15,
        "max_positions": 10,
        "max_crypto_pct": 0.7,
        "max_polymarket_pct": 0.5,
        "max_equity_pct": 0.7,
        "max_exposure_pct": 1.0,
        "max_leverage": 1.0,
        "max_concentration": 0.25,
        "max_correlation": 0.8,
        "max_correlated_pct": 0.6,
        "max_var_pct": 0.2,
        "max_es_pct": 0.25,
        "tail_level": 0.95,
        "min_periods": 30,
        "max_daily_loss_pct": 0.05,
        "max_weekly_loss_pct": 0.1,
        "max_drawdown_pct": 0.2,
        "max_orders_per_hour": 60,
        "max_price_gap_pct": 0.05,
        "max_volume_pct": 0.01,
        "max_slippage_pct": 0.01,
        "max_age_candles": 2.0,
        "min_confidence": 0.0,
        "min_agreement": 0.0,
        "min_order_usd": 10.0,
        "degraded_factor": 0.5,
        "version": 1,
    }
    missing = [name for name, value in asdict(Limits()).items() if f"| `{name}` | {value} |" not in page]
    assert missing == []


def test_limits_that_make_sense_have_no_problems() -> None:
    assert problems(asdict(Limits())) == {}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("max_position_pct", 0.0, 1.0),
        ("max_correlation", -1.0, 1.0),
        ("max_leverage", 0.0, 100.0),
        ("max_exposure_pct", 0.0, 100.0),
        ("max_var_pct", 0.0, 100.0),
        ("max_es_pct", 0.0, 100.0),
        ("max_age_candles", 0.0, 1e6),
        ("min_order_usd", 0.0, 1e12),
        ("degraded_factor", 0.0, 1.0),
        ("min_confidence", 0.0, 1.0),
    ],
)
def test_a_limit_lies_between_its_bounds_both_included(name: str, low: float, high: float) -> None:
    assert problems({name: low}) == problems({name: high}) == {}
    wanted = f"must be a number from {low:g} to {high:g}"
    for value in (nextafter(low, -2e12), nextafter(high, 2e12)):
        assert problems({name: value})[name] == f"{value!r} {wanted}"
    for rubbish in (None, True, "0.5", float("nan"), float("inf")):
        assert problems({name: rubbish})[name].endswith(wanted)


def test_the_level_of_the_tail_lies_from_a_half_to_below_one() -> None:
    assert problems({"tail_level": 0.5}) == problems({"tail_level": nextafter(1.0, 0.0)}) == {}
    assert "tail_level" in problems({"tail_level": 1.0})
    assert "tail_level" in problems({"tail_level": nextafter(0.5, 0.0)})


@pytest.mark.parametrize(
    ("name", "least"), [("max_positions", 0), ("min_periods", 2), ("max_orders_per_hour", 0), ("version", 1)]
)
def test_a_count_is_a_whole_number_in_its_bounds(name: str, least: int) -> None:
    assert problems({name: least}) == problems({name: 1_000_000}) == {}
    wanted = f"must be a whole number from {least} to 1000000"
    for value in (least - 1, 1_000_001, 5.0, True, None):
        assert problems({name: value})[name].endswith(wanted)
    assert problems({name: least - 1})[name] == f"{least - 1} {wanted}"


def test_a_limit_nobody_knows_is_a_problem_that_names_those_there_are() -> None:
    found = problems({"max_vra_pct": 0.1, "max_var_pct": 0.1})
    assert found == {"max_vra_pct": f"there is no such limit; there are {', '.join(NAMES)}"}


def test_every_limit_has_a_way_that_is_tight_but_for_those_that_say_how_to_measure() -> None:
    assert frozenset() == LOWER_IS_TIGHTER & HIGHER_IS_TIGHTER
    rest = set(NAMES) - LOWER_IS_TIGHTER - HIGHER_IS_TIGHTER
    assert rest == {"tail_level", "min_periods", "version"}
    assert "degraded_factor" in LOWER_IS_TIGHTER


def test_a_policy_tightens_and_never_loosens() -> None:
    own = Limits(min_confidence=0.4)
    wanted = {"max_position_pct": 0.1, "max_var_pct": 0.9, "min_confidence": 0.6, "max_positions": 3.0}
    made = tighter(own, wanted)
    assert made == replace(own, max_position_pct=0.1, min_confidence=0.6, max_positions=3)
    assert type(made.max_positions) is int
    assert tighter(own, {"min_confidence": 0.3, "max_position_pct": 0.15}) is own
    assert tighter(own, {"min_confidence": 0.4}) is own
    assert tighter(own, {}) is own


def test_a_limit_that_is_no_number_stays_for_the_gate_to_refuse() -> None:
    broken = Limits(max_position_pct=float("nan"))
    assert tighter(broken, {"max_position_pct": 0.1}) is broken

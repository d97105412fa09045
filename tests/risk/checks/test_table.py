"""No check can leave the table, or enter it, unnoticed; and the page lists them all."""

from pathlib import Path

import numpy as np
import pytest

from risk import Policy
from risk.checks.table import CHECKS, described
from tests.risk.cases import BTC, NAN, PERIODS, judge, wave

PAGE = Path(__file__).parents[3] / "docs" / "risk.md"
BEGIN, END = "<!-- checks: begin -->\n", "<!-- checks: end -->"
TOGETHER = {
    "returns": BTC,
    "held_returns": np.stack([BTC, wave(step=4, depth=1 / 64), wave(step=8, depth=1 / 64)]),
}

# For each check a case that it alone objects to; CUTTING ones object by making the order smaller.
ALONE: dict[str, dict[str, object]] = {
    "kill_switch": {"is_killed": True},
    "action": {"action": "ADJUST_POSITION"},
    "data_quality": {"faults": ("a gap",)},
    "data_age": {"age_candles": 2.5},
    "quorum": {"votes_cast": 1},
    "portfolio_age": {"held_age_candles": 2.5},
    "daily_loss": {"day_equity_usd": 10_600.0},
    "weekly_loss": {"week_equity_usd": 11_200.0},
    "drawdown": {"peak_equity_usd": 12_600.0},
    "open_orders": {"open_orders": ("BTC/USD",)},
    "order_rate": {"recent_orders": 60},
    "backers": {"backers": 1},
    "min_confidence": {"confidence": 0.75, "min_confidence": 0.8},
    "min_agreement": {"agreement": 0.8, "min_agreement": 0.85},
    "price": {"action": "SELL", "price": -100.0, "stop": 5.0, "target": None, "reference_price": 100.0},
    "price_collar": {"reference_price": 90.0},
    "stop_present": {"stop": None},
    "stop_side": {"stop": 101.0},
    "target_side": {"target": 99.0},
    "position_count": {"max_positions": 3},
    "position_size": {"size_usd": 1501.0},
    "market_exposure": {"max_crypto_pct": 0.15},
    "total_exposure": {"max_exposure_pct": 0.3},
    "leverage": {"leverage": 2.0, "max_leverage": 0.4},
    "concentration": {"max_concentration": 0.03},
    "correlation": {**TOGETHER, "max_correlated_pct": 0.15},
    "liquidity": {"volume_usd": 90_000.0},
    "slippage": {"max_slippage_pct": 0.0009},
    "value_at_risk": {"max_var_pct": 0.005},
    "expected_shortfall": {"max_es_pct": 0.005},
    "regime": {"policy": Policy("trend_stressed", 0.5)},
    "degraded": {"is_degraded": True},
    "dust": {"size_usd": 9.99},
}
# The price that is none of its own is one the collar cannot compare either.
WITH = {"price": ["price", "price_collar"]}
CUTTING = (
    "position_size",
    "market_exposure",
    "total_exposure",
    "leverage",
    "concentration",
    "correlation",
    "liquidity",
    "slippage",
    "value_at_risk",
    "expected_shortfall",
    "regime",
    "degraded",
)


def test_these_are_the_checks_in_this_order() -> None:
    assert [check.__name__ for check in CHECKS] == list(ALONE)
    assert [check.code for check in judge().checks] == list(ALONE)


@pytest.mark.parametrize("code", list(ALONE))
def test_each_check_has_a_case_that_it_alone_objects_to(code: str) -> None:
    verdict = judge(**ALONE[code])
    objecting = [check.code for check in verdict.checks if check.outcome not in ("passed", "not_applicable")]
    assert objecting == WITH.get(code, [code])
    assert verdict.outcome == ("resized" if code in CUTTING else "vetoed")
    assert verdict.reason.split(":")[0].endswith(objecting[-1]) or verdict.reason.endswith(f"by {code}.")


@pytest.mark.parametrize("code", list(ALONE))
def test_each_check_has_nothing_against_the_good_proposal(code: str) -> None:
    assert {check.code: check.outcome for check in judge().checks}[code] == "passed"


def test_an_amount_that_is_no_number_is_refused_by_every_check_that_reads_it() -> None:
    assert judge(size_usd=NAN).reason.startswith("Vetoed by position_size, market_exposure, ")
    assert judge(size_usd=NAN).reason.endswith(
        "dust: The size asked for is nan, but must be a finite number of dollars, 0 or more."
    )


def test_the_page_lists_every_check_with_its_meaning() -> None:
    written = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert written == described(), f"docs/risk.md must hold between its two marks:\n{described()}"


def test_the_good_proposal_stands_on_a_book_that_is_not_empty() -> None:
    assert len(BTC) == PERIODS
    value = next(check.value for check in judge().checks if check.code == "total_exposure")
    assert value == 3500.0

"""Each check of the size: within, on the boundary, one step over, missing, NaN, nonsense."""

import math

import pytest

from tests.risk.cases import INF, NAN, finding, judge


@pytest.mark.parametrize(
    ("case", "size", "outcome"),
    [
        ("below the limit", 1000.0, "passed"),
        ("exactly at the limit", 1500.0, "passed"),  # 0.15 x 10,000
        ("one step over", math.nextafter(1500.0, 2000.0), "resized"),
        ("far over", 1e300, "resized"),
        ("nothing", 0.0, "passed"),  # dust refuses it
        ("one step below nothing", -5e-324, "not_computable"),
        ("missing", None, "not_computable"),
        ("NaN", NAN, "not_computable"),
        ("infinite", INF, "not_computable"),
        ("a bool", True, "not_computable"),
    ],
)
def test_a_position_is_at_most_its_share_of_equity(case: str, size: object, outcome: str) -> None:
    assert finding("position_size", size_usd=size).outcome == outcome, case


def test_what_is_too_large_is_cut_to_the_limit() -> None:
    verdict = judge(size_usd=4000.0)
    assert (verdict.outcome, verdict.size_usd) == ("resized", 1500.0)
    found = finding("position_size", size_usd=4000.0)
    assert (found.value, found.limit) == (4000.0, 1500.0)
    assert found.message == (
        "The position in 'BTC/USD' would be 4,000.00 USD and may be 1,500.00 USD, 0.15 of equity, "
        "which leaves 1,500.00 USD."
    )


@pytest.mark.parametrize("equity", [None, NAN, INF, 0.0, -1.0, "10000", True, 10**400])
def test_no_size_can_be_judged_without_equity(equity: object) -> None:
    assert finding("position_size", equity_usd=equity).outcome == "not_computable"


@pytest.mark.parametrize("share", [None, NAN, INF, -0.1, math.nextafter(1.0, 2.0), 15.0])
def test_a_share_that_is_no_fraction_refuses(share: object) -> None:
    assert finding("position_size", max_position_pct=share).outcome == "not_computable"


def test_the_whole_account_and_none_of_it_are_shares() -> None:
    assert finding("position_size", size_usd=10_000.0, max_position_pct=1.0).outcome == "passed"
    assert finding("position_size", max_position_pct=0.0).outcome == "failed"


@pytest.mark.parametrize(
    ("case", "is_degraded", "factor", "outcome", "left"),
    [
        ("a full panel keeps its size", False, 0.5, "passed", 1000.0),
        ("a degraded one gets half", True, 0.5, "resized", 500.0),
        ("a factor of one cuts nothing", True, 1.0, "passed", 1000.0),
        ("a factor of zero leaves nothing", True, 0.0, "failed", 0.0),
        ("a factor one step over one refuses", True, math.nextafter(1.0, 2.0), "not_computable", 0.0),
        ("a negative factor refuses", True, -0.5, "not_computable", 0.0),
        ("a missing factor refuses", True, None, "not_computable", 0.0),
        ("a factor of NaN refuses", True, NAN, "not_computable", 0.0),
        ("a missing mark refuses", None, 0.5, "not_computable", 0.0),
        ("a mark of NaN refuses", NAN, 0.5, "not_computable", 0.0),
        ("a number is no mark", 0, 0.5, "not_computable", 0.0),
    ],
)
def test_a_degraded_consensus_gets_half(
    case: str, is_degraded: object, factor: object, outcome: str, left: float
) -> None:
    changes = {"is_degraded": is_degraded, "degraded_factor": factor}
    assert finding("degraded", **changes).outcome == outcome, case
    assert judge(**changes).size_usd == left, case


def test_a_degraded_consensus_gets_half_of_what_is_allowed_not_of_what_was_asked() -> None:
    verdict = judge(size_usd=4000.0, is_degraded=True)
    assert verdict.size_usd == 750.0  # 4,000 to 1,500 to 750
    assert verdict.reason == "Resized to 750.00 USD by position_size, degraded."
    found = finding("degraded", size_usd=4000.0, is_degraded=True)
    assert (found.value, found.limit) == (1500.0, 750.0)


def test_a_degraded_consensus_without_a_size_refuses() -> None:
    assert finding("degraded", size_usd=NAN, is_degraded=True).outcome == "not_computable"


@pytest.mark.parametrize(
    ("case", "size", "least", "outcome"),
    [
        ("above the limit", 1000.0, 10.0, "passed"),
        ("exactly at the limit", 10.0, 10.0, "passed"),
        ("one step under", math.nextafter(10.0, 0.0), 10.0, "failed"),
        ("nothing, with no smallest order", 0.0, 0.0, "failed"),
        ("next to nothing, with no smallest order", 5e-324, 0.0, "passed"),
        ("no size", NAN, 10.0, "not_computable"),
        ("limit missing", 1000.0, None, "not_computable"),
        ("limit NaN", 1000.0, NAN, "not_computable"),
        ("limit negative", 1000.0, -1.0, "not_computable"),
    ],
)
def test_an_order_too_small_to_send_is_refused(case: str, size: object, least: object, outcome: str) -> None:
    assert finding("dust", size_usd=size, min_order_usd=least).outcome == outcome, case


def test_dust_looks_at_what_the_cuts_left() -> None:
    assert judge(size_usd=20.0, is_degraded=True).size_usd == 10.0
    verdict = judge(size_usd=19.98, is_degraded=True)  # half is 9.99
    assert (verdict.outcome, verdict.size_usd) == ("vetoed", 0.0)
    assert verdict.reason == (
        "Vetoed by dust: The size left after cuts by degraded is 9.99 USD "
        "and must be above 0 and at least 10.00 USD."
    )

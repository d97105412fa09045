"""No check can leave the table, or enter it, unnoticed; and the page lists them all."""

import inspect
from pathlib import Path

import pytest

from risk.checks.table import CHECKS, EVERY_PROPOSAL
from tests.risk.cases import NAN, judge

PAGE = Path(__file__).parents[3] / "docs" / "risk.md"
BEGIN, END = "<!-- checks: begin -->\n", "<!-- checks: end -->"

# For each check a case that it alone objects to; position_size and degraded object by cutting.
ALONE: dict[str, dict[str, object]] = {
    "kill_switch": {"is_killed": True},
    "action": {"action": "ADJUST_POSITION"},
    "data_quality": {"faults": ("a gap",)},
    "data_age": {"age_candles": 2.5},
    "quorum": {"votes_cast": 1},
    "min_confidence": {"confidence": 0.75, "min_confidence": 0.8},
    "min_agreement": {"agreement": 0.8, "min_agreement": 0.85},
    "price": {"action": "SELL", "price": 0.0, "stop": 5.0, "target": None},
    "stop_present": {"stop": None},
    "stop_side": {"stop": 101.0},
    "target_side": {"target": 99.0},
    "position_size": {"size_usd": 1501.0},
    "degraded": {"is_degraded": True},
    "dust": {"size_usd": 9.99},
}


def test_these_are_the_checks_in_this_order() -> None:
    assert [check.__name__ for check in CHECKS] == list(ALONE)
    assert [check.code for check in judge().checks] == list(ALONE)


@pytest.mark.parametrize("code", list(ALONE))
def test_each_check_has_a_case_that_it_alone_objects_to(code: str) -> None:
    verdict = judge(**ALONE[code])
    objecting = [check.code for check in verdict.checks if check.outcome not in ("passed", "not_applicable")]
    assert objecting == [code]
    assert verdict.outcome == ("resized" if code in ("position_size", "degraded") else "vetoed")
    assert verdict.reason.split(":")[0].endswith(code) or verdict.reason.endswith(f"by {code}.")


@pytest.mark.parametrize("code", list(ALONE))
def test_each_check_has_nothing_against_the_good_proposal(code: str) -> None:
    assert {check.code: check.outcome for check in judge().checks}[code] == "passed"


def test_an_amount_that_is_no_number_is_refused_by_the_check_that_reads_it_first() -> None:
    assert judge(size_usd=NAN).reason.startswith("Vetoed by position_size, dust: The size asked for is nan")


def test_the_page_lists_every_check_with_its_meaning() -> None:
    rows = ["| check | asked of | it passes when |", "|---|---|---|"]
    for check in CHECKS:
        asked = "every proposal" if check in EVERY_PROPOSAL else "orders"
        rows.append(f"| `{check.__name__}` | {asked} | {inspect.getdoc(check)} |")
    table = "\n".join(rows) + "\n"
    written = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert written == table, f"docs/risk.md must hold between its two marks:\n{table}"

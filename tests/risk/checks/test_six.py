"""Each check alone: it passes, exactly at its limit, one step over, missing, NaN, stale."""

import pytest

from risk.checks.table import CHECKS
from tests.risk.cases import finding, judge
from tests.risk.checks.six import SIX, STALE

CODES = list(SIX)
# A stop that is missing has a check of its own, and a target may be missing.
MAY_BE_MISSING = {"stop_side": {"stop": None}, "target_side": {"target": None}}
HAVE_NO_LIMIT = {"kill_switch", "action", "data_quality", "stop_present"}


def test_every_check_has_its_six_cases() -> None:
    assert [check.__name__ for check in CHECKS] == CODES
    assert {code for code in CODES if SIX[code].at_limit is None} == HAVE_NO_LIMIT
    assert {code for code in CODES if SIX[code].missing is None} == set(MAY_BE_MISSING)


@pytest.mark.parametrize("code", CODES)
def test_it_passes(code: str) -> None:
    assert finding(code).outcome == "passed"


@pytest.mark.parametrize("code", [code for code in CODES if code not in HAVE_NO_LIMIT])
def test_exactly_at_the_limit_it_passes(code: str) -> None:
    assert finding(code, **SIX[code].at_limit or {}).outcome == "passed"


@pytest.mark.parametrize("code", CODES)
def test_one_step_over_it_objects(code: str) -> None:
    changes = SIX[code].one_over
    assert changes is not None
    found = finding(code, **changes)
    assert found.outcome == SIX[code].over, found


@pytest.mark.parametrize("code", [code for code in CODES if code not in MAY_BE_MISSING])
def test_missing_it_refuses(code: str) -> None:
    found = finding(code, **SIX[code].missing or {})
    assert found.outcome in ("failed", "not_computable"), found
    assert judge(**SIX[code].missing or {}).outcome == "vetoed"


@pytest.mark.parametrize("code", list(MAY_BE_MISSING))
def test_missing_there_is_nothing_to_compare(code: str) -> None:
    assert finding(code, **MAY_BE_MISSING[code]).outcome == "not_applicable"


@pytest.mark.parametrize("code", CODES)
def test_not_a_number_it_refuses(code: str) -> None:
    found = finding(code, **SIX[code].nan or {})
    assert found.outcome in ("failed", "not_computable"), found
    assert judge(**SIX[code].nan or {}).outcome == "vetoed"


@pytest.mark.parametrize("code", [code for code in CODES if SIX[code].stale])
def test_stale_it_is_refused_by_the_check_of_its_age(code: str) -> None:
    verdict = judge(**STALE[SIX[code].stale])
    assert verdict.outcome == "vetoed"
    assert verdict.reason.startswith(f"Vetoed by {SIX[code].stale}: ")


@pytest.mark.parametrize("code", [code for code in CODES if not SIX[code].stale])
def test_stale_means_nothing_to_what_does_not_age(code: str) -> None:
    fresh = finding(code)
    for changes in STALE.values():
        assert finding(code, **changes) == fresh

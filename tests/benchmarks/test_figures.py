"""The figures of a benchmark: percentiles by rank, exponents of growth, reports that machines can read."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import figures, reports


def test_a_percentile_is_the_value_that_its_share_does_not_exceed() -> None:
    hundred = [float(value) for value in range(100, 0, -1)]
    assert [figures.percentile(hundred, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    assert math.isnan(figures.percentile([], 0.5))


@given(
    power=st.floats(-2.0, 3.0),
    factor=st.floats(0.001, 1000.0),
    sizes=st.sets(st.integers(1, 1000), min_size=2, max_size=6),
)
def test_the_exponent_of_a_power_law_is_its_power(power: float, factor: float, sizes: set[int]) -> None:
    costs = {size: factor * size**power for size in sizes}
    assert figures.exponent(costs) == pytest.approx(power, abs=1e-6)


def test_a_report_ends_in_one_line_of_json_without_nan() -> None:
    report = reports.Report(
        part="d",
        title="memory",
        headings=["process", "RSS"],
        rows=[["broker", "10"]],
        figures={"pss_mb": {"broker": float("nan")}, "rss_mb": {"broker": 10.123456}},
        regressions=["too much"],
    )
    lines = reports.told(report, database="sqlite").splitlines()
    assert lines[1:4] == ["(d) memory [sqlite]", "process  RSS", "broker   10"]
    assert "REGRESSION: too much" in lines
    assert json.loads(lines[-1]) == {
        "part": "d",
        "database": "sqlite",
        "pss_mb": {"broker": None},
        "rss_mb": {"broker": 10.123},
    }

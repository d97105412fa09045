"""The recorded examples: published figures of the formulas, each met within its own tolerance."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import talib

import risk
from risk import FloatArray

pytestmark = pytest.mark.recorded

Input = dict[str, Any]
COLUMNS = {"atr": ("High", "Low", "Close"), "rsi": ("Close",), "bollinger": ("Close",)}


def examples() -> dict[str, dict[str, Any]]:
    folder = os.environ.get("THALAS_FIXTURES")
    path = Path(folder, "oracles.json") if folder else None
    if path is None or not path.exists():
        return {}
    return {example["id"]: example for example in json.loads(path.read_text())}


EXAMPLES = examples()
# An RSI whose average begins with the first change; TA-Lib's, which is ours, begins with a window's mean.
OTHER_CONVENTIONS = {"rsi14_ta"}


def is_here(example: dict[str, Any]) -> bool:
    """Return whether the example's series is in the example, or in a file among the recorded material."""
    given = example["input"]
    return "loader" not in given and ("file" not in given or source(given).exists())


def source(given: Input) -> Path:
    return Path(os.environ["THALAS_FIXTURES"], given["file"])


IDS = sorted(name for name, example in EXAMPLES.items() if is_here(example) and name not in OTHER_CONVENTIONS)


def column(given: Input, name: str) -> list[str]:
    with source(given).open(newline="") as lines:
        return [row[name] for row in csv.DictReader(lines)]


def numbers(values: list[Any]) -> FloatArray:
    """Return those that are there; the sources leave out what is missing, and ours refuses it."""
    return np.array([float(value) for value in values if value not in (None, "")])


def returns(given: Input) -> FloatArray:
    return numbers(given["returns"] if "returns" in given else column(given, given["column"]))


def prices(given: Input, category: str) -> tuple[FloatArray, ...]:
    return tuple(numbers(column(given, name)) for name in COLUMNS[category])


def last_rsi(given: Input) -> float:
    (closes,) = prices(given, "rsi")
    return float(talib.RSI(closes, timeperiod=given["window"])[-1])


def bands(given: Input) -> list[float]:
    (closes,) = prices(given, "bollinger")
    drawn = talib.BBANDS(closes, timeperiod=given["window"], nbdevup=given["dev"], nbdevdn=given["dev"])
    return [float(band[-1]) for band in drawn]


def calibrated(given: Input) -> list[float]:
    shares, means = risk.calibration_curve(numbers(given["y"]), numbers(given["p"]), bins=given["n_bins"])
    return [*shares.tolist(), *means.tolist()]


def spearman(given: Input) -> float:
    one, other = (column(given, name) for name in given["columns"])
    both = [(a, b) for a, b in zip(one, other, strict=True) if a and b]
    return risk.correlation(
        *(numbers(list(side)) for side in zip(*both, strict=True)), method=given["method"]
    )


BY_ID: dict[str, Callable[[Input], object]] = {
    "bacon_mad": lambda g: risk.mean_absolute_deviation(returns(g)),
    "bacon_skew_moment": lambda g: risk.skewness(returns(g)),
    "bacon_skew_sample": lambda g: risk.skewness(returns(g), is_sample=True),
    "bacon_kurt_moment": lambda g: risk.excess_kurtosis(returns(g)) + 3,
    "bacon_kurt_excess": lambda g: risk.excess_kurtosis(returns(g)),
    "bacon_kurt_sample_excess": lambda g: risk.excess_kurtosis(returns(g), is_sample=True),
    "bacon_upside_risk": lambda g: risk.upside_risk(returns(g), target=g["mar"]),
    "bacon_upside_potential": lambda g: risk.upside_potential(returns(g), target=g["mar"]),
    "bacon_downside_frequency": lambda g: risk.downside_frequency(returns(g), target=g["mar"]),
    "bacon_omega_sharpe": lambda g: risk.omega_ratio(returns(g), target=g["mar"]) - 1,
    "bacon_bernardo_ledoit": lambda g: risk.omega_ratio(returns(g)),
    "bacon_pain_index": lambda g: risk.pain_index(returns(g)),
    "ham1_semidev": lambda g: risk.semideviation(returns(g)),
    "kelly_coin_growth": lambda g: risk.kelly_growth(g["p"], g["b"], g["f"]),
    "kelly_binary_market": lambda g: risk.kelly_binary(g["p"], g["price"], side=g["side"]),
}
BY_CATEGORY: dict[str, Callable[[Input], object]] = {
    "sharpe": lambda g: risk.sharpe_ratio(
        returns(g), risk_free=g.get("rf", 0.0), periods_per_year=g.get("periods", 1)
    ),
    "sortino": lambda g: risk.sortino_ratio(
        returns(g), target=g.get("mar", 0.0), periods_per_year=g.get("periods", 1)
    ),
    "drawdown": lambda g: -risk.max_drawdown(returns(g)),
    "volatility": lambda g: risk.volatility(returns(g), periods_per_year=g["periods"]),
    "downside": lambda g: risk.downside_deviation(returns(g), target=g["mar"]),
    "var_historical": lambda g: -risk.value_at_risk(returns(g), level=1 - g.get("cutoff", 0.05)),
    "var_parametric": lambda g: -risk.parametric_value_at_risk(returns(g)),
    "correlation": spearman,
    "kelly": lambda g: risk.kelly_from_odds(g["p"], g["b"]),
    "hhi": lambda g: 1e4 * risk.herfindahl(numbers(g["shares_pct"])),
    "atr": lambda g: risk.average_true_range(*prices(g, "atr"), window=g["window"]),
    "rsi": last_rsi,
    "bollinger": bands,
    "brier": lambda g: risk.brier_score(numbers(g["y"]), numbers(g["p"])),
    "log_loss": lambda g: risk.log_loss(numbers(g["y"]), numbers(g["p"])),
    "calibration": calibrated,
    "auc": lambda g: risk.area_under_curve(numbers(g["y"]), numbers(g["p"])),
}


@pytest.mark.parametrize("name", IDS or ["none, without the recorded material"])
def test_a_recorded_example_comes_out_as_published(name: str) -> None:
    example = EXAMPLES[name]
    measure = BY_ID.get(name) or BY_CATEGORY[example["category"]]
    assert measure(example["input"]) == pytest.approx(example["expected"], rel=0, abs=example["tol"])


def test_every_example_whose_series_is_here_is_tried() -> None:
    assert len(EXAMPLES) >= 44
    assert len(IDS) >= 30
    for name in set(EXAMPLES) - set(IDS) - OTHER_CONVENTIONS:
        assert not is_here(EXAMPLES[name]), name

"""Every public formula says what it gives and where it is from, and the page lists them all."""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import risk

PAGE = Path(__file__).parents[2] / "docs" / "risk.md"
BEGIN, END = "<!-- formulas: begin -->\n", "<!-- formulas: end -->"
# Not formulas: the gate and what belongs to it, listed elsewhere on the page.
ELSEWHERE = (
    "gate",
    "checks.orders",
    "regimes",
    "proposals",
    "sizing",
    "limits",
    "breakers",
    "verdicts",
    "streaks",
)
# Sums so plain that nobody is to be named for them.
PLAIN = {
    "annual_return",
    "correlation_matrix",
    "covariance_matrix",
    "drawdown_series",
    "equity_drawdowns",
    "exposure_by_type",
    "exposure_shares",
    "exposure_shares_by_type",
    "fixed_bracket",
    "gross_exposure",
    "largest_share",
    "leverage",
    "log_returns",
    "net_exposure",
    "portfolio_returns",
    "profit_factor",
    "risk_of_drawdown",
    "simple_returns",
    "styled_bracket",
    "total_return",
    "volatility",
    "volatility_bracket",
    "win_rate",
    "worst_drawdown",
    "worst_equity_drawdown",
}

# What each result is counted in; losses and falls are above 0.
UNITS = {
    "fraction of equity": (
        "cornish_fisher_expected_shortfall cornish_fisher_value_at_risk expected_shortfall fractional_kelly"
        " kelly_binary kelly_by_confidence kelly_by_drawdown kelly_by_shortfall kelly_from_metrics"
        " kelly_from_moments kelly_from_odds kelly_from_outcomes kelly_from_trades kelly_under_uncertainty"
        " monte_carlo_expected_shortfall monte_carlo_value_at_risk normal_expected_shortfall"
        " normal_value_at_risk parametric_expected_shortfall parametric_value_at_risk portfolio_returns"
        " shortfall_contributions value_at_risk volatility_contributions"
    ),
    "fraction of equity, by type": "exposure_shares_by_type",
    "fraction, a period's or a year's": "close_to_close_volatility ewma_volatility volatility",
    "fraction, a period's": (
        "downside_deviation downside_potential mean_absolute_deviation semideviation simple_returns"
        " upside_potential upside_risk"
    ),
    "fraction, a year's": "annual_return",
    "fraction, over the horizon": "simulate_returns",
    "fraction, over all periods": "total_return",
    "logarithm of growth, a period's": "log_returns",
    "logarithm of growth, a bet's": "kelly_growth",
    "fraction of the peak": "drawdown_series equity_drawdowns max_drawdown pain_index ulcer_index",
    "fraction of the peak, and periods": "worst_drawdown worst_equity_drawdown",
    "squared fraction, a period's": "covariance_matrix",
    "share, 0 to 1": (
        "area_under_curve chance_of_luck deflated_sharpe_ratio diversification downside_frequency"
        " exposure_shares herfindahl largest_share probabilistic_sharpe_ratio probability_of_sharpe"
        " risk_of_drawdown risk_of_ruin win_rate"
    ),
    "pairs of shares, 0 to 1": "calibration_curve",
    "squared share, 0 to 1": "brier_score",
    "nats": "log_loss",
    "positions": "effective_positions",
    "periods": "minimum_track_record",
    "currency of the values": "exposure_by_type gross_exposure net_exposure",
    "quote currency": (
        "atr_bracket average_true_range fixed_bracket styled_bracket true_ranges volatility_bracket"
    ),
    "pure number": (
        "calmar_ratio diversification_ratio excess_kurtosis leverage omega_ratio profit_factor skewness"
    ),
    "pure number, -1 to 1": "average_correlation correlation correlation_matrix",
    "pure number, a period's or a year's": "sharpe_ratio sortino_ratio",
    "pure number, a period's": "expected_best_sharpe",
    "yes or no": "is_cornish_fisher_sound",
    "several, each named": "four_moments resample try_strategy",
    "that of the figures": "interval",
}


def formulas() -> dict[str, Callable[..., object]]:
    """Return the public functions by name, in the order of their modules and lines."""
    found = {}
    for name in risk.__all__:
        one = getattr(risk, name)
        if inspect.isfunction(one) and one.__module__.removeprefix("risk.") not in ELSEWHERE:
            found[name] = one
    return dict(sorted(found.items(), key=lambda item: (item[1].__module__, _line(item[1]))))


def _line(function: Callable[..., object]) -> int:
    return inspect.getsourcelines(inspect.unwrap(function))[1]


def parts(function: Callable[..., object]) -> tuple[str, str]:
    """Return the first sentence of a docstring, and what follows its Source."""
    text = inspect.getdoc(function) or ""
    source = re.search(r"^Source:\s+(.+?)(?=^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    return text.splitlines()[0], " ".join(source[1].split()) if source else ""


def rows() -> Iterator[str]:
    """Yield the lines of the table on the page."""
    units = {name: unit for unit, names in UNITS.items() for name in names.split()}
    yield "| formula | what it gives | unit | source |"
    yield "|---|---|---|---|"
    for name, function in formulas().items():
        sentence, source = parts(function)
        what = sentence.removeprefix("Return ").rstrip(".").replace("|", "\\|")
        yield f"| `{name}` | {what} | {units[name]} | {source.rstrip('.')} |"


def test_the_page_lists_every_formula_with_its_source() -> None:
    text = PAGE.read_text()
    listed = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    assert listed == "\n".join(rows()) + "\n"


@pytest.mark.parametrize("name", formulas())
def test_every_formula_says_what_it_gives_and_what_it_refuses(name: str) -> None:
    text = inspect.getdoc(formulas()[name]) or ""
    sentence, source = parts(formulas()[name])
    assert sentence.startswith(("Return ", "Judge "))
    assert sentence.endswith((".", ")."))
    assert "Raises:" in text or "what it raises" in text
    assert source or name in PLAIN


def test_every_formula_has_one_unit() -> None:
    named = [name for names in UNITS.values() for name in names.split()]
    assert sorted(named) == sorted(formulas())


def test_nothing_is_called_plain_that_has_a_source() -> None:
    assert {name for name in formulas() if not parts(formulas()[name])[1]} == PLAIN

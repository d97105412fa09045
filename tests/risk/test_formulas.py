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
ELSEWHERE = ("gate", "regimes", "proposals", "sizing", "limits", "breakers", "verdicts", "streaks")
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
    yield "| formula | what it gives | source |"
    yield "|---|---|---|"
    for name, function in formulas().items():
        sentence, source = parts(function)
        what = sentence.removeprefix("Return ").rstrip(".").replace("|", "\\|")
        yield f"| `{name}` | {what} | {source.rstrip('.')} |"


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


def test_nothing_is_called_plain_that_has_a_source() -> None:
    assert {name for name in formulas() if not parts(formulas()[name])[1]} == PLAIN

"""A brief has at most a third of the tokens of its obvious dump, and the benchmark would say otherwise."""

import pytest

from benchmarks import briefs


def test_a_brief_has_at_most_a_third_of_the_tokens_of_the_obvious_dump() -> None:
    found = briefs.report()
    assert found.regressions == []
    assert len(found.rows) == 4
    assert float(str(found.figures["worst_ratio"])) >= 3.0


def test_a_brief_that_is_no_smaller_is_a_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(briefs, "ours", briefs.dump)
    (line,) = briefs.report().regressions
    assert line == "a brief is only 1.00 times smaller than its dump, promised are 3"

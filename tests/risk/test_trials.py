"""A record is told from luck, and judged with reasons."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk import (
    Criteria,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    chance_of_luck,
    interval,
    resample,
    risk_of_ruin,
    try_strategy,
)
from tests.risk.calls import loosely
from tests.risk.cases import INF, NAN

SKILL = np.random.default_rng(4).normal(0.004, 0.01, 200)
NONE = np.random.default_rng(5).normal(0.0, 0.01, 200)
NONE = NONE - NONE.mean()
ANYTHING = Criteria(
    least_trades=0,
    least_sharpe=-1e9,
    least_return=-1.0,
    least_win_rate=0.0,
    most_drawdown=1.0,
    most_risk_of_ruin=1.0,
    most_chance_of_luck=1.0,
)


def seeded(seed: int = 9) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_skill_is_not_luck_and_no_skill_is() -> None:
    assert chance_of_luck(SKILL, generator=seeded(), paths=2000) < 0.01
    assert chance_of_luck(NONE, generator=seeded(), paths=2000) == pytest.approx(0.5, abs=0.05)
    assert chance_of_luck(-SKILL, generator=seeded(), paths=2000) > 0.99


def test_luck_is_never_impossible() -> None:
    assert chance_of_luck(SKILL + 0.05, generator=seeded(), paths=999) == 1 / 1000
    assert chance_of_luck(-SKILL - 0.05, generator=seeded(), paths=999) == 1.0


def test_strategies_without_skill_are_found_lucky_as_often_as_the_level_says() -> None:
    generator = seeded(1)
    chances = [
        chance_of_luck(generator.normal(0, 0.01, 60), generator=generator, paths=200) for _ in range(300)
    ]
    assert np.mean(np.array(chances) <= 0.10) == pytest.approx(0.10, abs=0.05)
    assert np.mean(chances) == pytest.approx(0.5, abs=0.06)


@settings(max_examples=20)
@given(scale=st.floats(0.1, 10), block=st.integers(1, 20))
def test_luck_does_not_depend_on_the_size_of_the_bet(scale: float, block: int) -> None:
    first = chance_of_luck(NONE, generator=seeded(), paths=100, block=block)
    assert chance_of_luck(NONE * scale, generator=seeded(), paths=100, block=block) == pytest.approx(
        first, abs=0.021
    )


def test_a_trial_holds_what_the_formulas_find() -> None:
    found = try_strategy(SKILL, generator=seeded(), paths=500, block=3)
    generator = seeded()
    drawn = resample(SKILL, generator=generator, paths=500, block=3)
    assert found.sharpe == interval(drawn.sharpe)
    assert found.total_return == interval(drawn.total_return)
    assert found.max_drawdown == interval(drawn.max_drawdown)
    assert found.win_rate == interval(drawn.win_rate)
    assert found.risk_of_ruin == risk_of_ruin(drawn)
    assert found.chance_of_luck == chance_of_luck(SKILL, generator=generator, paths=500, block=3)
    assert (found.trades, found.paths) == (200, 500)


def test_a_good_record_passes_and_a_poor_one_fails_with_reasons() -> None:
    good = try_strategy(SKILL, generator=seeded(), paths=500)
    assert good.is_passed
    assert good.reasons == ()
    assert all(mark.is_passed for mark in good.marks)
    poor = try_strategy(NONE[:20] - 0.02, generator=seeded(), paths=500)
    assert not poor.is_passed
    assert len(poor.reasons) >= 4
    assert poor.reasons[0] == "The number of trades is 20, which is not enough: at least 30 is asked for."
    assert all(reason.endswith(("is asked for.", "is allowed.")) for reason in poor.reasons)
    assert "which is low enough: at most 0.05 is allowed." in good.marks[-1].reason


MARKS = {
    "trades": "least_trades",
    "sharpe": "least_sharpe",
    "total_return": "least_return",
    "win_rate": "least_win_rate",
    "max_drawdown": "most_drawdown",
    "risk_of_ruin": "most_risk_of_ruin",
    "chance_of_luck": "most_chance_of_luck",
}


@pytest.mark.parametrize("name", MARKS)
def test_each_criterion_alone_passes_at_its_limit_and_fails_one_step_beyond(name: str) -> None:
    trades = SKILL * 8 - 0.03
    free = try_strategy(trades, generator=seeded(), criteria=ANYTHING, paths=200)
    assert free.is_passed
    assert tuple(mark.name for mark in free.marks) == tuple(MARKS)
    value = next(mark.value for mark in free.marks if mark.name == name)
    assert value != 0.0
    is_most = MARKS[name].startswith("most")
    beyond = float(np.nextafter(value, -INF if is_most else INF))
    at_limit = loosely(replace, ANYTHING, **{MARKS[name]: value})
    one_over = loosely(replace, ANYTHING, **{MARKS[name]: beyond})
    assert try_strategy(trades, generator=seeded(), criteria=at_limit, paths=200).is_passed
    failed = try_strategy(trades, generator=seeded(), criteria=one_over, paths=200)
    assert [mark.name for mark in failed.marks if not mark.is_passed] == [name]
    assert len(failed.reasons) == 1


@pytest.mark.parametrize("name", [*MARKS.values(), "level", "ruin"])
@pytest.mark.parametrize("value", [NAN, INF, None, True])
def test_a_criterion_that_is_no_number_is_an_error(name: str, value: object) -> None:
    criteria = loosely(replace, ANYTHING, **{name: value})
    with pytest.raises(NotFinite):
        try_strategy(SKILL, generator=seeded(), criteria=criteria, paths=20)


def test_every_criterion_is_read() -> None:
    assert {field.name for field in fields(Criteria)} == {*MARKS.values(), "level", "ruin"}
    strict = try_strategy(SKILL, generator=seeded(), criteria=replace(ANYTHING, level=0.5), paths=200)
    wide = try_strategy(SKILL, generator=seeded(), criteria=ANYTHING, paths=200)
    assert wide.sharpe.low < strict.sharpe.low < strict.sharpe.high < wide.sharpe.high
    some = replace(ANYTHING, ruin=0.02)
    assert try_strategy(SKILL, generator=seeded(), criteria=some, paths=200).risk_of_ruin > wide.risk_of_ruin


def test_records_that_cannot_be_judged_are_errors() -> None:
    with pytest.raises(TooFewObservations):
        try_strategy(SKILL[:1], generator=seeded())
    with pytest.raises(NotFinite):
        try_strategy(np.full(50, 0.01), generator=seeded(), paths=20)
    with pytest.raises(OutOfRange, match=r"^returns must be -1 or more"):
        try_strategy(np.array([0.1, -1.5]), generator=seeded())
    with pytest.raises(OutOfRange, match=r"^paths must be a whole number"):
        chance_of_luck(SKILL, generator=seeded(), paths=0)
    with pytest.raises(OutOfRange, match=r"^block must be at most the 200 trades"):
        chance_of_luck(SKILL, generator=seeded(), block=201)

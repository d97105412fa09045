"""What is done to a finished body, and how long an answer takes when a script says so."""

import gzip
from statistics import median

import orjson
import pytest
from pydantic import ValidationError

from providers.emulator import damages, latencies
from providers.emulator.damages import Damage
from providers.emulator.latencies import Latency
from providers.voters import strict_json

BODY = b'{"a":[1]}'


def test_without_damage_a_body_stays_whole() -> None:
    assert damages.done(None, BODY) == BODY


@pytest.mark.parametrize("damage", Damage)
def test_no_damaged_body_is_the_object_that_it_was(damage: Damage) -> None:
    damaged = damages.done(damage, BODY)
    try:
        found = strict_json.loads(damaged.decode())
    except (strict_json.NotStrict, UnicodeDecodeError):
        found = None
    # A body of 50 MB is a good object that nobody has to take.
    assert (found == orjson.loads(BODY)) == (damage is Damage.HUGE)
    assert damage is not Damage.GZIP or gzip.decompress(damaged) == BODY


def drawn(latency: Latency) -> list[float]:
    return sorted(latencies.draw_s(latency, str(number)) for number in range(400))


def test_a_uniform_latency_keeps_to_its_bounds_and_fills_them() -> None:
    found = drawn(Latency(drawn="uniform", low_s=1.0, high_s=3.0, seed=1))
    assert 1.0 <= found[0] < 1.1
    assert 2.9 < found[-1] <= 3.0
    assert median(found) == pytest.approx(2.0, abs=0.15)


def test_a_log_normal_latency_lies_around_its_median_below_its_bound() -> None:
    found = drawn(Latency(drawn="log_normal", median_s=0.2, spread=0.5, high_s=0.5, seed=1))
    assert median(found) == pytest.approx(0.2, rel=0.12)
    assert found[-1] == 0.5


def test_the_same_seed_draws_the_same_for_the_same_call() -> None:
    first, same, other = (Latency(drawn="uniform", seed=seed) for seed in (1, 1, 2))
    assert drawn(first) == drawn(same) != drawn(other)


@pytest.mark.parametrize("wrong", [{"drawn": "gauss"}, {"drawn": "uniform", "low_s": -1}, {}])
def test_a_distribution_that_is_none_is_told(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Latency.model_validate(wrong)

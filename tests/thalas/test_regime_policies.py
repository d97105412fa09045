"""The file of policies: what it holds, and that everything wrong with it is told at once."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

import risk
from thalas import regime_policies

GOOD = regime_policies.FILE.read_text(encoding="utf-8")


def read(text: str, folder: Path) -> regime_policies.Policies:
    path = folder / "regimes.yaml"
    path.write_text(text, encoding="utf-8")
    return regime_policies.read(path)


def test_the_houses_own_file_has_a_policy_for_every_regime() -> None:
    policies = regime_policies.policies()
    assert [policies.of(regime).regime for regime in risk.REGIMES] == list(risk.REGIMES)
    stressed = policies.of("range_stressed")
    assert stressed.size_factor == 0.5
    assert dict(stressed.limits)["max_position_pct"] == 0.10
    assert policies.thresholds == risk.Thresholds()


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("range_calm: {size_factor: 1.0}", "range_clam: {size_factor: 1.0}")
    text = text.replace("max_exposure_pct: 0.70", "max_exposure_pct: -1.0, max_vra_pct: 0.1, tail_level: 0.9")
    with pytest.raises(ImproperlyConfigured) as caught:
        read(text, tmp_path)
    told = str(caught.value)
    for part in (
        "regimes.yaml cannot be used:",
        "policies.range_clam: there is no such regime",
        "policies.range_calm: is missing",
        "policies.range_stressed.limits.max_exposure_pct: -1 must be a number from 0 to 100",
        "policies.range_stressed.limits.max_vra_pct: there is no such limit",
        "policies.range_stressed.limits.tail_level: says how to measure",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("size_factor: 0.5", "size_factor: 1.5", "less than or equal to 1"),
        ("size_factor: 0.5", "size_factor: .nan", "finite number"),
        ("size_factor: 0.5", "size_factor: yes", "valid number"),
        ("window: 14", "window: 1", "greater than or equal to 2"),
        ("calm: 0.25", "calm: 0.9", "must be below stressed"),
        ("thresholds:", "threshold:", "Field required"),
        ("window: 14", "window: [", "regimes.yaml cannot be used"),
        (GOOD, "", "regimes.yaml cannot be used"),
        (GOOD, "!!python/object/apply:os.system ['true']", "could not determine a constructor"),
    ],
)
def test_what_cannot_be_a_policy_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ImproperlyConfigured, match="cannot be used") as caught:
        read(GOOD.replace(old, new, 1), tmp_path)
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="No such file"):
        regime_policies.read(tmp_path / "nowhere.yaml")

"""The file of policies: what it holds, and that everything wrong with it is told at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

import risk
from thalas import regime_policies

GOOD = regime_policies.FILE.read_text(encoding="utf-8")
START = """
import django, pathlib
from thalas import regime_policies
regime_policies.FILE = pathlib.Path({!r})
django.setup()
"""


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


def test_everything_wrong_is_told_at_once_with_its_value_and_what_would_be_right(tmp_path: Path) -> None:
    text = GOOD.replace("range_calm: {size_factor: 1.0}", "range_clam: {size_factor: 1.0}")
    text = text.replace("max_exposure_pct: 0.70", "max_exposure_pct: -1.0, max_vra_pct: 0.1, tail_level: 0.9")
    text = text.replace("trend_calm: {size_factor: 1.0}", "trend_calm: {size_factor: 1.5, factor: 1.0}")
    text = text.replace("calm: 0.25", "calm: 0.9").replace("window: 14", "window: many")
    with pytest.raises(ImproperlyConfigured) as caught:
        read(text, tmp_path)
    first, *told = str(caught.value).splitlines()
    assert first == "regimes.yaml cannot be used:"
    beginnings = (
        "thresholds.window='many': Input should be a valid integer",
        "thresholds.calm=0.9: must be below stressed, which is 0.8",
        "policies.trend_calm.size_factor=1.5: Input should be less than or equal to 1",
        "policies.trend_calm.factor=1: Extra inputs are not permitted",
        "policies.range_clam: there is no such regime; there are trend_calm, trend_normal, trend_stressed, ",
        "policies.range_calm: is missing",
        "policies.range_stressed.limits.max_exposure_pct=-1: must be a number from 0 to 100",
        "policies.range_stressed.limits.max_vra_pct=0.1: there is no such limit; there are max_position_pct",
        "policies.range_stressed.limits.tail_level=0.9: says how to measure; a policy cannot tighten it",
    )
    for beginning in beginnings:
        assert sum(line.startswith(f"  {beginning}") for line in told) == 1, (beginning, told)
    assert len(told) == len(beginnings)


def test_what_the_file_says_is_what_holds(tmp_path: Path) -> None:
    limits = "{max_positions: 3, max_orders_per_hour: 5, min_confidence: 1}"
    text = GOOD.replace(
        "range_calm: {size_factor: 1.0}", f"range_calm: {{size_factor: 0.25, limits: {limits}}}"
    )
    policies = read(text.replace("window: 14", "window: 20"), tmp_path)
    wanted = (("max_orders_per_hour", 5.0), ("max_positions", 3.0), ("min_confidence", 1.0))
    assert policies.of("range_calm") == risk.Policy("range_calm", 0.25, wanted)
    assert policies.thresholds.window == 20
    assert policies.of("trend_calm") == risk.Policy("trend_calm", 1.0)


def test_no_process_starts_with_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "regimes.yaml"
    path.write_text(GOOD.replace("size_factor: 0.5", "size_factor: 2", 1), encoding="utf-8")
    start = START.format(str(path))
    words = [sys.executable, "-c", start]
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "thalas.settings"}
    said = subprocess.run(words, capture_output=True, text=True, env=variables, timeout=60, check=False)
    assert said.returncode == 1
    assert (
        "regimes.yaml cannot be used:\n  policies.trend_stressed.size_factor=2: Input should be"
        in said.stderr
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("size_factor: 0.5", "size_factor: 1.5", "less than or equal to 1"),
        ("size_factor: 0.5", "size_factor: .nan", "size_factor=nan: Input should be a finite number"),
        ("max_position_pct: 0.10", "max_position_pct: .nan", "max_position_pct=nan: must be a number from 0"),
        ("max_position_pct: 0.10", "max_position_pct: true", "max_position_pct=True: must be a number from"),
        ("max_position_pct: 0.10", "max_positions: 2.5", "max_positions=2.5: must be a whole number from 0"),
        ("limits: {max_position_pct", "limits: [1] #", "limits=a list: Input should be a valid dictionary"),
        ("trend_normal:", "trend_calm:", "trend_calm stands there twice"),
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

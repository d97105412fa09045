"""The style sheet's colours against WCAG 2.1: text of AA has a contrast of 4.5 with what lies behind it."""

import re
from pathlib import Path

import pytest

import thalas

CSS = (Path(thalas.__file__).parent / "static/thalas/house.css").read_text()
LIGHT, DARK = re.findall(r":root \{(.*?)\}", CSS, flags=re.DOTALL)
INKS = ("ink", "soft", "link", "up", "down", "level", "odd", "busy", "quiet")


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", INKS)
@pytest.mark.parametrize("ground", ["paper", "card"])
def test_every_ink_can_be_read_on_every_ground(scheme: str, ink: str, ground: str) -> None:
    colours = dict(re.findall(r"--(\w+): (#\w{6})", scheme))
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_bar_stands_out_from_its_track(scheme: str) -> None:
    colours = dict(re.findall(r"--(\w+): (#\w{6})", scheme))
    assert contrast(colours["part"], colours["track"]) >= 3


def test_black_on_white_is_the_most_there_is() -> None:
    # (1 + 0.05) / (0 + 0.05) = 21
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_nothing_is_loaded_from_outside() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS

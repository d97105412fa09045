"""Text from outside is one line that shows all it says, or says that it was cut."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalas.domain import untrusted


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain words", "plain words"),
        ("  two\n lines\tand\r\n\x0bmore ", "two lines and more"),
        ("no\x00thing\x1b[31m red\x7f", "nothing[31m red"),
        ("in\u200bvi\u200dsi\ufeffble\u2060", "invisible"),
        ("\u202egnp.exe\u202c \u2066a\u2069", "gnp.exe a"),
        ("ta\U000e0067\U000e007fgs", "tags"),
        ("fill\u3164er\u115f\u2800\uffa0", "filler"),
        ("\uff29\uff27\uff2e\uff2f\uff32\uff25 \ufb01ne", "IGNORE fine"),
        ("half a pair \ud83d", "half a pair"),
        ("soft\u00adhyphen va\ufe0fr", "softhyphen var"),
        ("e\u0301 \u00e9", "\u00e9 \u00e9"),
    ],
)
def test_what_does_not_show_is_gone(text: str, seen: str) -> None:
    assert untrusted.clean(text, limit=100) == seen


def test_what_is_too_long_says_that_it_was_cut() -> None:
    assert untrusted.clean("a" * 50, limit=50) == "a" * 50
    assert untrusted.clean("a" * 51, limit=50) == "a" * 44 + " [cut]"
    assert untrusted.clean("\ufdfa" * 1_000_000, limit=50).endswith(" [cut]")


@given(st.text(st.characters(), max_size=300), st.integers(10, 60))
def test_whatever_comes_in_is_short_normal_and_visible_and_stays_so(text: str, limit: int) -> None:
    clean = untrusted.clean(text, limit=limit)
    assert len(clean) <= limit
    assert unicodedata.is_normalized("NFKC", clean)
    assert all(letter == " " or unicodedata.category(letter)[0] not in "CZ" for letter in clean)
    assert untrusted.clean(clean, limit=limit) == clean

"""A secret that is known is struck out of any text, whole or in part, and nothing else is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import masks
from providers.masks import PART, Mask, of_key

KEY = 'q8vT2mWx4Lr7Ns1-/+="\\'
LETTERS = string.ascii_letters + string.digits + '/+="\\ '
# None of these letters is in any secret below.
WORDS = st.text("αβγδ.,\n", max_size=40)
SECRETS = st.text(LETTERS, min_size=PART, max_size=60)


def test_what_stands_around_a_secret_stays() -> None:
    assert of_key(KEY).clean(f"wrong key {KEY}! Try another.") == "wrong key [key]! Try another."
    assert of_key(KEY).clean("wrong key q8vT2mWx***") == "wrong key [key]***"
    assert Mask([KEY, "another-one"], instead="[secret]").clean(f"{KEY},another-one") == "[secret],[secret]"


def test_what_is_too_short_for_a_secret_is_an_ordinary_word() -> None:
    assert of_key("stop").clean("stop at 95") == "stop at 95"
    assert of_key(KEY).clean("q8vT2mW") == "q8vT2mW"


def test_without_a_secret_every_text_stays() -> None:
    assert of_key(None).clean(KEY) == of_key("").clean(KEY) == KEY


@given(secrets=st.lists(SECRETS, min_size=1, max_size=4), before=WORDS, between=WORDS, after=WORDS)
def test_no_part_of_any_secret_is_left(secrets: list[str], before: str, between: str, after: str) -> None:
    text = before + between.join(secrets) + secrets[0][1:] + after
    cleaned = Mask(secrets, instead="§").clean(text)
    parts = {secret[at : at + PART] for secret in secrets for at in range(len(secret) - PART + 1)}
    assert not any(part in cleaned for part in parts)
    assert cleaned.startswith(before)
    assert cleaned.endswith(after)


@given(secret=SECRETS, text=WORDS)
def test_a_text_without_the_secret_stays_as_it_is(secret: str, text: str) -> None:
    assert Mask([secret], instead="§").clean(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.com/services/T0/B0/s3cr3tT0k3n", "https://hooks.example.com/…0k3n"),
        ("https://example.com:8443?token=s3cr3tT0k3n", "https://example.com:8443/…0k3n"),
        ("https://example.com/", "https://example.com"),
        ("http://[::1]:80/v1", "http://[::1]:80/…v1"),
        ("https://me:s3cr3t@example.com", "https://example.com"),
    ],
)
def test_of_an_address_the_host_and_the_last_letters_are_shown(url: str, shown: str) -> None:
    assert masks.address(url) == masks.address(shown) == shown

"""The scanner finds what was put there on purpose, and nothing else."""

import base64
import urllib.parse

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doors import canaries

SECRET = canaries.canary()
DISGUISES = {
    "plain": SECRET,
    "in a URL": f"redis://:{SECRET}@host/0",
    "the first half": SECRET[:32],
    "the second half": SECRET[32:],
    "hexadecimal": SECRET.encode().hex(),
    "percent": "".join(f"%{ord(letter):02x}" for letter in SECRET),
    "quoted": urllib.parse.quote(f"key={SECRET}&x", safe=""),
    "JSON": orjson.dumps({"key": SECRET}).decode(),
    "as bytes": repr(f"\n{SECRET}".encode()),
    "the first twelve letters": SECRET[:12],
    "backwards": SECRET[::-1],
    "numbers in JSON": "".join(f"\\u{ord(letter):04x}" for letter in SECRET),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_a_secret_is_found_in_each_disguise(disguise: str) -> None:
    assert canaries.found(f"before {disguise} after", {"it": SECRET}) == ["it"]


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_a_secret_is_found_in_base64_wherever_it_stands(before: bytes, after: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert canaries.found(encode(before + SECRET.encode() + after).decode(), {"it": SECRET}) == ["it"]


def test_a_text_without_the_secret_is_clean() -> None:
    other = canaries.canary()
    for disguise in DISGUISES.values():
        assert canaries.found(disguise, {"other": other}) == []

"""What error replies mean, in every shape that was seen."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import ErrorKind, TransientVoterError
from providers.voters.rejections import MAX_QUOTED, printable, quote, voter_error
from tests.providers import recordings

KEY = "sk-proj-Zq8vT2mWx4Lr7Ns1"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": {"message": "Bad thing", "code": "x"}}, "v answered 400: Bad thing"),
        ({"error": "Bad thing"}, "v answered 400: Bad thing"),
        ({"detail": "Bad thing"}, "v answered 400: Bad thing"),
        ({"message": "Bad thing"}, "v answered 400: Bad thing"),
        ([{"error": {"message": "Bad thing"}}], "v answered 400: Bad thing"),
        ({"error": {"code": "only_a_code"}}, "v answered 400: only_a_code"),
        ({"error": {"message": ["no", "text"]}}, "v answered 400"),
        ({"error": 7}, "v answered 400"),
        ([], "v answered 400"),
        (None, "v answered 400"),
    ],
)
def test_the_message_is_found_in_every_shape(body: object, text: str) -> None:
    assert str(voter_error("v", 400, orjson.dumps(body), key=None)) == text


def test_a_body_that_is_no_json_is_quoted_on_one_line() -> None:
    error = voter_error("v", 502, b"<html>\n\t<h1>Bad\x00 Gateway\xff</h1>", key=None)
    assert str(error) == "v answered 502: <html> <h1>Bad Gateway\ufffd</h1>"


def test_at_most_200_characters_are_quoted() -> None:
    assert len(quote("a" * 10_000, key=None)) == MAX_QUOTED == 200


def test_the_key_is_struck_out() -> None:
    assert quote(f"wrong key {KEY}!", key=KEY) == "wrong key [key]!"


@given(before=st.integers(0, 2_100), times=st.integers(1, 60))
def test_not_half_a_key_is_left_wherever_the_text_is_cut(before: int, times: int) -> None:
    assert KEY[:10] not in quote(KEY * times + "x" * before + KEY * 3, key=KEY)


def test_what_people_cannot_see_is_not_shown() -> None:
    assert printable("a\u202eb\u200bc\x1b[31md\r\ne\ud800") == "abc[31md e"


@given(st.text())
def test_what_is_printable_stays_so(text: str) -> None:
    assert printable(printable(text)) == printable(text)


@given(status=st.integers(201, 599), body=st.binary(max_size=200))
def test_any_reply_has_a_kind_and_only_some_can_heal(status: int, body: bytes) -> None:
    error = voter_error("v", status, body, key=None)
    can_heal = isinstance(error, TransientVoterError)
    assert can_heal <= (error.kind in {ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.TIMEOUT})
    assert len(str(error)) <= MAX_QUOTED + len("v answered 400: ")


@pytest.mark.recorded
def test_every_recorded_error_has_the_kind_that_its_text_tells() -> None:
    marks = {
        "context length": ErrorKind.BAD_REQUEST,
        "context-length": ErrorKind.BAD_REQUEST,
        "does not exist": ErrorKind.UNAVAILABLE,
        "api key": ErrorKind.AUTHENTICATION,
        "subscription key": ErrorKind.AUTHENTICATION,
        "authentication": ErrorKind.AUTHENTICATION,
    }
    seen = set()
    for exchange in recordings.chat_exchanges():
        if exchange.status == 200:
            continue
        text = exchange.body.decode().lower()
        expected = next((kind for mark, kind in marks.items() if mark in text), ErrorKind.BAD_REQUEST)
        assert voter_error("v", exchange.status, exchange.body, key=None).kind is expected, exchange.name
        seen.add(expected)
    assert seen == {ErrorKind.BAD_REQUEST, ErrorKind.UNAVAILABLE, ErrorKind.AUTHENTICATION}

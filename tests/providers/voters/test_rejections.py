"""What error replies mean, in every shape that was seen."""

import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import http
from providers.errors import ErrorKind, TransientVoterError
from providers.voters.rejections import MAX_QUOTED, printable, quote, retry_after_s, voter_error

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


PLAN = "You exceeded your current quota, please check your plan and billing details."


def google(code: int, message: str, *details: dict[str, object], status: str = "") -> dict[str, object]:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def quota(name: str) -> dict[str, object]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": name}]}


def anthropic(kind: str, message: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def openrouter(code: int, message: str, **metadata: object) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "metadata": metadata}}


# As documented, or as told in the vendors' own threads: none of these is in the recordings.
UNRECORDED: list[tuple[int, object, str, bool]] = [
    (529, anthropic("overloaded_error", "Overloaded"), "overloaded", True),
    (500, anthropic("api_error", "Internal server error"), "overloaded", True),
    (429, anthropic("rate_limit_error", "This request would exceed your rate limit"), "rate_limit", True),
    (401, anthropic("authentication_error", "invalid x-api-key"), "authentication", False),
    (403, anthropic("permission_error", "Your key may not use this"), "authentication", False),
    (
        400,
        anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        "rate_limit",
        False,
    ),
    (
        400,
        anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        "bad_request",
        False,
    ),
    (413, anthropic("request_too_large", "Request exceeds the maximum size"), "bad_request", False),
    (
        400,
        google(
            400,
            "API key not valid. Please pass a valid API key.",
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
            status="INVALID_ARGUMENT",
        ),
        "authentication",
        False,
    ),
    (
        400,
        google(400, "User location is not supported for the API use.", status="FAILED_PRECONDITION"),
        "authentication",
        False,
    ),
    (403, google(403, "Denied", status="PERMISSION_DENIED"), "authentication", False),
    (
        400,
        google(400, "The input token count (1200000) exceeds the maximum number of tokens allowed"),
        "bad_request",
        False,
    ),
    (429, google(429, PLAN, quota("GenerateRequestsPerMinutePerProjectPerModel")), "rate_limit", True),
    (429, google(429, PLAN, quota("GenerateRequestsPerDayPerProjectPerModel")), "rate_limit", False),
    (
        429,
        google(429, PLAN, quota("GenerateContentPaidTierInputTokensPerModelPerMinute")),
        "rate_limit",
        False,
    ),
    (429, [google(429, "Resource exhausted. Please try again later.")], "rate_limit", True),
    (503, google(503, "The model is overloaded.", status="UNAVAILABLE"), "overloaded", True),
    (504, google(504, "Deadline expired", status="DEADLINE_EXCEEDED"), "overloaded", True),
    (
        400,
        {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***Zq."},
        "authentication",
        False,
    ),
    (
        403,
        {"code": "The caller does not have permission", "error": "Your team doesn't have any credits yet."},
        "rate_limit",
        False,
    ),
    (
        429,
        openrouter(429, "Provider returned error", raw="x is temporarily rate-limited upstream"),
        "rate_limit",
        True,
    ),
    (
        400,
        openrouter(400, "Provider returned error", raw='{"error":{"message":"prompt is too long"}}'),
        "bad_request",
        False,
    ),
    (
        403,
        openrouter(403, "This model requires moderation", reasons=["violence"], flagged_input="kill"),
        "refused",
        False,
    ),
    (402, openrouter(402, "Insufficient credits"), "rate_limit", False),
    (502, openrouter(502, "Provider returned error", raw="<html>bad gateway"), "overloaded", True),
    (
        400,
        {"error": {"message": "Failed to call a function.", "code": "tool_use_failed", "type": "x"}},
        "bad_response",
        False,
    ),
    (
        400,
        {"error": {"message": "Failed to generate JSON.", "code": "json_validate_failed"}},
        "bad_response",
        False,
    ),
    (498, {"error": {"message": "Flex tier capacity exceeded"}}, "overloaded", True),
    (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}, "rate_limit", False),
    (410, {"error": {"message": "The model was retired"}}, "unavailable", False),
    (401, {"detail": "Unauthorized"}, "authentication", False),
    (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, "bad_request", False),
]


@pytest.mark.parametrize(("status", "body", "kind", "can_heal"), UNRECORDED)
def test_status_and_body_tell_the_kind_together(status: int, body: object, kind: str, can_heal: bool) -> None:
    error = voter_error("v", status, orjson.dumps(body), key=None)
    assert (error.kind, isinstance(error, TransientVoterError)) == (kind, can_heal)


@pytest.mark.parametrize("word", ["model ", "no key ", "api key ", "input token count "])
def test_the_longest_error_there_is_does_not_keep_a_worker_busy(word: str) -> None:
    body = word.encode() * (http.MAX_BODY_BYTES // len(word))
    started_s = time.thread_time()
    voter_error("v", 400, body, key=None)
    assert time.thread_time() - started_s < 0.5


def test_what_the_provider_behind_a_router_said_is_shown() -> None:
    body = openrouter(429, "Provider returned error", raw="slow down, friend")
    error = voter_error("openrouter", 429, orjson.dumps(body), key=None)
    assert str(error) == "openrouter answered 429: Provider returned error slow down, friend"


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("48s", 48.0), ("0.5s", 0.5), ("-1s", None), ("48", None), (48, None), (None, None)],
)
def test_the_wait_that_google_asks_for_is_in_the_body(delay: object, seconds: float | None) -> None:
    assert retry_after_s(orjson.dumps(google(429, "Wait.", {"retryDelay": delay}))) == seconds


@given(st.binary(max_size=200))
def test_no_bytes_ask_for_a_wait_or_crash(body: bytes) -> None:
    assert retry_after_s(body) is None

import pytest
from django.http import HttpRequest, HttpResponse

from thalas.dashboard.headers import POLICY, ContentSecurityPolicyMiddleware


def answered(response: HttpResponse) -> str:
    middleware = ContentSecurityPolicyMiddleware(lambda _request: response)
    passed_on = middleware.process_response(HttpRequest(), response)
    return passed_on.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "rule",
    [
        "default-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "img-src 'self' data:",
    ],
)
def test_every_answer_carries_the_policy(rule: str) -> None:
    assert rule in answered(HttpResponse("ok")).split("; ")


def test_the_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in POLICY


def test_an_answer_with_a_policy_of_its_own_keeps_it() -> None:
    own = HttpResponse("ok", headers={"Content-Security-Policy": "default-src 'none'"})
    assert answered(own) == "default-src 'none'"

"""A Content-Security-Policy for every answer: the browser loads and runs only what comes from here."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the admin's style sheets carry small pictures inside themselves
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Put the policy on every answer that has none of its own."""

    def process_response(self, _request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return *response* with the policy on it."""
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

"""Why a request does not get as far as its endpoint.

Refused
├── KeyRefused        401: there is no key, or none that is good; which of the two is not said
├── ScopeMissing      403: the key is good and does not open this
├── LimitReached      429: too many requests; says when the next one may come
├── BodyTooLarge      413
├── BodyNotJson       415
└── BodyUnreadable    400: it says it is JSON, and is not
"""

from http import HTTPStatus


class Refused(Exception):
    """A request that is turned away at the door; its text is one sentence for the client."""

    status = HTTPStatus.BAD_REQUEST
    error = "Bad request"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers: dict[str, str] = {}
        self.details: dict[str, str] = {}


class KeyRefused(Refused):
    """There is no key, or it is malformed, unknown, expired or revoked: always the same words."""

    status = HTTPStatus.UNAUTHORIZED
    error = "Unauthorized"

    def __init__(self) -> None:
        super().__init__("A key that is good is needed: send Authorization: Bearer prefix.secret")
        self.headers["WWW-Authenticate"] = 'Bearer realm="thalas"'


class ScopeMissing(Refused):
    """The key is good, and may not do this."""

    status = HTTPStatus.FORBIDDEN
    error = "Forbidden"

    def __init__(self, scope: str) -> None:
        super().__init__(f"The key lacks the scope {scope}")
        self.details["scope"] = scope


class LimitReached(Refused):
    """Too many requests; the next one may come after *retry_after_s*."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error = "Too many requests"

    def __init__(self, *, limit: str, retry_after_s: int) -> None:
        super().__init__(f"The limit of {limit} is reached; try again in {retry_after_s} s")
        self.headers["Retry-After"] = str(retry_after_s)


class BodyTooLarge(Refused):
    """The body is larger than any question needs to be."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    error = "Body too large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The body is larger than {max_bytes} bytes")


class BodyNotJson(Refused):
    """The body is not said to be JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    error = "Unsupported media type"

    def __init__(self, content_type: str) -> None:
        super().__init__(f"Content-Type {content_type!r} cannot be read: send application/json")


class BodyUnreadable(Refused):
    """The body is not what it says it is."""

    error = "Unreadable JSON"

    def __init__(self, why: str) -> None:
        super().__init__(f"The body is not JSON: {why}")
        self.details["body"] = why

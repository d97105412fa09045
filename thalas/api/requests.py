"""What a request says beside its body: how long to wait, and under which key it may be repeated."""

import hashlib
from typing import Annotated

from django.http import HttpRequest
from ninja import Header, Query

from thalas.api.doors import caller
from thalas.services import repeats

MOST_WAIT_S = 60.0

Wait = Annotated[
    float,
    Query(
        0.0, ge=0, allow_inf_nan=False, description=f"seconds to wait for the end, at most {MOST_WAIT_S:g}"
    ),
]
RepeatKey = Annotated[
    str | None,
    Header(None, alias="Idempotency-Key", min_length=1, max_length=repeats.MOST_LETTERS, pattern=r"^[!-~]+$"),
]


def repeatable(request: HttpRequest, key: str | None, *, route: str) -> repeats.Request | None:
    """Return *request* as it is recognised when it comes again; None if it carries no key."""
    if key is None:
        return None
    # The body alone: how long a client waits for the answer changes nothing that is made.
    digest = hashlib.sha256(request.body).hexdigest()
    return repeats.Request(account=caller(request).account, key=key, route=route, body_sha256=digest)

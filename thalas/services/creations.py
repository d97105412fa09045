"""Create something once, however often the request that asks for it is sent."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import transaction

from thalas.services import repeats


def once(
    request: repeats.Request | None, make: Callable[[], Mapping[str, object]], *, now: datetime
) -> dict[str, object]:
    """Return what *make* answers, or what it answered when *request* came first.

    request  None for one that is not to be recognised
    result   what JSON can hold

    Raises:  KeyReused; whatever *make* refuses, and then nothing is kept.
    """
    with transaction.atomic():
        kept = repeats.recall(request) if request else None
        if kept is not None:
            return dict(kept.answer or {})
        answer = dict(make())
        if request:
            repeats.keep(request, now=now, answer=answer)
        return answer

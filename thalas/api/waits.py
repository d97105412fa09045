"""Answers that have to be waited for, on the event loop, which costs neither a thread nor a connection;
and answers that go out before the work is done that they promise.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.http import HttpResponse
from pydantic import BaseModel

from thalas.api import problems
from thalas.api.renderers import encoded
from thalas.selectors.records import Record

Wait = Callable[[], Awaitable[Record | None]]
Then = Callable[[Record | None], HttpResponse]
Work = Callable[[], object]
JSON = "application/json; charset=utf-8"


class Waiting(HttpResponse):
    """Stands for the answer that *then* gives in a thread once *wait* has ended; it is never sent itself."""

    def __init__(self, wait: Wait, then: Then) -> None:
        super().__init__()
        self._wait = wait
        self._then = then

    async def waited(self) -> Record | None:
        """Wait, and return the record that this brought; None if it took too long."""
        return await self._wait()

    def answer(self, record: Record | None) -> HttpResponse:
        """Return the answer that was waited for, or the problem that came up."""
        try:
            return self._then(record)
        except Exception as error:  # noqa: BLE001 - as ninja does for what views raise
            return problems.answer(error)


class Followed(HttpResponse):
    """An answer that goes out at once; *work* follows in a thread, when whoever serves it closes it."""

    def __init__(self, *told: bytes, work: Work, **options: Any) -> None:
        super().__init__(*told, **options)
        self._work: Work | None = work

    def close(self) -> None:
        """Do the work, once, and end the request."""
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        finally:
            super().close()


def answer(
    told: Mapping[str, object],
    schema: type[BaseModel],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    work: Work | None = None,
) -> HttpResponse:
    """Return *told* in the form of *schema*; *work*, if there is some, is done once that has gone out."""
    body = encoded(schema.model_validate(told).model_dump())
    options: dict[str, Any] = {"status": status, "content_type": JSON, "headers": headers}
    return HttpResponse(body, **options) if work is None else Followed(body, work=work, **options)

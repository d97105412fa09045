"""Answers that have to be waited for: on the event loop, which costs neither a thread nor a connection."""

from collections.abc import Awaitable, Callable, Mapping

from django.http import HttpResponse
from pydantic import BaseModel

from thalas.api import problems
from thalas.api.renderers import encoded
from thalas.selectors.records import Record

Wait = Callable[[], Awaitable[Record | None]]
Then = Callable[[Record | None], HttpResponse]


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


def answer(
    told: Mapping[str, object],
    schema: type[BaseModel],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return *told* in the form of *schema*."""
    body = encoded(schema.model_validate(told).model_dump())
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8", headers=headers)

"""Static files from the installed packages, without a thread for every request that waits.

WhiteNoise's own middleware is synchronous: behind it each asynchronous view would hold a thread
until it has answered, and views of the API wait for up to a minute.
"""

from asyncio import iscoroutinefunction
from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]  # it has no types

Answer = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, which lets everything pass that is no static file, in whatever manner it came."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Answer) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Return the static file at the request's path, or what comes after."""
        file = self.files.get(request.path_info)
        answer: HttpResponseBase | Awaitable[HttpResponseBase]
        if file is None:
            answer = self.get_response(request)
        else:
            answer = sync_to_async(self.serve)(file, request) if self.is_async else self.serve(file, request)
        return answer

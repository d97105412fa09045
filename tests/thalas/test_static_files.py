"""Static files are served, and all else passes without a thread being kept for it."""

import asyncio
from asyncio import iscoroutinefunction
from collections.abc import Awaitable
from typing import cast

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from thalas.static_files import StaticFilesMiddleware

# The end of a request looks after the database's connection, if an earlier test has left one.
pytestmark = pytest.mark.django_db
STYLE = "/static/admin/css/base.css"


async def beyond_async(_: HttpRequest) -> HttpResponse:
    return HttpResponse("beyond")


def beyond(_: HttpRequest) -> HttpResponse:
    return HttpResponse("beyond")


def body(response: HttpResponseBase) -> bytes:
    chunks = response.streaming_content if response.streaming else [cast(HttpResponse, response).content]  # type: ignore[attr-defined]
    told = b"".join(chunks)
    response.close()
    return told


def test_behind_synchronous_layers_it_is_synchronous() -> None:
    layer = StaticFilesMiddleware(beyond)
    assert not iscoroutinefunction(layer)
    assert body(cast(HttpResponseBase, layer(RequestFactory().get("/api/v1/runs")))) == b"beyond"
    assert b"--primary" in body(cast(HttpResponseBase, layer(RequestFactory().get(STYLE))))


def test_behind_asynchronous_layers_it_is_asynchronous() -> None:
    layer = StaticFilesMiddleware(beyond_async)

    async def get(path: str) -> HttpResponseBase:
        return await cast(Awaitable[HttpResponseBase], layer(RequestFactory().get(path)))

    assert body(asyncio.run(get("/api/v1/runs"))) == b"beyond"
    assert b"--primary" in body(asyncio.run(get(STYLE)))

"""Routes that say which scope opens them: a route that does not say it fails when it is imported."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.db import connection
from django.http import HttpRequest
from ninja import Router

from thalas.api import limits
from thalas.api.errors import KeyRefused, ScopeMissing
from thalas.domain.scopes import SCOPES
from thalas.services import keys

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
UNDECLARED = "(undeclared)"
# Whoever comes may call these, by module and name of the function; everything else wants a key.
OPEN = frozenset({"thalas.api.health.live", "thalas.api.health.ready"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the account whose runs it may see, and how it is called in the records."""

    account: str
    actor: str
    scopes: frozenset[str]
    key: str


def caller(request: HttpRequest) -> Caller:
    """Return who asks. Only routes behind a scope have one."""
    return cast(Caller, request.auth)  # type: ignore[attr-defined]  # ninja puts it there


class Lock:
    """Lets a request in if its key is good, within its limits and has *scope*.

    gives_back   the connection is given back at once: a stream would keep it for as long as it lasts
    """

    def __init__(self, scope: str, *, gives_back: bool) -> None:
        self.scope = scope
        self.gives_back = gives_back

    def __call__(self, request: HttpRequest) -> Caller:
        """Return who asks.

        Raises:  KeyRefused; ScopeMissing; LimitReached.
        """
        try:
            key = keys.admit(_presented(request))
        finally:
            if self.gives_back:
                _give_back()
        if key is None:
            limits.count_stranger(request)
            raise KeyRefused
        limits.count(key)
        if self.scope not in key.scopes:
            raise ScopeMissing(self.scope)
        return Caller(key.account, f"key {key.prefix}", key.scopes, key.prefix)


def _give_back() -> None:
    # Whoever holds a transaction open around the request, as tests do, goes on with its connection.
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _presented(request: HttpRequest) -> str:
    """Return the key as it came, `prefix.secret`; "" if there is none."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return "" if scheme else request.headers.get("X-API-Key", "").strip()


class Door(Router):
    """A router whose every route declares its scope; None only for the routes in `OPEN`."""

    def get(self, path: str, *, scope: str | None = UNDECLARED, **options: Any) -> Callable[[ViewT], ViewT]:
        """Declare a GET behind *scope*."""
        return self.api_operation(["GET"], path, scope=scope, **options)

    def post(self, path: str, *, scope: str | None = UNDECLARED, **options: Any) -> Callable[[ViewT], ViewT]:
        """Declare a POST behind *scope*."""
        return self.api_operation(["POST"], path, scope=scope, **options)

    def patch(self, path: str, *, scope: str | None = UNDECLARED, **options: Any) -> Callable[[ViewT], ViewT]:
        """Declare a PATCH behind *scope*."""
        return self.api_operation(["PATCH"], path, scope=scope, **options)

    def put(self, path: str, *, scope: str | None = UNDECLARED, **options: Any) -> Callable[[ViewT], ViewT]:
        """Declare a PUT behind *scope*."""
        return self.api_operation(["PUT"], path, scope=scope, **options)

    def delete(
        self, path: str, *, scope: str | None = UNDECLARED, **options: Any
    ) -> Callable[[ViewT], ViewT]:
        """Declare a DELETE behind *scope*."""
        return self.api_operation(["DELETE"], path, scope=scope, **options)

    def api_operation(
        self, methods: list[str], path: str, *, scope: str | None = UNDECLARED, **options: Any
    ) -> Callable[[ViewT], ViewT]:
        """Declare an operation behind *scope*; ninja's own way round it is closed, too."""

        def declare(view: ViewT) -> ViewT:
            self.add_api_operation(path, methods, view, scope=scope, **options)
            return view

        return declare

    def add_api_operation(
        self,
        path: str,
        methods: list[str],
        view_func: Callable[..., Any],
        *,
        scope: str | None = UNDECLARED,
        **options: Any,
    ) -> None:
        """Add an operation behind *scope*.

        Raises:  TypeError if the scope is missing or unknown, or the route is open and not on the list.
        """
        name = f"{view_func.__module__}.{view_func.__name__}"
        _check(name, scope, options)
        streams = inspect.iscoroutinefunction(view_func) or inspect.isasyncgenfunction(view_func)
        auth = None if scope is None else Lock(scope, gives_back=streams)
        extra = {**(options.pop("openapi_extra", None) or {}), "x-scope": scope}
        super().add_api_operation(path, methods, view_func, auth=auth, openapi_extra=extra, **options)

    def add_router(self, prefix: str, router: Router | str, **options: Any) -> None:
        """Mount a router below this one.

        Raises:  TypeError if it is not a Door.
        """
        super().add_router(prefix, router, **options)
        must_be_door(prefix, self._routers[-1][1])


def must_be_door(prefix: str, router: Router) -> None:
    """Refuse a router whose routes declare no scope.

    Raises:  TypeError.
    """
    if not isinstance(router, Door):
        raise TypeError(f"{prefix}: {router!r} is not a Door, so its routes would be open to all")


def _check(name: str, scope: str | None, options: dict[str, Any]) -> None:
    if "auth" in options:
        raise TypeError(f"{name} brings its own auth; a route names its scope and nothing else")
    if scope == UNDECLARED:
        raise TypeError(f"{name} declares no scope; say scope=… with one of {', '.join(sorted(SCOPES))}")
    if scope is None and name not in OPEN:
        raise TypeError(
            f"{name} wants to be open to all, and is not on the list of open routes in {__name__}"
        )
    if scope is not None and scope not in SCOPES:
        raise TypeError(f"{name}: scope={scope!r} is unknown; one of {', '.join(sorted(SCOPES))}")

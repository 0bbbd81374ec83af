"""The table of operations: every route of the service with its rule, from which routing, checks and document are made.

A module of handlers has one `Operations`; `@operations.add("GET", "/v1/...", ...)` stands over each handler. What is not
said there does not exist: an unknown query parameter is refused, and a route without a rule is for nobody but admins.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from importer.domain.tokens import Scope

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method on one path. `scope` None: without a token. `page`: for people, not part of the document."""

    method: str
    path: str
    scope: Scope | None
    handler: Handler
    summary: str = ""
    query: tuple[str, ...] = ()
    page: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)


class Operations:
    def __init__(self) -> None:
        self._all: list[Operation] = []

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    def add(
        self, method: str, path: str, summary: str, *, scope: Scope | None, query: tuple[str, ...] = ()
    ) -> Callable[[Handler], Handler]:
        """Of the API."""

        def keep(handler: Handler) -> Handler:
            self._all.append(
                Operation(
                    method=method, path=path, scope=scope, handler=handler, summary=summary, query=query
                )
            )
            return handler

        return keep

    def page(self, method: str, path: str, *, scope: Scope | None) -> Callable[[Handler], Handler]:
        """Of the page."""

        def keep(handler: Handler) -> Handler:
            self._all.append(Operation(method=method, path=path, scope=scope, handler=handler, page=True))
            return handler

        return keep


Rules = Mapping[web.AbstractRoute, Operation]


def add_to(router: web.UrlDispatcher, tables: Iterable[Iterable[Operation]]) -> Rules:
    """Make the routes; which operation each of them is."""
    return {
        router.add_route(method, one.path, one.handler): one
        for table in tables
        for one in table
        for method in one.methods
    }


def add_static(router: web.UrlDispatcher, prefix: str, folder: Path) -> Rules:
    """Files that everybody may load: style and script of the page."""
    rules = {}
    for route in router.add_static(prefix, folder):
        rules[route] = Operation(
            method=route.method, path=prefix, scope=None, handler=route.handler, page=True
        )
    return rules

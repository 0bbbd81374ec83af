"""The table of operations: every route of the service with its rule, from which routing, checks and document are made.

A module of handlers has one `Operations`; `@operations.add("GET", "/v1/...", ...)` stands over each handler. What is not
said there does not exist: an unknown query parameter is refused, and a route without a rule is for nobody but admins.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from importer.domain.tokens import Scope
from importer.web.bodies import Body
from importer.web.documents import Document
from importer.web.queries import Query, refuse_unknown

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Decorator = Callable[[Handler], Handler]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A good answer: a document, or files of these media types; neither is an empty one."""

    status: HTTPStatus = HTTPStatus.OK
    document: type[Document] | None = None
    media: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    """One method on one path. `scope` None: without a token. `page`: for people, not part of the document.

    `upload` are the media types of a body that is a file; with `form` it may be the part `file` of one, too.
    `problems` are those beside what every call can meet; `example` ends the curl line of the document.
    """

    method: str
    path: str
    scope: Scope | None
    handler: Handler
    summary: str = ""
    query: type[Query] = Query
    body: type[Body] | None = None
    upload: tuple[str, ...] = ()
    form: bool = False
    answers: tuple[Answer, ...] = ()
    problems: tuple[int, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    example: str = ""
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
        self, method: str, path: str, summary: str, *answers: Answer, scope: Scope | None, **more: Any
    ) -> Decorator:
        """Of the API; `more` are fields of Operation."""
        return self._keep(method=method, path=path, summary=summary, answers=answers, scope=scope, **more)

    def page(self, method: str, path: str, *, scope: Scope | None) -> Decorator:
        """Of the page."""
        return self._keep(method=method, path=path, scope=scope, page=True)

    def _keep(self, **words: Any) -> Decorator:
        def keep(handler: Handler) -> Handler:
            self._all.append(Operation(handler=handler, **words))
            return handler

        return keep


Rules = Mapping[web.AbstractRoute, Operation]
RULES: web.AppKey[Rules] = web.AppKey("rules")
"""Route -> what is known of it."""


@web.middleware
async def known_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises UnknownParameter for a query parameter that the operation does not have."""
    rule = request.app[RULES].get(request.match_info.route)
    if rule is not None and not rule.page:
        refuse_unknown(request.query, tuple(rule.query.model_fields))
    return await handler(request)


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
    return {
        route: Operation(method=route.method, path=prefix, scope=None, handler=route.handler, page=True)
        for route in router.add_static(prefix, folder)
    }

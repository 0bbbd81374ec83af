"""Which parameters a query of the API takes. One that is not known is refused: it would silently change nothing."""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from importer.domain.errors import RequestError
from importer.domain.mapping import suggestion
from importer.web.keys import RULES

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class UnknownParameter(RequestError):
    """A field or parameter that does not exist."""

    code = "form.unknown"


@web.middleware
async def known_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises UnknownParameter."""
    rule = request.app[RULES].get(request.match_info.route)
    if rule is not None and rule.method == "GET" and not rule.page:
        refuse_unknown(request.query, rule.query)
    return await handler(request)


def refuse_unknown(names: Iterable[str], known: tuple[str, ...]) -> None:
    """Raises UnknownParameter with the nearest name there is."""
    for name in names:
        if name not in known:
            hint = suggestion(name, known) if known else "; this route takes none."
            raise UnknownParameter(f"There is no field or parameter `{name}`{hint}")

"""Which parameters a query of the API takes. One that is not known is refused: it would silently change nothing."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web

from importer.domain.errors import RequestError
from importer.domain.mapping import suggestion

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "/v1/imports": ("limit", "cursor"),
    "/v1/imports/{id}": (),
    "/v1/imports/{id}/rows": ("outcome", "limit", "cursor"),
    "/v1/imports/{id}/report": ("format",),
    "/v1/imports/{id}/rows.{layout}": ("outcome",),
    "/v1/mappings": (),
    "/v1/shops": (),
}
"""Route that is read with GET -> its parameters."""


class UnknownParameter(RequestError):
    """A field or parameter that does not exist."""

    code = "form.unknown"


@web.middleware
async def known_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises UnknownParameter."""
    resource = request.match_info.route.resource
    known = PARAMETERS.get(resource.canonical) if resource else None
    if known is not None and request.method in ("GET", "HEAD"):
        refuse_unknown(request.query, known)
    return await handler(request)


def refuse_unknown(names: Iterable[str], known: tuple[str, ...]) -> None:
    """Raises UnknownParameter with the nearest name there is."""
    for name in names:
        if name not in known:
            hint = suggestion(name, known) if known else "; this route takes none."
            raise UnknownParameter(f"There is no field or parameter `{name}`{hint}")

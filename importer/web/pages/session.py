"""Log in with a token, log out."""

from http import HTTPStatus

from aiohttp import web

from importer.domain.tokens import Scope
from importer.web.access import sign_in, sign_out
from importer.web.operations import Operations
from importer.web.rendering import render

operations = Operations()


@operations.page("GET", "/login", scope=None)
async def login(request: web.Request) -> web.Response:
    return render("login.html", request, {"wrong": False})


@operations.page("POST", "/login", scope=None)
async def log_in(request: web.Request) -> web.Response:
    form = await request.post()
    response = await sign_in(request, str(form.get("token", "")))
    if response is not None:
        return response
    words = {"wrong": True}
    return render("login.html", request, words, status=HTTPStatus.UNAUTHORIZED)


@operations.page("POST", "/logout", scope=Scope.READ)
async def log_out(_request: web.Request) -> web.Response:
    return sign_out()

"""Schedules: when each is due next, what came of it lately, and one run now."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from importer.domain.errors import ImporterError, UnknownName
from importer.domain.fires import Due, Fire
from importer.domain.schedules import Schedule
from importer.domain.tokens import Scope
from importer.web.keys import CALLER, IMPORTER
from importer.web.operations import Operations
from importer.web.problems import status_of
from importer.web.rendering import render

operations = Operations()

LISTED_FIRES = 5


@operations.page("GET", "/schedules", scope=Scope.READ)
async def show(request: web.Request) -> web.Response:
    return await _page(request)


@operations.page("POST", "/schedules/{schedule}/run", scope=Scope.IMPORT)
async def run(request: web.Request) -> web.Response:
    """Whatever the time. Raises UnknownName, in the same words for what there is not and for another shop's."""
    name = request.match_info["schedule"]
    if name not in [schedule.name for schedule in _seen(request)]:
        raise UnknownName(f"There is no schedule {name}.", code="schedule.unknown")
    try:
        await request.app[IMPORTER].scheduling.begin(name)
    except ImporterError as error:
        return await _page(request, error)
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/schedules"})


async def _page(request: web.Request, error: ImporterError | None = None) -> web.Response:
    nights = request.app[IMPORTER].nights
    known = {due.name: due for due in await nights.dues.all()}
    words = {
        "error": error.text if error else None,
        "schedules": [await _told(request, one, known.get(one.name)) for one in _seen(request)],
    }
    status = status_of(error) if error else HTTPStatus.OK
    return render("schedules.html", request, words, status=status)


def _seen(request: web.Request) -> list[Schedule]:
    return [one for one in request.app[IMPORTER].nights.schedules.all() if _sees(request, one)]


def _sees(request: web.Request, schedule: Schedule) -> bool:
    """One that names no shop is of the only one, or of none that anybody could name."""
    shops, caller = request.app[IMPORTER].ports.shops.names(), request[CALLER]
    shop = schedule.shop or (shops[0] if len(shops) == 1 else "")
    return caller.sees(shop) if shop else caller.shops is None


async def _told(request: web.Request, schedule: Schedule, due: Due | None) -> dict[str, Any]:
    importer = request.app[IMPORTER]
    fires = await importer.nights.fires.latest(schedule.name, limit=LISTED_FIRES)
    return {
        "schedule": schedule,
        "faults": importer.planning.faults(schedule),
        "runs": [(f"{run.at:%a %Y-%m-%d %H:%M %Z}", run.note) for run in importer.planning.runs(schedule)],
        "alarm": due.alarm if due else None,
        "alarm_at": due.alarm_at if due else None,
        "fires": [await _fire(request, schedule, fire) for fire in fires],
    }


async def _fire(request: web.Request, schedule: Schedule, fire: Fire) -> dict[str, Any]:
    taken = await request.app[IMPORTER].nights.taken_files.taken(schedule.ledger, fire_at=fire.fire_at)
    at: datetime = fire.fire_at
    return {"at": at, "status": fire.status.value, "text": fire.text, "manual": fire.manual, "taken": taken}

"""What may stand in the query of a call. What is not known is refused: it would silently change nothing."""

from collections.abc import Iterable
from typing import Any, TypeVar, get_origin

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from importer.domain.errors import RequestError
from importer.domain.mapping import suggestion
from importer.domain.rows import Outcome

DEFAULT_LIMIT, MOST = 50, 500


class Query(BaseModel):
    """Parameters of a call. The description of one ends the sentence "`parameter` is ..."."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Page(Query):
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MOST, description=f"a number from 1 to {MOST}")
    cursor: str | None = Field(default=None, description="the `next` of an earlier answer")


class Outcomes(Query):
    outcome: list[Outcome] = Field(default=[], description=f"one or several of {', '.join(Outcome)}")


class PageOfOutcomes(Page, Outcomes):
    pass


class UnknownParameter(RequestError):
    """A field or parameter that does not exist."""

    code = "form.unknown"


Model = TypeVar("Model", bound=Query)


def read(request: web.Request, model: type[Model]) -> Model:
    """A list is `?outcome=failed,invalid` or `?outcome=failed&outcome=invalid`. Raises RequestError."""
    refuse_unknown(request.query, tuple(model.model_fields))
    values: dict[str, Any] = {}
    for name in request.query:
        given = request.query.getall(name)
        if not all(text.isprintable() for text in given):
            raise wrong(name, model, given[-1])
        listed = get_origin(model.model_fields[name].annotation) is list
        values[name] = [word for text in given for word in text.split(",") if word] if listed else given[-1]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        raise wrong(str(place[0]), model, *(values[str(place[0])][n] for n in place[1:])) from None


def wrong(name: str, model: type[Query], *value: Any) -> RequestError:
    """The refusal of a parameter's value."""
    but = f", not {value[0]!r}" if value else ""
    return RequestError(f"`{name}` is {model.model_fields[name].description}{but}.", code=f"query.{name}")


def refuse_unknown(names: Iterable[str], known: tuple[str, ...]) -> None:
    """Raises UnknownParameter with the nearest name there is."""
    for name in names:
        if name not in known:
            hint = suggestion(name, known) if known else "; this route takes none."
            raise UnknownParameter(f"There is no field or parameter `{name}`{hint}")

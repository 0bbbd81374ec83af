"""JSON bodies of commands: read into a model, and refused in one sentence that the model's own descriptions make."""

from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from importer.domain.errors import RequestError
from importer.domain.mapping import suggestion


class Body(BaseModel):
    """The description of a field ends the sentence "`field` is ...": a text, a number from 1 to 9."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    @classmethod
    def may_be_empty(cls) -> bool:
        return not any(field.is_required() for field in cls.model_fields.values())


Model = TypeVar("Model", bound=Body)


async def read(request: web.Request, model: type[Model]) -> Model:
    """No body is an empty object. Raises RequestError: no object, a field that there is not, a value of another kind."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise _refusal(error.errors()[0], model) from None


def _refusal(error: Any, model: type[Body]) -> RequestError:
    if error["type"] == "json_invalid":
        return RequestError(f"The body is no JSON: {error['ctx']['error']}.", code="body.json")
    if not error["loc"]:
        return RequestError("The body is a JSON object, or empty.", code="body.json")
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return RequestError(
            f"There is no field `{name}`{suggestion(name, model.model_fields)}", code="body.unknown"
        )
    told = model.model_fields[name].description
    if error["type"] == "missing":
        return RequestError(f"The field `{name}` is missing: {told}.", code="body.missing")
    return RequestError(f"`{name}` is {told}.", code="body.value")

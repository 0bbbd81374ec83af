"""The OpenAPI 3.1 document, made from the table of operations and their models: nothing of it is written twice."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from importer.web.documents import Problem
from importer.web.operations import Answer, Operation

PROBLEMS = {
    400: "The query or a field does not exist",
    401: "No valid token",
    403: "The token does not reach so far",
    404: "There is no such thing, or it belongs to another shop",
    406: "None of the welcome media types is there",
    409: "Not now: the status does not allow it, or the same request is under way",
    412: "The version of tus is not said, or is not the one spoken here",
    413: "Too large",
    415: "A media type that cannot be read",
    422: "Something that was said cannot be",
    429: "Too many requests; `Retry-After` says when to come again",
    502: "The shop stands in the way",
    503: "The database does not answer",
}
ALWAYS = (400, 401, 403, 429, 503)
"""What every call can meet."""
PLACE = "#/components/schemas/{model}"
PARAMETERS = {
    "id": ("id of an import", "$ID"),
    "token": ("id of a token", "$TOKEN_ID"),
    "webhook": ("id of a webhook", "$WEBHOOK_ID"),
    "message": ("id of a message to a webhook", "$MESSAGE_ID"),
    "shop": ("name of a shop", "main"),
    "mapping": ("name of a mapping", "products"),
    "upload": ("id of an upload", "$UPLOAD_ID"),
}
"""Of a path: what it is, and what stands for it in an example."""


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    told = [one for one in operations if not one.page]
    schemas = _schemas(told)
    paths: dict[str, dict[str, Any]] = {}
    for one in told:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "importer",
            "version": version("importer"),
            "summary": "Files in, confirmed rows out",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def example(one: Operation) -> str:
    """A line for a shell that has `$IMPORTER` (the address), `$TOKEN`, `$ID` (of an import), `$TOKEN_ID`, `$UPLOAD_ID`,
    `$WEBHOOK_ID` and `$MESSAGE_ID` (of a delivery)."""
    place = one.path
    for name, (_, value) in PARAMETERS.items():
        place = place.replace(f"{{{name}}}", value)
    head = "curl -sS" if one.scope is None else 'curl -sS -H "Authorization: Bearer $TOKEN"'
    verb = "" if one.method == "GET" or "-F " in one.example else f" -X {one.method}"
    return f'{head}{verb} {one.example} "$IMPORTER{place}"'.replace("  ", " ")


def _schemas(told: list[Operation]) -> dict[str, Any]:
    """Every model that some operation names, by its name."""
    models: dict[type[BaseModel], None] = {Problem: None}
    for one in told:
        models |= {one.query: None} | ({one.body: None} if one.body else {})
        models |= {answer.document: None for answer in one.answers if answer.document}
    _, made = models_json_schema([(model, "validation") for model in models], ref_template=PLACE)
    return dict(made["$defs"])


def _operation(one: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _name(one),
        "summary": one.summary,
        "parameters": [*_path_parameters(one), *_query_parameters(one, schemas), *_headers(one)],
        "responses": _responses(one),
        "x-codeSamples": [{"lang": "Shell", "source": example(one)}],
        "x-scope": one.scope,
    }
    if one.scope is None:
        told["security"] = []
    if one.body or one.upload:
        told["requestBody"] = _body(one, schemas)
    return told


def _name(one: Operation) -> str:
    """`get_imports_id_rows_csv`."""
    return f"{one.method.lower()}{one.path.removeprefix('/v1')}".translate(str.maketrans("/.", "__", "{}"))


def _path_parameters(one: Operation) -> list[dict[str, Any]]:
    names = [part.partition("}")[0] for part in one.path.split("{")[1:]]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PARAMETERS[name][0],
            "schema": {"type": "string"},
        }
        for name in names
    ]


def _query_parameters(one: Operation, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    properties = schemas[one.query.__name__].get("properties", {})
    return [
        {"name": name, "in": "query", "description": schema.get("description", ""), "schema": schema}
        for name, schema in properties.items()
    ]


def _headers(one: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
        for name, text in one.headers.items()
    ]


def _body(one: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    if one.body:
        schema = {"$ref": PLACE.format(model=one.body.__name__)}
        return {"required": not one.body.may_be_empty(), "content": {"application/json": {"schema": schema}}}
    file = {"type": "string", "format": "binary"}
    content: dict[str, Any] = {name: {"schema": file} for name in one.upload}
    if one.form:
        fields = {**schemas[one.query.__name__]["properties"], "file": file}
        form = {"type": "object", "properties": fields, "required": ["file"]}
        content["multipart/form-data"] = {"schema": form}
    return {"required": True, "content": content}


def _responses(one: Operation) -> dict[str, Any]:
    statuses = {*(ALWAYS if one.scope else (400,)), *one.problems}
    statuses |= {404} if "{" in one.path else set()
    statuses |= {422} if one.body or one.upload or one.query.model_fields else set()
    statuses |= {413} if one.body or one.upload else set()
    problem = {"application/problem+json": {"schema": {"$ref": PLACE.format(model="Problem")}}}
    told = {str(int(answer.status)): _answer(answer) for answer in one.answers}
    return told | {
        str(status): {"description": PROBLEMS[status], "content": problem} for status in sorted(statuses)
    }


def _answer(answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.status.phrase}
    content: dict[str, Any] = {name: {"schema": {}} for name in answer.media}
    if answer.document:
        content["application/json"] = {"schema": {"$ref": PLACE.format(model=answer.document.__name__)}}
    if content:
        told["content"] = content
    if answer.headers:
        told["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers.items()
        }
    return told


def resolved(told: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Operation id -> the schema of its JSON body, for the page."""
    schemas = told["components"]["schemas"]
    bodies = {}
    for path in told["paths"].values():
        for one in path.values():
            schema = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema and "$ref" in schema:
                bodies[one["operationId"]] = schemas[schema["$ref"].rpartition("/")[2]]
    return bodies

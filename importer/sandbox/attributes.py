"""Product attributes: their definitions, their options, and how a catalogue writes them down.

The ordinary attributes of every Magento come from `standard.yaml`; a catalogue adds its own or changes these (native
CSV, section 9). Ids that are not given are assigned in the order of the file, so the same file gives the same ids.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from importer.sandbox import documents
from importer.sandbox.documents import Fault

INPUTS = (
    "text", "textarea", "date", "datetime", "boolean", "select", "multiselect", "price", "weight", "media_image", "gallery",
)  # fmt: skip
SCOPES = ("global", "website", "store")
TYPES = ("string", "int", "float")
WORDS = ("id", "label", "input", "options", "scope", "required", "unique", "type", "sets")

FIRST_STANDARD, FIRST_OWN, FIRST_OPTION = 73, 200, 500
"""Ids are counted from here: Magento's own product attributes begin with 73."""

YES_NO = {"Yes": "1", "No": "0"}


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """`type` is what a value is converted to at submission; `options` are label -> option id, as text."""

    id: int
    code: str
    label: str
    input: str = "text"
    type: str = "string"
    scope: str = "global"
    required: bool = False
    unique: bool = False
    own: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    """Names of the attribute sets that have it; none means all of them."""


def read(standard: Any, own: Any) -> dict[str, Attribute]:
    """The attributes of a shop by code: the standard ones, as the catalogue changes them, and its own. Raises Fault."""
    ordinary = {code: _words(entry, code) for code, entry in documents.table(standard, "attributes").items()}
    added = {code: _words(entry, code) for code, entry in documents.table(own, "attributes").items()}
    every = {code: ordinary.get(code, {}) | added.get(code, {}) for code in ordinary | added}
    taken = {words["id"] for words in every.values() if "id" in words}
    standard_ids, own_ids = documents.unused(FIRST_STANDARD, taken), documents.unused(FIRST_OWN, taken)
    option_ids = count(FIRST_OPTION)
    return {
        code: Attribute(
            id=words["id"] if "id" in words else next(standard_ids if code in ordinary else own_ids),
            code=code,
            own=code not in ordinary,
            **_traits(words, code, option_ids),
        )
        for code, words in every.items()
    }


def _words(entry: Any, code: str) -> dict[str, Any]:
    words = documents.known(entry, f"attributes.{code}", WORDS)
    if "id" in words:
        documents.number(words["id"], f"attributes.{code}.id")
    return words


def _traits(words: Mapping[str, Any], code: str, option_ids: Iterator[int]) -> dict[str, Any]:
    place = f"attributes.{code}"
    kind = documents.choice(words.get("input", "text"), f"{place}.input", INPUTS)
    options = _options(words.get("options"), f"{place}.options", option_ids)
    if options and kind not in ("select", "multiselect"):
        raise Fault(place, "options go with `input: select` or `input: multiselect`")
    if kind == "boolean":
        options = YES_NO
    return {
        "label": documents.name(words.get("label", code.replace("_", " ").title()), f"{place}.label"),
        "input": kind,
        "options": options,
        "type": documents.choice(words.get("type", _type(kind, options)), f"{place}.type", TYPES),
        "scope": documents.choice(words.get("scope", "global"), f"{place}.scope", SCOPES),
        "required": documents.flag(words.get("required", False), f"{place}.required"),
        "unique": documents.flag(words.get("unique", False), f"{place}.unique"),
        "sets": tuple(documents.numbered(words.get("sets") or [], f"{place}.sets")),
    }


def _options(value: Any, place: str, ids: Iterator[int]) -> dict[str, str]:
    """A list of labels, or a mapping `label: id`, where an id may be a word (countries)."""
    if isinstance(value, list):
        return {documents.name(label, place): str(next(ids)) for label in value}
    return {
        label: documents.name(given, f"{place}.{label}")
        for label, given in documents.table(value, place).items()
    }


def _type(kind: str, options: Mapping[str, str]) -> str:
    """Magento's column type: choices with numbers are whole numbers, amounts are decimals, the rest is text."""
    if kind in ("price", "weight"):
        return "float"
    numbers = all(value.isdigit() for value in options.values())
    return "int" if kind == "boolean" or (kind == "select" and numbers) else "string"

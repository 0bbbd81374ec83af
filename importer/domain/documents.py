"""From a mapping document (plain dictionaries and lists, of the shape that the language asks for) to a `Mapping`."""

from collections.abc import Mapping as Dict
from typing import Any

from importer.domain.mapping import (
    CLEAR_MARKER,
    TOGETHER,
    Column,
    Condition,
    EmptyCell,
    Inherit,
    KeyedList,
    Mapping,
    Phase,
    RepeatedKeys,
    Request,
    RuleCall,
    Scope,
    Skip,
    UnknownColumns,
)

LANGUAGE = 1
METHODS = ("POST", "PUT", "DELETE")

Table = Dict[str, Any]


def build(name: str, document: Table) -> Mapping:
    """The mapping that `document` describes. What is missing gets an empty value, so that the rest can be judged."""
    key = document.get("key", "")
    return Mapping(
        name=name,
        title=document.get("title", ""),
        entity=document.get("entity", ""),
        request=_request(document.get("request", {})),
        keys=(key,) if isinstance(key, str) else tuple(key),
        columns={name: _column(name, entry) for name, entry in document.get("columns", {}).items()},
        constants=document.get("constants", {}),
        lists={path: _list(entry) for path, entry in document.get("lists", {}).items()},
        skip=tuple(_skip(entry) for entry in document.get("skip", ())),
        ignore={name.lower(): reason or "" for name, reason in document.get("ignore", {}).items()},
        empty=EmptyCell(document.get("empty", EmptyCell.KEEP)),
        clear_marker=document.get("clear_marker", CLEAR_MARKER),
        unknown_columns=UnknownColumns(document.get("unknown_columns", UnknownColumns.IGNORE)),
        attribute_path=document.get("attribute_path"),
        repeated_keys=RepeatedKeys(document.get("repeated_keys", RepeatedKeys.LAST)),
        scope=_scope(document["scope"]) if "scope" in document else None,
        phases=tuple(_phase(entry) for entry in document.get("phases", ())),
        schema=document.get("schema", {}),
        reading={name: _spoken(word) for name, word in document.get("reading", {}).items()},
    )


def _list(entry: Table) -> KeyedList:
    return KeyedList(key=entry.get("key", "key"), value=entry.get("value", "value"))


def _spoken(word: Any) -> str:
    return ("yes" if word else "no") if isinstance(word, bool) else str(word)


def _column(name: str, entry: Table) -> Column:
    return Column(
        name=name,
        to=entry.get("to"),
        synonyms=tuple(entry.get("synonyms", ())),
        required=entry.get("required", False),
        rules=tuple(_call(rule) for rule in entry.get("rules", ())),
        empty=EmptyCell(entry["empty"]) if "empty" in entry else None,
        default=entry.get("default"),
        when=_condition(entry["when"]) if "when" in entry else None,
        inherit=_inherit(entry["inherit"]) if "inherit" in entry else None,
        expand=_call(entry["expand"]) if "expand" in entry else None,
        expr=entry.get("expr"),
        unique=entry.get("unique", False),
    )


def _inherit(entry: Table) -> Inherit:
    return Inherit(word=entry.get("word", ""), flag=entry.get("flag", ""))


def _call(rule: Any) -> RuleCall:
    """`trim` or `{number: {decimal: ","}}`; what is neither is a call of an unknown rule."""
    if isinstance(rule, dict) and len(rule) == 1:
        [(name, argument)] = rule.items()
        return RuleCall(name=name, argument=argument)
    return RuleCall(name=rule if isinstance(rule, str) else TOGETHER.join(map(str, rule)))


def _condition(entry: Table) -> Condition:
    words = entry.get("in", entry.get("not_in", ()))
    values = frozenset(_word(word) for word in words)
    return Condition(column=entry.get("column", ""), values=values, negated="not_in" in entry)


def _word(word: Any) -> str:
    """As a cell would have it: `true` and `1` are not what Python calls them."""
    return str(word).lower()


def _skip(entry: Table) -> Skip:
    return Skip(
        when=_condition(entry.get("when", {})),
        code=entry.get("code", ""),
        text=entry.get("text", ""),
        fix=entry.get("fix", ""),
    )


def _scope(entry: Table) -> Scope:
    return Scope(column=entry.get("column", ""), default=entry.get("default", "all"))


def _phase(entry: Table) -> Phase:
    return Phase(
        name=entry.get("name", ""),
        when=_condition(entry["when"]) if "when" in entry else None,
        request=_request(entry["request"]) if "request" in entry else None,
        payload=tuple(entry.get("payload", ())),
    )


def _request(entry: Table) -> Request:
    return Request(
        method=entry.get("method", "POST"),
        path=entry.get("path", ""),
        idempotent=entry.get("idempotent", False),
    )

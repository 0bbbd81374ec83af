"""From a mapping document (plain dictionaries and lists) to a `Mapping`, collecting every fault with its place."""

from collections.abc import Collection, Mapping as Dict
from enum import StrEnum
from typing import Any, TypeVar

from importer.domain.errors import MappingInvalid
from importer.domain.mapping import (
    CLEAR_MARKER,
    Column,
    Condition,
    EmptyCell,
    Faults,
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
    suggestion,
)

LANGUAGE = 1
WORDS = (
    "importer",
    "title",
    "entity",
    "request",
    "key",
    "columns",
    "constants",
    "lists",
    "skip",
    "ignore",
    "empty",
    "clear_marker",
    "unknown_columns",
    "attribute_path",
    "repeated_keys",
    "scope",
    "phases",
    "schema",
)
COLUMN_WORDS = (
    "to",
    "synonyms",
    "required",
    "rules",
    "empty",
    "default",
    "when",
    "inherit",
    "expand",
    "expr",
    "unique",
)
METHODS = ("POST", "PUT", "DELETE")

Word = TypeVar("Word", bound=StrEnum)


def parse(name: str, document: Any, *, lines: Dict[str, int], rules: Collection[str]) -> Mapping:
    """The mapping that `document` describes. `rules` are the known rule names.

    Raises MappingInvalid with all faults: a document is mended once, not fault by fault.
    """
    faults = Faults(lines=lines)
    reader = _Reader(faults, frozenset(rules))
    mapping = reader.mapping(name, document) if isinstance(document, dict) else None
    if mapping is None:
        faults.add("", "a mapping is a YAML document of `word: value` lines.")
    if faults.found or mapping is None:
        raise MappingInvalid(name, sorted(faults.found, key=lambda fault: fault.line))
    return mapping


class _Reader:
    """Reads one document; every method returns a usable value even after a fault, so that reading goes on."""

    def __init__(self, faults: Faults, rules: Collection[str]) -> None:
        self._faults = faults
        self._rules = sorted(rules)

    def mapping(self, name: str, document: Dict[str, Any]) -> Mapping:
        self._faults.known_keys("", document, WORDS)
        if document.get("importer") != LANGUAGE:
            self._faults.add(
                "importer", f"`importer: {LANGUAGE}` must name the version of the mapping language."
            )
        columns = self._columns(document.get("columns"))
        mapping = Mapping(
            name=name,
            title=self._text(document, "title", required=False),
            entity=self._text(document, "entity"),
            request=self._request(document.get("request")),
            key=self._text(document, "key"),
            columns=columns,
            constants=self._table(document, "constants"),
            lists=self._lists(self._table(document, "lists")),
            skip=tuple(self._skip(i, entry) for i, entry in enumerate(self._list(document, "skip"))),
            ignore={str(k): str(v or "") for k, v in self._table(document, "ignore").items()},
            empty=self._word(document, "empty", EmptyCell, EmptyCell.KEEP),
            clear_marker=self._text(document, "clear_marker", required=False) or CLEAR_MARKER,
            unknown_columns=self._word(document, "unknown_columns", UnknownColumns, UnknownColumns.IGNORE),
            attribute_path=self._text(document, "attribute_path", required=False) or None,
            repeated_keys=self._word(document, "repeated_keys", RepeatedKeys, RepeatedKeys.LAST),
            scope=self._scope(document.get("scope")),
            phases=tuple(self._phase(i, entry) for i, entry in enumerate(self._list(document, "phases"))),
            schema=self._table(document, "schema"),
        )
        self._fits_together(mapping)
        return mapping

    def _fits_together(self, mapping: Mapping) -> None:
        if mapping.key and mapping.columns and mapping.key not in mapping.columns:
            hint = suggestion(mapping.key, list(mapping.columns))
            self._faults.add("key", f"the key `{mapping.key}` is not one of the columns{hint}")
        for name, column in mapping.columns.items():
            if column.inherit and column.inherit.flag not in mapping.columns:
                self._faults.add(
                    f"columns.{name}.inherit", f"the flag `{column.inherit.flag}` is not a column."
                )
            if column.to is None and column.expand is None:
                self._faults.add(
                    f"columns.{name}", "a column needs `to:` (a path in the payload) or `expand:`."
                )
        expands = any(column.expand for column in mapping.columns.values())
        if (expands or mapping.unknown_columns is UnknownColumns.ATTRIBUTE) and not mapping.attribute_path:
            self._faults.add("attribute_path", "attributes need `attribute_path:`, the list they belong to.")

    def _request(self, value: Any) -> Request:
        table = value if isinstance(value, dict) else {}
        if not table:
            self._faults.add(
                "request", "say which call this makes: `request: {method: POST, path: /V1/...}`."
            )
        self._faults.known_keys("request", table, ("method", "path", "idempotent"))
        method, path = str(table.get("method", "POST")), str(table.get("path", "/V1/"))
        if method not in METHODS:
            self._faults.add("request.method", f"`{method}` is not one of {', '.join(METHODS)}.")
        if not path.startswith("/V"):
            self._faults.add("request.path", f"`{path}` must be an ordinary route such as /V1/products.")
        return Request(method=method, path=path, idempotent=bool(table.get("idempotent", False)))

    def _columns(self, value: Any) -> dict[str, Column]:
        if not isinstance(value, dict) or not value:
            self._faults.add("columns", "a mapping needs `columns:`, at least the key's.")
            return {}
        return {str(name): self._column(str(name), entry) for name, entry in value.items()}

    def _column(self, name: str, value: Any) -> Column:
        path = f"columns.{name}"
        if not isinstance(value, dict):
            self._faults.add(path, "a column is a table: `{to: path.in.payload, rules: [...]}`.")
            return Column(name=name, to="")
        self._faults.known_keys(path, value, COLUMN_WORDS)
        rules = value.get("rules") or []
        if not isinstance(rules, list):
            self._faults.add(f"{path}.rules", 'rules are a list: `[trim, {number: {decimal: ","}}]`.')
            rules = []
        return Column(
            name=name,
            to=str(value["to"]) if value.get("to") else None,
            synonyms=tuple(str(word) for word in value.get("synonyms") or ()),
            required=bool(value.get("required", False)),
            rules=tuple(self._rule(f"{path}.rules.{i}", rule) for i, rule in enumerate(rules)),
            empty=self._word(value, "empty", EmptyCell, None, path=path),
            default=value.get("default"),
            when=self._condition(f"{path}.when", value["when"]) if "when" in value else None,
            inherit=self._inherit(f"{path}.inherit", value["inherit"]) if "inherit" in value else None,
            expr=str(value["expr"]) if value.get("expr") is not None else None,
            unique=bool(value.get("unique", False)),
            expand=self._call(f"{path}.expand", value["expand"], ["attributes"])
            if "expand" in value
            else None,
        )

    def _rule(self, path: str, value: Any) -> RuleCall:
        return self._call(path, value, self._rules)

    def _call(self, path: str, value: Any, known: list[str]) -> RuleCall:
        if isinstance(value, dict) and len(value) == 1:
            name, argument = next(iter(value.items()))
        else:
            name, argument = value, None
        if name not in known:
            self._faults.add(path, f"unknown rule `{name}`{suggestion(str(name), known)}")
        return RuleCall(name=str(name), argument=argument)

    def _skip(self, index: int, value: Any) -> Skip:
        path = f"skip.{index}"
        table = value if isinstance(value, dict) else {}
        self._faults.known_keys(path, table, ("when", "code", "text", "fix"))
        if not table.get("code") or not table.get("text"):
            self._faults.add(path, "a skip needs `when`, `code` and `text`.")
        return Skip(
            when=self._condition(f"{path}.when", table.get("when")),
            code=str(table.get("code", "")),
            text=str(table.get("text", "")),
            fix=str(table.get("fix", "")),
        )

    def _scope(self, value: Any) -> Scope | None:
        if value is None:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("column"), str):
            self._faults.add("scope", "a scope is `{column: store_view_code, default: all}`.")
            return None
        return Scope(column=value["column"], default=str(value.get("default", "all")))

    def _phase(self, index: int, value: Any) -> Phase:
        path = f"phases.{index}"
        if not isinstance(value, dict) or not value.get("name"):
            self._faults.add(
                path, "a phase is `{name: simples, when: {column: product_type, in: [simple]}}`."
            )
            return Phase(name="")
        when = self._condition(f"{path}.when", value["when"]) if "when" in value else None
        return Phase(name=str(value["name"]), when=when)

    def _condition(self, path: str, value: Any) -> Condition:
        table = value if isinstance(value, dict) else {}
        self._faults.known_keys(path, table, ("column", "in", "not_in"))
        values = table.get("in", table.get("not_in"))
        if "column" not in table or not isinstance(values, list) or ("in" in table) == ("not_in" in table):
            self._faults.add(
                path, "a condition is `{column: name, in: [...]}` or `{column: name, not_in: [...]}`."
            )
            values = []
        lowered = frozenset(str(word).lower() for word in values)
        return Condition(column=str(table.get("column", "")), values=lowered, negated="not_in" in table)

    def _inherit(self, path: str, value: Any) -> Inherit:
        table = value if isinstance(value, dict) else {}
        if set(table) != {"word", "flag"}:
            self._faults.add(path, "`inherit` is `{word: the word in the cell, flag: the column it sets}`.")
        return Inherit(word=str(table.get("word", "")), flag=str(table.get("flag", "")))

    def _lists(self, value: Dict[str, Any]) -> dict[str, KeyedList]:
        lists = {}
        for path, entry in value.items():
            if not isinstance(entry, dict) or set(entry) != {"key", "value"}:
                self._faults.add(f"lists.{path}", "a list is `{key: attribute_code, value: value}`.")
                continue
            lists[str(path)] = KeyedList(key=str(entry["key"]), value=str(entry["value"]))
        return lists

    def _text(self, table: Dict[str, Any], word: str, *, required: bool = True) -> str:
        value = table.get(word)
        if required and not isinstance(value, str):
            self._faults.add(word, f"`{word}:` is missing or not a text.")
        return str(value) if value is not None else ""

    def _table(self, table: Dict[str, Any], word: str) -> dict[str, Any]:
        value = table.get(word)
        if value is not None and not isinstance(value, dict):
            self._faults.add(word, f"`{word}:` must be a table of `name: value` lines.")
        return value if isinstance(value, dict) else {}

    def _list(self, table: Dict[str, Any], word: str) -> list[Any]:
        value = table.get(word)
        if value is not None and not isinstance(value, list):
            self._faults.add(word, f"`{word}:` must be a list.")
        return value if isinstance(value, list) else []

    def _word(
        self,
        table: Dict[str, Any],
        word: str,
        words: type[Word],
        default: Any,
        *,
        path: str = "",
    ) -> Any:
        value = table.get(word)
        if value is None:
            return default
        known = [member.value for member in words]
        if value not in known:
            self._faults.add(f"{path}.{word}".lstrip("."), f"`{value}` is not one of {', '.join(known)}.")
            return default
        return words(value)

"""Everything that is wrong with a mapping, found when it is loaded: its shape, its rules, and how its parts fit."""

from collections.abc import Callable, Collection, Iterator, Mapping as Dict
from copy import deepcopy
from typing import Any

from importer.domain import documents
from importer.domain.mapping import Column, Condition, Mapping, UnknownColumns, suggestion
from importer.transform import chains, expressions, schema_faults, tree
from importer.transform.language import judging
from importer.transform.shapes import Path, misfits
from importer.transform.tree import Constant

Found = tuple[Path, str]
"""Where in the document, and what is wrong there."""


def judge(name: str, document: Any, *, trusted: bool) -> tuple[Mapping, list[Found]]:
    """The mapping and all its faults. What has the wrong shape is left out of it, and no more, so that the rest can be
    judged.

    `trusted`: an operator wrote it, so it may hold expressions.
    """
    if not isinstance(document, dict):
        return documents.build(name, {}), [((), "a mapping is a YAML document of `word: value` lines.")]
    shape = list(misfits(judging(), document))
    parts = {place for place, _ in shape}
    mapping = documents.build(name, _without(document, parts))
    found = [fault for judge_of in JUDGES for fault in judge_of(mapping, parts)]
    if not trusted:
        found += [
            (("columns", column.name, "expr"), "expressions are read from the operator's own files only.")
            for column in mapping.columns.values()
            if column.expr is not None
        ]
    return mapping, shape + found


ANY: Any = object()
TABLES: tuple[Path, ...] = (
    ("columns",), ("columns", ANY), ("columns", ANY, "when"), ("columns", ANY, "inherit"), ("lists",), ("lists", ANY),
    ("request",), ("skip", ANY), ("skip", ANY, "when"), ("scope",), ("phases", ANY), ("phases", ANY, "when"),
    ("phases", ANY, "request"), ("reading",), ("ignore",), ("constants",), ("schema",),
)  # fmt: skip
"""Places of tables. One whose words have faults stays; what is no table becomes an empty one. Other things of the wrong
shape are left out."""


def _without(document: Dict[str, Any], parts: Collection[Path]) -> Dict[str, Any]:
    left = deepcopy(dict(document))
    for part in sorted(filter(None, parts), key=len, reverse=True):
        inner: Any = left
        for word in part[:-1]:
            inner = schema_faults.inside(inner, word)
        last = part[-1]
        if isinstance(inner, dict) and last not in inner:
            continue  # it is missing
        value = schema_faults.inside(inner, last)
        if any(_fits(part, table) for table in TABLES):
            inner[last] = value if isinstance(value, dict) else {}
        elif isinstance(inner, dict):
            del inner[last]
        else:
            inner[last] = ""  # the places of the others in the list stay what they are
    return left


def _fits(place: Path, table: Path) -> bool:
    pairs = zip(place, table, strict=True) if len(place) == len(table) else [("", None)]
    return all(asked in (ANY, word) for word, asked in pairs)


def _names(mapping: Mapping, parts: Collection[Path]) -> Iterator[Found]:
    """The key, the scope and the conditions name columns."""
    if ("columns",) in parts:
        return
    for key in mapping.keys:
        if key and key not in mapping.columns:
            yield (
                ("key",),
                f"the key `{key}` is not one of the columns{suggestion(key, mapping.columns, 'columns')}",
            )
    for place, condition in _conditions(mapping):
        if condition.column and condition.column not in mapping.columns:
            hint = suggestion(condition.column, mapping.columns, "columns")
            yield (*place, "column"), f"`{condition.column}` is not one of the columns{hint}"
    scope = mapping.scope
    if scope and scope.column and scope.column not in mapping.columns:
        hint = suggestion(scope.column, mapping.columns, "columns")
        yield ("scope", "column"), f"the scope's column `{scope.column}` is not one of the columns{hint}"


def _columns(mapping: Mapping, _parts: Collection[Path]) -> Iterator[Found]:
    """What a column says of other columns."""
    for name, column in mapping.columns.items():
        flag = column.inherit.flag if column.inherit else ""
        if flag and flag not in mapping.columns:
            hint = suggestion(flag, mapping.columns, "columns")
            yield ("columns", name, "inherit"), f"the flag `{flag}` is not a column{hint}"
        if name.lower() in mapping.ignore:
            yield ("ignore",), f"`{name}` is a column of this mapping, so it is not left out."


def _conditions(mapping: Mapping) -> Iterator[tuple[Path, Condition]]:
    for place, skip in enumerate(mapping.skip):
        yield ("skip", place, "when"), skip.when
    for place, phase in enumerate(mapping.phases):
        if phase.when:
            yield ("phases", place, "when"), phase.when
    for name, column in mapping.columns.items():
        if column.when:
            yield ("columns", name, "when"), column.when


def _synonyms(mapping: Mapping, _parts: Collection[Path]) -> Iterator[Found]:
    owners = {name.lower(): name for name in reversed(list(mapping.columns))}
    for name, column in mapping.columns.items():
        if owners[name.lower()] != name:
            yield ("columns", name), f"differs from `{owners[name.lower()]}` only by upper and lower case."
        for place, synonym in enumerate(column.synonyms):
            owner = owners.setdefault(synonym.lower(), name)
            if synonym and owner != name:
                yield ("columns", name, "synonyms", place), f"`{synonym}` means the column `{owner}` already."


def _purpose(mapping: Mapping, parts: Collection[Path]) -> Iterator[Found]:
    """A column goes somewhere, or something reads it; attributes have a list."""
    readers = {condition.column for _, condition in _conditions(mapping)} | set(mapping.keys)
    readers |= {mapping.scope.column} if mapping.scope else set()
    readers |= {name for c in mapping.columns.values() if c.expr for name in expressions.names(c.expr)}
    for name, column in mapping.columns.items():
        bent = any(
            place[:2] == ("columns", name) and place[2:3] in ((), ("to",), ("expand",)) for place in parts
        )
        if column.to is None and column.expand is None and name not in readers and not bent:
            yield (
                ("columns", name),
                (
                    "goes nowhere: give it `to:`, a path in the payload; or name it under `ignore:` with the reason."
                ),
            )
    expands = any(column.expand for column in mapping.columns.values())
    takes = mapping.unknown_columns is UnknownColumns.ATTRIBUTE
    if (expands or takes) and not mapping.attribute_path and ("attribute_path",) not in parts:
        yield ("attribute_path",), "attributes need `attribute_path:`, the list they belong to."


def _paths(mapping: Mapping, parts: Collection[Path]) -> Iterator[Found]:
    """Every place is a path, its lists are declared, and no two values go to one place."""
    declared = ("lists",) not in parts
    places: list[tuple[str, Constant]] = []

    def tried(place: Path, path: str) -> Iterator[Found]:
        return _tried(place, path, mapping, places, declared=declared)

    if mapping.attribute_path:
        yield from _tried(
            ("attribute_path",), f"{mapping.attribute_path}[code]", mapping, [], declared=declared
        )
    for path in mapping.constants:
        yield from tried(("constants", path), path)
    first: dict[str, Column] = {}
    for name, column in mapping.columns.items():
        if column.to is None:
            continue
        before = first.setdefault(column.to, column)
        if before is not column and chains.makes_list(before) and chains.makes_list(column):
            continue  # lists of several columns for one place follow each other there
        yield from tried(("columns", name, "to"), column.to)


def _tried(
    place: Path, path: str, mapping: Mapping, places: list[tuple[str, Constant]], *, declared: bool
) -> Iterator[Found]:
    """One more path beside those that are good. `declared`: the lists are known."""
    try:
        tree.grow([*places, (path, Constant(path, None))], mapping.lists)
    except tree.Undeclared as error:
        if declared:
            yield place, f"{error}."
    except ValueError as error:
        yield place, f"{error}."
    else:
        places.append((path, Constant(path, None)))


def _phases(mapping: Mapping, parts: Collection[Path]) -> Iterator[Found]:
    names = [phase.name for phase in mapping.phases]
    selections = len(mapping.selections)
    for place, phase in enumerate(mapping.phases):
        if phase.name and phase.name in names[:place]:
            yield ("phases", place, "name"), f"there are two phases named `{phase.name}`."
        if any(part[:2] == ("phases", place) and part[2:3] in BENT for part in parts):
            continue
        if phase.request or phase.payload:
            yield from _follow_up(mapping, place)
            continue
        last = place == selections - 1
        if place >= selections:
            text = f"`{phase.name}` must come before the phases with a `request`, which are for rows that were sent."
            yield ("phases", place), text
        elif last and phase.when:
            yield (
                ("phases", place),
                (
                    f"rows that fit no phase have nowhere to go: add a last phase without `when` after `{phase.name}`."
                ),
            )
        elif not last and not phase.when:
            yield (
                ("phases", place),
                f"`{phase.name}` takes all rows that are left, so it must be the last phase.",
            )


BENT: tuple[Path, ...] = ((), ("when",), ("request",), ("payload",))
"""Parts of a phase without which nobody can say what kind of phase it is."""


def _follow_up(mapping: Mapping, place: int) -> Iterator[Found]:
    """A phase of second operations: its request, and the parts of the payload that go with it and with no other."""
    phase = mapping.phases[place]
    if not (phase.request and phase.payload):
        yield (
            ("phases", place),
            "`request` and `payload` go together: what is sent in a second request of a row.",
        )
    if phase.when:
        text = "a row has a second request when it has one of the parts in `payload`; put `when` at their columns."
        yield ("phases", place, "when"), text
    tops = {tree.top(path) for path in (*mapping.constants, *_targets(mapping))}
    own = {tree.top(path) for key in mapping.keys if (path := _target(mapping, key))}
    taken = [name for other in mapping.phases[:place] for name in other.payload]
    for number, name in enumerate(phase.payload):
        if name not in tops:
            yield ("phases", place, "payload", number), f"no column goes to `{name}`{suggestion(name, tops)}"
        elif name in own:
            yield (
                ("phases", place, "payload", number),
                f"`{name}` holds the key, so it goes with the row itself.",
            )
        elif name in taken:
            yield ("phases", place, "payload", number), f"`{name}` goes in an earlier phase already."


def _targets(mapping: Mapping) -> list[str]:
    return [column.to for column in mapping.columns.values() if column.to]


def _target(mapping: Mapping, name: str) -> str | None:
    return mapping.columns[name].to if name in mapping.columns else None


def _expressions(mapping: Mapping, _parts: Collection[Path]) -> Iterator[Found]:
    for name, column in mapping.columns.items():
        if column.expr is not None and (fault := expressions.fault(column.expr, mapping.columns)):
            yield ("columns", name, "expr"), fault


def _reading(mapping: Mapping, _parts: Collection[Path]) -> Iterator[Found]:
    said = mapping.reading.get("encoding", "utf-8")
    try:
        b"a".decode(said, "replace")  # a codec that gives no text is no encoding
    except LookupError:
        yield (
            ("reading", "encoding"),
            f"`{said}` is no known encoding; known are utf-8, utf-16, cp1252 and the like.",
        )


JUDGES: tuple[Callable[[Mapping, Collection[Path]], Iterator[Found]], ...] = (
    _names,
    _columns,
    _synonyms,
    _purpose,
    _paths,
    _phases,
    _expressions,
    _reading,
    chains.faults,
    schema_faults.faults,
)

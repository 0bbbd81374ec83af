"""Which column of a file is which column of a mapping: by name, then by synonym, upper and lower case alike."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from importer.domain.errors import RequestError
from importer.domain.mapping import KEY_MARK, Mapping, UnknownColumns, suggestion
from importer.domain.sentences import sentences, visible


@dataclass(frozen=True)
class Binding:
    """`names`: mapping column -> column of the file. `unknown`: columns of the file that mean nothing here.

    `literal`: path in the payload -> column of the file that carries that part of the payload as it is. `json`: columns
    of the file whose cells are JSON text.
    """

    names: dict[str, str]
    ignored: tuple[str, ...]
    unknown: tuple[str, ...]
    literal: dict[str, str] = field(default_factory=dict)
    json: frozenset[str] = frozenset()

    @property
    def keyed_literals(self) -> dict[str, str]:
        """Parts of documents that the mapping reads as cells: its columns -> columns of the file."""
        return {name: file for name, file in self.names.items() if file in self.json}

    def labels(self) -> dict[str, str]:
        return dict(self.names)

    def label(self, column: str) -> str:
        """How the file's owner calls a column of the mapping."""
        parts = [column] if column in self.names else column.split(KEY_MARK)
        return KEY_MARK.join(self.names.get(part, part) for part in parts)


def bind(
    mapping: Mapping, names: Sequence[str], literal: Collection[str] = (), hints: Sequence[str] = ()
) -> Binding:
    """`literal` names the columns that hold parts of documents, called by their path in them. `hints`: why the names may
    not be what the file's owner wrote.

    Raises RequestError when a required column is missing or the mapping refuses unknown columns.
    """
    lowered = _by_lower_case(names)
    bound: dict[str, str] = {}
    for column in mapping.columns.values():
        words = [column.name, *column.synonyms]
        if column.to in literal:
            words.append(str(column.to))
        found = next((lowered[word.lower()] for word in words if word.lower() in lowered), None)
        if found is not None and found not in bound.values():
            bound[column.name] = found
    _refuse_missing(mapping, bound, names, hints)
    named = {word.lower() for c in mapping.columns.values() for word in (c.name, *c.synonyms)}
    parts = {
        name: name
        for name in names
        if name in literal and name.lower() not in named and _is_place(name, mapping)
    }
    rest = [name for name in names if name not in bound.values() and name not in parts]
    ignored = tuple(name for name in rest if name.lower() in mapping.ignore)
    unknown = tuple(name for name in rest if name.lower() not in mapping.ignore)
    if unknown and mapping.unknown_columns is UnknownColumns.REJECT:
        found_none = " ".join(
            f"{visible(name)}{suggestion(name, list(mapping.columns), 'columns')}" for name in unknown
        )
        raise RequestError(
            f"The mapping {mapping.name} knows no column {found_none} Rename or remove it.",
            code="columns.unknown",
        )
    return Binding(names=bound, ignored=ignored, unknown=unknown, literal=parts, json=frozenset(literal))


def _is_place(name: str, mapping: Mapping) -> bool:
    """Whether the path begins where the mapping's own paths begin."""
    tops = {str(column.to).partition(".")[0] for column in mapping.columns.values() if column.to}
    return name.partition(".")[0] in tops


def _by_lower_case(names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        if name.lower() in found:
            raise RequestError(
                f"The columns {found[name.lower()]} and {name} differ only by case; rename or remove one.",
                code="columns.twice",
            )
        found[name.lower()] = name
    return found


def _refuse_missing(
    mapping: Mapping, bound: dict[str, str], names: Sequence[str], hints: Sequence[str]
) -> None:
    needed = [
        c for c in mapping.columns.values() if c.required or (c.name in mapping.keys and c.expr is None)
    ]
    missing = [column for column in needed if column.name not in bound]
    if not missing:
        return
    wanted = "; ".join(
        column.name + (f" (or {', '.join(column.synonyms)})" if column.synonyms else "") for column in missing
    )
    shown = ", ".join(map(visible, names[:12])) + (" ..." if len(names) > 12 else "")
    told = (
        f"The file has no column {wanted}, which the mapping {mapping.name} needs. Its columns are: {shown}."
    )
    raise RequestError(
        sentences(told, *hints, "Choose another mapping or rename the column."), code="columns.missing"
    )

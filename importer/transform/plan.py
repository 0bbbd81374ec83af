"""How values of one set of columns become payloads, and which of them the schema has to look at."""

from collections.abc import Iterator, Mapping as Dict, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl

from importer.domain.errors import RequestError
from importer.domain.mapping import Column, Mapping
from importer.domain.rows import LINE, ROW, Outcome, RowError
from importer.transform import findings, schema
from importer.transform.accept import Clause, clauses
from importer.transform.cells import KEY, Values
from importer.transform.findings import Finding
from importer.transform.fragments import Fragment, fragments, payloads, text_place
from importer.transform.ground import Ground
from importer.transform.rendering import Piece, payload, render, side_by_side
from importer.transform.rules import LITERAL_CALL
from importer.transform.tree import Constant, Leaf, Object, children, grow, present

PAYLOAD = "#payload"
KNOWN_SETS = 16
"""Sets of columns for which is kept how their payloads are put together."""
KNOWN_VALUES, KNOWN_CHARACTERS = 10_000, 500
"""Distinct values of a clause for which is remembered what was found; longer ones are looked at again."""


class Told(NamedTuple):
    """A finding as the file's owner sees it. `cell`: the column of the frame that holds the value."""

    column: str
    cell: str | None
    code: str
    text: str
    fix: str


@dataclass
class Looked:
    """A clause with what the schema has said so far, by the JSON text that was looked at.

    `source`: the column that the clause hangs on, when it is one alone; `by_text`: what became of the first texts of it.
    """

    number: int
    clause: Clause
    source: str
    text: pl.Expr  # the JSON of its place
    checker: Any
    known: dict[str, tuple[Told, ...]] = field(default_factory=dict)
    by_text: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.Boolean))

    def of_texts(self, made: pl.DataFrame) -> pl.Series:
        """Whether the clause accepts them; found out once. Frames may come from several threads at once."""
        by_text = self.by_text
        if by_text.len() < made.height:
            fresh = _accepted([self], made[by_text.len() :])[self.number]
            by_text = self.by_text = pl.concat([by_text, fresh], rechunk=True)
        return by_text[: made.height]


def _accepted(several: Sequence[Looked], table: pl.DataFrame) -> dict[int, pl.Series]:
    found = table.select(one.clause.accept.alias(str(one.number)) for one in several)
    return {
        one.number: verdicts
        if verdicts.len() == table.height
        else verdicts.new_from_index(0, table.height)  # the same for all rows
        for one, verdicts in zip(several, found, strict=True)
    }


class Plan:
    """Built once for the columns that frames have in use. Raises RequestError when two columns fill one place."""

    def __init__(self, mapping: Mapping, leaves: Sequence[tuple[Column, Leaf]]) -> None:
        own = {leaf.path for column, leaf in leaves if LITERAL_CALL in column.rules}
        places: list[tuple[str, Leaf | Constant]] = [
            (path, Constant(path, value)) for path, value in mapping.constants.items() if path not in own
        ]
        places += [(leaf.path, leaf) for _, leaf in leaves]
        try:
            tree = grow(places, mapping.lists)
        except ValueError as error:
            raise RequestError(
                f"Two columns of the file go to one place: {error}.", code="columns.twice"
            ) from error
        self._mapping = mapping
        self._columns = {leaf.path: column for column, leaf in leaves}
        self._parts = _divided(tree, mapping)
        self._sources = {
            name: _texts_of(column, leaf) for column, leaf in leaves for name in (leaf.value, leaf.json)
        }
        self._fragments: dict[frozenset[str], dict[str, list[Fragment]]] = {}
        checker = schema.validator(mapping)
        self._looked = [
            Looked(
                number,
                clause,
                _source(clause, self._sources),
                render(clause.node),
                checker.evolve(schema=clause.schema),
            )
            for number, clause in enumerate(clauses(mapping.schema, tree, Ground(mapping.schema, checker)))
        ]

    def __call__(
        self, values: Values, errors: Sequence[RowError], cells: pl.DataFrame
    ) -> tuple[pl.DataFrame, list[RowError]]:
        """Operations and what the schema finds. A value that failed by its rule is not reported missing as well.

        Beside `#payload` stand the payloads of later operations of the rows that have any (`stages.later_payload`).
        """
        broken = {(error.row, error.column) for error in errors}
        found = [error for error in self._found(values, cells) if (error.row, error.column) not in broken]
        invalid = {error.row for error in errors} | {error.row for error in found}
        good = values.table.select(ROW, LINE, KEY, *(leaf.json for _, leaf in values.leaves))
        good = good.hstack([one.places.alias(text_place(name)) for name, one in values.few.items()])
        if invalid:
            good = good.filter(~pl.col(ROW).is_in(list(invalid)))
        found_payloads = [
            payloads(parts, good, values.few, name) for name, parts in self._rendered(good).items()
        ]
        return good.select(ROW, LINE, pl.col(KEY).str.strip_chars()).hstack(found_payloads), found

    def _rendered(self, table: pl.DataFrame) -> Dict[str, list[Fragment]]:
        """How the JSON of the rows is put together, for each column of payloads; built once for each set of columns with a
        value in every row."""
        certain = frozenset(
            name
            for name in table.columns
            if name in self._sources and not table.get_column(name).null_count()
        )
        known = self._fragments.get(certain)
        if known is None:
            if len(self._fragments) >= KNOWN_SETS:
                self._fragments.clear()
            known = self._fragments[certain] = {
                f"{PAYLOAD}{phase}": fragments(_pieces(phase, part, certain), self._sources)
                for phase, part in self._parts.items()
            }
        return known

    def _found(self, values: Values, cells: pl.DataFrame) -> list[RowError]:
        """What the schema itself says of the places that were not accepted, in the order of the file."""
        table = values.table
        found: dict[tuple[int, Told], None] = {}
        for looked, places in self._not_accepted(values):
            found.update(dict.fromkeys(self._told(looked, table, places)))
        return _errors(sorted(found, key=lambda one: one[0]), table, cells)

    def _not_accepted(self, values: Values) -> Iterator[tuple[Looked, pl.Series]]:
        """Every clause that some rows may fail, and these rows. What hangs on a column whose cells repeat is found out
        once for each of its texts."""
        few = {one.source: values.few[one.source] for one in self._looked if one.source in values.few}
        accepted = _accepted([one for one in self._looked if one.source not in few], values.table)
        around: dict[str, pl.Series] = {}
        for looked in self._looked:
            if looked.source in few:
                known = few[looked.source]
                by_text = looked.of_texts(known.made)
                if by_text.all():
                    continue
                verdicts = by_text.gather(known.places)
            else:
                verdicts = accepted[looked.number]
            if verdicts.all():
                continue
            here, path = looked.clause.here, looked.clause.node.path
            if here is not None:
                if path not in around:
                    around[path] = values.table.select(~here).to_series()
                verdicts = verdicts | around[path]
            yield looked, (~verdicts).arg_true()

    def _told(self, looked: Looked, table: pl.DataFrame, places: pl.Series) -> Iterator[tuple[int, Told]]:
        """(place in the frame, what is wrong there); every distinct value is looked at once."""
        clause, known = looked.clause, looked.known
        if clause.missing is not None:
            told = self._as_told(findings.missing(clause.missing))
            yield from ((place, told) for place in places.to_list())
            return
        if len(known) > KNOWN_VALUES:
            known.clear()
        for place, text in zip(places.to_list(), _texts(looked.text, table, places), strict=True):
            if text is None:
                continue
            said = known.get(text)
            if said is None:
                said = self._said(looked, text)
                if len(text) <= KNOWN_CHARACTERS:
                    known[text] = said
            for one in said:
                yield place, one

    def _said(self, looked: Looked, text: str) -> tuple[Told, ...]:
        found = findings.findings(
            looked.checker, schema.load(text), self._mapping, at=looked.clause.node.path
        )
        return tuple(dict.fromkeys(self._as_told(finding) for finding in found))

    def _as_told(self, finding: Finding) -> Told:
        path, code, text, fix = finding
        column = self._columns.get(path) or _nearest(path, self._columns)
        if column is None:  # the file gives no value for this path: name the column that would
            column = next((c for c in self._mapping.columns.values() if c.to == path), None)
        return Told(column.label if column else path, column.name if column else None, code, text, fix)


def _divided(tree: Object, mapping: Mapping) -> dict[int | str, Object]:
    """The payload of the first operation (under an empty name) and those of later phases, by their numbers."""
    phases = {name: phase for phase, one in mapping.follow_ups.items() for name in one.payload}
    parts: dict[int | str, Object] = {"": Object("")}
    for name, child in tree.members.items():
        parts.setdefault(phases.get(name, ""), Object("")).members[name] = child
    return parts


def _pieces(phase: int | str, part: Object, certain: frozenset[str]) -> list[Piece]:
    """The part of a later phase is one piece, null where a row has nothing of it, unless every row has something."""
    pieces = payload(part, certain)
    there = [one for child in children(part) if (one := present(child)) is not False]
    if not phase or not there or any(one is True for one in there):
        return pieces
    return [pl.when(pl.any_horizontal(there)).then(side_by_side(pieces))]


def _texts_of(column: Column, leaf: Leaf) -> str:
    """The column whose texts decide about the leaf; no column's name where several are joined."""
    return column.name if leaf.value == f"{column.name}#value" else leaf.value


def _source(clause: Clause, columns: Dict[str, str]) -> str:
    """The one column that decides about the clause; empty when there are several or none."""
    found = {columns[name] for name in clause.accept.meta.root_names()}
    return found.pop() if len(found) == 1 else ""


def _texts(text: pl.Expr, table: pl.DataFrame, places: pl.Series) -> list[str | None]:
    """The JSON of a place of the payload in these rows; None where there is nothing."""
    names = dict.fromkeys([ROW, *text.meta.root_names()])
    return table.select(*names)[places].select(ROW, text.alias("#text")).get_column("#text").to_list()


def _errors(found: list[tuple[int, Told]], table: pl.DataFrame, cells: pl.DataFrame) -> list[RowError]:
    if not found:
        return []
    places = pl.Series([place for place, _ in found], dtype=pl.UInt32)
    wanted = dict.fromkeys(told.cell for _, told in found if told.cell in cells.columns)
    held: Dict[Any, list[Any]] = {name: cells.get_column(str(name))[places].to_list() for name in wanted}
    rows = table.select(ROW, LINE, KEY)[places].iter_rows()
    return [
        RowError(
            row=row,
            line=line,
            key=key,
            outcome=Outcome.INVALID,
            code=told.code,
            text=told.text,
            fix=told.fix,
            column=told.column,
            value=(held[told.cell][number] or "") if told.cell in held else None,
        )
        for number, ((row, line, key), (_, told)) in enumerate(zip(rows, found, strict=True))
    ]


def _nearest(path: str, columns: Dict[str, Column]) -> Column | None:
    """The column whose value holds the path: a list made of one cell."""
    return next(
        (column for outer, column in columns.items() if path.startswith((f"{outer}[", f"{outer}."))), None
    )

"""Several columns for one place of the payload: their lists follow each other there, and what a document carries there
itself goes before what the mapping makes of a row's cells."""

from collections.abc import Mapping as Dict, Sequence
from dataclasses import replace
from typing import Any

import orjson
import polars as pl

from importer.domain.mapping import Column
from importer.transform.kinds import rendered
from importer.transform.rules import LITERAL, LITERAL_CALL
from importer.transform.tree import Leaf

Leaves = list[tuple[Column, Leaf]]


def carries(column: Column) -> bool:
    """Whether its cells are parts of the payload themselves."""
    return LITERAL_CALL in column.rules


def joined(table: pl.DataFrame, leaves: Leaves, constants: Dict[str, Any]) -> tuple[pl.DataFrame, Leaves]:
    """The table and the leaves with one leaf for each place. `constants`: of the mapping, by their path."""
    table, own = _one_list(table, [(column, leaf) for column, leaf in leaves if not carries(column)])
    found: dict[str, Leaves] = {}
    for column, leaf in own:
        found.setdefault(leaf.path, []).append((column, leaf))
    carried = []
    for column, leaf in leaves:
        if not carries(column):
            continue
        made = found.get(leaf.path, [])
        if len(made) > 1 or not (made or leaf.path in constants):
            carried.append((column, leaf))
            continue
        found.pop(leaf.path, None)
        name = f"{leaf.path}#either"
        texts = [pl.col(one.json) for one in (leaf, *(other for _, other in made))]
        if leaf.path in constants:
            texts.append(pl.lit(orjson.dumps(constants[leaf.path]).decode()))
        table = table.with_columns(pl.coalesce(texts).alias(end) for end in (name, f"{name}#json"))
        shown = made[0][0].label if made else column.shown
        one = replace(leaf, kind=LITERAL, value=name, json=f"{name}#json")
        carried.append((replace(column, shown=shown), one))
    return table, [*(one for parts in found.values() for one in parts), *carried]


def _one_list(table: pl.DataFrame, leaves: Leaves) -> tuple[pl.DataFrame, Leaves]:
    """The table and the leaves with one leaf in place of those that make lists of one kind for one place.

    It takes the place of the first of them, and its column is the one that is named where the list is wrong.
    """
    found: dict[str, Leaves] = {}
    for column, leaf in leaves:
        found.setdefault(leaf.path, []).append((column, leaf))
    several = {path: parts for path, parts in found.items() if len(parts) > 1 and _lists(parts)}
    if not several:
        return table, leaves
    table = table.with_columns(_value(parts).alias(f"{path}#joined") for path, parts in several.items())
    table = table.with_columns(
        _json(path, parts).alias(f"{path}#joined#json") for path, parts in several.items()
    )
    one = {
        path: (column, replace(leaf, value=f"{path}#joined", json=f"{path}#joined#json"))
        for path, ((column, leaf), *_) in several.items()
    }
    first = {column.name for column, _ in one.values()}
    kept = [(c, leaf) for c, leaf in leaves if leaf.path not in several or c.name in first]
    return table, [one.get(leaf.path, (column, leaf)) for column, leaf in kept]


def _lists(parts: Sequence[tuple[Column, Leaf]]) -> bool:
    return all(leaf.kind.many and leaf.kind is parts[0][1].kind for _, leaf in parts)


def _value(parts: Sequence[tuple[Column, Leaf]]) -> pl.Expr:
    """Null where no column has a value."""
    values = [pl.col(leaf.value) for _, leaf in parts]
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return pl.when(pl.any_horizontal(value.is_not_null() for value in values)).then(
        pl.concat_list(value.fill_null(nothing) for value in values)
    )


def _json(path: str, parts: Sequence[tuple[Column, Leaf]]) -> pl.Expr:
    """A list that is cleared counts only where no other column has a value."""
    return pl.coalesce(
        rendered(pl.col(f"{path}#joined"), parts[0][1].kind, plain=False),
        *(pl.col(leaf.json) for _, leaf in parts),
    )

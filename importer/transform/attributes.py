"""Cells that hold attributes: Magento's `additional_attributes` (native CSV, section 3.1) and attribute columns.

What an attribute's cell means is decided by the shop's own definition of it: a label becomes an option id, several
labels a list of ids, a number a number.
"""

import re
from dataclasses import dataclass, field

import polars as pl

from importer.domain.mapping import Column, Mapping, RuleCall, UnknownColumns
from importer.domain.rows import LINE, LIST_MARK, ROW, Outcome, RowError
from importer.ports import Tables
from importer.transform.binding import Binding
from importer.transform.sentences import nearest

ATTRIBUTES = "attributes"
"""The look-up table of definitions: code -> frontend input."""

CODE = re.compile(r"[a-z][a-z0-9_]*")
NUMBER_INPUTS = frozenset({"price", "weight"})
CHOICE_INPUTS = frozenset({"select", "boolean", "swatch_visual", "swatch_text"})


@dataclass
class Expanded:
    """`cells` with one more column for each attribute found, `columns` says what they are."""

    cells: pl.DataFrame
    columns: list[Column] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


PAIR = r'\s*([A-Za-z][A-Za-z0-9_]*)=("(?:[^"]|"")*"(?:\|"(?:[^"]|"")*")*)\s*'
VALUE = re.compile(r'"((?:[^"]|"")*)"')


def parse_quoted(cell: str, separator: str = ",") -> dict[str, list[str]] | None:
    """`code="A, B",code2="One"|"Two"`, quotes inside doubled ("Fields enclosure"); None when a part is not so."""
    if not re.fullmatch(f"{PAIR}(?:{re.escape(separator)}{PAIR})*", cell):
        return None
    return {
        code.lower(): [value.replace('""', '"') for value in VALUE.findall(values)]
        for code, values in re.findall(PAIR, cell)
    }


def _parsed(cell: str, separator: str, tables: Tables) -> dict[str, str]:
    """The attributes of a cell; values that stand apart in quotes stay apart."""
    apart = parse_quoted(cell, separator)
    if apart is None:
        return parse(cell, separator)
    several = {code for code, kind in tables[ATTRIBUTES].items() if kind == "multiselect"}
    return {
        code: "".join(value + LIST_MARK for value in values)
        if code in several and any(values)
        else "|".join(values)
        for code, values in apart.items()
    }


def parse(cell: str, separator: str = ",") -> dict[str, str]:
    """`code=value,code2=value2`: a piece without `=` continues the value before it; codes are lower-cased.

    Only the first `=` of a piece divides, so a value may hold `=`, and commas where no `=` follows.
    """
    found: dict[str, str] = {}
    code = ""
    for piece in cell.split(separator):
        name, equals, value = piece.partition("=")
        if equals:
            code = name.strip().lower()
            found[code] = value.strip()
        elif code:
            found[code] += separator + piece
    return found


def expand(cells: pl.DataFrame, mapping: Mapping, binding: Binding, tables: Tables) -> Expanded:
    """Attributes of the cells that hold several, and of the file's columns that are named like an attribute."""
    result = Expanded(cells)
    for column in mapping.columns.values():
        if column.expand is not None and column.name in cells.columns:
            _expand_column(result, column, mapping, binding, tables)
    if mapping.unknown_columns is UnknownColumns.ATTRIBUTE:
        taken = {column.name for column in result.columns}
        for name in binding.unknown:
            if name.lower() in tables[ATTRIBUTES] and name.lower() not in taken:
                result.cells = result.cells.rename({name: name.lower()})
                result.columns.append(_attribute(name.lower(), None, mapping, tables))
    return result


def unused(mapping: Mapping, binding: Binding, tables: Tables) -> list[str]:
    """Columns of the file that neither the mapping nor the shop knows."""
    if mapping.unknown_columns is not UnknownColumns.ATTRIBUTE:
        return list(binding.unknown)
    return [name for name in binding.unknown if name.lower() not in tables[ATTRIBUTES]]


def _expand_column(
    result: Expanded,
    column: Column,
    mapping: Mapping,
    binding: Binding,
    tables: Tables,
) -> None:
    cells = result.cells
    separator = (column.expand.argument if column.expand else None) or ","
    texts = [text for text in cells.get_column(column.name).unique().drop_nulls().to_list() if text]
    parsed = {text: _parsed(text, separator, tables) for text in texts}
    broken = {text for text, found in parsed.items() if not found or not all(map(CODE.fullmatch, found))}
    result.errors += _not_parsed(cells, column, mapping, broken)
    parsed = {text: found for text, found in parsed.items() if text not in broken}
    for code in sorted({code for found in parsed.values() for code in found}):
        values = {text: found[code] for text, found in parsed.items() if code in found}
        if code in mapping.ignore:
            continue
        known = code in tables[ATTRIBUTES]
        if not known and code not in mapping.columns:
            result.errors += _unknown(cells, column, code, values, mapping, tables)
            continue
        cell = pl.col(column.name).replace_strict(
            list(values), list(values.values()), default=None, return_dtype=pl.String
        )
        if code in result.cells.columns:
            cell = pl.coalesce(pl.when(pl.col(code) != "").then(pl.col(code)), cell)
        result.cells = result.cells.with_columns(cell.alias(code))
        if code not in mapping.columns:
            result.columns.append(_attribute(code, binding.label(column.name), mapping, tables))


def _attribute(code: str, source: str | None, mapping: Mapping, tables: Tables) -> Column:
    """The column of an attribute, with the rules that the shop's definition of it asks for."""
    kind = tables[ATTRIBUTES][code]
    rules: tuple[RuleCall, ...] = ()
    if kind in CHOICE_INPUTS:
        rules = (RuleCall(name="look_up", argument=f"option:{code}"),)
    elif kind == "multiselect":
        rules = (
            RuleCall(name="split", argument="|"),
            RuleCall(name="look_up_each", argument=f"option:{code}"),
            RuleCall(name="join", argument=","),
        )
    elif kind in NUMBER_INPUTS:
        rules = (RuleCall(name="number"),)
    shown = f"{source} ({code})" if source else None
    return Column(name=code, to=f"{mapping.attribute_path}[{code}]", rules=rules, shown=shown)


def _unknown(
    cells: pl.DataFrame,
    column: Column,
    code: str,
    values: dict[str, str],
    mapping: Mapping,
    tables: Tables,
) -> list[RowError]:
    text = f"The shop has no attribute '{code}'."
    fix = nearest(code, tables[ATTRIBUTES])
    rows = cells.filter(pl.col(column.name).is_in(list(values)))
    return [
        _error(row, column, mapping, "attribute.unknown", text, fix)
        for row in rows.select(ROW, LINE, mapping.key, column.name).iter_rows(named=True)
    ]


def _not_parsed(cells: pl.DataFrame, column: Column, mapping: Mapping, texts: set[str]) -> list[RowError]:
    text = "The cell is not a list of `code=value`."
    fix = 'Write code=value,code2=value2, or all values in quotes: code="A, B",code2="C".'
    rows = cells.filter(
        pl.col(column.name).is_in(sorted(texts)) & (pl.col(column.name).str.strip_chars() != "")
    )
    return [
        _error(row, column, mapping, "attribute.syntax", text, fix)
        for row in rows.select(ROW, LINE, mapping.key, column.name).iter_rows(named=True)
    ]


def _error(
    row: dict[str, object], column: Column, mapping: Mapping, code: str, text: str, fix: str
) -> RowError:
    return RowError(
        row=int(str(row[ROW])),
        line=int(str(row[LINE])),
        outcome=Outcome.INVALID,
        code=code,
        text=text,
        fix=fix,
        column=column.name,
        key=str(row[mapping.key] or ""),
        value=str(row[column.name]),
    )

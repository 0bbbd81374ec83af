"""The tree of a payload as one expression: every place becomes JSON text or vanishes, no row is touched in Python.

A payload is one long row of texts put together once. Where a member is there in every row its commas are certain:
those before it carry theirs behind them, those after it in front. An object or list without any certain member is put
together by itself.
"""

from collections.abc import Collection, Iterator, Sequence

import orjson
import polars as pl

from importer.transform.tree import Array, Constant, Leaf, Node, Object, present

Piece = str | pl.Expr


def payload(root: Node, certain: Collection[str]) -> list[Piece]:
    """Texts that give the JSON of the whole tree, side by side. `certain` names the JSON columns without any null."""
    return list(_pieces(root, certain))


def render(node: Node) -> pl.Expr:
    """JSON text of a part of the tree, null where it is absent."""
    return _optional("", node, ())


def side_by_side(pieces: Sequence[Piece]) -> pl.Expr:
    """Neighbouring constants are one text; null when a piece is null."""
    merged: list[pl.Expr] = []
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            merged += [pl.lit(text), piece] if text else [piece]
            text = ""
    return pl.concat_str([*merged, pl.lit(text)] if text else merged)


def _pieces(node: Node, certain: Collection[str]) -> Iterator[Piece]:
    """Texts that give the node, which is there, one after the other."""
    if isinstance(node, Leaf):
        yield pl.col(node.json)
    elif isinstance(node, Constant):
        yield orjson.dumps(node.value).decode()
    else:
        members = _members(node)
        marks = "{}" if isinstance(node, Object) else "[]"
        yield marks[0]
        first = next((place for place, (_, child) in enumerate(members) if _certain(child, certain)), None)
        if first is None:
            parts = [_optional(name, child, certain) for name, child in members]
            yield pl.concat_str(parts, separator=",", ignore_nulls=True) if parts else ""
        else:
            yield from _around(members, first, certain)
        yield marks[1]


def _members(node: Object | Array) -> list[tuple[str, Node]]:
    """What stands before each member, and the member."""
    if isinstance(node, Array):
        return [("", entry) for entry in node.entries.values()]
    return [(orjson.dumps(name).decode() + ":", child) for name, child in node.members.items()]


def _around(members: Sequence[tuple[str, Node]], first: int, certain: Collection[str]) -> Iterator[Piece]:
    """`first` is the place of a certain member."""
    for place, (name, child) in enumerate(members):
        if _certain(child, certain):
            yield ("," if place > first else "") + name
            yield from _pieces(child, certain)
        else:
            before, behind = ("", ",") if place < first else (",", "")
            text = _optional(name, child, certain)
            yield pl.concat_str([p for p in (_text(before), text, _text(behind)) if p is not None]).fill_null(
                ""
            )


def _text(constant: str) -> pl.Expr | None:
    return pl.lit(constant) if constant else None


def _optional(name: str, child: Node, certain: Collection[str]) -> pl.Expr:
    """The member with its name, or null where it is absent."""
    text = side_by_side([name, *_pieces(child, certain)])
    if isinstance(child, Leaf | Constant):
        return text
    there = present(child)
    return text if there is True else pl.when(there).then(text)


def _certain(node: Node, certain: Collection[str]) -> bool:
    """Whether the node, as a member of something that is there, is there in every row."""
    if isinstance(node, Leaf):
        return node.json in certain
    if isinstance(node, Constant):
        return True
    return any(_certain(child, certain) for _, child in _members(node) if not _is_name(child))


def _is_name(node: Node) -> bool:
    """The name of a list's entry alone does not make the entry."""
    return isinstance(node, Constant) and not node.lasting

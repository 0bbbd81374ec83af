"""YAML as people mean it (1.2): `yes`, `010` and `12:30` are texts, a word stands once, and every path has its line."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from importer.domain.errors import Fault

MOST_CHARACTERS = 1 << 20
MOST_NODES = 20_000
MOST_NESTED = 64
MOST_HIDDEN = 20
PLAIN = "tag:yaml.org,2002:"
TAGS = frozenset(PLAIN + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq", "merge"))

Path = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own attribute, without its 1.1 forms

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Every key is the text that was written."""
        self.flatten_mapping(node)
        for key, _ in node.value:
            if isinstance(key, ScalarNode):
                key.tag = f"{PLAIN}str"
        return super().construct_mapping(node, deep)


for _kind, _form, _firsts in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]{1,2})?", "-+.0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(
        f"{PLAIN}{_kind}", re.compile(rf"^(?:{_form})$"), [first.strip("\0") for first in _firsts]
    )


class Lines:
    """On which line a path stands; a path that is not there has the line of what is around it."""

    def __init__(self) -> None:
        self._lines: dict[Path, int] = {(): 1}

    def note(self, path: Path, line: int) -> None:
        self._lines[path] = line

    def fault(self, path: Path, text: str) -> Fault:
        inner = path
        while inner not in self._lines:
            inner = inner[:-1]
        return Fault(line=self._lines[inner], path=".".join(map(str, path)), text=text)


def load(text: str) -> tuple[Any, Lines, list[Fault]]:
    """The document, its lines, and what is wrong with it as YAML; then the document may be None."""
    lines = Lines()
    if len(text) > MOST_CHARACTERS:
        return None, lines, [Fault(line=0, path="", text=f"is longer than {MOST_CHARACTERS:,} characters.")]
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        walk = _Walk(lines)
        if node is not None:
            walk.visit(node, ())
        document = None if walk.ends or node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        return None, lines, [Fault(line=mark.line + 1 if mark else 1, path="", text=f"not YAML: {problem}.")]
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        told = f"is nested deeper than {MOST_NESTED} levels." if deep else f"not YAML: {error}."
        return None, lines, [Fault(line=1, path="", text=told)]
    return document, lines, walk.faults


def hidden(text: str) -> Iterator[tuple[Path, Any, Lines]]:
    """For every entry behind which one of the same name stands: its path, the document with it instead of the later
    one, and the lines of that document. The text is one that `load` can read."""
    loader = _Loader(text)
    node = loader.get_single_node()
    found = _alternatives(node, ()) if node is not None else iter(())
    for path, changed in list(islice(found, MOST_HIDDEN)):
        lines = Lines()
        _Walk(lines).visit(changed, ())
        yield path, loader.construct_document(changed), lines


def _alternatives(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    if isinstance(node, SequenceNode):
        for place, value in enumerate(node.value):
            for inner, changed in _alternatives(value, (*path, place)):
                values = [*node.value[:place], changed, *node.value[place + 1 :]]
                yield inner, SequenceNode(node.tag, values, node.start_mark, node.end_mark)
    if not isinstance(node, MappingNode):
        return
    last = {key.value: place for place, (key, _) in enumerate(node.value)}
    for place, (key, value) in enumerate(node.value):
        found = list(_alternatives(value, (*path, key.value)))
        if place != last[key.value]:
            found.insert(0, ((*path, key.value), value))
        others = [pair for pair in node.value if pair[0].value != key.value]
        for inner, changed in found:
            pairs = [*others, (key, changed)]
            yield inner, MappingNode(node.tag, pairs, node.start_mark, node.end_mark)


class _Walk:
    """Notes the line of every path; `ends` says that the document is not to be used at all."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._nodes = 0
        self.faults: list[Fault] = []
        self.ends = False

    def visit(self, node: Node, path: Path) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES or len(path) > MOST_NESTED:
            self._end(node, path, f"holds more than {MOST_NODES:,} values or {MOST_NESTED} levels.")
        if self.ends:
            return
        if node.tag not in TAGS:
            self._end(node, path, f"`{node.tag.removeprefix(PLAIN)}` is no kind of value that is read here.")
        elif isinstance(node, MappingNode):
            self._table(node, path)
        elif isinstance(node, SequenceNode):
            for place, value in enumerate(node.value):
                self._lines.note((*path, place), value.start_mark.line + 1)
                self.visit(value, (*path, place))

    def _table(self, node: MappingNode, path: Path) -> None:
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                self._end(key, path, "a word before a colon must be a text.")
                return
            inner = (*path, key.value)
            self._lines.note(inner, line)
            if key.value in seen:
                told = f"`{key.value}` stands on line {seen[key.value]} already."
                self.faults.append(self._lines.fault(inner, told))
            seen.setdefault(key.value, line)
            self.visit(value, inner)

    def _end(self, node: Node, path: Path, text: str) -> None:
        if not self.ends:
            self.ends = True
            self.faults.append(Fault(line=node.start_mark.line + 1, path=".".join(map(str, path)), text=text))

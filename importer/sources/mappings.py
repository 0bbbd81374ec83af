"""Mapping documents: YAML files in folders, the first folder that has a name wins."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from importer.domain import documents
from importer.domain.errors import Fault, MappingInvalid, UnknownName
from importer.domain.mapping import Mapping, suggestion
from importer.transform import schema, tree
from importer.transform.rules import RULES

PARSED_MAPPINGS = 32
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]*")


class MappingFolders:
    """`<folder>/<name>.yaml`; a name never leaves its folder."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._parsed = lru_cache(maxsize=PARSED_MAPPINGS)(_parse)

    def names(self) -> list[str]:
        return sorted({path.stem for folder in self._folders for path in folder.glob("*.yaml")})

    def text(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8")

    def path(self, name: str) -> Path:
        """The document's file. Raises UnknownName."""
        for folder in self._folders:
            for path in (folder / f"{name}.yaml", folder / f"{name}.yml"):
                if NAME.fullmatch(name) and path.is_file():
                    return path
        raise UnknownName(f"There is no mapping `{name}`{suggestion(name, self.names())}")

    def parse(self, name: str, text: str) -> Mapping:
        """Raises MappingInvalid with every fault, each with its line.

        The same text is parsed once: every batch asks for its import's mapping.
        """
        return self._parsed(name, text)


def _parse(name: str, text: str) -> Mapping:
    document, lines = _load(name, text)
    mapping = documents.parse(name, document, lines=lines, rules=RULES)
    faults = _faults(mapping, lines)
    if faults:
        raise MappingInvalid(name, faults)
    return mapping


def _faults(mapping: Mapping, lines: dict[str, int]) -> list[Fault]:
    """What only the compute floor can judge: paths and the JSON Schema."""
    faults = []
    for column in mapping.columns.values():
        try:
            tree.segments(column.to or "x", mapping.lists)
        except ValueError as error:
            path = f"columns.{column.name}.to"
            faults.append(Fault(line=lines.get(path, 1), path=path, text=f"{error}."))
    if fault := schema.fault(mapping.schema):
        path = f"schema.{fault[0]}".rstrip(".")
        faults.append(Fault(line=lines.get(path, lines.get("schema", 1)), path=path, text=f"{fault[1]}."))
    return faults


def _load(name: str, text: str) -> tuple[Any, dict[str, int]]:
    """The document and the line of every path in it."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark else 1
        raise MappingInvalid(name, [Fault(line=line, path="", text=f"not YAML: {problem}.")]) from None
    lines: dict[str, int] = {}
    if node is not None:
        _walk(node, "", lines)
    return document, lines


def _walk(node: yaml.Node, path: str, lines: dict[str, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}".lstrip(".")
            lines[inner] = key.start_mark.line + 1
            _walk(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, f"{path}.{place}".lstrip("."), lines)

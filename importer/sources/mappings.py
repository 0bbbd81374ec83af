"""Mapping documents: YAML files in folders, the first folder that has a name wins."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from importer.domain.errors import Fault, MappingInvalid, UnknownName
from importer.domain.mapping import Mapping, suggestion
from importer.sources.yaml_documents import hidden, load
from importer.transform.judging import judge

PARSED_MAPPINGS = 32
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}")


class MappingFolders:
    """`<folder>/<name>.yaml`; a name never leaves its folder. The folders are the operator's own."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._parsed = lru_cache(maxsize=PARSED_MAPPINGS)(_parse)

    def names(self) -> list[str]:
        return sorted({path.stem for folder in self._folders for path in folder.glob("*.yaml")})

    def text(self, name: str) -> str:
        return read(self.path(name))

    def path(self, name: str) -> Path:
        """The document's file. Raises UnknownName."""
        for folder in self._folders:
            for path in (folder / f"{name}.yaml", folder / f"{name}.yml"):
                if NAME.fullmatch(name) and path.is_file():
                    return path
        raise UnknownName(f"There is no mapping `{name}`{suggestion(name, self.names())}")

    def parse(self, name: str, text: str, *, trusted: bool = True) -> Mapping:
        """Raises MappingInvalid with every fault, each with its line.

        A text that somebody else than the operator wrote is not `trusted`: it may not hold expressions. The same text
        is parsed once: every batch asks for its import's mapping.
        """
        return self._parsed(name, text, trusted=trusted)


def read(path: Path) -> str:
    """Raises MappingInvalid when the file is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fault = Fault(line=line, path="", text="not UTF-8: save the file in this encoding.")
        raise MappingInvalid(path.stem, [fault]) from None


def _hidden(name: str, text: str, *, trusted: bool) -> Iterator[Fault]:
    """Faults inside entries that another one of the same name hides: a document that is mended has them still."""
    for path, document, lines in hidden(text):
        _, found = judge(name, document, trusted=trusted)
        yield from (lines.fault(place, told) for place, told in found if place[: len(path)] == path)


def _parse(name: str, text: str, *, trusted: bool) -> Mapping:
    document, lines, faults = load(text)
    if document is None and faults:
        raise MappingInvalid(name, faults)
    mapping, found = judge(name, document, trusted=trusted)
    if faults:
        faults += _hidden(name, text, trusted=trusted)
    faults += [lines.fault(place, told) for place, told in found]
    if faults:
        raise MappingInvalid(name, sorted(dict.fromkeys(faults), key=lambda fault: fault.line))
    return mapping

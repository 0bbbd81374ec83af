"""A place in JSON text that is never in memory as a whole; a value is taken out when its last character is there."""

import codecs
import json
from collections.abc import Iterator, Sequence

from importer.domain.errors import FileDamaged
from importer.domain.mapping import suggestion
from importer.formats.framing import RECORD_LIMIT

BLANKS = " \t\n\r"
DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where values end; the values themselves are read by `documents`."""
DEEPEST = 100
LONGEST_WORD = 16
MOST_NAMES = 20
"""Names of an object that a sentence tells."""
"""Characters at the end of the text that may be the beginning of something longer: `fals`, `-`, `\\u00e`."""


class Cursor:
    """Reading raises FileDamaged where the text is no JSON."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._decoder = codecs.getincrementaldecoder("utf-8")("importer.keep_bad")
        self._text = ""
        self._place = 0
        self._line = 1
        self._ended = False

    def elements(self, names: Sequence[str]) -> Iterator[tuple[int, str]]:
        """The elements of the list that `names` lead to: line and text of each."""
        try:
            self._enter(names)
            if not self._open("[", "]"):
                self._nothing_behind(names)
                return
            while True:
                self.peek()
                line, stop = self._line, self._value_end()
                yield line, self._text[self._place : stop]
                self._go(stop)
                if not self._another("]"):
                    break
            self._nothing_behind(names)
        except json.JSONDecodeError as error:
            raise self.damaged(error) from None
        except RecursionError:
            raise self._no("values that are not nested too deeply") from None

    def find_list(self, depth: int = 0) -> list[str] | None:
        """Names that lead from the object here to the first list of objects."""
        if depth > DEEPEST:
            raise self._no("values that are not nested too deeply")
        there = self._open("{", "}")
        while there:
            name = self._name()
            mark = self.peek()
            inner = None
            if mark == "{":
                inner = self.find_list(depth + 1)
            elif mark == "[":
                inner = self._of_objects(depth)
            else:
                self._skip(depth)
            if inner is not None:
                return [name, *inner]
            there = self._another("}")
        return None

    def _of_objects(self, depth: int) -> list[str] | None:
        """No more names when the list here holds objects; otherwise it is passed."""
        there = self._open("[", "]")
        if there and self.peek() == "{":
            return []
        while there:
            self._skip(depth)
            there = self._another("]")
        return None

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            stop = self._place
            while stop < len(self._text) and self._text[stop] in BLANKS:
                stop += 1
            self._go(stop)
            if stop < len(self._text) or not self._fill():
                return self._text[self._place : self._place + 1]

    def damaged(self, error: json.JSONDecodeError) -> FileDamaged:
        line = self._line + self._text.count("\n", self._place, error.pos)
        return FileDamaged(
            f"Line {line}: the file is no JSON from here on ({error.msg}); nothing of it is imported. "
            "Write it again with the program that made it.",
            code="file.json",
        )

    def _enter(self, names: Sequence[str]) -> None:
        done: list[str] = []
        for name in names:
            others: list[str] = []
            there = self.peek() == "{" and self._open("{", "}")
            while there and (found := self._name()) != name:
                others.append(found)
                self._skip(0)
                there = self._another("}")
            done.append(name)
            if not there:
                raise FileDamaged(
                    f"The document has nothing at the path {'.'.join(done)}{suggestion(name, others[:MOST_NAMES])} "
                    "The path leads through objects to a list.",
                    code="file.path",
                )
        if self.peek() != "[":
            where = f"At the path {'.'.join(names)} there is" if names else "The document is"
            raise FileDamaged(f"{where} no list of records.", code="file.path")

    def _nothing_behind(self, names: Sequence[str]) -> None:
        """Behind a list that is the whole document nothing may follow."""
        if not names and self.peek():
            raise self._no("the end of the file")

    def _open(self, mark: str, closing: str) -> bool:
        """Enter; False when it is empty, and then it is left as well."""
        if self.peek() != mark:
            raise self._no(f"`{mark}`")
        self._go(self._place + 1)
        if self.peek() == closing:
            self._go(self._place + 1)
            return False
        return True

    def _another(self, closing: str) -> bool:
        mark = self.peek()
        if mark not in (",", closing) or not mark:
            raise self._no(f"`,` or `{closing}`")
        self._go(self._place + 1)
        return mark == ","

    def _name(self) -> str:
        if self.peek() != '"':
            raise self._no("a name in quotes")
        stop = self._value_end()
        name = json.loads(self._text[self._place : stop])
        self._go(stop)
        if self.peek() != ":":
            raise self._no("`:`")
        self._go(self._place + 1)
        return str(name)

    def _skip(self, depth: int) -> None:
        """Over a value of any size, member by member."""
        if depth > DEEPEST:
            raise self._no("values that are not nested too deeply")
        mark = self.peek()
        if mark not in ("{", "[") or not mark:
            self._go(self._value_end())
            return
        closing = "}" if mark == "{" else "]"
        there = self._open(mark, closing)
        while there:
            if mark == "{":
                self._name()
            self._skip(depth + 1)
            there = self._another(closing)

    def _value_end(self) -> int:
        """The offset behind the value here; more text is read until it is whole."""
        while True:
            try:
                stop = DECODER.raw_decode(self._text, self._place)[1]
            except json.JSONDecodeError as error:
                cut_off = error.msg.startswith("Unterminated") or error.pos > len(self._text) - LONGEST_WORD
                if not cut_off or not self._fill():
                    raise
                continue
            if stop < len(self._text) or not self._fill():
                return stop

    def _fill(self) -> bool:
        """More text, at least as much as is waiting; what was passed is dropped. False at the end."""
        waiting = len(self._text) - self._place
        if waiting > RECORD_LIMIT:
            raise FileDamaged(
                f"Line {self._line}: one value is larger than {RECORD_LIMIT >> 20} MiB or never ends; "
                "nothing of the file is imported.",
                code="file.json",
            )
        more: list[str] = []
        size = 0
        while size <= waiting and not self._ended:
            block = next(self._blocks, None)
            self._ended = block is None
            more.append(self._decoder.decode(block or b"", final=self._ended))
            size += len(more[-1])
        if size:
            self._text = self._text[self._place :] + "".join(more)
            self._place = 0
        return size > 0

    def _go(self, place: int) -> None:
        self._line += self._text.count("\n", self._place, place)
        self._place = place

    def _no(self, wanted: str) -> FileDamaged:
        seen = self._text[self._place : self._place + 20].encode("utf-8", "replace").decode()
        found = f"`{seen}`" if seen else "its end"
        return FileDamaged(
            f"Line {self._line}: the file is no JSON from here on: {wanted} is expected, {found} stands there; "
            "nothing of it is imported. Write it again with the program that made it.",
            code="file.json",
        )

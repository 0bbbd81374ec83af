"""What a value is between its cell and the payload. Every value is text until it is rendered; its kind says as what.

Numbers stay text, so that no digit is lost: `19.90` becomes `19.9`, never a float that is nearly that.
"""

from decimal import Decimal
from enum import Enum

import polars as pl

ESCAPED = {chr(code): f"\\u{code:04x}" for code in range(0x20)} | {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
"""What JSON does not take as it is inside a string (RFC 8259, section 7)."""

EXACT_DIGITS = 15
"""Characters of a decimal number that a 64-bit float keeps."""


class Kind(Enum):
    TEXT = "text"
    NUMBER = "number"  # a numeral as JSON writes it, without needless zeros
    BOOLEAN = "boolean"  # true or false
    JSON = "json"  # any JSON text
    TEXTS = "list of texts"
    NUMBERS = "list of numbers"
    JSONS = "list of JSON texts"

    @property
    def many(self) -> bool:
        return self in (Kind.TEXTS, Kind.NUMBERS, Kind.JSONS)

    @property
    def one(self) -> "Kind":
        """The kind of an element."""
        return {Kind.TEXTS: Kind.TEXT, Kind.NUMBERS: Kind.NUMBER, Kind.JSONS: Kind.JSON}.get(self, self)

    @property
    def each(self) -> "Kind":
        """The kind of a list of these."""
        return {Kind.TEXT: Kind.TEXTS, Kind.NUMBER: Kind.NUMBERS}.get(self, Kind.JSONS)

    @property
    def dtype(self) -> pl.DataType:
        return pl.List(pl.String()) if self.many else pl.String()

    @property
    def empty(self) -> str:
        """The JSON text that empties a value in the shop."""
        return '""' if self in (Kind.TEXT, Kind.TEXTS) else "[]" if self.many else "null"


def numerals(texts: pl.Series) -> pl.Series:
    """Decimal numbers (`-12.50`, `.5`, `007`) as JSON writes them (`-12.5`, `0.5`, `7`)."""
    written = texts.cast(pl.Float64, strict=False).cast(pl.String).str.strip_suffix(".0")
    long = (texts.str.len_bytes() > EXACT_DIGITS) | written.str.contains("e", literal=True)
    if long.any():
        exact = [numeral(text) for text in texts.filter(long).to_list()]
        written = written.scatter(long.fill_null(value=False).arg_true(), exact)
    return written.replace("-0", "0")


def numeral(text: str) -> str:
    """The same of one text."""
    number = format(Decimal(text), "f")
    return (number.rstrip("0").rstrip(".") if "." in number else number) or "0"


def needs_escape(texts: pl.Expr) -> pl.Expr:
    """Whether any of the texts does. Nearly none does, so it is looked for before it is paid for."""
    return texts.str.contains_any(list(ESCAPED)).any()


def quoted(value: pl.Expr, *, plain: bool) -> pl.Expr:
    """JSON strings of texts; `plain`: none of them needs an escape."""
    if plain:
        return pl.concat_str([pl.lit('"'), value, pl.lit('"')])
    encoded = pl.struct(value.alias("x")).struct.json_encode()
    return pl.when(value.is_not_null()).then(encoded.str.strip_prefix('{"x":').str.strip_suffix("}"))


def element(kind: Kind, value: pl.Expr | None = None) -> pl.Expr:
    """JSON of one element (or of a part of it) inside `list.eval`."""
    value = pl.element() if value is None else value
    if kind is not Kind.TEXT:
        return value
    escaped = value.str.replace_many(list(ESCAPED), list(ESCAPED.values()))
    return pl.concat_str([pl.lit('"'), escaped, pl.lit('"')])


def rendered(value: pl.Expr, kind: Kind, *, plain: bool) -> pl.Expr:
    """The JSON text of a value; null stays null. `plain`: no text needs an escape."""
    if kind.many:
        inner = value.list.eval(element(kind.one)).list.join(",")
        return pl.concat_str([pl.lit("["), inner, pl.lit("]")])
    return quoted(value, plain=plain) if kind is Kind.TEXT else value

"""Column names: cleaned of what nobody sees, and fit to be told apart."""

from collections.abc import Sequence

from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, ROW

INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"), None) | {0xA0: " "}
MOST = 5_000
"""Columns; more is a file read with the wrong delimiter, or an attack."""


def clean(raw: Sequence[str], *, line: int = 1) -> tuple[str, ...]:
    """Names without invisible characters and outer blanks. Raises FileDamaged when they cannot name columns."""
    if len(raw) > MOST:
        raise FileDamaged(
            f"Line {line}: the header has {len(raw):,} columns; at most {MOST:,} are read. Check the delimiter.",
            code="file.header",
        )
    names = tuple(name.translate(INVISIBLE).strip() for name in raw)
    if not any(names):
        raise FileDamaged(f"Line {line}: the header has no column names.", code="file.header")
    empty = [str(place) for place, name in enumerate(names, 1) if not name]
    if empty:
        raise FileDamaged(
            f"Line {line}: the header has no name for column {', '.join(empty)}; name it or remove it.",
            code="file.header",
        )
    taken = [name for name in names if name in (ROW, LINE)]
    if taken:
        raise FileDamaged(
            f"Line {line}: the column name {taken[0]} is importer's own; rename the column.",
            code="file.header",
        )
    seen: set[str] = set()
    twice = sorted({name for name in names if name in seen or seen.add(name)})  # type: ignore[func-returns-value]
    if twice:
        raise FileDamaged(
            f"Line {line}: the header names {', '.join(twice)} more than once; every column needs its own name.",
            code="file.header",
        )
    return names

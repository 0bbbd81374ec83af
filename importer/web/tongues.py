"""The languages of the page. English is what stands in the templates; another language is a document English -> other.

A person's language is what they chose with the switch, else what their browser asks for, else English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from importer.domain.rows import Counts, Outcome, holds

WORDS = Path(__file__).parent / "words"
COOKIE = "importer_language"
YEAR_SECONDS = 365 * 86400
PARAMETER = "lang"
MOST_PREFERENCES = 20


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """Says the page's sentences: `tongue("Delete {name}", name=...)`. A sentence that is not known stays English."""

    language: str
    name: str
    comma: str = ","
    words: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, text: str, **values: Any) -> str:
        said = self.words.get(text, text)
        return said.format(**values) if values else said

    def number(self, number: int) -> str:
        """`12,402`, or `12.402`."""
        return f"{number:,}".replace(",", self.comma)

    def count(self, number: int, one: str, many: str) -> str:
        """`count(3, "{n} row", "{n} rows")`."""
        return self(one if number == 1 else many, n=self.number(number))

    def rows(self, number: int) -> str:
        return self.count(number, "{n} row", "{n} rows")

    def duration(self, seconds: float) -> str:
        """`40 s`, `12 min`, `3 h 20 min`."""
        if seconds < 100:
            return f"{seconds:.0f} s"
        minutes = round(seconds / 60)
        return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"

    def equation(self, rows_read: int, counts: Counts) -> str:
        """The promise in numbers, e.g. `1,994 rows read = 1,847 succeeded + 147 skipped`."""
        sign = "=" if holds(rows_read, counts) else "≠"
        parts = [
            f"{self.number(counts[one])} {self(one.replace('_', ' '))}" for one in Outcome if counts.get(one)
        ]
        read = self.count(rows_read, "{n} row read", "{n} rows read")
        return f"{read} {sign} {' + '.join(parts) or '0'}"


@cache
def tongues() -> Mapping[str, Tongue]:
    """By code; the first one is spoken when nothing is known of the listener."""
    german = yaml.safe_load((WORDS / "de.yaml").read_text(encoding="utf-8"))
    return {
        "en": Tongue(language="en", name="English"),
        "de": Tongue(language="de", name="Deutsch", comma=".", words=german),
    }


def tongue_of(request: web.BaseRequest) -> Tongue:
    known = tongues()
    for code in (request.query.get(PARAMETER), request.cookies.get(COOKIE)):
        if code in known:
            return known[str(code)]
    return known[_preferred(request.headers.get("Accept-Language", ""), known)]


def remember(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """What was chosen with the switch is spoken from now on."""
    chosen = request.query.get(PARAMETER)
    if chosen in tongues() and chosen != request.cookies.get(COOKIE):
        response.set_cookie(
            COOKIE, str(chosen), max_age=YEAR_SECONDS, httponly=True, samesite="Lax", secure=request.secure
        )


def moment(at: datetime | str | None) -> str:
    """`2026-11-25 21:14 UTC`: the same in every language."""
    text = at.isoformat() if isinstance(at, datetime) else at or ""
    return f"{text[:16].replace('T', ' ')} UTC" if text else ""


def _preferred(header: str, known: Mapping[str, Tongue]) -> str:
    """Of what the browser asks for, the one it likes best (RFC 9110, 12.5.4)."""
    liked: list[tuple[float, str]] = []
    for entry in header.split(",")[:MOST_PREFERENCES]:
        name, _, quality = entry.partition(";")
        code = name.strip().lower().partition("-")[0]
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code in known and weight > 0:
            liked.append((weight, code))
    return max(liked, key=lambda one: one[0])[1] if liked else next(iter(known))

"""The report as one HTML page that needs nothing else: style and graphs are inside, there is no script.

Cells of a file are shown as text whatever they hold; the page's own policy lets nothing be loaded or run.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from importer.domain.rows import plural
from importer.web.graphs import pace_graph, seconds_label, time_bars

TEMPLATES = Path(__file__).parent / "templates"

LISTED_ROWS = 1_000
"""Rows that a page lists; the files of rows hold all."""
LISTED_BATCHES = 200
LISTED_POINTS = 10
SHOWN_CHARACTERS = 300

CONTROLS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
"""Characters that nobody sees -> their pictures."""


def render(document: Mapping[str, Any], *, served: bool = False) -> str:
    """`document` is what `Reporting.report` gives. `served`: the files of rows lie beside the page."""
    batches = [batch for batch in document["batches"] if batch.get("eventful")]
    needing = [cause for cause in document["causes"] if cause["needs_person"]]
    words = {
        "css": style(),
        "policy": policy(),
        "it": document,
        "served": served,
        "needing": needing,
        "others": [cause for cause in document["causes"] if not cause["needs_person"]],
        "rows": document["rows"][: document["rows_listed_up_to"]],
        "eventful": batches[:LISTED_BATCHES],
        "eventful_more": max(0, len(batches) - LISTED_BATCHES),
        "quiet": len(document["batches"]) - len(batches),
        "numbers": {batch["batch"]: batch.get("number") for batch in document["batches"]},
        "points": few(document["pace"]["points"]),
        "graph": pace_graph(document["pace"]),
        "bars": time_bars(document["time"]),
    }
    return _environment().get_template("report.html").render(words)


@cache
def style() -> str:
    return (TEMPLATES / "report.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Nothing may be loaded, run or sent; only this very style may be used."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "thousands": lambda number: f"{number:,}",
        "plural": plural,
        "cell": shown,
        "time": lambda at: at[:19].replace("T", " "),
        "clock": lambda at: at[11:19],
        "seconds": seconds_label,
    }
    return environment


def few(points: Sequence[Any]) -> list[Any]:
    """The first and the last, and some between."""
    step = max(1, (len(points) - 1) // LISTED_POINTS)
    return [*points[:-1:step], *points[-1:]]


def shown(value: str | None) -> str:
    """A cell as it can be seen: long ones cut, invisible characters by their pictures."""
    text = (value or "").translate(CONTROLS)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"

"""The report as a page: whatever a cell holds is text, and everybody can read it."""

import base64
import hashlib
import re
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from importer.domain.rows import Outcome, RowError
from importer.services.reporting.account import row_document
from importer.services.reporting.attempts import stories
from importer.services.reporting.durations import durations, pace, spent_document
from importer.services.reporting.timeline import timeline
from importer.web import report_page
from importer.web.graphs import pace_graph, ticks
from tests.unit.report.logs import BEGIN, DOUBTFUL, Line, ended, log
from tests.unit.report.pages import Page, contrast, variables

PACED: list[Line] = [
    (20, "paced", {"batch_size": 50, "in_flight": 2, "reason": "deadlock", "text": "Two deadlocks."}),
    (40, "paced", {"batch_size": 100, "in_flight": 3, "reason": "calm", "text": "It goes well."}),
]


def document(hostile: str = "x", *, paced: bool = True) -> dict[str, Any]:
    """A report with something in every part of it; `hostile` stands wherever a file or a shop can put a text."""
    events = log(*DOUBTFUL[:-1], *(PACED if paced else []), ended(71))
    error = RowError(
        row=3, line=4, outcome=Outcome.FAILED, code="shop.rejected", text=hostile, fix="Mend it.",
        column=hostile, key=hostile, value=hostile,
    )  # fmt: skip
    cause = {"outcome": "failed", "code": "shop.rejected", "column": hostile, "rows": 1, "example": hostile,
             "fix": "Mend it.", "first_row": 3, "needs_person": True}  # fmt: skip
    return {
        "id": "imp_1", "status": "completed", "shop": "main", "mapping": "products", "dry_run": False, "mode": "apply",
        "file": {"name": hostile, "size": 1234, "sha256": "ab"},
        "accepted_at": BEGIN.isoformat(), "ended_at": BEGIN.isoformat(),
        "equation": "20 rows read = 19 succeeded + 1 failed", "equation_holds": True,
        "equation_in_words": "Of 20 rows read: one failed.",
        "rows_sent": 20, "rows_confirmed": 20, "rows_needing_a_person": 1, "rows_listed_up_to": 100,
        "failure": {"code": "x", "text": hostile}, "waiting": {"code": "x", "text": hostile},
        "causes": [cause, {**cause, "outcome": "skipped", "needs_person": False}],
        "rows": [row_document(error)],
        "earlier_attempts": [{"attempt": 1, "outcome": "failed", "code": "x", "text": hostile, "rows": 3}],
        "columns": {"recognised": [hostile], "unknown": [hostile], "warnings": [hostile]},
        "batches": [
            {"batch": one.batch, "operations": 10, "attempts": one.attempts, "tries": 0, **one.document(),
             "refused": hostile}
            for one in stories(events).values()
        ],
        "timeline": [{**line.document(), "text": hostile} for line in timeline(events)],
        "pace": pace(events),
        "time": spent_document(durations(events, BEGIN)),
    }  # fmt: skip


def page(hostile: str = "x", **words: bool) -> Page:
    return Page(report_page.render(document(hostile, **words)))


HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</td></tr></table><h1>", "</style><script>", "{{ 7*7 }}",
    "{% raw %}", "<!--", "]]>", "&lt;b&gt;&amp;", "' onmouseover='alert(1)", "\x00\x07\x1b[31m", "\u202e\u2066evil",
    "javascript:alert(1)", "=cmd|' /C calc'!A0", "\r\n\r\n", "\U0001d518" * 400,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_is_text_whatever_it_holds(text: str) -> None:
    calm, told = page(), page(text)

    assert told.tags == calm.tags
    assert told.faults == []
    shown = [data for _, data in told.texts]
    assert any(report_page.shown(text).strip() in one for one in shown)


@settings(max_examples=40)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_no_text_at_all_changes_what_the_page_is_made_of(text: str) -> None:
    assert page(text).tags == page().tags


def test_characters_that_nobody_sees_are_shown() -> None:
    assert report_page.shown("a\x00b\x1fc\nd\te\x7f") == "a␀b␟c\nd\te␡"
    assert len(report_page.shown("x" * 10_000)) == report_page.SHOWN_CHARACTERS


def test_the_page_needs_nothing_and_runs_nothing() -> None:
    html = report_page.render(document())
    found = Page(html)

    assert found.named("script", "iframe", "object", "embed", "form", "img", "base") == []
    assert [a["href"] for _, a in found.named("link")] == ["data:,"]
    assert {(a.get("href") or "")[0] for _, a in found.named("a")} == {"#"}
    for _, attributes in found.tags:
        assert not any(name.startswith("on") or name in ("style", "src") for name in attributes)
    [(_, policy)] = [one for one in found.named("meta") if one[1].get("http-equiv")]
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_a_page_that_is_served_links_to_the_rows_beside_it() -> None:
    links = [a["href"] for _, a in Page(report_page.render(document(), served=True)).named("a")]

    assert [link for link in links if not (link or "").startswith("#")] == [
        "rows.csv",
        "rows.xlsx",
        "rows.jsonl",
    ]


def test_headings_follow_each_other_and_links_lead_somewhere() -> None:
    found = page()
    levels = [int(tag[1]) for tag, _ in found.named("h1", "h2", "h3", "h4")]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [a["id"] for _, a in found.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "").removeprefix("#") for _, a in found.named("a")} <= set(ids)
    assert [a.get("lang") for _, a in found.named("html")] == ["en"]
    assert found.named("main", "title")


def test_every_table_has_a_caption_and_headers_with_a_scope() -> None:
    found = page()

    tables = found.named("table", "caption")
    assert [tag for tag, _ in tables] == ["table", "caption"] * (len(tables) // 2)
    assert len(tables) // 2 == 9
    assert {a.get("scope") for _, a in found.named("th")} == {"col", "row"}
    for _, attributes in found.tags:
        if attributes.get("role") == "region":  # it scrolls: it can be reached and has a name
            assert attributes["tabindex"] == "0"
            assert attributes["aria-label"]


def test_every_graph_is_named_or_hidden() -> None:
    found = page()
    ids = {a.get("id") for _, a in found.tags}

    graphs = found.named("svg")
    assert len(graphs) == 8
    for _, attributes in graphs:
        if attributes.get("aria-hidden") != "true":
            assert attributes["role"] == "img"
            assert set((attributes["aria-labelledby"] or "").split()) <= ids


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_colours_have_the_contrast_of_wcag_aa(scheme: str) -> None:
    colours = variables(report_page.style())[scheme]

    for text in ("ink", "quiet", "link", "good", "bad", "note"):
        assert contrast(colours[text], colours["page"]) >= 4.5, text
    assert contrast(colours["ink"], colours["head"]) >= 4.5
    for graphic in ("sent", "answered", "step", "paused", "away", "reading", "sending", "consumer", "own"):
        assert contrast(colours[graphic], colours["page"]) >= 3, graphic


def test_the_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_pace_is_drawn_with_its_changes_where_there_are_any() -> None:
    with_changes, without = page(), page(paced=False)

    def lines(found: Page) -> list[str | None]:
        return [a["class"] for _, a in found.named("polyline")]

    assert lines(without) == ["line sent", "line answered"]
    assert lines(with_changes) == ["line sent", "line answered", "line batch_size", "line in_flight"]
    assert any("Two deadlocks." in text for _, text in with_changes.texts)


def test_lines_stay_inside_their_panel_and_a_step_holds_until_the_next() -> None:
    graph = pace_graph(document()["pace"])
    assert graph is not None

    for panel in graph.panels:
        for line in panel.lines.values():
            for point in line.split():
                x, y = map(float, point.split(","))
                assert graph.left <= x <= graph.right
                assert panel.top - 0.1 <= y <= panel.bottom + 0.1
    stairs = [tuple(map(float, point.split(","))) for point in graph.panels[1].lines["batch_size"].split()]
    assert len(stairs) == 4
    assert stairs[0][1] == stairs[1][1] > stairs[2][1] == stairs[3][1]


def test_nothing_sent_is_said_instead_of_an_empty_graph() -> None:
    empty = {**document(), "pace": {"points": [[0.0, 0, 0], [1.0, 0, 0]], "steps": []}, "batches": [], "causes": [],
             "rows": [], "rows_needing_a_person": 0, "failure": None, "waiting": None, "ended_at": None, "columns": {}}  # fmt: skip
    found = Page(report_page.render(empty))

    assert found.faults == []
    told = " ".join(text for _, text in found.texts)
    assert "Nothing was sent." in told
    assert "No row needs a person." in told
    assert found.named("polyline") == []


@given(st.floats(0.001, 10**7, allow_nan=False))
def test_ticks_are_few_round_and_within(most: float) -> None:
    found = ticks(most)

    assert found[0] == 0
    assert 2 <= len(found) <= 6
    assert found[-1] <= most * (1 + 1e-6)

"""Checking a file: causes instead of a wall of rows, an early end, and what only a shop could tell."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importer.domain.errors import FileDamaged, RequestError
from importer.domain.mapping import Mapping, RepeatedKeys, UnknownColumns
from importer.domain.rows import Outcome, RowError
from importer.formats.frames import FRAME_ROWS
from importer.services.checking import EXAMPLES, Checked, check
from importer.sources.mappings import MappingFolders

MAPPINGS = MappingFolders([Path(__file__).parents[3] / "mappings"])
TABLES: dict[str, dict[str, Any]] = {"attribute_set": {"Default": 4}, "attributes": {}}


def products(**words: Any) -> Mapping:
    return replace(MAPPINGS.parse("products", MAPPINGS.text("products")), **words)


def checked(
    path: Path, text: str, mapping: Mapping | None = None, **words: Any
) -> tuple[Checked, list[RowError]]:
    path = path / "list.csv"
    path.write_text(text, encoding="utf-8")
    rows: list[RowError] = []
    words.setdefault("tables", TABLES)
    return check(path, path.name, mapping or products(), told=rows.append, **words), rows


def test_rows_are_counted_by_cause_and_few_are_kept(tmp_path: Path) -> None:
    bad = "".join(f"B-{n},Thing,{'free' if n % 3 else ''}\n" for n in range(30))
    done, rows = checked(tmp_path, f"article,name,price\n{bad}A-1,Thing,5\nA-1,Thing,6\n")

    assert [(cause.outcome, cause.code, cause.column, cause.rows) for cause in done.causes] == [
        (Outcome.INVALID, "number", "price", 20),
        (Outcome.INVALID, "required", "price", 10),
        (Outcome.SKIPPED, "key.repeated", "article", 1),
    ]
    assert {len(cause.examples) for cause in done.causes[:2]} == {EXAMPLES}
    assert (done.rows, done.sendable, len(rows)) == (32, 1, 31)
    assert done.rows == done.sendable + sum(done.counts.values())


def test_a_row_with_two_faults_counts_once_and_shows_under_both_causes(tmp_path: Path) -> None:
    done, rows = checked(tmp_path, "article,name,price,weight\nA,,x,-1\n")

    assert {cause.code for cause in done.causes} == {"required", "number", "number.minimum"}
    assert (done.wrong, len(rows)) == (1, 3)


def test_a_check_ends_early_once_more_rows_are_wrong_than_may_be(tmp_path: Path) -> None:
    lines = "".join(f"A-{n},Thing,{'x' if n == 3 else 5}\n" for n in range(FRAME_ROWS + 10))
    done, _ = checked(tmp_path, f"article,name,price\n{lines}", max_errors=0)
    whole, _ = checked(tmp_path, f"article,name,price\n{lines}", max_errors=1)

    assert (done.stopped, done.wrong, done.rows < done.total) == (True, 1, True)
    assert (whole.stopped, whole.rows) == (False, FRAME_ROWS + 10)


def test_without_a_shop_nothing_is_said_of_names_that_only_a_shop_knows(tmp_path: Path) -> None:
    mapping = MAPPINGS.parse("magento-products", MAPPINGS.text("magento-products"))
    schema = {
        "properties": {"product": {"properties": {"attribute_set_id": {"type": "integer", "minimum": 1}}}}
    }
    text = 'sku,attribute_set_code,additional_attributes,price\na,Bagg,"color=red,x=y",x\n'
    done, rows = checked(tmp_path, text, replace(mapping, schema=schema), tables=None)

    assert [(row.column, row.code) for row in rows] == [("price", "number")]
    assert {"attribute_set_code", "additional_attributes"} <= set(done.unchecked)


def test_what_concerns_the_whole_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    strict = products(unknown_columns=UnknownColumns.REJECT)

    with pytest.raises(RequestError, match="knows no column colour"):
        checked(tmp_path, "article,name,price,colour\nA,B,1,red\n", strict)
    with pytest.raises(RequestError, match="has no column name"):
        checked(tmp_path, "article,price\nA,1\n")
    with pytest.raises(FileDamaged, match="has a header but no rows"):
        checked(tmp_path, "article,name,price\n")


@pytest.mark.parametrize("policy", RepeatedKeys)
def test_repeated_keys_and_values_are_found_across_frames(tmp_path: Path, policy: RepeatedKeys) -> None:
    """Every tenth key stands twice, far apart and in another case; so do some unique values."""
    half = FRAME_ROWS + 7
    first = "".join(f"a-{n},Thing,5,page-{n}\n" for n in range(half))
    again = "".join(
        f"{'A-' if n % 10 == 0 else 'b-'}{n},Thing,5,page-{n if n % 1000 in (0, 1) else -n}\n"
        for n in range(half)
    )
    columns = dict(products().columns)
    columns["web address"] = replace(columns["web address"], unique=True)
    mapping = products(columns=columns, repeated_keys=policy)
    done, rows = checked(tmp_path, f"article,name,price,web address\n{first}{again}", mapping)

    twice = {n for n in range(half) if n % 10 == 0}
    lost = {n + 1 for n in twice} if policy is RepeatedKeys.LAST else {half + n + 1 for n in twice}
    assert {row.row for row in rows if row.code == "key.repeated"} >= lost
    assert {row.row for row in rows if row.code == "unique"} == {
        half + n + 1 for n in range(half) if n % 1000 == 1
    }
    outcome = Outcome.INVALID if policy is RepeatedKeys.ERROR else Outcome.SKIPPED
    assert {row.outcome for row in rows if row.code == "key.repeated"} == {outcome}
    assert done.rows == done.sendable + sum(done.counts.values())

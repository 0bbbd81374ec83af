"""Reading JSON Lines and JSON: documents become flat cells, every digit and every bad line kept apart."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

from importer import formats
from importer.domain.errors import FileDamaged
from importer.domain.rows import LINE, LIST_MARK, ROW
from importer.formats import documents, json_array, jsonl, nested
from importer.formats.columns import clean
from importer.formats.content import Content
from importer.formats.documents import Unreadable
from importer.formats.frames import REPORT_COLUMNS, Frame, Header
from importer.formats.index import Index
from importer.formats.reading import Reading
from importer.formats.sorting import FEW


def head(file: Path, **said: Any) -> Header:
    return formats.header(file, file.name, Reading(**said))


def read(file: Path, text: str | bytes, **said: Any) -> tuple[Header, list[Frame]]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    header = head(file, **said)
    return header, list(formats.frames(file, file.name, header))


def rows(frames: list[Frame]) -> list[dict[str, Any]]:
    """Without what is absent."""
    return [{k: v for k, v in row.items() if v is not None} for f in frames for row in f.cells.to_dicts()]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return tmp_path / "a.jsonl"


@pytest.fixture
def array(tmp_path: Path) -> Path:
    return tmp_path / "a.json"


def test_scalars_become_their_texts_with_every_digit(lines: Path) -> None:
    header, frames = read(
        lines, '{"sku":"007","price":19.90,"big":12345678901234567890123,"on":true,"e":1E5,"gone":null}\n'
    )

    assert header.names == ("sku", "price", "big", "on", "e", "gone")
    assert header.literal == frozenset()
    assert rows(frames) == [
        {"sku": "007", "price": "19.90", "big": "12345678901234567890123", "on": "true", "e": "100000", ROW: 1, LINE: 1}
    ]  # fmt: skip
    assert frames[0].cells.columns == [ROW, LINE, *header.names]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("1e2", "100"),
        ("1E+2", "100"),
        ("1e-05", "0.00001"),
        ("-1.50e1", "-15.0"),
        ("1.5e0", "1.5"),
        ("0e3", "0"),
        ("1e40", "1" + 40 * "0"),
        ("1e999999999", "1e999999999"),
        ('"1e2"', "1e2"),
    ],
)
def test_a_number_with_an_exponent_is_written_out(lines: Path, written: str, read_as: str) -> None:
    flat = f'{{"sku":"a","price":{written}}}\n'
    nested_ = f'{{"product":{{"price":{written}}}}}\n'

    assert rows(read(lines, flat)[1]) == [{"sku": "a", "price": read_as, ROW: 1, LINE: 1}]
    as_json = f'"{read_as}"' if written.startswith('"') else read_as
    assert rows(read(lines, nested_)[1]) == [{"product.price": as_json, ROW: 1, LINE: 1}]


def test_a_nul_in_a_text_is_a_fault_of_its_record(lines: Path) -> None:
    texts = [r'{"sku":"a\u0000"}', r'{"sku":"b\\u0000"}', '{"sku":"c"}', r'{"x":{"y":["\u0000"]}}']
    _, frames = read(lines, "\n".join(texts))

    assert [(one.row, one.code) for frame in frames for one in frame.malformed] == [
        (1, "record.nul"),
        (4, "record.nul"),
    ]
    assert [row["sku"] for row in rows(frames)] == [r"b\u0000", "c"]


def test_lists_of_scalars_are_joined_and_other_parts_stay_json(lines: Path) -> None:
    text = '{"tags":["a","b, c"],"one":["x"],"none":[],"stock":{"qty":7.0,"where":"A"},"images":[{"url": "u"}],"o":{}}'
    header, frames = read(lines, text)

    assert header.literal == {"stock.qty", "stock.where", "images", "o"}
    assert rows(frames) == [
        {
            "tags": f"a{LIST_MARK}b, c",
            "one": f"x{LIST_MARK}",
            "none": "",
            "stock.qty": "7.0",
            "stock.where": '"A"',
            "images": '[{"url":"u"}]',
            "o": "{}",
            ROW: 1,
            LINE: 1,
        }
    ]


def test_a_column_that_only_the_last_document_has_is_a_column_of_the_file(lines: Path) -> None:
    header, frames = read(lines, '{"a":1}\n' * 100 + '{"a":2,"late":"x"}\n')

    assert header.names == ("a", "late")
    assert frames[0].cells.get_column("late").to_list() == [None] * 100 + ["x"]


def test_bad_lines_are_cut_out_and_their_neighbours_read(lines: Path) -> None:
    bad = [
        (b'{"a":1,"b":}', "record.json"),
        (b'{"a":1 "b":2}', "record.json"),
        (b'{"a":01,"b":2}', "record.json"),
        (b'{"a":NaN,"b":2}', "record.json"),
        (b'{"a":1,"b":"x', "record.json"),
        (b'{"a":1,"b":"x"}}', "record.json"),
        (b'{"a":"\\ud800","b":1}', "record.json"),
        (b'{"a":"tab\there","b":1}', "record.json"),
        (b'[1,2]', "record.no_object"),
        (b'{"a":1,"a":2}', "record.twice"),
        (b'{"a":1,"b":{"c":1,"c":2}}', "record.twice"),
        (b'{"a":"\xe4","b":1}', "record.encoding"),
        (b"  ", "record.blank"),
        (b"", "record.blank"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "record.json"),
    ]  # fmt: skip
    good = b'{"a":"\xc3\xa4\xc3\xb6\xc3\xbc","b":"fine"}'
    text = b"".join(good + b"\n" + line + b"\n" for line, _ in bad)
    _, frames = read(lines, text)

    malformed = [e for f in frames for e in f.malformed]
    assert [(e.row, e.line, e.code) for e in malformed] == [
        (2 * n, 2 * n, code) for n, (_, code) in enumerate(bad, 1)
    ]
    assert [e.value for e in malformed[:2]] == ['{"a":1,"b":}', '{"a":1 "b":2}']
    assert [row[ROW] for row in rows(frames)] == list(range(1, 2 * len(bad), 2))
    assert {row["a"] for row in rows(frames)} == {"äöü"}


def test_lines_may_end_as_they_do_on_windows_and_begin_with_a_mark(lines: Path) -> None:
    _, frames = read(lines, '\ufeff{"a": "x"}\r\n{"a": "y"}\r\n')

    assert frames[0].cells.rows() == [(1, 1, "x"), (2, 2, "y")]


def test_a_line_beyond_the_limit_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a":1}\n{"a":"' + "x" * 500 + '"}\n{"a":2}\n{"a":"' + "x" * 100 + '"}\n')
    content = Content(path=path, name="a.jsonl")

    for block in (7, 64, 1 << 20):
        found = list(jsonl.batches(content, "utf-8", block=block, limit=60))
        assert [(c.row, c.line, c.kind) for b in found for c in b.cut] == [
            (2, 2, "too_large"),
            (4, 4, "too_large"),
        ]
        assert [n for b in found for n in b.rows.tolist()] == [1, 3]
        assert sum(b.count for b in found) == 4


INNER = st.sampled_from(["x", "y", "ä", "", "d.e"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNER, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["a", "b", "c d", "ä", 'q"', "^x$", "e.f"])
DOCUMENTS = st.lists(st.dictionaries(NAMES, VALUES, max_size=5), min_size=1, max_size=8)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")])


def expected(documents_: list[dict[str, Any]], header: Header) -> list[dict[str, Any]]:
    """What every document says, by the paths of the header, as Python values."""
    found = []
    for document in documents_:
        row = {}
        for name in header.names:
            value = at(document, name)
            if value is not None:
                row[name] = value
        found.append(row)
    return found


def at(document: Any, path: str) -> Any:
    if path in document:
        return document[path] if not followed(path, document[path]) else None
    for name, value in document.items():
        if path.startswith(f"{name}.") and followed(name, value):
            return at(value, path[len(name) + 1 :])
    return None


def followed(name: str, value: Any) -> bool:
    names = [name, *value] if isinstance(value, dict) and value else [""]
    return all(one and not set(one) & set(".[]") for one in names)


def meant(cell: str, value: Any, *, literal: bool) -> bool:
    if literal:
        return bool(exactly(cell) == exactly(json.dumps(value)))
    if isinstance(value, list):
        texts = [written(v).strip('"') if not isinstance(v, str) else v for v in value]
        texts = ["" if v is None else t for v, t in zip(value, texts, strict=True)]
        return cell == (LIST_MARK.join(texts) if len(texts) != 1 else texts[0] + LIST_MARK)
    return cell == (value if isinstance(value, str) else written(value))


def exactly(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def written(value: Any) -> str:
    """As JSON writes it, an exponent written out."""
    text = json.dumps(value)
    number = Decimal(text) if isinstance(value, float) else Decimal(0)
    return (
        format(number, "f")
        if "e" in text and abs(number.adjusted()) <= documents.MOST_ZEROS and number
        else text
    )


@pytest.mark.parametrize("times", [1, FEW + 1])
@given(documents_=DOCUMENTS, style=STYLES, block=st.sampled_from([50, 700, 1 << 16]), ascii_=st.booleans())
@settings(max_examples=40)
def test_documents_mean_the_same_by_shape_and_one_by_one_at_any_block_size(
    times: int,
    tmp_path_factory: pytest.TempPathFactory,
    documents_: list[dict[str, Any]],
    style: tuple[str, str],
    block: int,
    ascii_: bool,
) -> None:
    documents_ = documents_ * times  # enough of one shape to be read by it
    folder = tmp_path_factory.mktemp("json")
    texts = [json.dumps(one, separators=style, ensure_ascii=ascii_) for one in documents_]
    flat = [documents.row(text) for text in texts if readable(text)]
    if not any(flat):
        return
    found = []
    for name, text, reader in (
        ("a.jsonl", "\n".join(texts), jsonl),
        ("a.json", f"[{','.join(texts)}]", json_array),
    ):
        (folder / name).write_text(text, encoding="utf-8", newline="")
        content = Content(path=folder / name, name=name)
        header = reader.header(content, Reading(format=name[2:], encoding="utf-8"))
        frames = list(reader.frames(content, header, block=block))
        table = pl.concat(f.cells for f in frames)
        index = Index()
        assert reader.header(content, Reading(format=name[2:], encoding="utf-8"), index) == header
        kept = list(reader.frames(content, header, None, index))
        some = header.names[:1]
        part = list(reader.frames(content, header, some, index))
        assert index.complete
        assert pl.concat(f.cells for f in kept).equals(table)
        wanted_ = pl.DataFrame([table.get_column(one) for one in (ROW, LINE, *some)])
        assert pl.concat(f.cells for f in part).equals(wanted_)
        assert [e for f in kept for e in f.malformed] == [e for f in frames for e in f.malformed]
        bad = {e.row: e.code for f in frames for e in f.malformed}
        assert set(bad) == {n for n, text in enumerate(texts, 1) if not readable(text)}
        good = [n for n in range(1, len(texts) + 1) if n not in bad]
        assert table.get_column(ROW).to_list() == good
        wanted = expected([documents_[n - 1] for n in good], header)
        for row, want in zip(table.drop(ROW, LINE).to_dicts(), wanted, strict=True):
            cells = {k: v for k, v in row.items() if v is not None}
            assert cells.keys() == want.keys()
            for name in want:
                assert meant(cells[name], want[name], literal=name in header.literal), (
                    name,
                    cells[name],
                    want[name],
                )
        found.append(table.drop(LINE))
    assert found[0].equals(found[1])


def readable(text: str) -> bool:
    try:
        documents.row(text)
    except Unreadable:
        return False
    return True


def distinguishable(names: list[str]) -> bool:
    """Whether names stay apart without what nobody sees."""
    different = dict.fromkeys(names)
    return len({clean([name])[0] for name in different if name.strip()}) == len(different)


@given(st.text(alphabet='{}[]",:\\ut 01-.eE+\n\t\x1eax', max_size=30), st.integers(0, 40))
@settings(max_examples=100)
def test_no_text_is_taken_by_a_shape_that_is_no_document(
    tmp_path_factory: pytest.TempPathFactory, noise: str, place: int
) -> None:
    """A good line with noise put into it is read exactly as it would be read alone."""
    good = '{"a":"x","b":[1,{"b":2}],"c":{"d":1.50}}'
    damaged = (good[:place] + noise + good[place:]).replace("\n", " ")
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    text = "\n".join([good] * 60 + [damaged] + [good] * 3)
    if readable(damaged) and not distinguishable([*documents.row(damaged), "a", "b", "c.d"]):
        with pytest.raises(FileDamaged, match="more than once"):
            read(path, text)
        return
    _, frames = read(path, text)

    if not damaged.strip() or not readable(damaged):
        assert [e.row for f in frames for e in f.malformed] == [61]
    else:
        named = {clean([k])[0]: v for k, v in documents.row(damaged).items()}
        alone = {k: v for k, v in named.items() if k in frames[0].cells.columns}
        row = frames[0].cells.row(60, named=True)
        assert {k for k, v in row.items() if v is not None} - {ROW, LINE} == set(alone)
        assert all(
            json.loads(row[k]) == json.loads(documents.json_of(alone[k].value))
            for k in ("c.d", "b")
            if k in alone
        )
    assert frames[0].cells.filter(pl.col(ROW) != 61).drop(ROW, LINE).unique().height == 1


def test_an_array_knows_the_line_of_every_document(array: Path) -> None:
    documents_ = [{"a": n, "b": {"c": [n, 1], "d": "x\ny"}} for n in range(1, 200)]
    header, frames = read(array, json.dumps(documents_, indent=2))

    assert header.names == ("a", "b.c", "b.d")
    assert [row[LINE] for row in rows(frames)][:3] == [2, 12, 22]
    assert rows(frames)[1] == {"a": "2", "b.c": "[2,1]", "b.d": '"x\\ny"', ROW: 2, LINE: 12}


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ('[{"a":1}]', "none", "the document is a list"),
        (
            '{"meta":{"n":[1,2],"e":[]},"data":{"products":[{"a":1}]},"x":1}',
            "data.products",
            "the first list of",
        ),
    ],
)
def test_the_list_is_found(array: Path, text: str, path: str, reason: str) -> None:
    header, frames = read(array, text)

    found = next(e for e in header.evidence if e.subject == "path")
    assert found.value == path
    assert reason in found.reason
    assert rows(frames) == [{"a": "1", ROW: 1, LINE: 1}]


def test_a_path_that_was_said_is_followed(array: Path) -> None:
    text = '{"other":[{"x":[1,[2]]}],"data":{"skip":{"deep":{}},"products":[{"a":1},{"a":2}]}}'
    _, frames = read(array, text, path="data.products")

    assert [row["a"] for row in rows(frames)] == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "said", "sentence"),
    [
        ('[{"a":1},\n{"a":2},\n{"a":}]', {}, "Line 3: the file is no JSON from here on"),
        ('[{"a":1}\n{"a":2}]', {}, "Line 2: the file is no JSON from here on: `,` or `]` is expected, `{"),
        ('[{"a":1},\n{"a":2}', {}, "Line 2: .* its end stands there"),
        ('[{"a":1}] more', {}, "the end of the file is expected"),
        ('{"a":{"b":1}}', {}, "no list of objects"),
        ('"text"', {}, "no list of objects"),
        ('{"a":{"b":1}}', {"path": "a.c"}, r"nothing at the path a.c \(known: b\)\. The path leads"),
        ('{"data":{"products":[]}}', {"path": "data.produkts"}, "did you mean `products`?"),
        ("{}", {"path": "a"}, r"nothing at the path a\. The path"),
        ('{"a":{"b":1}}', {"path": "a.b"}, "At the path a.b there is no list"),
        ("[]", {}, "no document with a field"),
        ("[" * 100_000, {}, "nested too deeply"),
        ('{"a":' * 100_000, {}, "nested too deeply"),
    ],
)
def test_a_document_that_is_no_list_gets_one_sentence(
    array: Path, text: str, said: dict[str, str], sentence: str
) -> None:
    with pytest.raises(FileDamaged, match=sentence):
        read(array, text, **said)


def test_documents_of_a_list_that_are_no_rows_are_cut_out(array: Path) -> None:
    _, frames = read(array, b'[{"a":1},\n7,\n{"a":1,"a":2},{"a":"\xff"},\n{"a":2}]', encoding="utf-8")

    assert [(e.row, e.line, e.code) for f in frames for e in f.malformed] == [
        (2, 2, "record.no_object"),
        (3, 3, "record.twice"),
        (4, 3, "record.encoding"),
    ]
    assert [row["a"] for row in rows(frames)] == ["1", "2"]


def test_lines_of_documents_in_a_file_called_json_are_recognised(array: Path) -> None:
    header, frames = read(array, '{"a":1}\n\n{"a":[{"x":1}]}\n')

    assert header.reading.format == "jsonl"
    assert [str(e) for e in header.evidence if e.subject == "format"][-1].endswith("a document of its own")
    assert [row[ROW] for row in rows(frames)] == [1, 3]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_mended_report_loses_the_columns_of_the_report_with_an_index_and_without(
    tmp_path: Path, name: str
) -> None:
    records = [{"sku": f"A{n}", **dict.fromkeys(REPORT_COLUMNS, "x"), "price": n} for n in range(100)]
    text = "\n".join(map(json.dumps, records)) if name == "a.jsonl" else json.dumps(records)
    (tmp_path / name).write_text(text)
    index = Index()
    header = formats.header(tmp_path / name, name, index=index)

    assert header.mended
    for known in (None, index):
        frames = list(formats.frames(tmp_path / name, name, header, index=known))
        assert pl.concat(frame.cells for frame in frames).columns == [ROW, LINE, "sku", "price"]
    some = pl.concat(f.cells for f in formats.frames(tmp_path / name, name, header, ["price"], index))
    assert some.get_column("price").to_list() == [str(n) for n in range(100)]


def test_documents_of_several_shapes_are_sorted_by_several_threads_and_keep_their_order(lines: Path) -> None:
    shapes = [{"a": 1}, {"a": 1, "b": "x"}, {"c": {"d": "y"}}, {"b": None, "e": [1, 2]}]
    documents_ = [{"id": n, **shapes[n // 700 % 4]} for n in range(11_200)]
    lines.write_text("\n".join(map(json.dumps, documents_)))
    content, index = Content(path=lines, name=lines.name), Index()
    batches = jsonl.batches(content, "utf-8", block=8_000)

    header = nested.header(batches, Reading(format="jsonl", encoding="utf-8"), (), index)
    frames = list(nested.frames(iter([]), header, None, index))

    assert header.names == ("id", "a", "b", "c.d", "e")
    found = pl.concat(frame.cells for frame in frames)
    assert found.get_column("id").to_list() == [str(n) for n in range(11_200)]
    assert found.get_column(ROW).to_list() == list(range(1, 11_201))
    assert found.get_column("b").to_list() == [one.get("b") for one in documents_]

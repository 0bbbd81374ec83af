"""A file that is said to be in an encoding that it does not look like: read as it is said, with one hint for the file."""

from pathlib import Path

import pytest

from importer import formats
from importer.domain.errors import FileDamaged
from importer.formats.reading import Reading

TEXT = "sku,name\n" + "".join(f"a{n},Größe für Käufer {n}\n" for n in range(20))
WESTERN = "but it looks like Windows-1252 (cp1252): the bytes beyond ASCII are no UTF-8 and read as Western"


def doubts(path: Path, data: bytes, said: str) -> list[str]:
    path.write_bytes(data)
    return formats.header(path, path.name, Reading(encoding=said, format="csv")).doubts


@pytest.mark.parametrize(
    ("written", "said", "hint"),
    [
        ("cp1252", "utf-8", WESTERN),
        ("utf-8", "cp1252", "but it looks like UTF-8: the bytes beyond ASCII are UTF-8"),
        ("utf-8", "latin1", "but it looks like UTF-8"),
        ("utf-8", "ascii", "but it looks like UTF-8"),
        ("utf-16", "utf-8", "but it looks like UTF-16: by the mark"),
        ("utf-16-be", "cp1252", "but it looks like UTF-16: every second byte is zero"),
        ("utf-8-sig", "cp1252", "but it looks like UTF-8: by the mark"),
    ],
)
def test_what_was_said_is_doubted_when_the_bytes_say_otherwise(
    tmp_path: Path, written: str, said: str, hint: str
) -> None:
    try:
        [doubt] = doubts(tmp_path / "a.csv", TEXT.encode(written), said)
    except FileDamaged as error:
        doubt = error.text

    assert hint in doubt


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("utf-8", "utf8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("cp1252", "cp850"),
        ("cp1252", "iso-8859-15"),
    ],
)
def test_what_the_bytes_allow_is_believed(tmp_path: Path, written: str, said: str) -> None:
    assert doubts(tmp_path / "a.csv", TEXT.encode(written), said) == []


@pytest.mark.parametrize("said", ["utf-8", "cp1252", "ascii"])
def test_a_file_of_ascii_alone_is_in_every_encoding(tmp_path: Path, said: str) -> None:
    assert doubts(tmp_path / "a.csv", b"sku,name\na,b\n", said) == []


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_every_record_that_is_no_text_points_at_the_encoding(tmp_path: Path, name: str) -> None:
    text = (
        TEXT
        if name == "a.csv"
        else "".join(f'{{"sku": "a{n}", "name": "{"Größe" if n else "x"}"}}\n' for n in range(9))
    )
    path = tmp_path / name
    path.write_bytes(text.encode("cp1252"))
    head = formats.header(path, name, Reading(encoding="utf-8"))
    errors = [error for frame in formats.frames(path, name, head) for error in frame.malformed]

    assert {error.code for error in errors} == {"record.encoding"}
    assert len(errors) == (20 if name == "a.csv" else 8)
    assert all(
        "looks like Windows-1252" in e.fix and e.fix.endswith("Say that encoding, or none.") for e in errors
    )


def test_a_file_that_cannot_be_read_at_all_in_that_encoding_is_refused_with_the_hint(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode("cp1252"))
    with pytest.raises(FileDamaged, match=r"The file is read as utf-16, but it looks like Windows-1252"):
        formats.header(path, "a.csv", Reading(encoding="utf-16"))

"""Input that should not exist: one clear sentence, bounded memory, nothing half-kept."""

import gzip
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zstandard

from importer import formats
from importer.domain.errors import FileDamaged
from importer.formats.frames import FRAME_ROWS
from importer.formats.reading import Reading
from importer.sources import files
from importer.store.files import LocalFiles

READ = r"""
import re, sys
from pathlib import Path
from importer import formats
from importer.domain.errors import FileDamaged
path = Path(sys.argv[1])
try:
    header = formats.header(path, path.name)
    frames = list(formats.frames(path, path.name, header))
    print(len(header.names), [(e.row, e.line, e.code) for f in frames for e in f.malformed])
except FileDamaged as error:
    print(error.text)
# not getrusage: its maximum begins with what the parent of this process had
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
LINE = 100 << 20
"""Bytes of the endless line; a larger one takes longer and no more memory."""


LINUX = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc"
)


def read_apart(path: Path) -> tuple[str, int]:
    """What a process of its own says of the file, and its largest memory in MiB."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )
    said, peak = done.stdout.splitlines()
    return said, int(peak)


def zeros(path: Path, before: bytes, after: bytes = b"") -> Path:
    """A file with a hole: as large as it says, and nearly nothing on the disk."""
    with path.open("wb") as file:
        file.write(before)
        file.seek(len(before) + LINE)
        file.write(after)
    return path


@LINUX
def test_one_endless_line_is_one_damaged_record(tmp_path: Path) -> None:
    said, peak = read_apart(zeros(tmp_path / "a.csv", b"sku,name\na,A\n", b"\nb,B\n"))

    assert said == "2 [(2, 3, 'record.too_large')]"
    assert peak < 500

    said, peak = read_apart(zeros(tmp_path / "a.jsonl", b'{"a":1}\n{"a":"', b'"}\n{"a":2}\n'))
    assert said == "1 [(2, 2, 'record.too_large')]"
    assert peak < 500


@LINUX
def test_one_endless_value_of_a_json_document_is_refused(tmp_path: Path) -> None:
    said, peak = read_apart(zeros(tmp_path / "a.json", b'[{"a":1},\n{"a":"', b'"}]'))

    assert "no JSON from here on" in said
    assert said.startswith("a.json: Line 2:")
    assert peak < 500


def test_a_cell_of_ten_megabytes_is_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'sku,text\na,"' + b"xxxxxxx\n" * (10 << 17) + b'"\nb,B\n')
    frames = list(formats.frames(path, path.name, formats.header(path, path.name)))

    assert [len(text) for f in frames for text in f.cells.get_column("text")] == [10 << 20, 1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b",".join(b"c%d" % n for n in range(100_000)) + b"\n1\n"),
        ("a.jsonl", b"{" + b",".join(b'"c%d":1' % n for n in range(100_000)) + b"}\n"),
    ],
)
def test_a_hundred_thousand_columns_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(FileDamaged, match=r"100,000 columns|more than 5,000 different fields"):
        formats.header(path, name)


BOMB = b"sku,name\n" + b"0" * (80 << 20)


def gz(path: Path) -> None:
    path.write_bytes(gzip.compress(BOMB, mtime=0))


def zst(path: Path) -> None:
    path.write_bytes(zstandard.compress(BOMB))


def zip_(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", BOMB)


@pytest.mark.parametrize(("name", "pack"), [("a.csv.gz", gz), ("a.csv.zst", zst), ("a.zip", zip_)])
def test_a_bomb_is_not_unpacked(tmp_path: Path, name: str, pack: object) -> None:
    path = tmp_path / name
    pack(path)  # type: ignore[operator]

    with pytest.raises(FileDamaged, match=r"unpacks to more than .* times its size"):
        list(formats.frames(path, name, formats.header(path, name, Reading(format="csv", encoding="utf-8"))))


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.zip"])
def test_an_archive_that_is_cut_off_is_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    {"a.csv.gz": gz, "a.csv.zst": zst, "a.zip": zip_}[name](path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(FileDamaged, match=r"archive is damaged, cut off or locked|unpacks to more"):
        list(formats.frames(path, name, formats.header(path, name, Reading(format="csv"))))


def test_a_file_that_changes_while_it_is_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"sku,name\n" + b"a,A\n" * 100_000)
    frames = formats.frames(path, path.name, formats.header(path, path.name))
    assert next(frames).rows == FRAME_ROWS
    path.write_bytes(b"sku,name\n")

    with pytest.raises(FileDamaged, match="changed while it was read"):
        list(frames)


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from importer.domain.errors import StateUnavailable
from importer.store.files import LocalFiles
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
async def chunks():
    for _ in range(8):
        yield b"x" * (1 << 19)
async def main():
    files = LocalFiles(Path(sys.argv[1]))
    for work in (files.keep("imports/a/source", chunks(), limit=1 << 30), files.write("imports/a/batch", b"x" * (2 << 20))):
        try:
            await work
        except StateUnavailable as error:
            print(error.text)
asyncio.run(main())
"""


def test_a_disk_that_fills_up_leaves_nothing_half_kept(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )

    said = "The data folder cannot be written: File too large. Make room: it goes on by itself."
    assert done.stdout.splitlines() == [said] * 2
    assert kept(tmp_path) == []


async def test_a_sender_that_breaks_off_leaves_nothing_half_kept(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"sku,name\n"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await LocalFiles(tmp_path).keep("imports/a/source", chunks(), limit=100)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "a.csv",
            b"PK\x03\x04rest",
            "a.csv: The file is a workbook or a zip archive, not a text: rename it to .xlsx",
        ),
        (
            "a.json",
            b"\x1f\x8b\x08",
            "a.json: The file is packed with gzip, not a text: give its name the ending .gz",
        ),
        ("a.jsonl", b"\x28\xb5\x2f\xfd", "packed with zstd"),
        ("a.txt", b"%PDF-1.4", "is a PDF, not a text: export the table itself"),
        ("a.csv", b"\x89PNG\r\n", "is a picture"),
        ("a.csv", b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook, not a text: save it as .xlsx"),
        ("a.csv.gz", gzip.compress(b"%PDF-1.4", mtime=0), "a.csv.gz: The file is a PDF"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told_what_it_is(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileDamaged) as caught:
        formats.header(path, name)

    assert sentence in caught.value.text
    assert caught.value.code == "file.binary"


def test_the_name_of_a_file_stands_once_before_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"sku,name\n" * 5000, mtime=0)[:40])
    with pytest.raises(FileDamaged, match=r"^a\.csv\.gz: the gz archive is damaged"):
        formats.header(path, path.name)


def test_an_archive_without_a_file_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    zipfile.ZipFile(path, "w").close()
    with pytest.raises(FileDamaged, match=r"a\.zip: the archive holds no file\."):
        formats.header(path, path.name)


async def test_a_file_that_is_written_to_while_it_is_taken_in_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"sku,name\n" * 300_000)
    pieces = files.chunks(path)
    await anext(pieces)
    with path.open("ab") as file:
        file.write(b"late,row\n")

    with pytest.raises(FileDamaged, match="was changed while it was read; nothing of it is imported"):
        [piece async for piece in pieces]

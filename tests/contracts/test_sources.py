"""Sources: what lies there is listed, read whole, and put away; what changed meanwhile is left alone."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from importer.domain.arrivals import Entry
from importer.domain.errors import ConfigurationError, FileDamaged, SourceMissing
from importer.domain.places import SCHEMES, place
from importer.sources.allowed import Allowed
from importer.sources.kinds import KINDS, ConfiguredSources
from tests.contracts.sources import NAME, YARDS, Yard

CONTENT = b"sku,qty\nA-1,5\n" * 1000
LISTING = [kind for kind, lists in SCHEMES.items() if lists]


@pytest.fixture
async def yard(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Yard]:
    if request.param == "https":
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with YARDS[request.param](tmp_path) as made:
        yield made


every = pytest.mark.parametrize("yard", YARDS, indirect=True)
listing = pytest.mark.parametrize("yard", LISTING, indirect=True)
"""Those that show what lies there, and in which files can be moved."""


def test_every_kind_of_source_keeps_the_contract() -> None:
    assert set(KINDS) == set(YARDS) == set(SCHEMES)


@every
async def test_a_file_is_listed_with_size_and_time(yard: Yard) -> None:
    await yard.ground.put(NAME, CONTENT)

    [entry] = await yard.source.entries()
    assert (entry.name, entry.size, entry.sure) == (NAME, len(CONTENT), True)
    assert entry.changed_at is not None
    assert entry.changed_at.tzinfo is not None


@every
async def test_a_file_is_read_whole(yard: Yard) -> None:
    await yard.ground.put(NAME, CONTENT)

    assert await yard.content(await yard.entry()) == CONTENT


@every
async def test_the_mark_stays_until_the_file_is_another(yard: Yard) -> None:
    await yard.ground.put(NAME, CONTENT)
    first = await yard.entry()
    assert await yard.entry() == first

    await yard.ground.put(NAME, CONTENT + b"A-2,1\n")
    assert (await yard.entry()).mark != first.mark


@every
async def test_a_file_that_changed_since_it_was_seen_is_not_read(yard: Yard) -> None:
    await yard.ground.put(NAME, CONTENT)
    entry = await yard.entry()
    await yard.ground.put(NAME, b"another")

    with pytest.raises(FileDamaged, match="was changed") as caught:
        await yard.content(entry)
    assert caught.value.code == "file.changed"


@every
async def test_a_file_that_vanished_is_told(yard: Yard) -> None:
    await yard.ground.put(NAME, CONTENT)
    entry = await yard.entry()
    await yard.ground.remove(NAME)

    with pytest.raises(SourceMissing, match="bestände") as caught:
        await yard.content(entry)
    assert caught.value.code == "source.missing"


@listing
@pytest.mark.parametrize("act", ["move", "delete"])
async def test_a_file_that_changed_since_it_was_seen_is_not_put_away(yard: Yard, act: str) -> None:
    await yard.ground.put(NAME, CONTENT)
    entry = await yard.entry()
    await yard.ground.put(NAME, b"another")

    with pytest.raises(FileDamaged, match="was changed"):
        await (yard.source.delete(entry) if act == "delete" else yard.source.move(entry, "done"))
    assert await yard.ground.all() == {NAME: b"another"}


@listing
@pytest.mark.parametrize("act", ["move", "delete"])
async def test_a_file_that_vanished_before_it_was_put_away_is_told(yard: Yard, act: str) -> None:
    await yard.ground.put(NAME, CONTENT)
    entry = await yard.entry()
    await yard.ground.remove(NAME)

    with pytest.raises(SourceMissing, match="bestände"):
        await (yard.source.delete(entry) if act == "delete" else yard.source.move(entry, "done"))


@listing
async def test_a_file_is_moved_below_its_folder_and_never_over_another(yard: Yard) -> None:
    for content in (b"1", b"22"):
        await yard.ground.put("a.csv", content)
        await yard.source.move(await yard.entry("a.csv"), "done/2026-05")

    assert await yard.ground.all() == {"done/2026-05/a.csv": b"1", "done/2026-05/a-2.csv": b"22"}
    assert await yard.source.entries() == []


@listing
async def test_a_file_is_deleted_and_others_stay(yard: Yard) -> None:
    await yard.ground.put(NAME, CONTENT)
    await yard.ground.put("other.csv", b"1")
    await yard.source.delete(await yard.entry())

    assert await yard.ground.all() == {"other.csv": b"1"}


@listing
async def test_what_lies_deeper_is_not_listed(yard: Yard) -> None:
    await yard.ground.put("deeper/a.csv", CONTENT)

    assert await yard.source.entries() == []


@pytest.mark.parametrize("yard", ["file", "sftp"], indirect=True)
async def test_a_file_that_grows_while_it_is_read_is_not_taken_for_whole(yard: Yard) -> None:
    await yard.ground.put(NAME, CONTENT * 200)
    entry = await yard.entry()

    async def read() -> None:
        async for _ in yard.source.read(entry):
            await yard.ground.put(NAME, CONTENT * 300)

    with pytest.raises(FileDamaged, match="was changed"):
        await read()


@pytest.mark.parametrize("roots", [[], ["other"], ["out/deeper"]])
async def test_a_folder_below_no_root_is_refused(tmp_path: Path, roots: list[str]) -> None:
    sources = ConfiguredSources(Allowed(roots=[tmp_path / root for root in roots]))

    with pytest.raises(ConfigurationError, match="source_roots"):
        async with sources.at(place(f"file://{tmp_path}/out/*.csv")):
            pass


async def test_a_link_that_leads_out_of_the_root_is_refused(tmp_path: Path) -> None:
    outside, folder = tmp_path / "secret.csv", tmp_path / "out"
    folder.mkdir()
    outside.write_text("secret")
    sources = ConfiguredSources(Allowed(roots=[folder]))
    (folder / "a.txt").symlink_to(outside)
    async with sources.at(place(f"file://{folder}/*.csv")) as source:
        assert await source.entries() == []
        (folder / "a.csv").symlink_to(outside)

        with pytest.raises(ConfigurationError, match="leads out of"):
            await source.entries()
        with pytest.raises(ConfigurationError, match="leads out of"):
            await anext(source.read(Entry(name="a.csv", size=6, changed_at=None, mark="")))


async def test_a_folder_that_is_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root/out").symlink_to(tmp_path / "outside")
    sources = ConfiguredSources(Allowed(roots=[tmp_path / "root"]))

    with pytest.raises(ConfigurationError, match="source_roots"):
        async with sources.at(place(f"file://{tmp_path}/root/out/*.csv")):
            pass


async def test_nothing_is_archived_through_a_link_out_of_the_root(tmp_path: Path) -> None:
    folder, outside = tmp_path / "out", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "a.csv").write_text("a")
    (folder / "archive").symlink_to(outside)
    async with ConfiguredSources(Allowed(roots=[folder])).at(place(f"file://{folder}/*.csv")) as source:
        [entry] = await source.entries()
        with pytest.raises(ConfigurationError, match="leads out of"):
            await source.move(entry, "archive/2026")

    assert list(outside.iterdir()) == []


async def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/best\xe4nde.csv", "wb"):  # noqa: PTH123, ASYNC230 - bytes as a path
        pass
    async with ConfiguredSources(Allowed(roots=[tmp_path])).at(place(f"file://{tmp_path}/*.csv")) as source:
        with pytest.raises(ConfigurationError, match="not UTF-8"):
            await source.entries()

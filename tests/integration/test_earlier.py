"""Which imports have asked for the same before: by bytes, mapping, shop and options, not by the file's name."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from importer.bootstrap import Importer, open_importer
from importer.domain.imports import ImportStatus, Reason
from importer.formats.reading import Reading
from importer.services.intake import Order
from importer.services.payloads import folder
from importer.settings import Settings
from importer.sources import files

ROOT = Path(__file__).parents[2]
ORDER = Order(name="list.csv", mapping="products", shop="main")


@pytest.fixture
async def importer(settings: Settings) -> AsyncIterator[Importer]:
    """Without a worker: what is accepted stays unfinished."""
    async with open_importer(settings) as importer:
        yield importer


async def test_the_same_file_is_known_again_whatever_its_name_newest_first(
    importer: Importer, products: Callable[..., Path], tmp_path: Path
) -> None:
    path = products(3)
    first = await importer.intake.accept(ORDER, files.chunks(path))
    second = await importer.intake.accept(replace(ORDER, name="copy.csv"), files.chunks(path))

    found = await importer.earlier.same(ORDER, path)
    await importer.closing.abandon(
        second.id, ImportStatus.CANCELLED, Reason(code="interrupted", text="Ended.")
    )

    assert {state.id for state in found} == {first.id, second.id}
    assert [state.id for state in found] == sorted((first.id, second.id), reverse=True)
    ended = [state.ended for state in await importer.earlier.same(ORDER, path)]
    assert sorted(ended) == [False, True]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"dry_run": True}, False),
        ({"check_only": True}, False),
        ({"check_first": True}, False),
        ({"max_errors": 3}, False),
        ({"mapping": "twin"}, False),
        ({"reading": Reading(delimiter=";")}, False),
        ({"reading": Reading(quote="")}, False),
        ({"reading": Reading(delimiter=",", encoding="utf8")}, True),
        ({"patience": 5.0}, True),
    ],
    ids=str,
)
async def test_other_options_are_another_import(
    importer: Importer, products: Callable[..., Path], tmp_path: Path, other: dict[str, Any], same: bool
) -> None:
    (tmp_path / "twin.yaml").write_text((ROOT / "mappings/products.yaml").read_text())
    path = products(3)
    await importer.intake.accept(ORDER, files.chunks(path))

    assert bool(await importer.earlier.same(replace(ORDER, **other), path)) == same


async def test_other_bytes_another_mapping_text_and_lost_files_are_not_the_same(
    importer: Importer, products: Callable[..., Path], tmp_path: Path
) -> None:
    mapping = tmp_path / "products.yaml"
    mapping.write_text((ROOT / "mappings/products.yaml").read_text())
    path = products(3)
    state = await importer.intake.accept(ORDER, files.chunks(path))
    assert await importer.earlier.same(ORDER, path)

    path.write_text(path.read_text().replace("Thing 1", "Thing 9"))
    assert await importer.earlier.same(ORDER, path) == []
    products(3)
    mapping.write_text(mapping.read_text() + "\n# changed\n")
    assert await importer.earlier.same(ORDER, path) == []
    mapping.write_text((ROOT / "mappings/products.yaml").read_text())
    await importer.ports.files.remove(folder(state.id))
    assert await importer.earlier.same(ORDER, path) == []

"""Which imports a list holds, on every database."""

import pytest

from importer.domain.imports import ImportStatus, KeptFile
from importer.ports import EVERY, Request, Which
from importer.store.database import Database
from importer.store.imports import SqlImports
from tests.clocks import HandClock


@pytest.fixture
async def imports(database: Database, clock: HandClock) -> SqlImports:
    """imp_1 into a, imp_2 into b an hour later, imp_3 into a yet an hour later; imp_1 has ended."""
    imports = SqlImports(database, clock)
    for name, shop, mapping in (("imp_1", "a", "x"), ("imp_2", "b", "x"), ("imp_3", "a", "y")):
        kept = KeptFile(name="a.csv", file=name, size=1, sha256="0")
        await imports.accept(
            Request(id=name, shop=shop, mapping=mapping, entity="product", kept=kept, dry_run=False)
        )
        clock.forward(3600)
    await imports.record_ended("imp_1", ImportStatus.FAILED)
    return imports


async def names(imports: SqlImports, which: Which, **words: str) -> str:
    return " ".join(state.id for state in await imports.latest(limit=9, which=which, **words))


async def test_what_is_not_said_does_not_matter(imports: SqlImports) -> None:
    assert await names(imports, EVERY) == "imp_3 imp_2 imp_1"
    assert await names(imports, EVERY, before="imp_3") == "imp_2 imp_1"


async def test_imports_are_chosen_by_shop_status_mapping_and_time(imports: SqlImports) -> None:
    second = (await imports.get("imp_2")).accepted_at

    assert await names(imports, Which(shops=["a"])) == "imp_3 imp_1"
    assert await names(imports, Which(shops=[])) == ""
    assert await names(imports, Which(statuses=[ImportStatus.FAILED])) == "imp_1"
    assert await names(imports, Which(mapping="x")) == "imp_2 imp_1"
    assert await names(imports, Which(since=second)) == "imp_3 imp_2"
    assert await names(imports, Which(since=second, shops=["a"], mapping="x")) == ""

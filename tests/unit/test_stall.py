"""A shop that takes rows and confirms none: the import says so, with the command, and only when it is true."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import respx
from pydantic import SecretStr

from importer.backends.magento.access import Access, Bearer
from importer.backends.shops import ConfiguredShops, Shop
from importer.bootstrap import Importer, join_services, schedule_ports
from importer.domain.batches import BatchStatus, Receipt, Sending
from importer.domain.imports import Import, KeptFile
from importer.domain.rows import Outcome
from importer.domain.steps import Step, StepKind
from importer.domain.timing import FIRST, LONGEST
from importer.notices.opening import open_notices
from importer.ports import Ports, Request, ShopLimits
from importer.queues.embedded import EmbeddedQueue
from importer.services.payloads import pack_all
from importer.settings import Settings, ShopSettings
from importer.sources.mappings import MappingFolders
from importer.store.batches import SqlBatches
from importer.store.commands import SqlCommands
from importer.store.database import open_database
from importer.store.duties import SqlDuties
from importer.store.figures import SqlSums
from importer.store.files import LocalFiles
from importer.store.imports import SqlImports
from importer.store.paces import SqlPaces
from importer.store.removals import SqlRemovals
from importer.store.rows import SqlRows
from importer.store.tokens import SqlTokens
from importer.store.uploads import SqlUploads
from importer.transform.cutting import Cut
from tests.clocks import HandClock

ADDRESS = "https://shop.example"


@pytest.fixture
def stall_seconds() -> float:
    return 60.0


@pytest.fixture
async def importer(tmp_path: Path, clock: HandClock, stall_seconds: float) -> AsyncIterator[Importer]:
    limits = ShopLimits(
        batch_size=10, batch_bytes=10**6, batches_in_flight=4, settle_seconds=1.0, stall_seconds=stall_seconds
    )
    shops = ConfiguredShops(
        {
            "main": Shop(
                system="magento",
                access=Access(base_url=ADDRESS, credentials=Bearer(token="t")),
                limits=limits,
            )
        }
    )
    settings = Settings(
        data_dir=tmp_path, shops={"main": ShopSettings(base_url=ADDRESS, token=SecretStr("t"))}
    )
    async with open_database(f"sqlite:///{tmp_path}/importer.db") as database:
        queue = EmbeddedQueue(database, clock)
        ports = Ports(
            imports=SqlImports(database, clock),
            rows=SqlRows(database),
            batches=SqlBatches(database, clock),
            paces=SqlPaces(database, clock),
            commands=SqlCommands(database, clock),
            sums=SqlSums(database, clock),
            files=LocalFiles(tmp_path / "files"),
            uploads=SqlUploads(database, clock),
            queue=queue,
            ledger=queue,
            duties=SqlDuties(database, clock),
            removals=SqlRemovals(database, clock),
            mappings=MappingFolders([Path(__file__).parents[2] / "mappings"]),
            shops=shops,
            clock=clock,
        )
        yield join_services(
            settings,
            ports,
            schedule_ports(settings, database, clock),
            SqlTokens(database, clock),
            open_notices(settings, database, clock),
        )
    await shops.close()


async def sent_batches(importer: Importer, number: int) -> list[str]:
    """An import with so many batches of one row each, all taken by the shop."""
    kept = KeptFile(name="a.csv", file="imports/imp_1/source", size=1, sha256="0")
    request = Request(id="imp_1", shop="main", mapping="products", entity="product", kept=kept, dry_run=False)
    await importer.ports.imports.accept(request)
    packed = pack_all(
        "imp_1", [Cut(rows=[n], lines=[n + 1], keys=[f"k{n}"], payloads=b"{}") for n in range(1, number + 1)]
    )
    await importer.ports.files.write(packed.name, packed.content)
    await importer.ports.imports.record_prepared(
        "imp_1", start=0, rows=number, errors=[], batches=packed.batches
    )
    await importer.ports.imports.record_read_whole("imp_1")
    for entry in packed.batches:
        batch = await importer.ports.batches.get(entry.id)
        sending = await importer.ports.batches.record_sending(batch, keys=[entry.id], most=number)
        assert sending is Sending.RECORDED
        batch = await importer.ports.batches.get(entry.id)
        assert await importer.ports.batches.record_sent(batch, Receipt(bulk_uuid=f"uuid-{entry.id}"))
    return [entry.id for entry in packed.batches]


def answers(net: respx.MockRouter, batch_id: str, status: int) -> None:
    row: dict[str, Any] = {"id": 0, "status": status, "result_message": None, "error_code": None}
    url = f"{ADDRESS}/rest/all/V1/bulk/uuid-{batch_id}"
    net.get(f"{url}/operation-status/4").respond(json=int(status == 4))
    net.get(f"{url}/detailed-status").respond(json={"operations_list": [row]})


async def track(importer: Importer, batch_id: str) -> tuple[float | None, Import]:
    step = Step(kind=StepKind.TRACK, target=batch_id, shop="main", entity="product")
    again = await importer.tracking.track(step)
    return again, await importer.ports.imports.get("imp_1")


async def test_a_minute_without_a_confirmation_is_said_with_the_command(
    importer: Importer, clock: HandClock
) -> None:
    [batch_id] = await sent_batches(importer, 1)
    with respx.mock(assert_all_called=False) as net:
        answers(net, batch_id, 4)
        clock.forward(59)
        again, state = await track(importer, batch_id)
        assert state.waiting is None
        assert again == pytest.approx(FIRST)  # this process has only begun to look

        clock.forward(2)
        _, state = await track(importer, batch_id)
        assert state.waiting is not None
        assert state.waiting.code == "shop.stalled"
        assert "bin/magento queue:consumers:start async.operations.all" in state.waiting.text

        answers(net, batch_id, 1)
        again, state = await track(importer, batch_id)
        assert again is None
        assert state.waiting is None
        assert state.counts == {Outcome.SUCCEEDED: 1}


async def test_a_batch_that_waits_behind_another_is_no_stall(importer: Importer, clock: HandClock) -> None:
    first, second = await sent_batches(importer, 2)
    with respx.mock(assert_all_called=False) as net:
        answers(net, first, 4)
        answers(net, second, 4)
        clock.forward(100)

        _, state = await track(importer, second)
        assert state.waiting is None
        _, state = await track(importer, first)
        assert state.waiting is not None


@pytest.mark.parametrize("stall_seconds", [5.0, 60.0, 400.0])
async def test_a_stall_is_said_when_it_is_one_and_its_end_is_seen_as_soon(
    importer: Importer, clock: HandClock, stall_seconds: float
) -> None:
    """Whatever the distances are in which the batch is asked for; and it counts the rows of all its batches."""
    first, *others = await sent_batches(importer, 3)
    with respx.mock(assert_all_called=False) as net:
        for batch_id in (first, *others):
            answers(net, batch_id, 4)
        waited, looks, state = 0.0, 0, await importer.ports.imports.get("imp_1")
        while state.waiting is None:
            again, state = await track(importer, first)
            assert again is not None
            looks += 1
            if state.waiting is None:
                clock.forward(again)
                waited += again

        assert stall_seconds * 0.99 < waited < stall_seconds * 1.1
        assert looks < 25
        assert "The shop has taken 3 rows and confirmed nothing for" in state.waiting.text
        for _ in range(5):
            clock.forward(again)
            again, _ = await track(importer, first)
            assert again is not None
            assert again <= min(stall_seconds, LONGEST)


async def test_after_a_day_the_outcome_is_unknown_and_the_row_is_listed(
    importer: Importer, clock: HandClock
) -> None:
    [batch_id] = await sent_batches(importer, 1)
    with respx.mock(assert_all_called=False) as net:
        answers(net, batch_id, 4)
        clock.forward(24 * 3600 + 1)
        again, state = await track(importer, batch_id)

    assert again is None
    assert state.counts == {Outcome.UNKNOWN: 1}
    [row] = (await importer.reporting.report("imp_1"))["rows"]
    assert (row["row"], row["code"], row["outcome"]) == (1, "shop.unknown", "unknown")
    assert (await importer.ports.batches.get(batch_id)).status is BatchStatus.CONFIRMED


async def test_a_bulk_that_the_shop_has_forgotten_is_unknown_after_ten_minutes_not_after_a_day(
    importer: Importer, clock: HandClock
) -> None:
    [batch_id] = await sent_batches(importer, 1)
    url = f"{ADDRESS}/rest/all/V1/bulk/uuid-{batch_id}"
    with respx.mock as net:
        net.get(f"{url}/operation-status/4").respond(json=0)  # contract S20
        net.get(f"{url}/detailed-status").respond(404, json={"message": "Bulk uuid %bulkUuid not exist"})
        clock.forward(599)
        again, state = await track(importer, batch_id)
        assert again is not None
        assert state.counts == {Outcome.PENDING: 1}

        clock.forward(2)
        again, state = await track(importer, batch_id)

    assert again is None
    assert state.counts == {Outcome.UNKNOWN: 1}
    [error] = await importer.ports.rows.of("imp_1", outcomes=[Outcome.UNKNOWN], limit=10)
    assert "no longer knows the bulk" in error.text


async def test_a_status_that_magento_does_not_define_is_named_instead_of_what_comes_with_it(
    importer: Importer, clock: HandClock
) -> None:
    [batch_id] = await sent_batches(importer, 1)
    row = {"id": 0, "status": 9, "result_message": "Service execution success", "error_code": None}
    url = f"{ADDRESS}/rest/all/V1/bulk/uuid-{batch_id}"
    with respx.mock as net:
        net.get(f"{url}/operation-status/4").respond(json=0)
        net.get(f"{url}/detailed-status").respond(json={"operations_list": [row]})
        clock.forward(1)
        await track(importer, batch_id)

    [told] = (await importer.reporting.report("imp_1"))["rows"]
    assert (told["outcome"], told["shop_says"]) == ("unknown", None)
    assert told["sentence"] == "The shop reports status 9, which Magento does not define."


async def test_a_status_that_no_contract_knows_is_unknown_and_says_it(
    importer: Importer, clock: HandClock
) -> None:
    [batch_id] = await sent_batches(importer, 1)
    with respx.mock(assert_all_called=False) as net:
        answers(net, batch_id, "halted")  # type: ignore[arg-type] - what a changed shop may say
        clock.forward(1)
        _, state = await track(importer, batch_id)

    assert state.counts == {Outcome.UNKNOWN: 1}
    [error] = await importer.ports.rows.of("imp_1", outcomes=[Outcome.UNKNOWN], limit=10)
    assert "'halted'" in error.text

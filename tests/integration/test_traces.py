"""One trace from the request that brings a file to the shop's last confirmation, whichever process works."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from importer.bootstrap import open_importer
from importer.domain.errors import ConfigurationError
from importer.settings import Settings
from importer.tracing import MISSING, Spans, Untraced, opened
from importer.web.app import create_app
from importer.worker import Worker
from tests.integration.conftest import Running

TOKEN = "imp_token-of-the-tests"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


def traces(*kept: InMemorySpanExporter) -> dict[str, list[ReadableSpan]]:
    """Trace -> its spans."""
    found: dict[str, list[ReadableSpan]] = {}
    for span in (span for one in kept for span in one.get_finished_spans()):
        assert span.context is not None
        found.setdefault(f"{span.context.trace_id:032x}", []).append(span)
    return found


async def upload(address: str, file: Path) -> str:
    """As a caller that is traced itself: without a client of its own that would make spans here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(address).port)
    body = await asyncio.to_thread(file.read_bytes)
    head = (
        f"POST /v1/imports?mapping=products HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: text/csv\r\nContent-Length: {len(body)}\r\ntraceparent: {CALLER}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith("HTTP/1.1 202"), answer
    return answer.rsplit('"', 2)[1]


async def test_an_import_is_one_trace_over_two_processes_that_share_the_state_alone(
    settings: Settings, products: Callable[..., Path], kept: InMemorySpanExporter
) -> None:
    served = InMemorySpanExporter()
    async with open_importer(settings) as serving, open_importer(settings) as working:
        serving = replace(
            serving, tracing=Spans(SimpleSpanProcessor(served), serving.ports.imports.traceparent)
        )
        await serving.tokens.add("tests", TOKEN)
        runner = web.AppRunner(create_app(serving), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        import_id = await upload(f"http://127.0.0.1:{runner.addresses[0][1]}", products(15))
        await runner.cleanup()
        await serving.tracing.close()

        working = replace(
            working, tracing=Spans(SimpleSpanProcessor(kept), working.ports.imports.traceparent)
        )
        run = Running(working)
        worker = asyncio.create_task(Worker(working, on_step=run.stepped).run())
        state = await run.finished(import_id)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await working.tracing.close()

    [spans] = [spans for trace, spans in traces(served, kept).items() if trace == CALLER.split("-")[1]]
    names = [span.name for span in spans]
    assert state.equation == "15 rows read = 15 succeeded"
    assert names.count("POST /v1/imports") == names.count("prepare") == names.count("finish") == 1
    assert names.count("deliver") == 2
    assert names.count("track") >= 2
    by_id = {span.context.span_id: span.name for span in spans if span.context}
    calls = [by_id[span.parent.span_id] for span in spans if span.name in ("GET", "POST") and span.parent]
    assert {"deliver", "track"} <= set(calls)
    assert {span.name for span in spans if span.parent and span.parent.span_id not in by_id} == {
        "POST /v1/imports"
    }
    assert {(span.attributes or {}).get("importer.import") for span in spans if span.name == "track"} == {
        import_id
    }


async def test_an_import_that_no_request_brought_is_one_trace_too(
    settings: Settings, products: Callable[..., Path], kept: InMemorySpanExporter
) -> None:
    async with open_importer(settings) as importer:
        importer = replace(
            importer, tracing=Spans(SimpleSpanProcessor(kept), importer.ports.imports.traceparent)
        )
        run = Running(importer)
        worker = asyncio.create_task(Worker(importer, on_step=run.stepped).run())
        await run.run(products(3))
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await importer.tracing.close()

    [spans] = [spans for spans in traces(kept).values() if "prepare" in [span.name for span in spans]]
    assert {"prepare", "deliver", "track", "finish"} <= {span.name for span in spans}


async def test_without_traces_nothing_of_them_is_loaded() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys, importer.cli.serve; print([name for name in sys.modules if name.startswith('opentelemetry')])",
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()

    assert out.decode().strip() == "[]"


async def nowhere(_import_id: str) -> None:
    return None


def test_traces_without_the_extra_are_refused_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'importer\[otel\]'") as refused:
        opened(nowhere, on=True)
    assert refused.value.text == MISSING
    assert isinstance(opened(nowhere, on=False), Untraced)

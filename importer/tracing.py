"""Traces (OpenTelemetry, the extra `otel`): one for an import, from the request that brought its file to its end.

Where a trace began is kept with the import, in its first event. So its steps are spans of the same trace on whichever
node they run and whichever way they came; an import that no request brought has a trace made of its id. While traces are
off nothing of OpenTelemetry is loaded.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from importer.domain.errors import ConfigurationError
from importer.domain.steps import Step

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor

MISSING = "`traces = true` needs OpenTelemetry: pip install 'importer[otel]'."
REMEMBERED = 1000
"""Imports whose beginning is not asked for again."""

Handler = Callable[[Step], Awaitable[float | None]]
Answered = Callable[[int], None]
Origin = Callable[[str], Awaitable[str | None]]
"""Import -> the W3C `traceparent` it came with."""


class Tracing(Protocol):
    def request(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[Answered]:
        """The span of a request, within the caller's trace if the headers name one; it is told the answer's status."""
        ...

    def here(self) -> str | None:
        """The `traceparent` of the present span."""
        ...

    async def run(self, step: Step, handler: Handler) -> float | None:
        """The handler's answer, its work a span of the import's trace."""
        ...

    async def close(self) -> None: ...


class Untraced:
    def request(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[Answered]:
        return nullcontext(_nothing)

    def here(self) -> str | None:
        return None

    async def run(self, step: Step, handler: Handler) -> float | None:
        return await handler(step)

    async def close(self) -> None:
        pass


class Spans:
    """`processor` gets the spans. Calls to shops are spans of the step that makes them."""

    def __init__(self, processor: "SpanProcessor", origin: Origin) -> None:
        from opentelemetry import trace
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._kinds = trace.SpanKind
        self._provider = TracerProvider(resource=Resource.create({"service.name": "importer"}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("importer")
        self._carrier = TraceContextTextMapPropagator()
        self._httpx = HTTPXClientInstrumentor()
        self._httpx.instrument(tracer_provider=self._provider)
        self._origin = origin
        self._known: dict[str, str] = {}

    @contextmanager
    def request(self, name: str, headers: Mapping[str, str]) -> Iterator[Answered]:
        said = {"traceparent": headers["traceparent"]} if "traceparent" in headers else {}
        with self._tracer.start_as_current_span(
            name, context=self._carrier.extract(said), kind=self._kinds.SERVER
        ) as span:
            yield lambda status: span.set_attribute("http.response.status_code", status)

    def here(self) -> str | None:
        carried: dict[str, str] = {}
        self._carrier.inject(carried)
        return carried.get("traceparent")

    async def run(self, step: Step, handler: Handler) -> float | None:
        import_id, _, part = step.target.partition(".")
        words = {"importer.import": import_id, "importer.shop": step.shop, "importer.entity": step.entity}
        if part:
            words["importer.batch"] = step.target
        with self._tracer.start_as_current_span(
            step.kind.value,
            context=await self._begun(import_id),
            kind=self._kinds.CONSUMER,
            attributes=words,
        ):
            return await handler(step)

    async def close(self) -> None:
        """What is left is sent; a collector that is away is given up."""
        self._httpx.uninstrument()
        await asyncio.to_thread(self._provider.shutdown)

    async def _begun(self, import_id: str) -> "Context":
        if import_id not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[import_id] = await self._origin(import_id) or _of_its_own(import_id)
        return self._carrier.extract({"traceparent": self._known[import_id]})


def opened(origin: Origin, *, on: bool) -> Tracing:
    """Where spans go the environment says, in OpenTelemetry's own words (OTEL_EXPORTER_OTLP_ENDPOINT ...).

    Raises ConfigurationError when the extra is not installed.
    """
    if not on:
        return Untraced()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        return Spans(BatchSpanProcessor(OTLPSpanExporter()), origin)
    except ModuleNotFoundError:
        raise ConfigurationError(MISSING) from None


def _of_its_own(import_id: str) -> str:
    """The same on every node."""
    digest = hashlib.sha256(import_id.encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01"


def _nothing(_status: int) -> Any:
    pass

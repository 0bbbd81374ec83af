"""Taking in an import: the bytes are kept whole, what can be refused at once is refused, then the work is queued."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from importer import formats
from importer.domain.errors import ConfigurationError, FileDamaged, StateUnavailable
from importer.domain.imports import Import, KeptFile
from importer.domain.limits import Limits
from importer.domain.mapping import Mapping
from importer.domain.places import without_query
from importer.domain.steps import Step, StepKind
from importer.formats.reading import Reading, in_words
from importer.ports import Ports, Request
from importer.services.kept import mapping_file
from importer.services.payloads import folder
from importer.transform.binding import bind

NAME_LIMIT = 200


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody asks for. `name` is the file's name as its owner has it; it is shown, never opened.

    `check_only` means `dry_run` as well.
    `address`: where the file is taken from, if it is not sent; a repeated request does not take it again.
    `max_errors` and `limits` mean `check_first` as well: an import that ends at its wrong rows, or is held, has sent
    nothing. Limits do not tell requests apart: what earlier imports were may have changed since the first time.
    `reading` is what they say of the file's format; what they do not say the mapping does, and the rest is recognised.
    """

    name: str
    mapping: str
    shop: str
    dry_run: bool = False
    check_only: bool = False
    patience: float | None = None
    check_first: bool = False
    max_errors: int | None = None
    limits: Limits | None = None
    idempotency_key: str | None = None
    reading: Reading = field(default_factory=Reading)
    traceparent: str | None = None
    address: str = ""

    @property
    def policies(self) -> list[str]:
        """In words, for telling one request from another."""
        limit = [] if self.max_errors is None else [f"max_errors={self.max_errors}"]
        check = ["check"] if self.check_only else []
        return [*check, *(["check-first"] if self.check_first else []), *limit]


class Intake:
    def __init__(self, ports: Ports, *, upload_limit: int) -> None:
        self._ports = ports
        self._limit = upload_limit

    async def accept(self, order: Order, chunks: AsyncIterator[bytes]) -> Import:
        """Keep the bytes and queue the import. Raises RequestError, leaving nothing behind."""
        text = self._ports.mappings.text(order.mapping)
        mapping = self._ports.mappings.parse(order.mapping, text)
        self._ports.shops.limits(order.shop)
        earlier = await self._earlier(order, text)
        if earlier is not None:
            return earlier
        import_id = self._new_id()
        try:
            accepted = await self._accept(import_id, order, mapping, text, chunks)
        except BaseException:
            await self._drop(import_id)
            raise
        if accepted.id != import_id:  # this idempotency key has been here before
            await self._drop(import_id)
        await self._ports.queue.publish(prepare_step(accepted))
        return accepted

    async def _earlier(self, order: Order, text: str) -> Import | None:
        """The import of a request that names an address and comes again. Raises Conflict."""
        if not order.address or order.idempotency_key is None:
            return None
        return await self._ports.imports.earlier(
            order.idempotency_key, _request_hash(order, text, order.address)
        )

    async def _drop(self, import_id: str) -> None:
        """Where that cannot be done now, what the sender is told stays the same."""
        with suppress(ConfigurationError, StateUnavailable):
            await self._ports.files.remove(folder(import_id))

    async def _accept(
        self,
        import_id: str,
        order: Order,
        mapping: Mapping,
        text: str,
        chunks: AsyncIterator[bytes],
    ) -> Import:
        name = _file_name(order)
        kept = f"{folder(import_id)}/source"
        size, sha256 = await self._ports.files.keep(kept, chunks, limit=self._limit)
        reading = order.reading.over(in_words(mapping.reading))
        async with self._ports.files.local(kept) as path:
            head = await asyncio.to_thread(formats.header, path, name, reading)
        if size == 0:
            raise FileDamaged(f"{name}: the file is empty.", code="file.empty")
        bind(mapping, head.own, head.literal, head.hints)
        await self._ports.files.write(mapping_file(import_id), text.encode())
        limits = _applying(order, mapping)
        return await self._ports.imports.accept(
            Request(
                id=import_id,
                shop=order.shop,
                mapping=order.mapping,
                entity=mapping.entity,
                kept=KeptFile(
                    name=name,
                    file=kept,
                    size=size,
                    sha256=sha256,
                    source=without_query(order.address),
                    reading=head.reading.kept(),
                    evidence=[str(evidence) for evidence in head.evidence],
                ),
                dry_run=order.dry_run or order.check_only,
                check_only=order.check_only,
                patience=order.patience,
                check_first=order.check_first or order.max_errors is not None or limits is not None,
                max_errors=order.max_errors,
                limits=limits,
                idempotency_key=order.idempotency_key,
                request_hash=_request_hash(order, text, order.address or sha256),
                traceparent=order.traceparent,
            ),
        )

    def _new_id(self) -> str:
        """Sorts by time: milliseconds in hexadecimal, then chance."""
        milliseconds = int(self._ports.clock.now().timestamp() * 1000)
        return f"imp_{milliseconds:012x}{secrets.token_hex(4)}"


def _file_name(order: Order) -> str:
    return PurePath(order.name.replace("\\", "/")).name[-NAME_LIMIT:] or "upload.csv"


def _request_hash(order: Order, text: str, content: str) -> str:
    """Equal for equal requests; `text` is the mapping's, `content` stands for the file."""
    nothing_sent = str(order.dry_run or order.check_only)
    said = map(str, order.reading.kept().items())
    words = [
        order.mapping,
        text,
        order.shop,
        nothing_sent,
        _file_name(order),
        content,
        *order.policies,
        *said,
    ]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _applying(order: Order, mapping: Mapping) -> Limits | None:
    """Those that can be broken: a dry run sends nothing, and rows delete only where the mapping's request does."""
    if order.limits is None or order.dry_run or order.check_only:
        return None
    deletes = mapping.request.method == "DELETE"
    limits = order.limits if deletes else replace(order.limits, most_deletions=None)
    return limits if limits.given else None


def prepare_step(state: Import) -> Step:
    return Step(kind=StepKind.PREPARE, target=state.id, shop=state.shop, entity=state.entity)

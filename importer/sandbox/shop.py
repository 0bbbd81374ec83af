"""The shop: its catalogue, products, bulks, queues, log and bugs. It runs services for whoever calls them."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from importer.sandbox import versions, writings
from importer.sandbox.access import Access
from importer.sandbox.amqp import Rabbit
from importer.sandbox.bugs import Bugs
from importer.sandbox.bulk import INTEGRATION_USER, Bulks, Entry, User
from importer.sandbox.catalog import Catalog, load_catalog
from importer.sandbox.clock import Clock
from importer.sandbox.contracts import Service
from importer.sandbox.desk import Desk
from importer.sandbox.entities import Entities
from importer.sandbox.environment import read_environment
from importer.sandbox.faults import Faults
from importer.sandbox.journal import Journal
from importer.sandbox.latency import Latency
from importer.sandbox.locks import DeliveryLocks
from importer.sandbox.messages import BrokerAway, Connection, Message
from importer.sandbox.products import Products
from importer.sandbox.queue_files import read_queue_files
from importer.sandbox.records import Records
from importer.sandbox.setup import Setup
from importer.sandbox.state import State
from importer.sandbox.submission import Submissions
from importer.sandbox.table_queues import POLL_SECONDS, TableQueues
from importer.sandbox.trouble import troubles
from importer.sandbox.writings import Writing, Writings

AMQP, DB = "amqp", "db"
BATCH = 32
ROW_ERROR = [{"message": "The requested row could not be saved.", "parameters": []}]


class Shop:
    """`pace`: operations a second of the consumers together, 0 for as fast as they can. `consumers`: how many processes
    of `async.operations.all`. Raises QueueFileError, EnvironmentFileError, StateError, UnknownVersion, UnknownBug."""

    def __init__(
        self,
        *,
        catalog: Catalog | None = None,
        token: str | None = None,
        pace: float = 0.0,
        log_path: Path | None = None,
        consumers: int = 1,
        setup: Setup | None = None,
    ) -> None:
        setup = setup or Setup()
        self.catalog = catalog or load_catalog()
        self.pace = pace
        self.consumers = consumers
        self.cron_seconds = setup.cron_seconds
        self.busy = 0
        """Requests that are being worked on."""
        self.version = versions.version(setup.magento)
        self.environment = read_environment(setup.config)
        self.state = State(setup.state)
        self.clock = Clock()
        self.token = token or self._kept("token", secrets.token_urlsafe(24))
        self.access = Access(self.token, clock=lambda: self.clock.now().timestamp())
        self.records = Records(self.state)
        self.entities = Entities(self.records, self.catalog, self.now())
        self.journal = Journal(log_path, self.state)
        self.faults = Faults()
        self.bugs = Bugs(setup.seed, setup.bugs, self.share)
        self.latency = Latency(setup.latency, seed=setup.seed)
        self.writings = Writings(self.state)
        self.locks = DeliveryLocks(self.state)
        self.bulks = Bulks(self.state, bytes.fromhex(self._kept("crypt_key", secrets.token_hex(32))))
        self.desk = Desk(self.entities, self.bulks, self.access, version=self.version, now=self.now)
        self._connect(setup)
        self.submissions = Submissions(self.bulks, self.bugs, self.version, self._publish)
        self._woken = asyncio.Event()

    def _connect(self, setup: Setup) -> None:
        """The connections of the configuration; without a RabbitMQ the shop plays the broker itself."""
        address = setup.amqp or self.environment.amqp
        self.queue_config = read_queue_files(
            setup.config,
            default_connection=self._default_connection(real=address is not None),
            bindings_by_id=not self.version.async_by_db,
        )
        for consumer in list(self.queue_config.consumers.values()):
            self.queue_config.consumers[consumer.name] = self.environment.consumer(consumer)
        played = TableQueues(self.state, self.queue_config, self.clock, name=AMQP, broker=True)
        tables = TableQueues(
            self.state,
            self.queue_config,
            self.clock,
            name=DB,
            broker=False,
            wildcards=self.version.wildcards_in_db,
        )
        played.batch = lambda: 1 if self._takes_time else BATCH
        rabbit = Rabbit(address, self.queue_config) if address else None
        self.connections: Mapping[str, Connection] = {AMQP: rabbit or played, DB: tables}
        self.tables = (tables,) if rabbit else (played, tables)
        self.bulks.queue = tables if self.queue_config.default_connection == DB else played

    def _default_connection(self, *, real: bool) -> str:
        """Contract 6.6; 2.4.4 knows no other than amqp for asynchronous calls."""
        if not self.version.async_by_db:
            return AMQP
        return self.environment.default_connection or (AMQP if real else DB)

    def _kept(self, name: str, fresh: str) -> str:
        """A secret that a state file keeps over restarts."""
        value = self.state.setting(name) or fresh
        self.state.set(name, value)
        return value

    def share(self) -> None:
        """Let consumers in other processes know which bugs are on."""
        if self.state.shared:
            self.state.set("bugs", orjson.dumps(self.bugs.active).decode())

    def refresh(self) -> None:
        """Take over what another process of this state file has switched."""
        if self.state.shared:
            self.bugs.replace(orjson.loads(self.state.setting("bugs", "{}")))

    @property
    def used_connections(self) -> list[Connection]:
        """Those that a consumer or an exchange of the configuration names."""
        config = self.queue_config
        names = {one.connection for one in config.consumers.values()} | {name for _, name in config.exchanges}
        return [connection for name, connection in self.connections.items() if name in names]

    def connection(self, name: str) -> Connection:
        """Raises BrokerAway for one that is not configured."""
        if name not in self.connections:
            raise BrokerAway(
                f"The connection {name} is not configured; there are {', '.join(self.connections)}."
            )
        return self.connections[name]

    async def _publish(self, topic: str, bodies: Sequence[str], headers: Mapping[str, Any]) -> None:
        connection, _ = self.queue_config.publisher(topic)
        await self.connection(connection).publish(topic, bodies, headers)

    @property
    def products(self) -> Products:
        return self.entities.products

    def now(self) -> str:
        """As the database writes it: UTC, to the second."""
        return self.clock.text()

    async def submit(
        self, topic: str, items: Sequence[Entry], store_id: int, user: User = INTEGRATION_USER
    ) -> dict[str, Any]:
        """Take a bulk; the answer of the submission. Raises Refusal."""
        return await self.submissions.submit(topic, items, store_id=store_id, now=self.now(), user=user)

    def call(
        self,
        service: Service,
        item: Any,
        *,
        store_id: int = 0,
        message: Message | None = None,
        raw: Mapping[str, str] | None = None,
    ) -> Any:
        """Run a service, for a request or for a message, and log what it wrote. Raises Refusal, Crash."""
        return self.desk.call(service, item, self.journal, store_id=store_id, message=message, raw=raw)

    def ask(self, service: Service, item: Any, *, store_id: int = 0, base_url: str = "") -> Any:
        """Run a service that only reads. Raises Refusal, Crash."""
        return self.desk.ask(service, item, store_id=store_id, base_url=base_url)

    def check(self, service: Service, item: Any) -> None:
        """What a submission looks at. Raises Refusal, Crash."""
        self.desk.check(service, item)

    async def perform(
        self,
        service: Service,
        item: Any,
        *,
        store_id: int | None = None,
        message: Message | None = None,
        raw: Mapping[str, str] | None = None,
    ) -> Any:
        """The same with the time it takes and with what may befall a write. Raises Refusal, Crash, DatabaseTrouble."""
        store = self.catalog.default_store.id if store_id is None else store_id
        if message and not self._takes_time and not self.bugs.active and not self.state.shared:
            return self.call(service, item, store_id=store, message=message)
        subject = writings.subject(item)
        with self.writings.of(subject, existed=subject in self.products) as writing:
            await self._take_time(service, message)
            if message and self.bugs.active:
                troubles(self.bugs)
                if self.bugs.hits("row-errors"):
                    return ROW_ERROR
            return self._write(writing, service, item, store_id=store, message=message, raw=raw)

    def _write(self, writing: Writing, service: Service, item: Any, **words: Any) -> Any:
        """A write that began some time ago; with the bug `double-write` one that overlaps another may double it."""
        overlapping = self.writings.overlaps(writing)
        doubled = overlapping and not writing.existed and bool(self.bugs.value("double-write"))
        doubled = doubled and writing.subject in self.products
        self.journal.circumstances = {"began": writing.began, "overlapping": overlapping, "doubled": doubled}
        try:
            answer = self.call(service, item, **words)
        finally:
            self.journal.circumstances = {}
        if doubled:
            with self.entities.records.exclusive():
                self.products.double(writing.subject)
        return answer

    @property
    def _takes_time(self) -> bool:
        """Whether an operation is more than a moment: only then can others come between its parts."""
        return bool(self.pace or self.latency.median("operation") or self.bugs.value("slow-consumer"))

    async def _take_time(self, service: Service, message: Message | None) -> None:
        if message is None:
            await self.latency.keep_busy("delete" if service.method.startswith("delete") else "save")
            return
        if not self.pace:
            await self.latency.keep_busy("operation")
        if seconds := self.bugs.value("slow-consumer"):
            await asyncio.sleep(seconds)

    def is_full(self, more: int) -> bool:
        """With the bug `queue-limit`: whether so many more messages are too many. An empty queue takes any bulk."""
        limit = self.bugs.value("queue-limit")
        waiting = sum(tables.count() for tables in self.tables) if limit else 0
        return bool(waiting) and waiting + more > limit

    async def before_operation(self) -> None:
        """Each consumer waits so long that all together keep the pace."""
        if self.pace:
            await asyncio.sleep(self.consumers / self.pace)

    async def permitted(self) -> None:
        """Until consumers may take messages."""
        self.refresh()
        while self.faults.hold_consumers or self.bugs.value("hold-consumers"):
            self._woken.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS if self.state.shared else None)
            self.refresh()

    def pill(self) -> str:
        """The version of the poison pill: consumers with a limit end when it changes (contract 7.1)."""
        found = self.state.connection.execute("SELECT version FROM queue_poison_pill").fetchone()
        return str(found[0]) if found else ""

    def restart_consumers(self) -> None:
        with self.state.transaction() as connection:
            connection.execute("DELETE FROM queue_poison_pill")
            connection.execute("INSERT INTO queue_poison_pill VALUES (?)", (secrets.token_hex(16),))
        self.wake()

    def insert_late(self, bulk_uuid: str, key: int) -> None:
        self.submissions.insert_late(bulk_uuid, key)

    def wake(self) -> None:
        """Let the consumers look again, for example after `faults.hold_consumers` was switched off."""
        self._woken.set()
        for tables in self.tables:
            tables.wake()

    async def idle(self) -> None:
        """Until every message is worked off. A real RabbitMQ is asked by whoever wants to know."""
        for tables in self.tables:
            await tables.idle()
        self.submissions.insert_all_late()

    def reset(self) -> None:
        """As it was before the first call: no bulks, no messages, no log, the catalogue of the file; bugs are off."""
        self.bulks.operations.flush(results=True)
        self.locks.purge()
        self.state.clear()
        self.entities.reset(self.now())
        self.journal.clear()
        self.bugs.off()

    async def close(self) -> None:
        for connection in self.connections.values():
            await connection.close()
        self.journal.close()

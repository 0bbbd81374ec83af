"""Queues in tables: the connection `db`, and the broker that the shop plays where there is no RabbitMQ (contract 6.8).

As `db` it counts trials, gives up after three, and leaves what a dead consumer held in progress. As a broker it hands
that out again at once, and forgets what was acknowledged.
"""

import asyncio
import os
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson

from importer.sandbox.clock import Clock
from importer.sandbox.messages import Delivery, Inbox, Verdict
from importer.sandbox.queue_config import QueueConfig
from importer.sandbox.state import State

NEW, IN_PROGRESS, COMPLETE, RETRY, ERROR, TO_DELETE = 2, 3, 4, 5, 6, 7
TRIALS = 3
POLL_SECONDS = 0.2
"""How often a queue is looked at that other processes may fill."""

TAKE = """
UPDATE queue_message_status SET status = 3, owner = ?, updated_at = ? WHERE id IN (
    SELECT id FROM queue_message_status INDEXED BY message_ready WHERE queue_id = ? AND status IN (2, 5)
    ORDER BY updated_at, id LIMIT ?)
RETURNING id, message_id, number_of_trials
"""
READ = "SELECT topic_name, body, properties FROM queue_message WHERE id = ?"
SETTLE = "UPDATE queue_message_status SET status = ?, number_of_trials = number_of_trials + ? WHERE id = ?"


class TableQueues:
    """One connection of the configuration. `wildcards`: whether bindings with `*` and `#` lead anywhere."""

    def __init__(
        self,
        state: State,
        config: QueueConfig,
        clock: Clock,
        *,
        name: str,
        broker: bool,
        wildcards: bool = True,
    ) -> None:
        self.state = state
        self.broker = broker
        self.clock = clock
        self.changed = asyncio.Event()
        self.in_hand = 0
        self.inboxes = 0
        self.batch: Callable[[], int] = lambda: 1
        """How many messages a consumer may take at once."""
        self._idle = asyncio.Event()
        self._idle.set()
        self._config, self._name, self._wildcards = config, name, wildcards
        self._ids: dict[str, int] = {}
        self._routes: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return self.count()

    async def declare(self) -> None:
        names = {binding.queue for binding in self._config.bound(self._name)}
        names |= {one.queue for one in self._config.consumers.values() if one.connection == self._name}
        for name in sorted(names):
            self.queue_id(name)

    def queue_id(self, queue: str) -> int:
        if queue not in self._ids:
            execute = self.state.connection.execute
            execute("INSERT OR IGNORE INTO queue (name) VALUES (?)", (queue,))
            self._ids[queue] = execute("SELECT id FROM queue WHERE name = ?", (queue,)).fetchone()[0]
        return self._ids[queue]

    async def publish(self, topic: str, bodies: Sequence[str], headers: Mapping[str, Any]) -> None:
        queues = self._queues_of(topic)
        properties = orjson.dumps(headers).decode() if headers and self.broker else None
        now = self.clock.text()
        with self.state.transaction() as connection:
            found = connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'queue_message'"
            ).fetchone()
            first = (found[0] if found else 0) + 1
            connection.executemany(
                "INSERT INTO queue_message (id, topic_name, body, properties) VALUES (?, ?, ?, ?)",
                [(number, topic, body, properties) for number, body in enumerate(bodies, first)],
            )
            connection.executemany(
                "INSERT INTO queue_message_status (queue_id, message_id, updated_at, status) VALUES (?, ?, ?, 2)",
                [(queue, number, now) for number in range(first, first + len(bodies)) for queue in queues],
            )
        if bodies and queues:
            self._idle.clear()
        self.wake()

    def _queues_of(self, topic: str) -> list[int]:
        if topic not in self._routes:
            connection, exchange = self._config.publisher(topic)
            names = self._config.queues(topic, connection, exchange, wildcards=self._wildcards)
            self._routes[topic] = [self.queue_id(name) for name in names]
        return self._routes[topic]

    def wake(self) -> None:
        """Let the consumers look again."""
        self.changed.set()

    async def inbox(self, queue: str, *, prefetch: int) -> Inbox:
        """Of a state file one message is in hand at a time, so that other processes get theirs."""
        self.recover()
        alone = self.state.shared or not self.broker or not prefetch
        return TableInbox(self, queue, (lambda: 1) if alone else self.batch)

    async def waiting(self, queue: str) -> int:
        return self.count(queue)

    def count(self, queue: str = "") -> int:
        """Messages that a consumer may take."""
        found = self.state.connection.execute(
            "SELECT count(*) FROM queue_message_status JOIN queue ON queue.id = queue_id"
            " WHERE status IN (2, 5) AND (? = '' OR name = ?)",
            (queue, queue),
        )
        return int(found.fetchone()[0])

    def recover(self) -> None:
        """A broker sees that a connection is gone: what a dead process held is handed out again, in its old place."""
        if not self.broker or not self.state.shared:
            return
        rows = self.state.connection.execute(
            "SELECT DISTINCT owner FROM queue_message_status WHERE status = 3 AND owner IS NOT NULL"
        ).fetchall()
        for (owner,) in rows:
            if not alive(int(owner.split(":")[0])):
                self.release(owner)

    def release(self, owner: str) -> None:
        self.state.connection.execute(
            "UPDATE queue_message_status SET status = 2, owner = NULL, updated_at = '' WHERE status = 3 AND owner = ?",
            (owner,),
        )
        self.wake()

    def rest(self) -> None:
        """A consumer has found nothing."""
        if not self.in_hand:
            self._idle.set()

    async def idle(self) -> None:
        """Until every message is worked off, here or by other processes."""
        while self._busy():
            if self.inboxes and not self.state.shared:
                await self._idle.wait()
            await asyncio.sleep(POLL_SECONDS / 10 if self.state.shared else 0)

    def _busy(self) -> bool:
        """Whether anything waits, or lies in the hand of a process that lives."""
        self.recover()
        rows = self.state.connection.execute(
            "SELECT status, owner FROM queue_message_status WHERE status IN (2, 3, 5) GROUP BY status, owner"
        )
        return any(
            status != IN_PROGRESS or alive(int((owner or "0").split(":")[0])) for status, owner in rows
        )

    def clean(self, *, minutes: int = 10_080, retry_minutes: int = 1_440) -> None:
        """The cron `mysqlmq_clean_messages`: what is old goes, unprocessed messages too; what hangs is tried again."""
        old, hung = (self.clock.text(ago=timedelta(minutes=many)) for many in (minutes, retry_minutes))
        with self.state.transaction() as connection:
            connection.execute(
                "UPDATE queue_message_status SET status = 5, number_of_trials = number_of_trials + 1, owner = NULL"
                " WHERE status = 3 AND updated_at < ? AND updated_at != ''",
                (hung,),
            )
            connection.execute(
                "DELETE FROM queue_message_status WHERE (status IN (2, 4, 6) AND updated_at < ?) OR status = 7",
                (old,),
            )
            connection.execute(
                "DELETE FROM queue_message WHERE id NOT IN (SELECT message_id FROM queue_message_status)"
            )
        self.wake()

    async def close(self) -> None:
        """The database belongs to the shop."""


class TableInbox:
    """A consumer's end of a queue in the tables. With a prefetch, verdicts are written when it is used up: until then
    nobody else can tell the difference."""

    def __init__(self, queues: TableQueues, queue: str, batch: Callable[[], int]) -> None:
        self._queues, self._batch = queues, batch
        self._queue_id = queues.queue_id(queue)
        self._execute = queues.state.connection.execute
        self._now: Callable[[], str] = queues.clock.text
        self._taken: deque[Delivery] = deque()
        self._settled: list[tuple[int, int, int]] = []
        self.owner = f"{os.getpid()}:{secrets.token_hex(4)}"
        queues.inboxes += 1

    async def take(self, seconds: float) -> Delivery | None:
        if not self._taken:
            self._fetch()
        if self._taken:
            return self._taken.popleft()
        self._queues.rest()
        self._queues.changed.clear()
        pause = min(seconds, POLL_SECONDS) if self._queues.state.shared else seconds
        if pause:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._queues.changed.wait(), pause)
        return None

    def _fetch(self) -> None:
        self._write()
        rows = self._execute(TAKE, (self.owner, self._now(), self._queue_id, self._batch())).fetchall()
        for tag, number, trials in sorted(rows):
            topic, body, properties = self._execute(READ, (number,)).fetchone()
            headers = orjson.loads(properties) if properties else {}
            self._taken.append(Delivery((tag, trials), str(number), topic, body, headers, trials > 0))
        self._queues.in_hand += len(rows)

    async def settle(self, delivery: Delivery, verdict: Verdict) -> None:
        tag, trials = delivery.tag
        status, more = COMPLETE, 0
        if verdict is Verdict.REJECT:
            status = ERROR
        elif verdict is Verdict.REQUEUE:
            again = self._queues.broker or trials < TRIALS
            status, more = (RETRY if again else ERROR), int(again)
        self._settled.append((status, more, tag))
        if status != COMPLETE or not self._taken:
            self._write()

    def _write(self) -> None:
        """The verdicts so far."""
        if self._settled:
            self._queues.state.connection.executemany(SETTLE, self._settled)
            self._queues.in_hand -= len(self._settled)
            self._settled.clear()

    async def close(self) -> None:
        """What is in hand: a broker hands it out again, the tables of `db` keep it in progress for a day."""
        self._write()
        held = self._execute(
            "SELECT count(*) FROM queue_message_status WHERE status = 3 AND owner = ?", (self.owner,)
        )
        self._queues.in_hand -= held.fetchone()[0]
        self._queues.inboxes -= 1
        if self._queues.broker:
            self._queues.release(self.owner)
        else:
            self._execute("UPDATE queue_message_status SET owner = NULL WHERE owner = ?", (self.owner,))


def alive(pid: int) -> bool:
    """Whether such a process exists, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0

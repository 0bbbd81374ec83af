"""The jobs that clean up, on the shop's clock (contract 7.6): what happens after 12 hours, at the full hour, in 60 days."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from importer.sandbox.shop import Shop

INCOMPLETE = timedelta(seconds=43_200)
BULK_LIFETIME = timedelta(days=60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def mark_incomplete(shop: Shop) -> None:
    """`bulk_mark_incomplete_operations_as_failed`: what was started 12 hours ago and is still open becomes status 2,
    code 0, `Unknown Error`; what was never started stays open for ever."""
    shop.bulks.operations.mark_incomplete(shop.clock.text(ago=INCOMPLETE))


def clean_bulks(shop: Shop) -> None:
    """`bulk_cleanup`: bulks of 60 days ago go, their operations with them."""
    shop.state.connection.execute(
        "DELETE FROM magento_bulk WHERE start_time <= ?", (shop.clock.text(ago=BULK_LIFETIME),)
    )


def purge_locks(shop: Shop) -> None:
    """`messagequeue_clean_outdated_locks`: meant for those of yesterday, takes all of them (contract 7.5)."""
    shop.locks.purge()


def clean_messages(shop: Shop) -> None:
    """`mysqlmq_clean_messages`: messages of a week ago go, worked off or not."""
    for tables in shop.tables:
        tables.clean()


@dataclass(frozen=True, kw_only=True)
class Job:
    """Runs whenever the clock passes a multiple of `every` after `first` of the day."""

    run: Callable[[Shop], None]
    every: timedelta
    first: timedelta = timedelta()

    def round(self, now: datetime) -> int:
        return int((now - EPOCH - self.first) / self.every)


DAY = timedelta(days=1)
JOBS: Mapping[str, Job] = {
    "bulk_mark_incomplete_operations_as_failed": Job(run=mark_incomplete, every=timedelta(minutes=10)),
    "bulk_cleanup": Job(run=clean_bulks, every=timedelta(minutes=1)),
    "messagequeue_clean_outdated_locks": Job(run=purge_locks, every=timedelta(hours=1)),
    "mysqlmq_clean_messages": Job(run=clean_messages, every=DAY, first=timedelta(hours=6, minutes=30)),
    "mysqlmq_clean_messages (afternoon)": Job(
        run=clean_messages, every=DAY, first=timedelta(hours=15, minutes=30)
    ),
}


class Crons:
    """`tick` runs what has become due since the last one, once each."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._last = shop.clock.now()

    def tick(self) -> list[str]:
        """The jobs that ran."""
        before, self._last = self._last, self._shop.clock.now()
        due = [name for name, job in JOBS.items() if job.round(self._last) > job.round(before)]
        for name in due:
            JOBS[name].run(self._shop)
        return due

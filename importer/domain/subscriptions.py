"""Subscriptions: what a receiver that the settings name wants to be told, and when it gets its digest."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from importer.domain.announcements import Kind, Told

DIGEST = "digest"
"""Kind of the announcement that a digest is."""
USUAL = (Kind.FAILED, Kind.STALLED, Kind.RECOVERED, Kind.ALARM, Kind.ALARM_OVER)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """`shop` None: of all shops. `digest_at`: once a day, at this time of the zone; None: never."""

    name: str
    shop: str | None = None
    events: tuple[Kind, ...] = USUAL
    digest_at: time | None = None
    time_zone: str = "UTC"

    @property
    def receiver(self) -> str:
        return f"notice:{self.name}"

    def wants(self, told: Told) -> bool:
        return told.kind in self.events and (self.shop is None or self.shop == told.shop)

    def digest_day(self, now: datetime) -> date | None:
        """The day whose digest is due, if that of today is."""
        local = now.astimezone(ZoneInfo(self.time_zone))
        due = self.digest_at is not None and local.time() >= self.digest_at
        return local.date() if due else None

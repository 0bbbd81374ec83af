"""What the settings ask to be told, and to whom."""

from dataclasses import dataclass

from importer.notices.documents import Documents
from importer.notices.post import GuardedPost
from importer.ports import Announcements, Clock, Webhooks
from importer.services.announcing import Announcing
from importer.settings import Settings
from importer.store.announcements import SqlAnnouncements
from importer.store.database import Database
from importer.store.webhooks import SqlWebhooks


@dataclass(frozen=True, kw_only=True)
class Notices:
    """Webhooks, what stands in their outbox, and what sends it."""

    webhooks: Webhooks
    outbox: Announcements
    announcing: Announcing


def open_notices(settings: Settings, database: Database, clock: Clock) -> Notices:
    """Nothing is connected until something is sent."""
    webhooks, outbox = SqlWebhooks(database, clock), SqlAnnouncements(database, clock)
    announcing = Announcing(
        outbox,
        webhooks,
        GuardedPost(settings.webhook_hosts),
        clock,
        document=Documents(settings.public_url),
    )
    return Notices(webhooks=webhooks, outbox=outbox, announcing=announcing)

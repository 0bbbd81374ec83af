"""What the settings ask to be told, and to whom."""

from dataclasses import dataclass

from importer.domain.subscriptions import Subscription
from importer.notices.channels import Mail, MailServer, Posted, Slack
from importer.notices.documents import Documents
from importer.notices.post import GuardedPost
from importer.notices.wording import Wording
from importer.ports import Announcements, Channel, Clock, Webhooks
from importer.services.announcing import Announcing
from importer.services.digest import Digest
from importer.settings import NoticeSettings, Settings
from importer.store.announcements import SqlAnnouncements
from importer.store.database import Database
from importer.store.imports import SqlImports
from importer.store.schedules import SqlDues
from importer.store.webhooks import SqlWebhooks


@dataclass(frozen=True, kw_only=True)
class Notices:
    """Webhooks, what stands in their outbox, and what sends it."""

    webhooks: Webhooks
    outbox: Announcements
    announcing: Announcing
    digest: Digest


def open_notices(settings: Settings, database: Database, clock: Clock) -> Notices:
    """Nothing is connected until something is sent."""
    webhooks, outbox = SqlWebhooks(database, clock), SqlAnnouncements(database, clock)
    documents = Documents(settings.public_url)
    subscriptions = {name: _subscription(name, one) for name, one in settings.notices.items()}
    wording = Wording(documents)
    return Notices(
        webhooks=webhooks,
        outbox=outbox,
        announcing=Announcing(
            outbox,
            webhooks,
            GuardedPost(settings.webhook_hosts),
            clock,
            document=documents,
            channels=[_channel(one, subscriptions[name], wording) for name, one in settings.notices.items()],
        ),
        digest=Digest(
            outbox,
            SqlImports(database, clock),
            SqlDues(database, clock),
            clock,
            subscriptions=list(subscriptions.values()),
            link=documents.of_import,
        ),
    )


def _subscription(name: str, one: NoticeSettings) -> Subscription:
    return Subscription(
        name=name, shop=one.shop, events=tuple(one.events), digest_at=one.digest, time_zone=one.time_zone
    )


def _channel(one: NoticeSettings, subscription: Subscription, wording: Wording) -> Channel:
    """Secrets leave their envelopes here. An address of the settings may be one of an inner network."""
    if one.kind == "mail":
        server = MailServer(
            host=one.smtp_host,
            port=one.smtp_port,
            security=one.security,
            user=one.user,
            password=one.password.get_secret_value(),
        )
        sender = one.sender or ""
        return Mail(subscription, wording, server, sender=sender, recipients=one.recipients)
    kinds = {"webhook": Posted, "slack": Slack}
    return kinds[one.kind](subscription, wording, GuardedPost([one.host]), url=one.address)

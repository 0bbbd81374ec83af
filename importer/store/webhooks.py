"""Webhooks in SQL (port `Webhooks`). The secret is kept, for every message is signed with it; nothing reads it but that."""

import base64
import secrets
from typing import Any

from sqlalchemy import delete, insert, select

from importer.domain.announcements import Kind
from importer.domain.errors import UnknownName
from importer.domain.webhooks import SECRET_PREFIX, NewWebhook, Webhook
from importer.ports import Clock
from importer.store.database import Database, whole
from importer.store.tables import deliveries, webhooks

SHOWN = [column for column in webhooks.c if column.name != "secret"]
SECRET_BYTES = 32


class SqlWebhooks:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @whole
    async def create(self, wanted: NewWebhook) -> tuple[str, str]:
        secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        values = {
            "id": f"whk_{secrets.token_hex(8)}",
            "url": wanted.url,
            "shop": wanted.shop,
            "events": sorted({kind.value for kind in wanted.events}) if wanted.events is not None else None,
            "secret": secret,
            "created_at": self._clock.now(),
        }
        async with self._database.writing() as connection:
            await connection.execute(insert(webhooks).values(**values))
        return str(values["id"]), secret

    async def all(self) -> list[Webhook]:
        query = select(*SHOWN).order_by(webhooks.c.created_at, webhooks.c.id)
        async with self._database.reading() as connection:
            return [_webhook(row) for row in (await connection.execute(query)).mappings()]

    async def get(self, webhook_id: str) -> Webhook:
        query = select(*SHOWN).where(webhooks.c.id == webhook_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise _unknown(webhook_id)
        return _webhook(row)

    @whole
    async def remove(self, webhook_id: str) -> None:
        async with self._database.writing() as connection:
            if not (await connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))).rowcount:
                raise _unknown(webhook_id)
            await connection.execute(delete(deliveries).where(deliveries.c.receiver == webhook_id))

    async def secret(self, webhook_id: str) -> str:
        query = select(webhooks.c.secret).where(webhooks.c.id == webhook_id)
        async with self._database.reading() as connection:
            found = (await connection.execute(query)).scalar_one_or_none()
        if found is None:
            raise _unknown(webhook_id)
        return str(found)


def _unknown(webhook_id: str) -> UnknownName:
    return UnknownName(f"There is no webhook {webhook_id}.", code="webhook.unknown")


def _webhook(row: Any) -> Webhook:
    events = tuple(Kind(event) for event in row["events"]) if row["events"] is not None else None
    return Webhook(**{**row, "events": events})

"""The tables."""

from importer.store.tables.announcements import announcements, deliveries, delivery_tries, webhooks
from importer.store.tables.columns import Moment, metadata
from importer.store.tables.imports import batches, earlier_rows, import_events, import_rows, imports
from importer.store.tables.schedules import schedule_files, schedule_fires, schedules
from importer.store.tables.uploads import upload_parts, uploads
from importer.store.tables.work import duties, paces, steps, tokens

__all__ = [
    "Moment",
    "announcements",
    "batches",
    "deliveries",
    "delivery_tries",
    "duties",
    "earlier_rows",
    "import_events",
    "import_rows",
    "imports",
    "metadata",
    "paces",
    "schedule_files",
    "schedule_fires",
    "schedules",
    "steps",
    "tokens",
    "upload_parts",
    "uploads",
    "webhooks",
]

"""Imports: their state, their log, their rows and batches."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from importer.store.tables.columns import Moment, metadata

imports = Table(
    "imports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("status", String(16), nullable=False, index=True),
    Column("shop", String(64), nullable=False),
    Column("mapping", String(128), nullable=False),
    Column("entity", String(64), nullable=False),
    Column("kept", JSON, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("check_only", Boolean, nullable=False),
    Column("patience", Float),
    Column("check_first", Boolean, nullable=False),
    Column("max_errors", Integer),
    Column("accepted_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("seq", Integer, nullable=False),
    Column("rows_total", Integer),
    Column("rows_read", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("batches", Integer, nullable=False),
    Column("open_batches", Integer, nullable=False),
    Column("read_whole", Boolean, nullable=False),
    Column("columns", JSON, nullable=False),
    Column("waiting", JSON),
    Column("waiting_since", Moment),
    Column("failure", JSON),
    Column("idempotency_key", String(255), unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("files_removed_at", Moment),
    Column("limits", JSON),
    Column("held", JSON),
    Column("files_cleared", Boolean, nullable=False),  # what was removed is known to be gone
)

import_events = Table(
    "import_events",
    metadata,
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("data", JSON, nullable=False),
)

import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),  # a row may have several errors
    Column("line", Integer, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("column", String(255)),
    Column("key", Text),
    Column("value", Text),
    Column("scope", String(64), nullable=False),
    Column("follow_up", Boolean, nullable=False),  # the row's first operation succeeded, a later one did not
    Index(None, "import_id", "key"),
)

earlier_rows = Table(  # reasons of rows that went again, by the attempt that ended with them
    "earlier_rows",
    metadata,
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    *(
        Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in import_rows.c
        if column.name != "import_id"
    ),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("parent", String(96)),
    Column("shop", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("operations", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("file", String(255), nullable=False),
    Column("phase", Integer, nullable=False),
    Column("scope", String(64), nullable=False),
    Column("follow_up", Boolean, nullable=False),  # its rows have had an operation before
    Column("bulk_uuid", String(64)),
    Column("sending_at", Moment),
    Column("sent_at", Moment),
    Column("lagging", Boolean, nullable=False),  # it stays open although the shop went on: its place is free
    Column("written", LargeBinary),  # fingerprints of the entities it writes, while it is in flight
    UniqueConstraint("import_id", "number"),
    Index(None, "shop", "status"),
    Index(None, "import_id", "status", "number"),
)

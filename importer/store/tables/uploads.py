"""Files that come in parts."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String, Table, Text

from importer.store.tables.columns import Moment, metadata

uploads = Table(
    "uploads",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(32), nullable=False),  # the token that began it
    Column("name", Text, nullable=False),
    Column("metadata", Text, nullable=False),  # as it was said
    Column("size", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("removed", Boolean, nullable=False),  # it is gone for everybody; its bytes may be there still
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("upload_id", ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("file", String(255), nullable=False),
)

"""What the API answers, as models: the document tells them, a test holds every real answer against them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from importer.domain.announcements import Kind
from importer.domain.deliveries import DeliveryStatus
from importer.domain.history import EventKind
from importer.domain.imports import ImportStatus, Mode
from importer.domain.rows import Outcome
from importer.domain.tokens import Scope
from importer.domain.trials import Found


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Id(Document):
    """A command answers with the id only; ask for the rest."""

    id: str


class Fault(Document):
    line: int = Field(description="of the mapping document; 0 is unknown")
    path: str
    detail: str


class Problem(Document):
    """RFC 9457. `code` is stable (docs/codes.md), `detail` is a sentence for a person."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[Fault] = Field(default=[], description="faults of a mapping document, all of them")


class UploadShown(Document):
    """A file that comes in pieces."""

    id: str
    name: str
    size: int = Field(description="bytes of the whole file")
    offset: int = Field(description="bytes that are kept; as many as `size` when it is whole")
    expires_at: datetime


class ReasonShown(Document):
    """Why an import waits, or failed."""

    code: str
    text: str


class FileShown(Document):
    name: str
    size: int = Field(description="bytes")
    sha256: str
    source: str | None = Field(description="the address that it was taken from, without its query")
    reading: dict[str, Any] = Field(description="as what the file is read: format, encoding, delimiter ...")


class ImportShown(Document):
    """An import. `rows_read` is the sum of `counts` at every moment."""

    id: str
    status: ImportStatus
    attempt: int = Field(description="1, and one more for each retry")
    shop: str
    mapping: str
    entity: str
    mode: Mode
    dry_run: bool = Field(description="nothing is sent: its mode is not `apply`")
    check_first: bool
    max_errors: int | None
    file: FileShown
    accepted_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    files_removed_at: datetime | None = Field(
        description="since then its files are gone: no retry, no rows to mend"
    )
    rows_total: int | None
    rows_read: int
    rows_sent: int
    rows_confirmed: int
    counts: dict[Outcome, int]
    equation: str
    equation_holds: bool
    waiting: ReasonShown | None
    failure: ReasonShown | None


class ImportsShown(Document):
    items: list[ImportShown]
    next: str | None = Field(description="cursor of the next page, or null")


class RowShown(Document):
    """One reason why one row did not succeed; a row may have several."""

    row: int = Field(description="record number; 1 is the first after the header")
    line: int = Field(description="physical line on which the record begins")
    outcome: Outcome
    code: str
    text: str
    fix: str
    column: str | None
    key: str | None
    value: str | None
    scope: str
    sentence: str
    shop_says: str | None


class RowsShown(Document):
    items: list[RowShown]
    next: str | None = Field(description="cursor of the next page, or null")


class Report(ImportShown):
    """Everything about an import (docs/howto/read-a-report.md)."""

    equation_in_words: str
    causes: list[dict[str, Any]]
    rows: list[RowShown]
    skipped: list[RowShown]
    rows_listed_up_to: int
    earlier_attempts: list[dict[str, Any]]
    rows_needing_a_person: int
    columns: dict[str, list[str]]
    batches: list[dict[str, Any]]
    timeline: list[dict[str, Any]]
    pace: dict[str, Any]
    time: dict[str, Any]


class TokenShown(Document):
    id: str
    name: str
    scope: Scope
    shops: list[str] | None = Field(description="null: all of them")
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None = Field(description="true to the minute")


class TokensShown(Document):
    items: list[TokenShown]


class TokenMade(Document):
    id: str
    token: str = Field(description="the secret; nobody can ask for it later")


class WebhookShown(Document):
    id: str
    url: str
    shop: str | None = Field(description="null: of all shops")
    events: list[Kind] | None = Field(description="null: all of them")
    created_at: datetime


class WebhooksShown(Document):
    items: list[WebhookShown]


class WebhookMade(Document):
    id: str
    secret: str = Field(description="what messages are signed with; nobody can ask for it later")


class TryShown(Document):
    at: datetime
    status: int | None = Field(description="what the receiver answered; null: nothing")
    ms: int
    error: str = Field(description="empty: the receiver took it")


class DeliveryShown(Document):
    """A message to one webhook. `id` is the header `webhook-id` of all of its tries."""

    id: str
    event: Kind
    subject: str = Field(description="id of the import, or name of the schedule")
    at: datetime
    status: DeliveryStatus
    next_try_at: datetime | None
    tries: list[TryShown]


class DeliveriesShown(Document):
    items: list[DeliveryShown]
    next: str | None = Field(description="cursor of the next page, or null")


class EventShown(Document):
    seq: int
    at: datetime
    kind: EventKind
    text: str = Field(description="the event in a sentence")
    data: dict[str, Any]


class EventsShown(Document):
    items: list[EventShown]


class MappingListed(Document):
    name: str
    title: str
    entity: str | None
    faults: list[Fault] = Field(description="a mapping that has some cannot be used")


class MappingsShown(Document):
    items: list[MappingListed]


class ColumnTold(Document):
    column: str
    synonyms: list[str]
    to: str
    rules: list[str]
    notes: list[str]


class MappingShown(MappingListed):
    text: str = Field(description="the document (YAML)")
    columns: list[ColumnTold] = Field(description="empty when the document has faults")


class FaultsShown(Document):
    faults: list[Fault]


class MatchShown(Document):
    """A column of the file and what it is for the mapping."""

    file: str
    column: str | None
    to: str | None
    how: str
    reason: str


class SuggestionShown(Document):
    score: float
    mapping: str
    title: str
    ready: bool = Field(description="the file can be imported with the mapping as it is")
    missing: list[str]
    matches: list[MatchShown]


class SuggestionsShown(Document):
    """Best first."""

    items: list[SuggestionShown]


class ShopShown(Document):
    name: str
    base_url: str
    auth: str
    mode: str


class ShopsShown(Document):
    items: list[ShopShown]


class CheckShown(Document):
    name: str
    found: Found
    text: str
    code: str


class TrialShown(Document):
    shop: str
    ready: bool
    checks: list[CheckShown]

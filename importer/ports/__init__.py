"""What the services need from the world, in the smallest words. Adapters implement these; `bootstrap` joins both."""

from dataclasses import dataclass

from importer.ports.announcements import Announcements, Channel, Post, Webhooks
from importer.ports.commands import Commands, EarlierCause
from importer.ports.figures import Sums
from importer.ports.ground import Clock, Duties, Files, Ledger, Queue
from importer.ports.removals import Removals
from importer.ports.schedules import Dues, Fires, Schedules, Source, Sources, TakenFiles
from importer.ports.shops import Backend, Mappings, ShopLimits, ShopReader, Shops, Tables
from importer.ports.state import EVERY, Batches, Imports, Paces, Request, Rows, Which
from importer.ports.uploads import Uploads

__all__ = [
    "EVERY",
    "Announcements",
    "Backend",
    "Batches",
    "Channel",
    "Clock",
    "Commands",
    "Dues",
    "Duties",
    "EarlierCause",
    "Files",
    "Fires",
    "Imports",
    "Ledger",
    "Mappings",
    "Paces",
    "Ports",
    "Post",
    "Queue",
    "Removals",
    "Request",
    "Rows",
    "SchedulePorts",
    "Schedules",
    "ShopLimits",
    "ShopReader",
    "Shops",
    "Source",
    "Sources",
    "Sums",
    "Tables",
    "Uploads",
    "Webhooks",
    "Which",
]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """All of them at once: what `bootstrap` hands to every service."""

    imports: Imports
    rows: Rows
    batches: Batches
    paces: Paces
    commands: Commands
    sums: Sums
    files: Files
    uploads: Uploads
    removals: Removals
    queue: Queue
    ledger: Ledger
    duties: Duties
    mappings: Mappings
    shops: Shops
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class SchedulePorts:
    """What schedules need beside them."""

    schedules: Schedules
    dues: Dues
    fires: Fires
    taken_files: TakenFiles
    sources: Sources

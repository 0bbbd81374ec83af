"""What the services need from the world, in the smallest words. Adapters implement these; `bootstrap` joins both."""

from dataclasses import dataclass

from importer.ports.commands import Commands, EarlierCause
from importer.ports.ground import Clock, Files, Queue
from importer.ports.schedules import Dues, Fires, Ledger, Schedules, Source, Sources
from importer.ports.shops import Backend, Mappings, ShopLimits, ShopReader, Shops, Tables
from importer.ports.state import Batches, Imports, Paces, Request, Rows

__all__ = [
    "Backend",
    "Batches",
    "Clock",
    "Commands",
    "Dues",
    "EarlierCause",
    "Files",
    "Fires",
    "Imports",
    "Ledger",
    "Mappings",
    "Paces",
    "Ports",
    "Queue",
    "Request",
    "Rows",
    "SchedulePorts",
    "Schedules",
    "ShopLimits",
    "ShopReader",
    "Shops",
    "Source",
    "Sources",
    "Tables",
]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """All of them at once: what `bootstrap` hands to every service."""

    imports: Imports
    rows: Rows
    batches: Batches
    paces: Paces
    commands: Commands
    files: Files
    queue: Queue
    mappings: Mappings
    shops: Shops
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class SchedulePorts:
    """What schedules need beside them."""

    schedules: Schedules
    dues: Dues
    fires: Fires
    ledger: Ledger
    sources: Sources

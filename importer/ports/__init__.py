"""What the services need from the world, in the smallest words. Adapters implement these; `bootstrap` joins both."""

from dataclasses import dataclass

from importer.ports.commands import Commands, EarlierCause
from importer.ports.ground import Clock, Files, Queue
from importer.ports.shops import Backend, Mappings, ShopLimits, ShopReader, Shops, Tables
from importer.ports.state import EVERY, Batches, Imports, Paces, Request, Rows, Which

__all__ = [
    "EVERY",
    "Backend",
    "Batches",
    "Clock",
    "Commands",
    "EarlierCause",
    "Files",
    "Imports",
    "Mappings",
    "Paces",
    "Ports",
    "Queue",
    "Request",
    "Rows",
    "ShopLimits",
    "ShopReader",
    "Shops",
    "Tables",
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
    files: Files
    queue: Queue
    mappings: Mappings
    shops: Shops
    clock: Clock

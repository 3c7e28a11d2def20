"""What parts ask of what they do not choose themselves."""

from twinward.core.ports.intake import Intake, IntakeDoor, KeptBatch, Watcher
from twinward.core.ports.keys import Sealer
from twinward.core.ports.lake import Crowd, Fixes, MovementLake, MovePoints, VisitIndex, Visits
from twinward.core.ports.store import (
    R,
    Reader,
    Rows,
    StartsWith,
    Store,
    Table,
    Transaction,
    area_of,
    table_name,
)

__all__ = [
    "Crowd",
    "Fixes",
    "Intake",
    "IntakeDoor",
    "KeptBatch",
    "MovePoints",
    "MovementLake",
    "R",
    "Reader",
    "Rows",
    "Sealer",
    "StartsWith",
    "Store",
    "Table",
    "Transaction",
    "VisitIndex",
    "Visits",
    "Watcher",
    "area_of",
    "table_name",
]

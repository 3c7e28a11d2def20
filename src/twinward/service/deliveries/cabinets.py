"""A holder's ledger for the command line: opened, made, and the hash of a picture."""

from __future__ import annotations

import hashlib
from pathlib import Path

from twinward.edge.agent.cabinet import Cabinet, init_cabinet
from twinward.edge.agent.parcels import Kind

__all__ = ["Cabinet", "Kind", "init_cabinet", "open_cabinet", "photo_digest"]


def open_cabinet(path: Path) -> Cabinet:
    return Cabinet(path)


def photo_digest(photo: bytes) -> str:
    """The hash of a picture of a parcel; the picture itself is kept nowhere."""
    return hashlib.sha256(photo).hexdigest()

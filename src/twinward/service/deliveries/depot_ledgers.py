"""The ledgers that the depot keeps for couriers: the same as a cabinet's, each in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twinward.edge.agent.cabinet import Cabinet, init_cabinet
from twinward.edge.agent.parcels import public_of
from twinward.service.deliveries.secrets import FOLDER, depot_key
from twinward.service.platform import Platform
from twinward.twins.emergency.deliveries.rows import HOLDERS, Holder


def path_of(platform: Platform, holder: str) -> Path:
    """The depot's file of a courier's ledger: no name from outside stands in a path."""
    digest = hashlib.sha256(holder.encode()).hexdigest()
    return platform.workspace / FOLDER / "hands" / f"{digest[:32]}.db"


def make_ledger(platform: Platform, holder: str) -> str:
    """The public key of the ledger that the depot keeps for a courier, made when there is none, and
    anew when another key has signed meanwhile: the old one's receipts end where that began.
    """
    path = path_of(platform, holder)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with platform.store.read() as rows:
        row: Holder | None = rows.find(HOLDERS, holder)
    if path.exists():
        with opened(path) as known:
            key = public_of(known.key)
        if row is None or row.key == key:
            return key
        path.rename(path.with_name(f"{path.stem}-{key[:8]}.old"))
    made = init_cabinet(path, holder, "", public_of(depot_key(platform)))
    made.close()
    return public_of(made.key)


@contextmanager
def opened(path: Path) -> Iterator[Cabinet]:
    ledger = Cabinet(path)
    try:
        yield ledger
    finally:
        ledger.close()


def is_kept_here(platform: Platform, row: Holder) -> bool:
    """Whether the depot keeps the key of this holder."""
    path = path_of(platform, row.id)
    if not path.exists():
        return False
    with opened(path) as ledger:
        return row.key == public_of(ledger.key)

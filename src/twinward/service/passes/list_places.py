"""Places in status lists: which list a pass belongs to, and the decoys that hide how many are
revoked.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from twinward.security.passes.ceremony import replace_file

SHARD = 1 << 20  # places in one list: a herd large enough that a place says nothing
LIST_TTL_S = 600
DECOY_SHARE = 1000  # one place in so many is a decoy


def address_of(until: datetime) -> str:
    """The list of all passes that end in one week."""
    year, week, _ = until.isocalendar()
    return f"tw:{year}w{week:02}.0"


class Decoys(msgspec.Struct, frozen=True, kw_only=True):
    """Places that belong to no pass and are revoked one after the other, to hide how many are."""

    places: frozenset[int]
    share: dict[int, float]  # place -> at which share of the list's life it is revoked


def decoys_of(folder: Path, address: str) -> Decoys:
    """The same for one list always; only who has the folder's secret can tell them."""
    path = folder / "decoys.key"
    if not path.exists():
        replace_file(path, secrets.token_bytes(32), 0o600)
    seed = hashlib.sha256(path.read_bytes() + address.encode()).digest()
    draws = np.random.Generator(np.random.Philox(np.random.SeedSequence(list(seed))))
    places = draws.choice(SHARD, SHARD // DECOY_SHARE, replace=False)
    shares = draws.random(len(places))
    return Decoys(
        places=frozenset(places.tolist()), share=dict(zip(places.tolist(), shares, strict=True))
    )

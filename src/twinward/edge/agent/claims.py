"""A device claims its key at the edge while the centre is away: the edge knows the digests of the
claims that the centre has issued, draws the key, and tells the centre when it can. What the centre
does not take ends here, and both sides say so.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3

from twinward.core.clock import from_us
from twinward.core.errors import ConflictError, RefusedError
from twinward.edge.agent.wire import ClaimAnswer, RegisteredDevice, ToldClaim

KEY_BYTES = 32
UNCLAIMED = "unclaimed"  # the digest of no key
SCHEMA = """
CREATE TABLE IF NOT EXISTS claim (
  device TEXT PRIMARY KEY, open TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claimed (
  device TEXT PRIMARY KEY, claim TEXT NOT NULL, key TEXT NOT NULL, at_us INTEGER NOT NULL,
  state TEXT NOT NULL, says TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
"""
# `waiting` for the centre; `taken` by it; `refused`: the key is void
WAITING, TAKEN, REFUSED = "waiting", "taken", "refused"


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def keep_claim(db: sqlite3.Connection, one: RegisteredDevice) -> None:
    """What the centre says of a device's claim; a new one ends what was said of the old."""
    if not one.claim or not one.may_speak:
        db.execute("DELETE FROM claim WHERE device=?", (one.device,))
        return
    db.execute("INSERT OR REPLACE INTO claim VALUES (?,?)", (one.device, one.claim))
    db.execute("DELETE FROM claimed WHERE device=? AND claim!=?", (one.device, one.claim))


def claim(db: sqlite3.Connection, device: str, code: str, now_us: int) -> str:
    """The key of the device, shown once. RefusedError `wrong_claim`; until the centre has heard of
    it the same claim gives a newer key in place of one that may have been lost on the way.
    """
    row = db.execute("SELECT open FROM claim WHERE device=?", (device,)).fetchone()
    brought = digest(code.strip().lower())
    if row is None or not hmac.compare_digest(row[0], brought):
        raise RefusedError(
            f"device {device} has no such claim",
            "issue a new one with `twinward device rotate --claim`",
            code="wrong_claim",
        )
    known = db.execute("SELECT state FROM claimed WHERE device=?", (device,)).fetchone()
    if known is not None and known[0] != WAITING:
        raise ConflictError(
            f"the claim of device {device} was {known[0]} by the centre",
            "issue a new one with `twinward device rotate --claim`",
            code="claim_over",
        )
    key = secrets.token_urlsafe(KEY_BYTES)
    db.execute(
        "INSERT OR REPLACE INTO claimed VALUES (?,?,?,?,?,'')",
        (device, brought, digest(key), now_us, WAITING),
    )
    return key


def waiting_keys(db: sqlite3.Connection) -> dict[str, str]:
    """Keys that hold here before the centre knows them."""
    rows = db.execute("SELECT device, key FROM claimed WHERE state=?", (WAITING,))
    return {str(device): str(key) for device, key in rows}


def claims_of(db: sqlite3.Connection) -> list[ToldClaim]:
    """What the centre does not know yet, and what it has refused, for its fleet page."""
    rows = db.execute(
        "SELECT device, claim, key, at_us, state, says FROM claimed WHERE state!=? LIMIT 1000",
        (TAKEN,),
    )
    return [
        ToldClaim(
            device=device,
            claim=claim,
            key=key,
            at=from_us(at_us),
            refused=says or REFUSED if state == REFUSED else "",
        )
        for device, claim, key, at_us, state, says in rows
    ]


def settle(db: sqlite3.Connection, answers: tuple[ClaimAnswer, ...]) -> None:
    """What the centre said: only of the very key that it was told of."""
    for one in answers:
        db.execute(
            "UPDATE claimed SET state=?, says=? WHERE device=? AND key=?",
            (TAKEN if one.taken else REFUSED, one.says[:300], one.device, one.key),
        )

"""The ledger of one holder of parcels, which works alone: it checks codes without the centre,
writes a receipt before it opens, and never hands out twice. One SQLite file.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.edge.agent.parcels import (
    MOST_ATTEMPTS,
    Kind,
    Manifest,
    ManifestLine,
    Receipt,
    digest_of,
    is_code_of,
    is_due,
    proof_of,
    public_of,
    read_code,
    read_manifest,
    sign,
)

SLOW_AFTER = 20  # wrong codes of all parcels within an hour: then one a minute is heard
HOUR_S, PAUSE_S = 3600.0, 60.0
PUBLIC_KEY = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes of Ed25519 in base64url
SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS line (
  parcel TEXT PRIMARY KEY, round INTEGER NOT NULL, body BLOB NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
  parcel TEXT PRIMARY KEY, box TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wrong (at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS receipt (
  seq INTEGER PRIMARY KEY, raw BLOB NOT NULL, acknowledged INTEGER NOT NULL DEFAULT 0);
"""
HERE, GONE = "here", "gone"


class HeldParcel(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder has: `attempts` are the wrong codes so far; `due` until when; `withheld`: it
    goes elsewhere now.
    """

    parcel: str
    box: str
    state: str
    attempts: int
    due: datetime | None
    withheld: bool = False


class HolderStatus(msgspec.Struct, frozen=True, kw_only=True):
    holder: str
    public: str
    manifest: int
    parcels: list[HeldParcel]
    receipts: int
    unsent: int


class Cabinet:
    """A holder's ledger, opened. `key` signs its receipts; `depot` is the key of the centre."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise AbsentError(f"there is no ledger {path.name}", "make it with `cabinet init`")
        self.db = _connect(path)
        self.holder = self._setting("holder")
        self.place = self._setting("place")
        self.depot = self._setting("depot")
        self.key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self._setting("key")))

    def close(self) -> None:
        self.db.close()

    def _setting(self, name: str) -> str:
        found = self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    @contextmanager
    def _write(self) -> Iterator[None]:
        """One transaction, on the disk when it ends."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def accept_manifest(self, raw: bytes) -> Manifest:
        """Parcels that this holder may hold; InputError for another's or an older one. A code of a
        new round begins without attempts.
        """
        manifest = read_manifest(raw, self.depot)
        if manifest.holder != self.holder:
            raise InputError(
                f"the manifest is for {manifest.holder}, not {self.holder}",
                "fetch this holder's own",
                code="wrong_holder",
            )
        with self._write():
            if manifest.number < int(self._setting("manifest") or 0):
                raise InputError(
                    "the manifest is older than the one that is known",
                    "fetch the newest",
                    code="older_list",
                )
            for line in manifest.lines:
                known = self._line(line.parcel)
                if known is None or (line.round, line.withheld) > (known[0].round, False):
                    self.db.execute(
                        "REPLACE INTO line VALUES (?, ?, ?, 0)",
                        (line.parcel, line.round, msgspec.json.encode(line)),
                    )
            listed = {line.parcel for line in manifest.lines}
            for (parcel,) in self.db.execute("SELECT parcel FROM line").fetchall():
                if parcel not in listed and self._state(parcel) != HERE:
                    self.db.execute("DELETE FROM line WHERE parcel = ?", (parcel,))
            self._set("manifest", str(manifest.number))
        return manifest

    def _set(self, name: str, value: str) -> None:
        self.db.execute("REPLACE INTO setting VALUES (?, ?)", (name, value))

    def _line(self, parcel: str) -> tuple[ManifestLine, int] | None:
        found = self.db.execute(
            "SELECT body, attempts FROM line WHERE parcel = ?", (parcel,)
        ).fetchone()
        if found is None:
            return None
        return msgspec.json.decode(found[0], type=ManifestLine), int(found[1])

    def _state(self, parcel: str) -> str:
        found = self.db.execute("SELECT state FROM held WHERE parcel = ?", (parcel,)).fetchone()
        return str(found[0]) if found else ""

    def _known(self, parcel: str) -> tuple[ManifestLine, int]:
        found = self._line(parcel)
        if found is None:
            raise AbsentError(
                f"parcel {parcel} is not in this holder's manifest", "look at the number again"
            )
        return found

    def take_in(self, parcel: str, at: datetime, box: str = "", kind: Kind = "deposited") -> bytes:
        """The parcel lies here from now on; its receipt."""
        line, _ = self._known(parcel)
        with self._write():
            state = self._state(parcel)
            if state == HERE:
                raise ConflictError(f"parcel {parcel} is here already", code="exists")
            if state == GONE and self._setting(f"gone:{parcel}") == "handed":
                raise ConflictError(f"parcel {parcel} was handed out", code="already_handed")
            if box and self._in_box(box):
                raise ConflictError(f"box {box} is taken", "choose another", code="box_taken")
            self.db.execute("REPLACE INTO held VALUES (?, ?, ?)", (parcel, box, HERE))
            return self._write_receipt(kind, line, at)

    def _in_box(self, box: str) -> bool:
        held = self.db.execute("SELECT 1 FROM held WHERE box = ? AND state = ?", (box, HERE))
        return held.fetchone() is not None

    def hand_out(self, parcel: str, typed: str, at: datetime, photo_sha256: str = "") -> bytes:
        """The receipt with which the box opens; it is on the disk when this returns. InputError
        `mistyped_code` for a slip of the finger, RefusedError for a wrong code, a locked or a late
        parcel, ConflictError `already_handed`.
        """
        self._require_pace(at)
        line, attempts = self._known(parcel)
        self._require_here(parcel)
        code = read_code(typed)
        if line.withheld:
            raise RefusedError(
                f"parcel {parcel} goes elsewhere now",
                "the depot says where; its new code is valid there",
                code="parcel_moved",
            )
        if attempts >= MOST_ATTEMPTS:
            raise locked(parcel)
        if not is_due(line, at):
            raise RefusedError(
                f"the time of parcel {parcel} is over",
                "it goes back to the depot; ask for it there",
                code="parcel_expired",
            )
        if not is_code_of(line, code):
            self._count_wrong(line, attempts + 1, at)
            if attempts + 1 >= MOST_ATTEMPTS:
                raise locked(parcel)
            raise RefusedError(
                f"this is not the code of parcel {parcel}",
                f"{MOST_ATTEMPTS - attempts - 1} attempts are left",
                code="wrong_code",
            )
        with self._write():
            self._require_here(parcel)  # another process may have opened it meanwhile
            self._leave(parcel, "handed")
            return self._write_receipt("handed", line, at, photo_sha256, code=code)

    def _require_here(self, parcel: str) -> None:
        if self._state(parcel) == HERE:
            return
        if self._setting(f"gone:{parcel}") == "handed":
            raise ConflictError(
                f"parcel {parcel} was handed out before",
                "nobody gets it twice; tell the depot",
                code="already_handed",
            )
        raise ConflictError(f"parcel {parcel} is not here", "ask the depot", code="not_here")

    def _require_pace(self, at: datetime) -> None:
        now = at.timestamp()
        self.db.execute("DELETE FROM wrong WHERE at < ? OR at > ?", (now - HOUR_S, now + HOUR_S))
        count, last = self.db.execute("SELECT count(*), max(at) FROM wrong").fetchone()
        if count >= SLOW_AFTER and now < float(last) + PAUSE_S:
            raise RefusedError(
                "too many wrong codes were typed here", "wait a minute", code="too_many_tries"
            )

    def _count_wrong(self, line: ManifestLine, attempts: int, at: datetime) -> None:
        """A wrong code counts before anybody is told that it was wrong."""
        with self._write():
            self.db.execute("INSERT INTO wrong VALUES (?)", (at.timestamp(),))
            self.db.execute(
                "UPDATE line SET attempts = attempts + 1 WHERE parcel = ?", (line.parcel,)
            )
            if attempts >= MOST_ATTEMPTS:
                self._write_receipt("locked", line, at)

    def give_up(self, parcel: str, at: datetime, kind: Kind, because: str = "") -> bytes:
        """The parcel leaves without its receiver: withdrawn by a courier, returned to the depot,
        or refused at the door.
        """
        if kind not in ("withdrawn", "returned", "refused"):
            raise InputError(f"{kind} is no way to give a parcel up", code="bad_act")
        line, _ = self._known(parcel)
        with self._write():
            self._require_here(parcel)
            if kind != "refused":  # a parcel that was refused is still with the courier
                self._leave(parcel, kind)
            return self._write_receipt(kind, line, at, because=because)

    def _leave(self, parcel: str, kind: str) -> None:
        self.db.execute("UPDATE held SET state = ?, box = '' WHERE parcel = ?", (GONE, parcel))
        self._set(f"gone:{parcel}", kind)

    def _write_receipt(
        self,
        kind: Kind,
        line: ManifestLine,
        at: datetime,
        photo: str = "",
        because: str = "",
        code: str = "",
    ) -> bytes:
        last = self.db.execute("SELECT seq, raw FROM receipt ORDER BY seq DESC LIMIT 1").fetchone()
        seq = last[0] + 1 if last else 1
        receipt = Receipt(
            holder=self.holder,
            seq=seq,
            before=digest_of(last[1]) if last else "",
            kind=kind,
            parcel=line.parcel,
            place=self.place or line.place,
            round=line.round,
            at=at.astimezone(UTC),
            photo_sha256=photo,
            because=because,
            proof=proof_of(code, self.holder, line.parcel, line.round, seq) if code else "",
        )
        raw = sign(self.key, receipt)
        self.db.execute("INSERT INTO receipt (seq, raw) VALUES (?, ?)", (receipt.seq, raw))
        return raw

    def holds(self, parcel: str) -> bool:
        """Whether the parcel lies here."""
        return self._state(parcel) == HERE

    def unsent(self) -> list[bytes]:
        """Receipts that the centre has not acknowledged, in their order."""
        rows = self.db.execute("SELECT raw FROM receipt WHERE acknowledged = 0 ORDER BY seq")
        return [bytes(raw) for (raw,) in rows]

    def acknowledge(self, seq: int) -> int:
        """The centre has everything up to `seq`; how many were new to it."""
        with self._write():
            done = self.db.execute(
                "UPDATE receipt SET acknowledged = 1 WHERE seq <= ? AND acknowledged = 0", (seq,)
            )
            return done.rowcount

    def status(self) -> HolderStatus:
        held = self.db.execute(
            "SELECT l.parcel, coalesce(h.box, ''), coalesce(h.state, 'expected'), l.attempts, "
            "l.body FROM line l LEFT JOIN held h ON h.parcel = l.parcel ORDER BY l.parcel"
        ).fetchall()
        parcels = []
        for parcel, box, state, attempts, body in held:
            line = msgspec.json.decode(body, type=ManifestLine)
            one = HeldParcel(
                parcel=parcel,
                box=box,
                state=state,
                attempts=attempts,
                due=line.expires_at,
                withheld=line.withheld,
            )
            parcels.append(one)
        count = self.db.execute("SELECT count(*) FROM receipt").fetchone()[0]
        return HolderStatus(
            holder=self.holder,
            public=public_of(self.key),
            manifest=int(self._setting("manifest") or 0),
            parcels=parcels,
            receipts=count,
            unsent=len(self.unsent()),
        )


def locked(parcel: str) -> RefusedError:
    return RefusedError(
        f"parcel {parcel} is locked after {MOST_ATTEMPTS} wrong codes",
        "ask the depot for a new code",
        code="parcel_locked",
    )


def init_cabinet(path: Path, holder: str, place: str, depot: str) -> Cabinet:
    """A new ledger with a key of its own; `depot` is the public key that signs manifests."""
    if not PUBLIC_KEY.fullmatch(depot):
        raise InputError(
            f"{depot[:60]!r} is no public key of a depot",
            "give the 43 signs that `twinward delivery holder depot` shows after `depot:`",
            code="bad_key",
        )
    if path.exists():
        raise ConflictError(f"{path.name} exists", "name another file", code="exists")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    db = _connect(path)
    db.executescript(SCHEMA)
    key = Ed25519PrivateKey.generate().private_bytes_raw().hex()
    told = {"holder": holder, "place": place, "depot": depot, "key": key}
    db.executemany("INSERT INTO setting VALUES (?, ?)", list(told.items()))
    db.close()
    return Cabinet(path)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, timeout=10)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db

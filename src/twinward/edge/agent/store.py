"""The one file of an agent: what was taken in, what waits for the centre, what was thinned, and
what the rules remember. One writer; every count changes in the transaction of what it counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from twinward.core.errors import InputError, StorageError
from twinward.edge.agent.claims import SCHEMA as CLAIMS
from twinward.edge.agent.claims import UNCLAIMED, keep_claim, waiting_keys
from twinward.edge.agent.known import is_known, remember
from twinward.edge.agent.readings import OWN_BOOT, Reading, to_observation
from twinward.edge.agent.wire import RegisteredDevice
from twinward.edge.profiles import Lane

# errors of the database that are about what it was given, and not about the disk
OF_THE_DATA = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError)
LANES: tuple[Lane, ...] = ("alarm", "status", "bulk")
WAITING, ACKNOWLEDGED, HELD = 0, 1, 2
BUSY_MS = 10_000
HOUR_US = 3_600_000_000
MOST_PLACED = 50_000  # devices whose places are held in memory
Placed = tuple[int, tuple[str, str, str]]  # since when; profile, area, place
SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
  n INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, lane INTEGER NOT NULL,
  device TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL, digest BLOB NOT NULL,
  occurred_us INTEGER NOT NULL, received_us INTEGER NOT NULL, body BLOB NOT NULL,
  why TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS reading_id ON reading (device, boot, seq);
CREATE INDEX IF NOT EXISTS reading_lane ON reading (state, lane, n);
CREATE TABLE IF NOT EXISTS known (
  device TEXT, boot TEXT, first INTEGER, last INTEGER, PRIMARY KEY (device, boot, first))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (
  id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, reason TEXT NOT NULL, lane TEXT NOT NULL,
  count INTEGER NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, says TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_like ON ledger (reason, lane, id);
CREATE TABLE IF NOT EXISTS heard (
  device TEXT PRIMARY KEY, occurred_us INTEGER NOT NULL, received_us INTEGER NOT NULL,
  boot TEXT NOT NULL, seq INTEGER NOT NULL, fault TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS placed (
  device TEXT, from_us INTEGER, profile TEXT NOT NULL, area TEXT NOT NULL, place TEXT NOT NULL,
  PRIMARY KEY (device, from_us)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS memory (
  rule TEXT, device TEXT, body BLOB NOT NULL, PRIMARY KEY (rule, device)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
  rule TEXT, device TEXT, began_us INTEGER, severity TEXT NOT NULL, cleared_us INTEGER,
  value REAL, PRIMARY KEY (rule, device, began_us)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS action (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, wanted_us INTEGER NOT NULL,
  state TEXT NOT NULL, done_us INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS registry (
  device TEXT PRIMARY KEY, may_speak INTEGER NOT NULL, keys TEXT NOT NULL, desired BLOB NOT NULL,
  version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_order (
  id TEXT PRIMARY KEY, device TEXT NOT NULL, body BLOB NOT NULL, state TEXT NOT NULL,
  at_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, says TEXT NOT NULL, told TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device_word (
  device TEXT PRIMARY KEY, body BLOB NOT NULL, version INTEGER NOT NULL, at_us INTEGER NOT NULL,
  told INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Accepted(msgspec.Struct, frozen=True):
    """What became of a batch: the places of those kept, of duplicates and of conflicts."""

    stored: list[int]
    duplicate: list[int]
    conflict: list[int]


class LastHeard(msgspec.Struct, frozen=True):
    """The last that a device said."""

    occurred_us: int
    received_us: int
    boot: str
    seq: int


class Waiting(msgspec.Struct, frozen=True):
    """One reading that the centre has not acknowledged."""

    n: int
    occurred_us: int
    body: bytes
    lane: Lane


class EdgeStore:
    """The file, opened. Only one thread writes; `transaction` is durable when it returns."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.counted: dict[str, int] = {}  # in the transaction that is open
        self._heard: dict[str, LastHeard] = {}  # likewise
        self._placed: dict[str, list[Placed]] = {}  # what `placed` says of devices asked for
        self._thinned: set[tuple[str, str]] | None = None  # (device, boot) that `known` holds
        self.kept_alarm = False  # something in the lane of alarms since this was last looked at
        try:
            if read_only:
                self.db = sqlite3.connect(
                    f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
                )
                self.db.execute("SELECT count(*) FROM setting").fetchone()
            else:
                self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                self.db.execute("PRAGMA journal_mode=WAL")
                self.db.execute("PRAGMA synchronous=FULL")
                self.db.executescript(SCHEMA + CLAIMS)
            self.db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            if not read_only:
                self._begin_counting()
        except sqlite3.Error as error:
            raise InputError(
                f"{path} is no store of an edge ({error})",
                "start the agent once with `twinward edge run`, or name its store",
                code="no_store",
            ) from error

    def close(self) -> None:
        self.db.close()

    def _begin_counting(self) -> None:
        """How many wait is counted from now on: a look at millions of rows takes seconds."""
        if self.counts().keys() >= WAITING_COUNTS:
            return
        with self.transaction():
            for lane, count in self._scan_waiting().items():
                self.db.execute("INSERT OR REPLACE INTO counter VALUES (?,?)", (lane, count))

    def _scan_waiting(self) -> dict[str, int]:
        found = dict(
            self.db.execute(
                "SELECT lane, count(*) FROM reading WHERE state=? GROUP BY lane", (WAITING,)
            ).fetchall()
        )
        return {waits(lane): found.get(k, 0) for k, lane in enumerate(LANES)}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together, or nothing; StorageError when the disk refuses."""
        try:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._write_heard()
                self._write_counts()
                self.db.execute("COMMIT")
            except BaseException:
                self.go_back(({}, {}))
                self.look_anew()
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
        except OF_THE_DATA:
            raise
        except sqlite3.Error as error:
            raise refused_by(error) from error

    def pending(self) -> tuple[dict[str, int], dict[str, LastHeard]]:
        """What is written at the end of the transaction that is open."""
        return self.counted.copy(), self._heard.copy()

    def go_back(self, pending: tuple[dict[str, int], dict[str, LastHeard]]) -> None:
        """That much is to be written, and nothing that came after."""
        self.counted, self._heard = pending

    def thinned(self, rows: Iterable[tuple[str, str, int]]) -> None:
        """Readings that are not here any more stay known by their numbers: (device, boot, seq)."""
        remember(self.db, rows)
        self._thinned = None

    def look_anew(self) -> None:
        """Another connection may have written, or what was written is undone."""
        self._placed.clear()
        self._thinned = None

    # taking in -----------------------------------------------------------------------------

    def accept(self, readings: Sequence[Reading], now_us: int) -> Accepted:
        """Keep each reading once; inside a transaction."""
        stored, duplicate, conflict = [], [], []
        for place, reading in enumerate(readings):
            if self._is_thinned(reading):
                duplicate.append(place)
            elif self._insert(reading, now_us):
                stored.append(place)
            elif self._digest_of(reading) == reading.digest:
                duplicate.append(place)
            else:
                conflict.append(place)
        return Accepted(stored, duplicate, conflict)

    def _is_thinned(self, reading: Reading) -> bool:
        """Whether it was here and its body is not any more; only its number is known."""
        if self._thinned is None:
            self._thinned = set(self.db.execute("SELECT DISTINCT device, boot FROM known"))
        return (reading.device, reading.boot) in self._thinned and is_known(
            self.db, reading.device, reading.boot, reading.seq
        )

    def _digest_of(self, reading: Reading) -> bytes:
        found = self.db.execute(
            "SELECT digest FROM reading WHERE device=? AND boot=? AND seq=?",
            (reading.device, reading.boot, reading.seq),
        ).fetchone()
        return bytes(found[0])

    def _insert(self, reading: Reading, now_us: int) -> bool:
        """Whether its identity is new."""
        area, place = reading.area, reading.place
        if not area:
            _, area, place = self.placed_at(reading.device, reading.occurred_us)
        body = (
            msgspec.json.encode(reading) if reading.held else to_observation(reading, area, place)
        )
        done = self.db.execute(
            "INSERT OR IGNORE INTO reading (state, lane, device, boot, seq, digest, occurred_us, "
            "received_us, body, why) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                HELD if reading.held else WAITING,
                LANES.index(reading.lane),
                reading.device,
                reading.boot,
                reading.seq,
                reading.digest,
                reading.occurred_us,
                now_us,
                body,
                reading.held,
            ),
        )
        if done.rowcount != 1:
            return False
        if not reading.held:
            self.count(waits(reading.lane), 1)
        if reading.lane == "alarm":
            self.kept_alarm = True
        if not reading.held and reading.boot != OWN_BOOT:
            self.hear(
                reading.device, LastHeard(reading.occurred_us, now_us, reading.boot, reading.seq)
            )
        return True

    def hear(self, device: str, last: LastHeard) -> None:
        """A device has spoken; inside a transaction, written with it."""
        before = self._heard.get(device)
        if before is not None and before.occurred_us > last.occurred_us:
            last = msgspec.structs.replace(last, occurred_us=before.occurred_us)
        self._heard[device] = last

    def _write_heard(self) -> None:
        self.db.executemany(
            "INSERT INTO heard (device, occurred_us, received_us, boot, seq) VALUES (?,?,?,?,?) "
            "ON CONFLICT (device) DO UPDATE SET received_us=excluded.received_us, fault='', "
            "boot=excluded.boot, seq=excluded.seq, "
            "occurred_us=max(occurred_us, excluded.occurred_us)",
            [(device, *msgspec.structs.astuple(one)) for device, one in self._heard.items()],
        )
        self._heard.clear()

    def last_heard(self, device: str) -> tuple[str, int] | None:
        """Boot and number of the last reading of a device."""
        if (now := self._heard.get(device)) is not None:
            return now.boot, now.seq
        found = self.db.execute("SELECT boot, seq FROM heard WHERE device=?", (device,)).fetchone()
        return None if found is None else (str(found[0]), int(found[1]))

    def note_fault(self, device: str, fault: str) -> None:
        self._write_heard()  # what it said before its fault does not wipe that out
        self.db.execute("UPDATE heard SET fault=? WHERE device=?", (fault, device))

    def data_version(self) -> int:
        """Changes when another connection has written; StorageError where the disk refuses."""
        try:
            return int(self.db.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            raise refused_by(error) from error

    def list_memories(self) -> list[tuple[str, str, bytes]]:
        """(rule, device, what it remembers); StorageError where the disk refuses."""
        try:
            return self.db.execute("SELECT rule, device, body FROM memory").fetchall()
        except sqlite3.Error as error:
            raise refused_by(error) from error

    # devices -------------------------------------------------------------------------------

    def place(self, device: str, profile: str, area: str, place: str, from_us: int) -> None:
        """Where a device stands from now on; what it said before belongs to where it stood."""
        if self.placed_at(device, from_us) != (profile, area, place):
            self.db.execute(
                "INSERT OR REPLACE INTO placed VALUES (?,?,?,?,?)",
                (device, from_us, profile, area, place),
            )
            self._placed.pop(device, None)

    def placed_at(self, device: str, at_us: int) -> tuple[str, str, str]:
        """(profile, area, place) of a device at an instant; the first known for earlier ones."""
        known = self._places_of(device)
        if not known:
            return "", "", ""
        before = [one for since, one in known if since <= at_us]
        return before[-1] if before else known[0][1]

    def moved_at(self, device: str) -> int:
        """Since when a device stands where it stands; 0 where it has never been moved."""
        known = self._places_of(device)
        return known[-1][0] if len(known) > 1 else 0

    def _places_of(self, device: str) -> list[Placed]:
        known = self._placed.get(device)
        if known is None:
            rows = self.db.execute(
                "SELECT from_us, profile, area, place FROM placed WHERE device=? ORDER BY from_us",
                (device,),
            )
            known = [(int(row[0]), (str(row[1]), str(row[2]), str(row[3]))) for row in rows]
            if len(self._placed) >= MOST_PLACED:
                self._placed.clear()
            self._placed[device] = known
        return known

    def list_devices(self) -> list[tuple[str, str]]:
        """(device, profile) of all that may speak."""
        rows = self.db.execute(
            "SELECT device, profile FROM placed p WHERE from_us="
            "(SELECT max(from_us) FROM placed WHERE device=p.device) "
            "AND device NOT IN (SELECT device FROM registry WHERE may_speak=0)"
        )
        return [(str(device), str(profile)) for device, profile in rows]

    def keep_registered(self, one: RegisteredDevice, now_us: int) -> None:
        """What the centre's registry says of a device; one that may speak is heard with what it
        said before.
        """
        self.db.execute(
            "INSERT OR REPLACE INTO registry VALUES (?,?,?,?,?)",
            (
                one.device,
                one.may_speak,
                " ".join(one.keys),
                msgspec.json.encode(one.desired),
                one.desired_version,
            ),
        )
        keep_claim(self.db, one)
        if one.may_speak:
            _, first = self.count_held(one.device)
            known = self.placed_at(one.device, now_us)[0]
            since = now_us if known or first is None else min(first, now_us)
            self.place(one.device, one.profile, one.area, one.place, since)

    def list_keys(self) -> dict[str, tuple[str, ...]]:
        """Digests of the keys that each device of the registry may bring; none: it needs none. One
        that has yet to claim its key has none that anybody could bring.
        """
        rows = self.db.execute(
            "SELECT r.device, r.keys, c.open FROM registry r LEFT JOIN claim c ON c.device=r.device"
        ).fetchall()
        claimed = waiting_keys(self.db)
        found = {}
        for device, written, open_claim in rows:
            keys = (*written.split(), *([claimed[device]] if device in claimed else ()))
            found[str(device)] = keys or ((UNCLAIMED,) if open_claim else ())
        return found

    def wishes_of(self, device: str) -> tuple[dict[str, str], int]:
        """What is wanted of a device, and the version of that."""
        row = self.db.execute(
            "SELECT desired, version FROM registry WHERE device=?", (device,)
        ).fetchone()
        return ({}, 0) if row is None else (msgspec.json.decode(row[0]), int(row[1]))

    def count_held(self, device: str) -> tuple[int, int | None]:
        """How many readings of a device wait for a person, and the time of the first."""
        row = self.db.execute(
            "SELECT count(*), min(occurred_us) FROM reading WHERE device=? AND state=?",
            (device, HELD),
        ).fetchone()
        return int(row[0]), row[1]

    def take_held(self, device: str, why: str) -> list[Reading]:
        """What a device said while it was held back, taken out to be judged again."""
        rows = self.db.execute(
            "DELETE FROM reading WHERE device=? AND state=? AND why=? RETURNING n, body",
            (device, HELD, why),
        ).fetchall()
        return [msgspec.json.decode(body, type=Reading) for _, body in sorted(rows)]

    def take_ahead(self, jump_us: int, ahead_us: int) -> list[Reading]:
        """What was held as coming from the future only because the clock was `jump_us` behind when
        it came, taken out to be judged again.
        """
        rows = self.db.execute(
            "DELETE FROM reading WHERE state=? AND why='time_ahead' "
            "AND occurred_us<=received_us+?+? RETURNING n, body",
            (HELD, jump_us, ahead_us),
        ).fetchall()
        return [msgspec.json.decode(body, type=Reading) for _, body in sorted(rows)]

    # sending on ----------------------------------------------------------------------------

    def list_waiting(self, lanes: Iterable[Lane], most: int) -> list[Waiting]:
        """The oldest of the first of these lanes that has any."""
        for lane in lanes:
            rows = self.db.execute(
                "SELECT n, occurred_us, body FROM reading WHERE state=? AND lane=? "
                "ORDER BY n LIMIT ?",
                (WAITING, LANES.index(lane), most),
            ).fetchall()
            if rows:
                return [Waiting(n, at_us, bytes(body), lane) for n, at_us, body in rows]
        return []

    def acknowledge(self, waiting: Sequence[Waiting]) -> None:
        for lane in {one.lane for one in waiting}:
            done = self.db.executemany(
                "UPDATE reading SET state=? WHERE n=? AND state=?",
                [(ACKNOWLEDGED, one.n, WAITING) for one in waiting if one.lane == lane],
            )
            self.count(waits(lane), -done.rowcount)

    def refuse(self, one: Waiting, reason: str, now_us: int) -> None:
        """The centre will not have this one: it is counted, with what the centre said."""
        self.acknowledge([one])
        span = (one.occurred_us, one.occurred_us)
        self.note_loss(f"refused: {reason}", one.lane, 1, span, now_us)
        self.count("refused", 1)

    def wait_again(self, from_us: int, to_us: int) -> int:
        """What was acknowledged in a window is sent once more; how many."""
        total = 0
        for number, lane in enumerate(LANES):
            done = self.db.execute(
                "UPDATE reading SET state=? WHERE state=? AND lane=? AND occurred_us>=? "
                "AND occurred_us<?",
                (WAITING, ACKNOWLEDGED, number, from_us, to_us),
            )
            self.count(waits(lane), done.rowcount)
            total += done.rowcount
        return total

    def count_waiting(self) -> dict[Lane, int]:
        """How many of each lane the centre has not acknowledged."""
        counts = self.counts()
        if not counts.keys() >= WAITING_COUNTS:  # read before its agent counted
            counts = self._scan_waiting()
        return {lane: counts[waits(lane)] for lane in LANES}

    def first_waiting(self) -> tuple[int, int] | None:
        """Number and time of coming of the first that waits; None where nothing does."""
        found = [
            self.db.execute(
                "SELECT n, received_us FROM reading WHERE state=? AND lane=? ORDER BY n LIMIT 1",
                (WAITING, number),
            ).fetchone()
            for number in range(len(LANES))
        ]
        first = min((row for row in found if row is not None), default=None)
        return None if first is None else (int(first[0]), int(first[1]))

    # the ledger ----------------------------------------------------------------------------

    def note_loss(
        self, reason: str, lane: Lane, count: int, span: tuple[int, int], now_us: int
    ) -> None:
        """What will not reach the centre: how many, of which time, and why. Like of one hour is
        added up: whoever sends what nobody can read must not fill the file.
        """
        like = self.db.execute(
            "SELECT id, at_us FROM ledger WHERE reason=? AND lane=? ORDER BY id DESC LIMIT 1",
            (reason[:200], lane),
        ).fetchone()
        if like is not None and abs(now_us - like[1]) < HOUR_US:
            self.db.execute(
                "UPDATE ledger SET count=count+?, first_us=min(first_us,?), "
                "last_us=max(last_us,?) WHERE id=?",
                (count, *span, like[0]),
            )
            return
        self.db.execute(
            "INSERT INTO ledger (at_us, reason, lane, count, first_us, last_us, says) "
            "VALUES (?,?,?,?,?,?,'')",
            (now_us, reason[:200], lane, count, *span),
        )

    def count(self, name: str, by: int) -> None:
        """Inside a transaction; written with it."""
        if by:
            self.counted[name] = self.counted.get(name, 0) + by

    def _write_counts(self) -> None:
        self.db.executemany(
            "INSERT INTO counter VALUES (?,?) ON CONFLICT (name) DO UPDATE SET "
            "value=value+excluded.value",
            self.counted.items(),
        )
        self.counted.clear()

    def counts(self) -> dict[str, int]:
        return {str(name): int(value) for name, value in self.db.execute("SELECT * FROM counter")}

    # room ----------------------------------------------------------------------------------

    def used_bytes(self) -> int:
        """What the file holds; pages that were freed are used again."""
        pages, free, size = (
            self.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


def waits(lane: Lane) -> str:
    """The name under which it is counted how many of a lane wait."""
    return f"waiting_{lane}"


WAITING_COUNTS = {waits(lane) for lane in LANES}


def refused_by(error: sqlite3.Error) -> StorageError:
    return StorageError(
        f"the edge's store refused to write ({error})",
        "make room on the disk; what was not acknowledged is sent again by its device",
        code="store_refused",
    )

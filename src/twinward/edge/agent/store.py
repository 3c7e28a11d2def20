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
from twinward.edge.agent.known import is_known, remember
from twinward.edge.agent.outbox import Outbox
from twinward.edge.agent.placing import DevicePlaces
from twinward.edge.agent.readings import OWN_BOOT, Reading, to_observation
from twinward.edge.agent.tables import HELD, LANES, SCHEMA, WAITING, WAITING_COUNTS, waits

# errors of the database that are about what it was given, and not about the disk
OF_THE_DATA = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError)
BUSY_MS = 10_000


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


class EdgeStore(Outbox, DevicePlaces):
    """The file, opened. Only one thread writes; `transaction` is durable when it returns."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        Outbox.__init__(self)
        DevicePlaces.__init__(self)
        self.path = path
        self._heard: dict[str, LastHeard] = {}  # in the transaction that is open
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
        self.look_up_places()
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

    def used_bytes(self) -> int:
        """What the file holds; pages that were freed are used again."""
        pages, free, size = (
            self.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)


def refused_by(error: sqlite3.Error) -> StorageError:
    return StorageError(
        f"the edge's store refused to write ({error})",
        "make room on the disk; what was not acknowledged is sent again by its device",
        code="store_refused",
    )

"""What of an agent's file waits for the centre, and the ledger of what will not reach it; every
count changes in the transaction of what it counts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from twinward.edge.agent.tables import ACKNOWLEDGED, LANES, WAITING, WAITING_COUNTS, waits
from twinward.edge.profiles import Lane

HOUR_US = 3_600_000_000


class Waiting(msgspec.Struct, frozen=True):
    """One reading that the centre has not acknowledged."""

    n: int
    occurred_us: int
    body: bytes
    lane: Lane


class Outbox:
    """The part of the file that goes out; its methods that write are called inside a
    transaction.
    """

    def __init__(self) -> None:
        self.db: sqlite3.Connection
        self.counted: dict[str, int] = {}  # in the transaction that is open

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

    def _scan_waiting(self) -> dict[str, int]:
        found = dict(
            self.db.execute(
                "SELECT lane, count(*) FROM reading WHERE state=? GROUP BY lane", (WAITING,)
            ).fetchall()
        )
        return {waits(lane): found.get(k, 0) for k, lane in enumerate(LANES)}

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

"""Room in an agent's file: above its bound what the centre has goes first, then routine readings,
the oldest first and every other one; alarms go last. What goes unsent is counted in the ledger.
"""

from __future__ import annotations

from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.tables import ACKNOWLEDGED, HELD, LANES, WAITING, waits
from twinward.edge.profiles import Lane

FORGET = 5000  # readings that go at once where room is short
LEAST_FREE = 0.9  # of the bound: thinned down to that


def make_room(store: EdgeStore, bound: float, now_us: int) -> None:
    """Inside a transaction; nothing goes while the file is within its bound."""
    if store.used_bytes() <= bound:
        return
    while store.used_bytes() > bound * LEAST_FREE:
        if not (
            forget_acknowledged(store, FORGET)
            or thin_held(store, FORGET, now_us)
            or thin(store, "bulk", FORGET, now_us)
            or thin(store, "status", FORGET, now_us)
            or thin(store, "alarm", FORGET, now_us)
        ):
            return


def forget_acknowledged(store: EdgeStore, most: int) -> int:
    """The oldest readings that the centre has: their numbers stay known, so that they are still
    seen as duplicates.
    """
    rows = store.db.execute(
        "DELETE FROM reading WHERE n IN (SELECT n FROM reading WHERE state=? ORDER BY n "
        "LIMIT ?) RETURNING device, boot, seq",
        (ACKNOWLEDGED, most),
    ).fetchall()
    store.thinned(rows)
    return len(rows)


def thin_held(store: EdgeStore, most: int, now_us: int) -> int:
    """The oldest readings that wait for a person go, counted in the ledger."""
    rows = store.db.execute(
        "DELETE FROM reading WHERE n IN (SELECT n FROM reading WHERE state=? ORDER BY n "
        "LIMIT ?) RETURNING occurred_us",
        (HELD, most),
    ).fetchall()
    if rows:
        span = (min(rows)[0], max(rows)[0])
        store.note_loss("held back, then thinned for want of room", "bulk", len(rows), span, now_us)
        store.count("thinned", len(rows))
    return len(rows)


def thin(store: EdgeStore, lane: Lane, most: int, now_us: int) -> int:
    """Every other one of the oldest waiting readings of a lane goes, counted in the ledger."""
    rows = store.db.execute(
        "SELECT n, device, boot, seq, occurred_us FROM reading WHERE state=? AND lane=? "
        "ORDER BY n LIMIT ?",
        (WAITING, LANES.index(lane), most),
    ).fetchall()
    gone = rows[::2]
    store.db.executemany("DELETE FROM reading WHERE n=?", [(row[0],) for row in gone])
    store.count(waits(lane), -len(gone))
    store.thinned([row[1:4] for row in gone])
    if gone:
        times = [row[4] for row in gone]
        span = (min(times), max(times))
        store.note_loss("thinned for want of room", lane, len(gone), span, now_us)
        store.count("thinned", len(gone))
    return len(gone)

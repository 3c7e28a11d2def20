"""What the writer holds back until it is flushed, where the log stands, and the rows last used."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from twinward.core.messages import Counts

Key = tuple[str, str]  # table, row key
# (area, row) of a current row; no row: there, but its subject's key was destroyed
Entry = tuple[str, msgspec.Struct | None]
# area, key, version, valid_from, recorded_at, subject, body (None: from here on no such row)
Version = tuple[str, str, int, int, int, str | None, bytes | None]
# id, type, actor, cause, recorded_at, first and last place, events, source, content
CommandCells = tuple[str, str, str, str | None, int, int, int, int, str | None, str | None]


class Head(msgspec.Struct, frozen=True):
    """Where the log stands: last place, last version of any row, last instant, last hash."""

    seq: int
    version: int
    recorded_us: int
    hash: bytes


class PendingWrites:
    """Writes not yet in the database. `rows` also answers for what has been flushed since the
    transaction began.
    """

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []
        self.commands: dict[str, CommandCells] = {}
        self.flushed_commands: dict[str, CommandCells] = {}
        self.rows: dict[
            str, dict[str, tuple[object, ...] | None]
        ] = {}  # by table and key; None when removed
        self.seen_rows: dict[Key, Entry | None] = {}  # as last written, None when removed
        self.history: dict[str, list[Version]] = {}
        self.offsets: dict[str, int] = {}
        self.counts: dict[str, Counts] = {}

    def take(self, other: PendingWrites) -> None:
        """Adds what `other` holds, which came later."""
        self.events += other.events
        self.commands.update(other.commands)
        self.flushed_commands.update(other.flushed_commands)
        for name, rows in other.rows.items():
            self.rows.setdefault(name, {}).update(rows)
        self.seen_rows.update(other.seen_rows)
        for name, versions in other.history.items():
            self.history.setdefault(name, []).extend(versions)
        self.offsets.update(other.offsets)
        for source, counts in other.counts.items():
            self.counts[source] = self.counts.get(source, Counts()) + counts


class Layer(PendingWrites):
    """What one attempt holds back, and what to go back to when it fails; `savepoint` once any of
    it was written.
    """

    def __init__(self, start: Head, keys: int) -> None:
        super().__init__()
        self.start = start
        self.keys = keys
        self.savepoint = ""


class RowCache:
    """The rows last used, so that the writer need not ask the database again; never a personal
    row's content.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rows: OrderedDict[Key, Entry | None] = OrderedDict()

    def get(self, key: Key) -> tuple[bool, Entry | None]:
        if key not in self._rows:
            return False, None
        self._rows.move_to_end(key)
        return True, self._rows[key]

    def update(self, rows: Mapping[Key, Entry | None]) -> None:
        self._rows.update(rows)
        while len(self._rows) > self._size:
            self._rows.popitem(last=False)

    def forget(self, places: set[Key]) -> None:
        for place in places:
            self._rows.pop(place, None)

    def clear(self) -> None:
        self._rows.clear()

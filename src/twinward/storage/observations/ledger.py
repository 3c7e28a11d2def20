"""Where drained observations went, counted from the rows themselves, to be held against what was
acknowledged.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from twinward.core.coding.files import write_whole
from twinward.core.messages import Counts, Difference
from twinward.storage.files.frames import Frame, FrameHead
from twinward.storage.observations.inbox_files import read_mark
from twinward.storage.observations.sensor_readings import SensorReadings

FILE = "ledger.json"


class PlacedFrames(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of all frames up to `upto`: by source, and by the place that has them."""

    upto: int = 0
    by_source: dict[str, int] = {}
    readings: int = 0
    others: int = 0
    expiring: bool = (
        False  # rows past their retention were being deleted: a crash leaves their number unknown
    )


class Gone(msgspec.Struct):
    """Rows deleted because their retention ended."""

    readings: int = 0
    others: int = 0


class DrainLedger:
    """Kept beside the inbox; entered once for each drain, however often a crash repeats it."""

    def __init__(self, root: Path, readings: SensorReadings) -> None:
        self.root = root
        self._readings = readings
        self._lock = threading.Lock()
        self._waiting: dict[
            int, tuple[str, int, int]
        ] = {}  # frame -> source, rows told, rows there; until drained
        path = root / FILE
        if path.exists():
            self.placed = msgspec.json.decode(path.read_bytes(), type=PlacedFrames)
            if self.placed.expiring:
                self._keep(readings=readings.count(), others=count_others(root), expiring=False)
        else:  # an inbox from before there was a ledger
            mark = read_mark(root / "inbox")
            stored = {source: counts.stored for source, counts in mark.totals.items()}
            self.placed = PlacedFrames(
                upto=mark.drained,
                by_source=stored,
                readings=readings.count(),
                others=count_others(root),
            )

    def see(self, head: FrameHead, rows: int) -> None:
        """A frame is durable and holds so many rows."""
        with self._lock:
            if head.n > self.placed.upto:
                self._waiting[head.n] = (head.source, head.stored, rows)

    def enter(self, frames: list[Frame], readings: int, others: int) -> None:
        """These frames are in their places."""
        last = frames[-1].head.n
        if last <= self.placed.upto:
            return
        by_source = dict(self.placed.by_source)
        for frame in frames:
            by_source[frame.head.source] = by_source.get(frame.head.source, 0) + len(frame.rows)
        placed = PlacedFrames(
            upto=last,
            by_source=by_source,
            readings=self.placed.readings + readings,
            others=self.placed.others + others,
        )
        write_whole(self.root / FILE, msgspec.json.encode(placed))
        with self._lock:
            self.placed = placed
            self._waiting = {n: told for n, told in self._waiting.items() if n > last}

    @contextmanager
    def expiring(self) -> Iterator[Gone]:
        """Takes rows that are deleted in its body, and counted there, off the account."""
        self._keep(expiring=True)
        gone = Gone()
        yield gone
        readings, others = self.placed.readings - gone.readings, self.placed.others - gone.others
        self._keep(readings=readings, others=others, expiring=False)

    def _keep(self, **changes: object) -> None:
        with self._lock:
            self.placed = msgspec.structs.replace(self.placed, **changes)
        write_whole(self.root / FILE, msgspec.json.encode(self.placed))

    def list_differences(self, drained: dict[str, Counts]) -> Iterator[Difference]:
        """Where what was acknowledged as stored is not what is there; call it while nothing drains.

        `drained` are the accounts of all frames that were drained.
        """
        with self._lock:
            told = {source: counts.stored for source, counts in drained.items()}
            there = dict(self.placed.by_source)
            for source, stored, rows in self._waiting.values():
                told[source] = told.get(source, 0) + stored
                there[source] = there.get(source, 0) + rows
        for source in sorted({*told, *there}):
            if told.get(source, 0) != there.get(source, 0):
                yield Difference(
                    what=f"observations of {source}",
                    told=told.get(source, 0),
                    found=there.get(source, 0),
                )
        for what, entered, found in (
            ("readings by hour", self.placed.readings, self._readings.count()),
            ("visits and notes", self.placed.others, count_others(self.root)),
        ):
            if entered != found:
                yield Difference(what=what, told=entered, found=found)


def count_others(root: Path) -> int:
    """Rows in the files of what is neither movement nor a reading."""
    return sum(pq.read_metadata(path).num_rows for path in (root / "others").glob("*.parquet"))

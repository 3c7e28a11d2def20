"""Observations from acceptance to their places: inbox, latest values, readings, and the lake for
movement.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twinward.core.clock import Clock, from_us, to_us
from twinward.core.coding.files import sync_folder
from twinward.core.errors import AbsentError, TwinwardError
from twinward.core.ids import is_personal
from twinward.core.messages import Counts, Difference
from twinward.core.ports import KeptBatch, Watcher
from twinward.storage.files.frames import Frame, FrameHead
from twinward.storage.maintenance.backup import draining_stopped
from twinward.storage.observations.duplicate_filter import seed_of, text_keys
from twinward.storage.observations.inbox import HORIZON, Inbox
from twinward.storage.observations.inbox_files import read_mark
from twinward.storage.observations.latest import (
    Latest,
    Sensors,
    are_hidden,
    are_personal,
    sensor_names,
)
from twinward.storage.observations.ledger import DrainLedger
from twinward.storage.observations.reading_pieces import Hourly, Told
from twinward.storage.observations.sensor_readings import SensorReadings

LOG = logging.getLogger("twinward.intake")
DRAIN_EVERY_S = 10.0
FRAMES_A_DRAIN = 4000  # bounds the memory of one drain

# movement rows as an Arrow table (subject, time_us, lon, lat, error_m, place, source_key), recorded
# at an instant
MovementSink = Callable[[Any, datetime], object]


class DurableIntake:
    """Owns the inbox of a workspace and keeps everything that is read from it up to date."""

    def __init__(
        self,
        root: Path,
        clock: Clock,
        movement: MovementSink | None,
        *,
        watcher: Watcher | None = None,
        horizon: int = HORIZON,
    ) -> None:
        """`movement` None: movement is kept with the others, as it came. `watcher` is shown all
        readings.
        """
        self.root = root
        self._movement = movement
        self._watcher = watcher
        root.mkdir(parents=True, exist_ok=True)
        self.latest = Latest(root)
        self._shown = read_mark(
            root / "inbox"
        ).drained  # the last frame that `_tell` is through with
        self.readings = SensorReadings(root / "readings", self._shown)
        self.ledger = DrainLedger(root, self.readings)
        self.inbox = Inbox(root / "inbox", clock, self._tell, horizon=horizon)
        self._stop = threading.Event()
        self._tending = threading.Lock()
        self._thread: threading.Thread | None = None
        self.trouble: str | None = None  # why the last drain did not succeed; it is tried again

    def start(self) -> None:
        """Drains by itself from now on."""
        self._thread = threading.Thread(target=self._run, name="twinward-intake", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(DRAIN_EVERY_S):
            try:
                self.drain()
                self.trouble = None
            except Exception as error:  # whatever it is, it is tried again and said meanwhile
                if self.trouble is None:
                    LOG.exception("what was taken in could not be moved to its place")
                told = isinstance(error, (TwinwardError, OSError))
                self.trouble = str(error) if told else f"a fault of ours ({type(error).__name__})"

    def accept(
        self, source: str, rows: pa.RecordBatch, rejected: int, sender: str = ""
    ) -> KeptBatch:
        """Keeps a checked batch; see `Inbox.accept`."""
        return self.inbox.accept(source, rows, rejected, sender)

    def _tell(self, head: FrameHead, rows: pa.RecordBatch) -> None:
        """A frame is durable: its readings become the latest values."""
        self.ledger.see(head, len(rows))
        value = rows.column("value")
        if value.null_count < len(rows):
            self._tell_readings(head, rows.filter(value.is_valid()) if value.null_count else rows)
        self._shown = head.n

    def _tell_readings(self, head: FrameHead, readings: pa.RecordBatch) -> None:
        sensor = self.latest.tell(readings)
        time_us = readings.column("time_us").to_numpy()
        value = readings.column("value").to_numpy(zero_copy_only=False)
        self.readings.tell(head.n, sensor, time_us, value, places_of_things(readings))
        if self._watcher is not None:
            self._watcher.look(head.space, readings, head.n, head.recorded_us)

    def drain(self) -> int:
        """Moves all that is durable to its place; how many frames were moved."""
        moved = 0
        with self._tending, draining_stopped(self.root):
            shown = self._shown
            if self._watcher is not None:
                self._watcher.settle()  # what is drained is not shown again after a crash
            while step := self.inbox.drain(
                self._place, min(shown, self.inbox.drained_n + FRAMES_A_DRAIN)
            ):
                self.readings.forget(self.inbox.drained_n)
                moved += step
        return moved

    def _place(self, batch_id: str, frames: list[Frame]) -> None:
        """Keeps the rows of these frames once, however often it is called with them."""
        self.latest.save()
        self.readings.settle(frames[0].head.n, frames[-1].head.n, frames[-1].head.recorded_us)
        rows = [with_keys(frame) for frame in frames if frame.head.stored]
        if rows:
            table = pa.Table.from_batches(rows)
            rest = table.filter(pc.is_null(table["value"]))
            others = self._place_rest(batch_id, rest, frames[-1].head.recorded_us)
            self.ledger.enter(frames, len(table) - len(rest), others)

    def _place_rest(self, batch_id: str, table: pa.Table, recorded_us: int) -> int:
        """Keeps what are no readings; how many of them are not movement either."""
        moves = pc.and_(pc.is_valid(table["subject"]), pc.is_valid(table["lon"]))
        others = table.filter(pc.invert(moves)) if self._movement is not None else table
        movement = table.filter(moves)
        if self._movement is not None and len(movement):
            fixes = movement.select(
                ["subject", "time_us", "lon", "lat", "error_m", "place", "source_key"]
            )
            self._movement(fixes.combine_chunks(), from_us(recorded_us))
        if len(others):
            self._keep_others(f"{batch_id}-{recorded_us}", others)
        return len(others)

    def _keep_others(self, name: str, rows: pa.Table) -> None:
        """Visits and notes without coordinates are neither movement nor readings: they are kept
        as they came.
        """
        folder = self.root / "others"
        folder.mkdir(exist_ok=True)
        beside = folder / f"{name}.parquet.new"
        pq.write_table(rows, beside)
        beside.replace(folder / f"{name}.parquet")
        sync_folder(folder)

    def expire(
        self, at: datetime, retention_days: int, kept: Sequence[tuple[datetime, datetime]] = ()
    ) -> int:
        """Deletes what was recorded more than `retention_days` before `at`, save what `kept`
        covers; how much.
        """
        self.drain()
        before_us = to_us(at - timedelta(days=retention_days))
        windows = [(to_us(start), to_us(end)) for start, end in kept]
        with self._tending:
            self.inbox.roll()
            with self.ledger.expiring() as gone:
                gone.readings = self.readings.expire(before_us, windows)
                self.latest.end_persons(self.readings.list_sensors())
                for path in (self.root / "others").glob("*.parquet"):
                    if int(path.stem.rpartition("-")[2]) < before_us:
                        gone.others += expire_rows(path, windows)
            return gone.readings + gone.others

    # what is asked of it
    # -----------------------------------------------------------------------------------------

    def counts(self) -> dict[str, Counts]:
        """Each source's account: received = stored + rejected + duplicate."""
        return self.inbox.counts()

    def sensors(self) -> Sensors:
        """The latest value of every sensor of a thing; what was read of persons is asked for one
        by one.
        """
        return self.latest.of_things()

    def sensors_at(self, at: datetime, since: datetime, named: str = "") -> Sensors:
        """The last that every sensor of a thing whose name begins with `named` told from `since` to
        `at`; where it told no place then, it stands where it last said it does.
        """
        some = None
        if named:
            names = pc.starts_with(self.latest.sensors().name, named)
            some = np.flatnonzero(names.to_numpy(zero_copy_only=False))
        told = self.readings.before(to_us(at), to_us(since), some)
        now = self.latest.sensors()
        kept = ~are_hidden(now.name)[told.sensor]
        rows = told.sensor[kept]
        lon, lat = told.lon[kept], told.lat[kept]
        silent = ~np.isfinite(lon)
        return Sensors(
            name=now.name.take(pa.array(rows)),
            time_us=told.time_us[kept],
            value=told.value[kept],
            area=now.area[rows],
            unit=now.unit[rows],
            lon=np.where(silent, now.lon[rows], lon),
            lat=np.where(silent, now.lat[rows], lat),
            apart=np.zeros(len(rows), np.bool_),
            areas=now.areas,
            units=now.units,
        )

    def track(self, sensor: str, start: datetime, end: datetime) -> Told:
        """All that a sensor of a thing told in [start, end), with where it was; or AbsentError."""
        number = None if is_personal(sensor) else self.latest.find_number(sensor)
        if number is None:
            raise AbsentError(
                f"no sensor {sensor!r} was heard", "list the sensors to see their names"
            )
        return self.readings.track(number, to_us(start), to_us(end))

    def count_new_sensors(self, rows: pa.RecordBatch) -> int:
        """Of how many sensors that were never heard a batch tells readings."""
        return self.latest.count_new(rows.filter(rows.column("value").is_valid()))

    def find_area(self, sensor: str) -> str | None:
        """The area of a sensor's latest reading."""
        return self.latest.find_area(sensor)

    def find_unit(self, sensor: str) -> str | None:
        """The unit of a sensor's latest reading."""
        return self.latest.find_unit(sensor)

    def hourly(self, sensor: str, start: datetime, end: datetime) -> Hourly:
        """Readings of one sensor, named `<type>:<place or area>` or `<type>:person:<subject>`,
        in [start, end) by hour; or AbsentError.
        """
        number = self.latest.find_number(sensor)
        if number is None:
            raise AbsentError(
                f"no sensor {sensor!r} was heard", "list the sensors to see their names"
            )
        return self.readings.hourly(number, to_us(start), to_us(end))

    def list_differences(self) -> list[Difference]:
        """Where what was acknowledged as stored is not what is there."""
        with self._tending:
            return list(self.ledger.list_differences(self.inbox.drained_counts()))

    def close(self) -> None:
        """Stops draining and lets go of the inbox; what is not drained stays there for the next
        start.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.inbox.close()


def places_of_things(readings: pa.RecordBatch) -> tuple[NDArray[Any], NDArray[Any]]:
    """(lon, lat) of each reading, NaN where none was told and where a person is."""
    lon, lat = (
        readings.column(name).to_numpy(zero_copy_only=False).astype(np.float64, copy=True)
        for name in ("lon", "lat")
    )
    if np.isfinite(lon).any():
        persons = are_personal(sensor_names(readings))
        lon[persons], lat[persons] = np.nan, np.nan
    return lon, lat


def expire_rows(path: Path, kept: Sequence[tuple[int, int]]) -> int:
    """Takes the rows out of a file that no window covers, and the file with its last row; how
    many.
    """
    rows = pq.read_table(path)
    time_us = rows["time_us"].to_numpy()
    keep = np.zeros(len(rows), np.bool_)
    for start, end in kept:
        keep |= (time_us >= start) & (time_us < end)
    if keep.any():
        pq.write_table(rows.filter(pa.array(keep)), path.with_name(path.name + ".new"))
        path.with_name(path.name + ".new").replace(path)
    else:
        path.unlink()
    return int((~keep).sum())


def with_keys(frame: Frame) -> pa.RecordBatch:
    """The rows with their 64-bit `source_key`, by which the lake knows them again."""
    keys = text_keys(frame.rows.column(0), seed_of(frame.head.space))[:, 0]
    return frame.rows.append_column("source_key", pa.array(np.maximum(keys, np.uint64(1))))

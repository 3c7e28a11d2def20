"""Every reading, ordered by sensor and time: recent ones in memory, the rest in sorted pieces by
day.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.coding.files import sync_folder
from twinward.storage.files import kernels
from twinward.storage.observations.reading_pieces import (
    COLUMNS,
    PLACES,
    Hourly,
    Told,
    ends_of_runs,
    last_of_each,
    last_of_some,
    read_npy,
    read_piece,
    rows_of,
    write_npy,
)

MOST_PIECES = 8  # of one day; then they are merged
MANY_TOLD = 64  # batches in memory; then they are joined, so that a question looks at few arrays


class SensorReadings:
    """Pieces in `root`/<day>/<first>-<last>/{sensor,time_us,value}.npy, with lon and lat where
    anything told its place, and what came since in memory.
    """

    def __init__(self, root: Path, settled: int = 0) -> None:
        """`settled` is the last frame known to be drained: later pieces come from a drain that a
        crash cut short.
        """
        self.root = root
        self._settled = settled
        self._mapped: dict[Path, tuple[NDArray[Any], ...]] = {}
        self._lock = threading.Lock()
        # frame, sensor, time_us, value, lon, lat
        self._recent: list[tuple[NDArray[Any], ...]] = []
        root.mkdir(parents=True, exist_ok=True)
        for piece in root.glob("*/*"):
            if piece.name.endswith(".new") or int(piece.name[13:]) > settled:
                shutil.rmtree(piece)

    def tell(
        self,
        n: int,
        sensor: NDArray[Any],
        time_us: NDArray[Any],
        value: NDArray[Any],
        place: tuple[NDArray[Any], NDArray[Any]] | None = None,
    ) -> None:
        """Takes the readings of frame `n`, and (lon, lat) where they were told."""
        lon, lat = place or (np.full(len(sensor), np.nan),) * 2
        with self._lock:
            self._recent.append(
                (np.full(len(sensor), n, np.int64), sensor, time_us, value, lon, lat)
            )
            small = [
                k for k, told in enumerate(self._recent) if len(told[0]) < MANY_TOLD * len(sensor)
            ]
            if len(small) > MANY_TOLD:
                first = small[0]
                joined = tuple(
                    np.concatenate([told[k] for told in self._recent[first:]]) for k in range(6)
                )
                self._recent[first:] = [joined]

    def settle(self, first: int, last: int, recorded_us: int) -> int:
        """Writes what frames `first` to `last` told as sorted pieces by day; repeating it
        changes nothing.
        """
        with self._lock:
            recent = list(self._recent)
        mine = [told[0] <= last for told in recent]
        if not recent:
            return 0
        columns = [
            np.concatenate([t[k][m] for t, m in zip(recent, mine, strict=True)])
            for k in range(1, 6)
        ]
        day = columns[1] // DAY_US
        for one in np.unique(day):
            here = day == one
            name = f"{first:012d}-{last:012d}"
            self._write(int(one), name, recorded_us, tuple(column[here] for column in columns))
        return len(columns[0])

    def forget(self, last: int) -> None:
        """Lets go, in memory, of what frames up to `last` told, now that they are settled; joins
        small pieces.
        """
        with self._lock:
            self._settled = max(
                self._settled, last
            )  # from here on the pieces answer for these frames, at one stroke
            cut = [tuple(column[told[0] > last] for column in told) for told in self._recent]
            self._recent = [told for told in cut if len(told[0])]
        for folder in sorted(self.root.iterdir()):
            self._merge(folder)

    def _write(
        self, day: int, name: str, recorded_us: int, columns: tuple[NDArray[Any], ...]
    ) -> None:
        order = np.lexsort((columns[1], columns[0]))
        folder = self.root / str(day)
        folder.mkdir(exist_ok=True)
        beside, there = folder / f"{name}.new", folder / name
        if there.exists():
            return
        beside.mkdir()
        write_npy(beside / "recorded_us.npy", np.array([recorded_us]))
        placed = bool(np.isfinite(columns[3]).any())
        for column, values in zip(COLUMNS + PLACES, columns, strict=True):
            if placed or column not in PLACES:
                write_npy(beside / f"{column}.npy", values[order])
        beside.rename(there)
        sync_folder(folder)
        sync_folder(self.root)

    def _pieces(self, folder: Path, settled: int) -> list[Path]:
        """The pieces of a day that count: settled, and not swallowed by a merged one, whose
        frames contain theirs.
        """
        names = [path.name for path in folder.iterdir() if not path.name.endswith(".new")]
        found = [
            (int(name[:12]), int(name[13:]), folder / name)
            for name in names
            if int(name[13:]) <= settled
        ]
        return [
            path
            for first, last, path in sorted(found)
            if not any(a <= first and last <= b and other != path for a, b, other in found)
        ]

    def _merge(self, folder: Path) -> None:
        pieces = self._pieces(folder, self._settled)
        if len(pieces) > MOST_PIECES:
            read = [read_piece(piece) for piece in pieces]
            columns = tuple(np.concatenate([one[k] for one in read]) for k in range(5))
            recorded_us = max(int(read_npy(p, "recorded_us")[0]) for p in pieces)
            self._write(
                int(folder.name),
                f"{pieces[0].name[:12]}-{pieces[-1].name[13:]}",
                recorded_us,
                columns,
            )
        kept = set(self._pieces(folder, self._settled))
        for path in folder.iterdir():
            if path not in kept:
                self._mapped.pop(path, None)
                shutil.rmtree(path)

    def count(self) -> int:
        """Settled readings, as the pieces have them."""
        return sum(len(read_npy(piece, "value")) for piece in self._every_piece())

    def _every_piece(self) -> list[Path]:
        return [
            piece
            for folder in sorted(self.root.iterdir())
            for piece in self._pieces(folder, self._settled)
        ]

    def expire(self, before_us: int, kept: Sequence[tuple[int, int]] = ()) -> int:
        """Deletes pieces recorded before an instant, save days that a window in `kept` touches;
        how many readings.
        """
        deleted = 0
        for piece in self._every_piece():
            day_us = int(piece.parent.name) * DAY_US
            kept_here = any(start < day_us + DAY_US and end > day_us for start, end in kept)
            if not kept_here and int(read_npy(piece, "recorded_us")[0]) < before_us:
                deleted += len(read_npy(piece, "sensor"))
                self._mapped.pop(piece, None)
                shutil.rmtree(piece)
        return deleted

    def list_sensors(self) -> NDArray[Any]:
        """The numbers of all sensors of which any reading is there."""
        with self._lock:
            found = [np.unique(told[1]) for told in self._recent]
        found += [np.unique(read_npy(piece, "sensor")) for piece in self._every_piece()]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *found])).astype(np.int64)

    def of_sensor(
        self, sensor: int, start_us: int, end_us: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """time_us int64[N] and value float64[N] of one sensor in [start, end), in order of time
        within each piece.
        """
        while True:
            try:
                return self._of_sensor(sensor, start_us, end_us)
            except FileNotFoundError:
                continue  # a piece was merged meanwhile: its rows are in another

    def _of_sensor(
        self, sensor: int, start_us: int, end_us: int
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        with self._lock:
            recent, settled = list(self._recent), self._settled
        times, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for folder in self.root.iterdir():
            if not start_us - DAY_US < int(folder.name) * DAY_US < end_us:
                continue
            for piece in self._pieces(folder, settled):
                sensors, time_us, value = self._columns(piece)[:3]
                low, high = np.searchsorted(sensors, np.array([sensor, sensor + 1], sensors.dtype))
                times.append(time_us[low:high])
                values.append(value[low:high])
        for _, sensors, time_us, value, *_ in recent:
            here = sensors == sensor
            if here.any():
                times.append(time_us[here])
                values.append(value[here])
        time_us, value = np.concatenate(times), np.concatenate(values)
        inside = (time_us >= start_us) & (time_us < end_us)
        return time_us[inside], value[inside]

    def _columns(self, piece: Path) -> tuple[NDArray[Any], ...]:
        """The columns of a piece, mapped once and kept open."""
        found = self._mapped.get(piece)
        if found is None:
            found = self._mapped[piece] = read_piece(piece)
        return found

    def track(self, sensor: int, start_us: int, end_us: int) -> Told:
        """All that one sensor told in [start, end), oldest first."""
        return self._read(
            lambda: self._gather(
                start_us, end_us - 1, lambda told: rows_of(told, sensor), np.array([sensor])
            )
        )

    def before(self, at_us: int, since_us: int, of: NDArray[Any] | None = None) -> Told:
        """The last that each sensor, or each of the numbers `of`, told from `since_us` to `at_us`,
        both included; by sensor. A sensor that told nothing in this time is not there.
        """

        def choose(told: tuple[NDArray[Any], ...]) -> NDArray[Any]:
            return last_of_each(told, at_us) if of is None else last_of_some(told, at_us, of)

        return self._read(lambda: self._gather(since_us, at_us, choose, of, each_once=True))

    @staticmethod
    def _read(ask: Callable[[], Told]) -> Told:
        while True:
            try:
                return ask()
            except FileNotFoundError:
                continue  # a piece was merged meanwhile: its rows are in another

    def _gather(
        self,
        start_us: int,
        end_us: int,
        choose: Callable[[tuple[NDArray[Any], ...]], NDArray[Any]],
        of: NDArray[Any] | None,
        *,
        each_once: bool = False,
    ) -> Told:
        """The rows that `choose` names of every piece and batch from start to end, by time, or by
        sensor and only the last of each.
        """
        with self._lock:
            recent, settled = list(self._recent), self._settled
        pieces = [
            self._columns(piece)
            for folder in self.root.iterdir()
            if start_us - DAY_US < int(folder.name) * DAY_US <= end_us
            for piece in self._pieces(folder, settled)
        ]
        for _, *columns in recent:
            within = (columns[1] >= start_us) & (columns[1] <= end_us)
            inside = np.flatnonzero(within if of is None else within & np.isin(columns[0], of))
            order = inside[np.lexsort((columns[1][inside], columns[0][inside]))]
            pieces.append(tuple(column[order] for column in columns))
        rows = [choose(piece) for piece in pieces]
        none = (np.zeros(0, np.int64),) * 2 + (np.zeros(0),) * 3
        joined = [
            np.concatenate(
                [none[k], *(piece[k][row] for piece, row in zip(pieces, rows, strict=True))]
            )
            for k in range(5)
        ]
        keep = np.flatnonzero((joined[1] >= start_us) & (joined[1] <= end_us))
        keys = (joined[1][keep], joined[0][keep]) if each_once else (joined[1][keep],)
        order = keep[np.lexsort(keys)]
        if each_once:
            order = order[ends_of_runs(joined[0][order])]
        names = (*COLUMNS, *PLACES)
        return Told(**{name: joined[k][order] for k, name in enumerate(names)})

    def hourly(self, sensor: int, start_us: int, end_us: int) -> Hourly:
        """One sensor's readings in [start, end) by hour; hours without a reading are left out."""
        time_us, value = self.of_sensor(sensor, start_us, end_us)
        first = int(time_us.min()) // kernels.HOUR_US if len(time_us) else 0
        hours = int(time_us.max()) // kernels.HOUR_US - first + 1 if len(time_us) else 0
        count, total = np.zeros(hours, np.int64), np.zeros(hours)
        least, greatest = np.full(hours, np.inf), np.full(hours, -np.inf)
        kernels.by_hour(time_us, value, first, count, total, least, greatest)
        some = count > 0
        starts = (first + np.flatnonzero(some)) * kernels.HOUR_US
        mean = total[some] / count[some]
        return Hourly(
            hour_us=starts, count=count[some], mean=mean, least=least[some], greatest=greatest[some]
        )

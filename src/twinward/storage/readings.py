"""Every reading, ordered by sensor and time: recent ones in memory, the rest in sorted pieces by day."""

from __future__ import annotations

import io
import shutil
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.storage import kernels
from twinward.storage.frames import sync_folder, write_whole

MOST_PIECES = 8  # of one day; then they are merged
MANY_TOLD = 64  # batches in memory; then they are joined, so that a question looks at few arrays
COLUMNS = ("sensor", "time_us", "value")


class Hourly(msgspec.Struct, frozen=True, kw_only=True):
    """Readings of one sensor by hour: hour_us int64[H] (starts), count int64[H], mean, least, greatest float64[H]."""

    hour_us: NDArray[Any]
    count: NDArray[Any]
    mean: NDArray[Any]
    least: NDArray[Any]
    greatest: NDArray[Any]


class Readings:
    """Pieces in `root`/<day>/<first>-<last>-{sensor,time_us,value}.npy, and what came since in memory."""

    def __init__(self, root: Path, settled: int = 0) -> None:
        """`settled` is the last frame known to be drained: later pieces come from a drain that a crash cut short."""
        self.root = root
        self._lock = threading.Lock()
        self._recent: list[tuple[NDArray[Any], ...]] = []  # frame, sensor, time_us, value
        root.mkdir(parents=True, exist_ok=True)
        for piece in root.glob("*/*"):
            if piece.name.endswith(".new") or int(piece.name[13:]) > settled:
                shutil.rmtree(piece)

    def tell(self, n: int, sensor: NDArray[Any], time_us: NDArray[Any], value: NDArray[Any]) -> None:
        """Takes the readings of frame `n`."""
        with self._lock:
            self._recent.append((np.full(len(sensor), n, np.int64), sensor, time_us, value))
            small = [k for k, told in enumerate(self._recent) if len(told[0]) < MANY_TOLD * len(sensor)]
            if len(small) > MANY_TOLD:
                first = small[0]
                joined = tuple(np.concatenate([told[k] for told in self._recent[first:]]) for k in range(4))
                self._recent[first:] = [joined]

    def settle(self, first: int, last: int) -> int:
        """Writes what frames `first` to `last` told as sorted pieces by day; repeating it changes nothing."""
        with self._lock:
            recent = list(self._recent)
        mine = [told[0] <= last for told in recent]
        if not recent:
            return 0
        sensor, time_us, value = (
            np.concatenate([t[k][m] for t, m in zip(recent, mine, strict=True)]) for k in (1, 2, 3)
        )
        day = time_us // DAY_US
        for one in np.unique(day):
            here = day == one
            self._write(int(one), f"{first:012d}-{last:012d}", sensor[here], time_us[here], value[here])
        return len(sensor)

    def forget(self, last: int) -> None:
        """Lets go, in memory, of what frames up to `last` told, now that they are settled; joins small pieces."""
        with self._lock:
            cut = [tuple(column[told[0] > last] for column in told) for told in self._recent]
            self._recent = [told for told in cut if len(told[0])]
        for folder in sorted(self.root.iterdir()):
            self._merge(folder)

    def _write(self, day: int, name: str, sensor: Any, time_us: Any, value: Any) -> None:
        order = np.lexsort((time_us, sensor))
        folder = self.root / str(day)
        folder.mkdir(exist_ok=True)
        beside, there = folder / f"{name}.new", folder / name
        if there.exists():
            return
        beside.mkdir()
        for column, values in zip(COLUMNS, (sensor, time_us, value), strict=True):
            write_npy(beside / f"{column}.npy", values[order])
        beside.rename(there)
        sync_folder(folder)
        sync_folder(self.root)

    def _pieces(self, folder: Path) -> list[Path]:
        """The pieces of a day that count: one that a merge has swallowed lies inside the frames of the merged one."""
        found = [(int(p.name[:12]), int(p.name[13:]), p) for p in folder.iterdir() if not p.name.endswith(".new")]
        return [
            path for first, last, path in sorted(found)
            if not any(a <= first and last <= b and other != path for a, b, other in found)
        ]  # fmt: skip

    def _merge(self, folder: Path) -> None:
        pieces = self._pieces(folder)
        if len(pieces) > MOST_PIECES:
            columns = [np.concatenate([read_npy(p, c) for p in pieces]) for c in COLUMNS]
            self._write(int(folder.name), f"{pieces[0].name[:12]}-{pieces[-1].name[13:]}", *columns)
        kept = set(self._pieces(folder))
        for path in folder.iterdir():
            if path not in kept:
                shutil.rmtree(path)

    def count(self) -> int:
        """Settled readings, as the pieces have them."""
        return sum(len(read_npy(piece, "value")) for day in self.root.iterdir() for piece in self._pieces(day))

    def of_sensor(self, sensor: int, start_us: int, end_us: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """time_us int64[N] and value float64[N] of one sensor in [start, end), in order of time within each piece."""
        with self._lock:
            recent = list(self._recent)
        times, values = [np.zeros(0, np.int64)], [np.zeros(0)]
        for folder in self.root.iterdir():
            if not start_us - DAY_US < int(folder.name) * DAY_US < end_us:
                continue
            for piece in self._pieces(folder):
                sensors = read_npy(piece, "sensor")
                low, high = np.searchsorted(sensors, np.array([sensor, sensor + 1], sensors.dtype))
                times.append(read_npy(piece, "time_us")[low:high])
                values.append(read_npy(piece, "value")[low:high])
        for _, sensors, time_us, value in recent:
            here = sensors == sensor
            if here.any():
                times.append(time_us[here])
                values.append(value[here])
        time_us, value = np.concatenate(times), np.concatenate(values)
        inside = (time_us >= start_us) & (time_us < end_us)
        return time_us[inside], value[inside]

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
        return Hourly(hour_us=starts, count=count[some], mean=mean, least=least[some], greatest=greatest[some])


def write_npy(path: Path, values: NDArray[Any]) -> None:
    """One column, durable."""
    data = io.BytesIO()
    np.save(data, values)
    write_whole(path, data.getvalue())


def read_npy(piece: Path, column: str) -> NDArray[Any]:
    """A column of a piece, memory-mapped."""
    found: NDArray[Any] = np.load(piece / f"{column}.npy", mmap_mode="r")
    return found

"""Rows on their way into the lake, grouped by day; what does not fit in memory is spilled to scratch files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.ports import Fixes
from twinward.storage.lake import kernels

MEMORY_ROWS = 40_000_000  # about 1.5 GB
DTYPES: dict[str, np.dtype[Any]] = {
    "subject": np.dtype(np.int32),
    "time_us": np.dtype(np.int64),
    "lon": np.dtype(np.float64),
    "lat": np.dtype(np.float64),
    "error_m": np.dtype(np.float32),
    "place": np.dtype(np.int32),
    "identified": np.dtype(np.bool_),
}
FILL: dict[str, Any] = {"error_m": np.nan, "place": -1, "identified": False}


class DayBuffer:
    """Columns by day. A column that no row had (`error_m`, `place`, `identified`) costs nothing."""

    def __init__(self, scratch: Path, memory_rows: int = MEMORY_ROWS) -> None:
        self.scratch = scratch
        self.memory_rows = memory_rows
        self.held: dict[int, list[dict[str, NDArray[Any]]]] = {}
        self.spilled: dict[int, list[tuple[Path, int, list[str]]]] = {}
        self.rows = 0

    def add(self, columns: dict[str, NDArray[Any]], keep: NDArray[Any]) -> None:
        """Rows where `keep`, in their order."""
        time_us = columns["time_us"]
        if not keep.any():
            return
        held = time_us[keep] if not keep.all() else time_us
        first, last = int(held.min() // DAY_US), int(held.max() // DAY_US)
        if first == last and len(held) == len(time_us):
            self.held.setdefault(first, []).append(columns)
            self._count(len(held))
            return
        order, starts = kernels.split_days(time_us, keep, first, last - first + 1)
        for number in np.flatnonzero(np.diff(starts)):
            rows = order[starts[number] : starts[number + 1]]
            chunk = {name: kernels.take(column, rows) for name, column in columns.items()}
            self.held.setdefault(first + int(number), []).append(chunk)
        self._count(len(order))

    def _count(self, rows: int) -> None:
        self.rows += rows
        if self.rows > self.memory_rows:
            self._spill()

    def _spill(self) -> None:
        self.scratch.mkdir(parents=True, exist_ok=True)
        for day, chunks in self.held.items():
            for chunk in chunks:
                pieces = self.spilled.setdefault(day, [])
                path = self.scratch / f"spill-{day}-{len(pieces)}"
                with open(path, "wb") as file:
                    for column in chunk.values():
                        file.write(np.ascontiguousarray(column).data)
                pieces.append((path, len(chunk["subject"]), list(chunk)))
        self.held, self.rows = {}, 0

    def days(self) -> list[int]:
        return sorted(self.held.keys() | self.spilled.keys())

    def pop(self, day: int) -> tuple[Fixes, NDArray[Any]]:
        """The rows of a day in the order they came, and which of them had an id of their source."""
        chunks = []
        for path, rows, names in self.spilled.pop(day, []):
            with open(path, "rb") as file:
                chunks.append({name: np.fromfile(file, DTYPES[name], rows) for name in names})
            path.unlink()
        chunks += self.held.pop(day, [])
        columns = {}
        for name, dtype in DTYPES.items():
            columns[name] = np.concatenate(
                [
                    chunk[name].astype(dtype, copy=False)
                    if name in chunk
                    else np.full(len(chunk["subject"]), FILL[name], dtype)
                    for chunk in chunks
                ]
            )
        identified = columns.pop("identified")
        flag = np.zeros(len(identified), np.uint8)
        return Fixes(**columns, flag=flag), identified

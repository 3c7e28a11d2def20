"""Rows on their way into the lake, grouped by day; what does not fit in memory is spilled to
scratch files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.storage.lake import kernels
from twinward.storage.lake.rows import LakeRows, join, pack
from twinward.storage.lake.scratch_arrays import ScratchArrays

MEMORY_ROWS = 100_000_000  # 1.6 GB in the narrowest form


class DayBuffer:
    """Rows by day. A column that no row had (`error_m`, `place`, `identified`) costs nothing."""

    def __init__(self, scratch: Path, memory_rows: int = MEMORY_ROWS) -> None:
        self.scratch = scratch
        self.memory_rows = memory_rows
        self.held: dict[int, list[LakeRows]] = {}
        self.spilled: dict[int, list[tuple[Path, LakeRows]]] = {}
        self.rows = 0

    def add(self, columns: dict[str, NDArray[Any]], keep: NDArray[Any] | None) -> None:
        """Rows where `keep` (None: all), in their order."""
        time_us = columns["time_us"]
        held = time_us if keep is None else time_us[keep]
        if not len(held):
            return
        first, last = int(held.min() // DAY_US), int(held.max() // DAY_US)
        if first == last and len(held) == len(time_us):
            self.held.setdefault(first, []).append(pack(columns, first))
        else:
            all_rows = np.ones(len(time_us), np.bool_) if keep is None else keep
            order, starts = kernels.split_days(time_us, all_rows, first, last - first + 1)
            for number in np.flatnonzero(np.diff(starts)):
                rows, day = order[starts[number] : starts[number + 1]], first + int(number)
                chunk = {name: kernels.take(column, rows) for name, column in columns.items()}
                self.held.setdefault(day, []).append(pack(chunk, day))
        self.rows += len(held)
        if self.rows > self.memory_rows:
            self._spill()

    def _spill(self) -> None:
        self.scratch.mkdir(parents=True, exist_ok=True)
        for day, chunks in self.held.items():
            pieces = self.spilled.setdefault(day, [])
            for chunk in chunks:
                path = self.scratch / f"spill-{day}-{len(pieces)}"
                chunk.words.tofile(path)
                pieces.append((path, msgspec.structs.replace(chunk, words=chunk.words[:0])))
        self.held, self.rows = {}, 0

    def days(self) -> list[int]:
        return sorted(self.held.keys() | self.spilled.keys())

    def pop(self, day: int, room: ScratchArrays) -> LakeRows:
        """The rows of a day in the order they came, in the room."""
        chunks = []
        for path, form in self.spilled.pop(day, []):
            words = np.fromfile(path, np.int32).reshape(-1, form.words.shape[1])
            chunks.append(msgspec.structs.replace(form, words=words))
            path.unlink()
        return join(chunks + self.held.pop(day, []), day, room)

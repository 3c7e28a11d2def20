"""Subjects that are whole numbers, counted in the order they are first met, from table to table
of one file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twinward.edge.feeds import kernels

WIDEST = 1 << 24  # between the least and the greatest number; wider ones are hashed


class SubjectNumbers:
    """Dictionary encoding by a table instead of a hash; each dictionary begins with the one
    before it.
    """

    def __init__(self) -> None:
        self.base = 0
        self.table: NDArray[Any] = np.empty(0, np.int32)  # number - base -> its code, -1 not met
        self.met: NDArray[Any] = np.empty(0, np.int64)
        self.count = 0

    def encode(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """A dictionary array of an integer array without nulls."""
        if not len(column) or pa.types.is_uint64(column.type):
            return column.dictionary_encode()
        values = column.to_numpy().astype(np.int64, copy=False)
        if not self._make_room(int(values.min()), int(values.max())):
            return column.dictionary_encode()
        codes, self.count = kernels.number_subjects(
            values, self.base, self.table, self.met, self.count
        )
        return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(self.met[: self.count]))

    def _make_room(self, low: int, high: int) -> bool:
        """Widen the table to hold [low, high]; False when it would be too wide."""
        if len(self.table):
            low, high = min(low, self.base), max(high, self.base + len(self.table) - 1)
        if high - low >= WIDEST:
            return False
        if high - low >= len(self.table):
            wider = np.full(high - low + 1, -1, np.int32)
            wider[self.base - low : self.base - low + len(self.table)] = self.table
            self.met = np.concatenate(
                [self.met[: self.count], np.empty(len(wider) - self.count, np.int64)]
            )
            self.base, self.table = low, wider
        return True

"""Room to work in, kept from day to day: clearing fresh memory costs the system as much as
sorting does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class ScratchArrays:
    """Arrays by name. What a name gave before is overwritten when the name is asked for again."""

    def __init__(self) -> None:
        self.arrays: dict[str, NDArray[Any]] = {}

    def take(self, name: str, rows: int, kind: DTypeLike, wide: int = 0) -> NDArray[Any]:
        """An array of `rows` (and `wide` columns), with whatever is in it."""
        size, held = rows * max(wide, 1), self.arrays.get(name)
        if held is None or len(held) < size or held.dtype != kind:
            self.arrays[name] = held = np.empty(size, kind)
        return held[:size].reshape(rows, wide) if wide else held[:size]

    def constant(self, name: str, rows: int, value: object, kind: DTypeLike) -> NDArray[Any]:
        """`rows` times the same value; nobody may write into it."""
        held = self.arrays.get(name)
        if held is None or len(held) < rows:
            self.arrays[name] = held = np.full(rows, value, kind)
        return held[:rows]

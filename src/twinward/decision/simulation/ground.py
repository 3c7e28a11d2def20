"""The ground that a hazard model runs on: a grid of elevations, rows from the north."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError

Floats = NDArray[np.float64]


class CaseGround(msgspec.Struct, frozen=True, kw_only=True):
    """The ground of a case: elevation with NaN where there is no data."""

    cell_m: float
    elevation: Floats
    outside: NDArray[np.bool_]

    @property
    def rows(self) -> int:
        return int(self.elevation.shape[0])

    @property
    def cols(self) -> int:
        return int(self.elevation.shape[1])

    def index(self, what: str, row: int | None, col: int | None) -> tuple[int, int]:
        """Zero-based place of row and col, from 1; InputError `outside_grid`."""
        if row is None or col is None:
            raise InputError(f"{what} has no row and col", "name the cell", code="bad_case")
        if not (1 <= row <= self.rows and 1 <= col <= self.cols):
            raise InputError(
                f"{what} is at row {row}, col {col}, outside {self.rows} rows of {self.cols}",
                "rows and columns count from 1, row 1 is the northernmost",
                code="outside_grid",
            )
        if self.outside[row - 1, col - 1]:
            raise InputError(
                f"{what} is at row {row}, col {col}, where the elevation has no data",
                "name a cell with data",
                code="outside_grid",
            )
        return row - 1, col - 1

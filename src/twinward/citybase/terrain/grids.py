"""Grids of a case: numbers by row and column, row 1 the northernmost, wherever they lie."""

from __future__ import annotations

import io
import math
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.sources.rasters import read_raster
from twinward.core.errors import InputError

MOST_CELLS = 100_000_000


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """values: float64[row, col], NaN where there is no data; cell: width as the file states it,
    None where it states none.
    """

    values: NDArray[np.float64]
    cell: float | None = None
    geographic: bool = False

    @property
    def missing(self) -> int:
        """Cells without data."""
        return int(np.isnan(self.values).sum())


def read_grid(path: Path) -> Grid:
    """A grid file by its content, GeoTIFF or ESRI ASCII; InputError `bad_grid`, `no_file`."""
    raster = read_raster(path, path.name, placed=False)
    values, width, height = raster.values, raster.step_x, abs(raster.step_y)
    if values.size > MOST_CELLS:
        raise _fail(path, f"more than {MOST_CELLS:,} cells", "cut it or use wider cells")
    if abs(width - height) > 1e-6 * abs(width) and not raster.degrees:
        raise _fail(path, f"cells of {width:g} by {height:g} are not square", "resample it first")
    if np.isinf(values).any():
        raise _fail(path, "a cell is infinite", "write no-data cells as NODATA_value")
    if np.isnan(values).all():
        raise _fail(path, "no cell has data", "check NODATA_value")
    cell = width if math.isfinite(width) and width > 0 else None
    return Grid(values=values, cell=cell, geographic=raster.degrees)


def write_ascii(path: Path, values: NDArray[np.float64], cell_m: float) -> None:
    """An ESRI ASCII grid with the origin at 0, 0; no data as -9999."""
    rows, cols = values.shape
    head = f"ncols {cols}\nnrows {rows}\nxllcorner 0\nyllcorner 0\ncellsize {cell_m:.12g}\n"
    body = io.StringIO()
    np.savetxt(body, np.where(np.isnan(values), -9999.0, values), fmt="%.9g")
    try:
        path.write_text(f"{head}NODATA_value -9999\n{body.getvalue()}", "ascii")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}", "name another", code="not_writable"
        ) from error


def _fail(path: Path, why: str, advice: str) -> InputError:
    return InputError(f"{path.name}: {why}", advice, code="bad_grid")

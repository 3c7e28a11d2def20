"""Population grids: whether points are one, how wide its cells are, and which of its cells lie
on a coast.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twinward.citybase.config import ResidentsConfig
from twinward.citybase.inputs import local_km
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.rasters import Raster, read_raster
from twinward.citybase.sources.systems import to_wgs84
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FEWEST_CELLS, EVEN, ALIKE = 9, 0.15, 0.8
MARGIN = 3.0  # cells' widths around the outlines within which a picture is looked at cell by cell
REACH = 0.45  # of a cell's width: nearer to the outline than this a part of the cell lies inside


def grid_step_m(lonlat: NDArray[Any]) -> float | None:
    """The width of a grid's cells in metres: the distance between neighbours where nearly all have
    the same; None for points that are no grid (villages, addresses).
    """
    points = np.unique(np.asarray(lonlat, dtype=np.float64), axis=0)
    if len(points) < FEWEST_CELLS:
        return None
    near = cKDTree(local_km(points)).query(local_km(points), k=2)[0][:, 1] * 1000.0
    step = float(np.median(near))
    return step if step > 0 and float((np.abs(near / step - 1) <= EVEN).mean()) >= ALIKE else None


def on_a_coast(
    outside: NDArray[Any], nearest: NDArray[Any], cells: NDArray[Any], step_m: float
) -> NDArray[np.bool_]:
    """Which cells outside every outline still belong to it: part of the cell lies inside, and
    beyond it nobody lives.

    outside float64[n, 2] are their middles, nearest float64[n, 2] the points of the outlines
    nearest to them, cells float64[m, 2] all middles with residents.
    """
    if not len(outside):
        return np.zeros(0, bool)
    every = local_km(np.concatenate([outside, nearest, cells])) * 1000.0
    middle, edge, lived = (
        every[: len(outside)],
        every[len(outside) : 2 * len(outside)],
        every[2 * len(outside) :],
    )
    away = middle - edge
    far = np.hypot(*away.T)
    beyond = middle + away / np.maximum(far, 1e-9)[:, None] * step_m
    gap = cKDTree(lived).query(beyond)[0]
    return np.asarray((far > 0) & (far <= REACH * step_m) & (gap > 0.6 * step_m))


def read_grid(
    residents: ResidentsConfig, base: Path, ledger: SourceLedger, around: list[BaseGeometry]
) -> dict[str, Any]:
    """The cells of a picture with residents, as the fields of Weights; those far outside the
    outlines `around` are only summed up.
    """
    raster = read_raster(source_path(residents.file, base, ledger.label), ledger.label)
    x, y, count = raster.cells()
    if below := int((count < 0).sum()):
        ledger.note("cells below nothing, taken as without data", below)
        x, y, count = x[count >= 0], y[count >= 0], count[count >= 0]
    crs = grid_system(residents.crs or raster.crs, raster, ledger)
    lon, lat = to_wgs84(x, y, crs, ledger.label)
    good = np.isfinite(lon) & np.isfinite(lat)
    if not good.all():
        ledger.note("cells outside the range of the coordinate system", int((~good).sum()))
    lonlat, count = np.column_stack([lon, lat])[good], count[good]
    step_m = cell_width_m(raster, crs, lonlat, ledger)
    inside = np.ones(len(count), bool)
    if around:
        margin = MARGIN * step_m / 111_194.93
        west, south, east, north = shapely.total_bounds(np.array(around, dtype=object))
        wide = margin / max(0.01, np.cos(np.radians(max(abs(south), abs(north)))))
        inside = (lonlat[:, 0] >= west - wide) & (lonlat[:, 0] <= east + wide)
        inside &= (lonlat[:, 1] >= south - margin) & (lonlat[:, 1] <= north + margin)
    if not inside.all():
        ledger.note("cells far outside the outlines, not counted as read", int((~inside).sum()))
        ledger.lose("outside the outlines", float(count[~inside].sum()))
    kept = np.flatnonzero(inside)
    ledger.read = len(kept)
    ledger.require_some("check that the grid and the outlines are of one city, and its `crs`")
    return {
        "lonlat": lonlat[kept],
        "count": count[kept],
        "lines": (kept + 1).tolist(),
        "rows": [f"{a:.6f} | {b:.6f}" for a, b in lonlat[kept].tolist()],
        "step_m": step_m,
    }


def grid_system(crs: str, raster: Raster, ledger: SourceLedger) -> str:
    """The system of a picture; WGS 84 where it states none and its numbers can be degrees."""
    rows, cols = raster.values.shape
    far_x, far_y = raster.x + cols * raster.step_x, raster.y + rows * raster.step_y
    degrees = max(abs(raster.x), abs(far_x)) <= 361 and max(abs(raster.y), abs(far_y)) <= 91
    if not crs and not degrees:
        raise InputError(
            f"{ledger.label} does not name its coordinate system by a code",
            'set `crs` of [residents] in the city file, as crs = "ESRI:54009" for GHSL',
            code="no_crs",
        )
    return crs


def cell_width_m(raster: Raster, crs: str, lonlat: NDArray[Any], ledger: SourceLedger) -> float:
    """The wider side of a picture's cells about the middle of its residents."""
    if not len(lonlat):
        ledger.require_some("no cell of the grid has residents")
    rows, cols = raster.values.shape
    x, y = raster.x + cols // 2 * raster.step_x, raster.y + rows // 2 * raster.step_y
    at = np.array([[x, y], [x + raster.step_x, y], [x, y + raster.step_y]])
    lon, lat = to_wgs84(at[:, 0], at[:, 1], crs, ledger.label)
    km = local_km(np.column_stack([lon, lat]))
    return float(np.nanmax(np.hypot(*(km[1:] - km[0]).T))) * 1000.0

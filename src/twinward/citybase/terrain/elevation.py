"""The height of a city's ground: read from a grid file, kept with the city, asked by longitude
and latitude.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.sources.rasters import Raster, read_raster
from twinward.core.errors import InputError
from twinward.core.geography import distance_m, from_wgs84, to_wgs84

FILE = "terrain.npz"
LOWEST_M, HIGHEST_M = -500.0, 9000.0  # the shore of the Dead Sea, and Everest
MARGIN = 0.02  # degrees about the city that are kept: water comes from beyond


class Elevation(msgspec.Struct, frozen=True, kw_only=True):
    """values: float64[row, col] metres above the sea, NaN without data, row 0 the northernmost;
    x, y: the middle of the first cell in `crs`; step_y is negative.
    """

    values: NDArray[np.float64]
    x: float
    y: float
    step_x: float
    step_y: float
    crs: str

    @property
    def degrees(self) -> bool:
        return not self.crs

    @property
    def cell_m(self) -> float:
        """The height of a cell in metres, about the middle of the grid."""
        rows, cols = self.values.shape
        x = np.full(2, self.x + cols // 2 * self.step_x)
        y = self.y + (rows // 2 + np.arange(2)) * self.step_y
        lon, lat = to_wgs84(x, y, self.crs or "wgs84", "elevation")
        return float(distance_m(lon[0], lat[0], lon[1], lat[1]))

    def sample(
        self,
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
        *,
        nearest: bool = False,
        beyond: bool = False,
    ) -> NDArray[np.float64]:
        """Metres at each point, between the middles of cells by both ways or of the nearest; NaN
        outside unless `beyond` takes the rim for it, and where one of the cells around has no data.
        """
        from scipy.ndimage import map_coordinates

        x, y = (lon, lat) if self.degrees else from_wgs84(lon, lat, self.crs, "elevation")
        at = np.stack([(y - self.y) / self.step_y, (x - self.x) / self.step_x])
        rows, cols = self.values.shape
        edge = np.array([rows, cols]).reshape(2, *[1] * np.ndim(lon)) - 1.0
        inside = ((at >= -0.5) & (at <= edge + 0.5)).all(axis=0)
        found = map_coordinates(
            self.values, np.clip(at, 0, edge), order=0 if nearest else 1, mode="nearest"
        )
        return np.where(inside | beyond, found, np.nan)


def read_elevation(path: Path, label: str, crs: str = "") -> Elevation:
    """A GeoTIFF or an ESRI ASCII grid as heights in metres; InputError `bad_grid`, `no_crs`."""
    raster = read_raster(path, label)
    values = raster.values
    known = values[~np.isnan(values)]
    if not len(known):
        raise InputError(f"{label}: no cell has data", "give a grid with data", code="bad_grid")
    low, high = float(known.min()), float(known.max())
    if not (low >= LOWEST_M and high <= HIGHEST_M):
        raise InputError(
            f"{label}: heights of {low:g} to {high:g} m are not on the earth",
            "give metres, and name the value that stands for no data",
            code="bad_grid",
        )
    return Elevation(
        values=values,
        x=raster.x,
        y=raster.y,
        step_x=raster.step_x,
        step_y=raster.step_y,
        crs=system_of(crs or raster.crs, raster, label),
    )


def system_of(crs: str, raster: Raster, label: str) -> str:
    """The system of a grid, empty for degrees of WGS 84."""
    rows, cols = raster.values.shape
    x, y = raster.x + cols * raster.step_x, raster.y + rows * raster.step_y
    degrees = max(abs(raster.x), abs(x)) <= 361 and max(abs(raster.y), abs(y)) <= 91
    if not crs and not degrees:
        raise InputError(
            f"{label} does not name its coordinate system",
            "give a GeoTIFF with its code, or a .prj beside the grid",
            code="no_crs",
        )
    if crs.strip().lower() in {"", "epsg:4326", "wgs84"}:
        return ""
    to_wgs84(np.array([raster.x]), np.array([raster.y]), crs, label)  # an unknown one fails here
    return crs


def keep_elevation(
    elevation: Elevation, box: tuple[float, float, float, float], folder: Path
) -> None:
    """The part about the city's box (west, south, east, north) as a file of the city."""
    west, south, east, north = box
    lon = np.array([west, east, east, west]) + np.array([-1, 1, 1, -1]) * MARGIN
    lat = np.array([south, south, north, north]) + np.array([-1, -1, 1, 1]) * MARGIN
    x, y = (lon, lat) if elevation.degrees else from_wgs84(lon, lat, elevation.crs, "elevation")
    rows, cols = elevation.values.shape
    row, col = (y - elevation.y) / elevation.step_y, (x - elevation.x) / elevation.step_x
    top, bottom = (int(np.clip(at, 0, rows)) for at in (row.min(), row.max() + 2))
    left, right = (int(np.clip(at, 0, cols)) for at in (col.min(), col.max() + 2))
    part = elevation.values[top:bottom, left:right]
    if not part.size or np.isnan(part).all():
        raise InputError(
            "the elevation lies outside the city",
            "give the elevation of this city, with its coordinate system",
            code="terrain_elsewhere",
        )
    np.savez_compressed(
        folder / FILE,
        values=part.astype(np.float32),
        frame=np.array(
            [
                elevation.x + left * elevation.step_x,
                elevation.y + top * elevation.step_y,
                elevation.step_x,
                elevation.step_y,
            ]
        ),
        crs=np.array(elevation.crs),
    )


def open_elevation(folder: Path) -> Elevation | None:
    """The elevation that a city was built with; None where it was built without."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            x, y, step_x, step_y = kept["frame"].tolist()
            return Elevation(
                values=kept["values"].astype(np.float64),
                x=x,
                y=y,
                step_x=step_x,
                step_y=step_y,
                crs=str(kept["crs"]),
            )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path.name} cannot be read: {error}", "build the city again", code="broken_city"
        ) from error

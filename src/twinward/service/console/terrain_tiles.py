"""The height of the ground as tiles of a map: made when asked for from the elevation that the city
was built with, in the form Terrarium (height = red x 256 + green + blue / 256 - 32,768 m).
"""

from __future__ import annotations

import math
import struct
import threading
import zlib
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.terrain.elevation import FILE, Elevation, open_elevation
from twinward.core.geography import M_PER_DEGREE, to_wgs84

PIXELS = 256
MOST_ZOOM = 13
ZERO_M = 32_768.0
KEPT = 256
FADE_M, SMOOTH_CELLS = 250.0, 15.0  # beyond the rim: how soon its detail is gone, and into what
LEVEL_M = 1_500.0  # and how soon that too is level: a slope told nowhere is not drawn for miles


class TerrainTiles:
    """The terrain of a workspace's city, opened when first wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._opened = False
        self._elevation: Elevation | None = None
        self._smooth: Elevation | None = None
        self._lowest = self._mean = 0.0
        self.find_tile = lru_cache(maxsize=KEPT)(self._make_tile)

    @property
    def available(self) -> bool:
        return (self.folder / FILE).exists()

    def bounds(self) -> list[float]:
        """West, south, east, north in degrees; empty without terrain."""
        elevation = self.open()
        return [] if elevation is None else self._bounds_of(elevation)

    @staticmethod
    def _bounds_of(elevation: Elevation) -> list[float]:
        rows, cols = elevation.values.shape
        x = elevation.x + np.array([0, cols - 1, cols - 1, 0]) * elevation.step_x
        y = elevation.y + np.array([0, 0, rows - 1, rows - 1]) * elevation.step_y
        lon, lat = to_wgs84(x, y, elevation.crs or "wgs84", "elevation")
        return [float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())]

    def open(self) -> Elevation | None:
        with self._lock:
            if not self._opened:
                self._elevation, self._opened = open_elevation(self.folder), True
                if self._elevation is not None:
                    self._lowest = float(np.nanmin(self._elevation.values))
                    self._mean = float(np.nanmean(self._elevation.values))
                    self._smooth = smoothed(self._elevation)
            return self._elevation

    def _make_tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """A PNG; None without terrain. Where a hole is the ground is as low as the lowest."""
        elevation = self.open()
        if elevation is None or zoom > MOST_ZOOM:
            return None
        side = 1 << zoom
        across = (x + (np.arange(PIXELS) + 0.5) / PIXELS) / side
        down = (y + (np.arange(PIXELS) + 0.5) / PIXELS) / side
        lon = across * 360 - 180
        lat = np.degrees(np.arctan(np.sinh(math.pi * (1 - 2 * down))))
        return encode_png(self._heights_at(elevation, lon, lat))

    def _heights_at(
        self, elevation: Elevation, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Metres at each row of `lat` and column of `lon`. Beyond the rim of the data the ground
        goes over into what it is like there at large, and further on into a plain: no cliff and no
        furrow where data end.
        """
        west, south, east, north = self._bounds_of(elevation)
        x, y = np.clip(lon, west, east), np.clip(lat, south, north)
        grid_lon, grid_lat = np.meshgrid(x, y)
        height = elevation.sample(grid_lon, grid_lat)
        height = np.where(np.isfinite(height), height, self._lowest)
        beyond = np.hypot((lon - x)[None, :], (lat - y)[:, None]) * M_PER_DEGREE
        if beyond.any() and self._smooth is not None:
            large = self._smooth.sample(grid_lon, grid_lat)
            large = np.where(np.isfinite(large), large, self._lowest)
            large = self._mean + (large - self._mean) * np.exp(-beyond / LEVEL_M)
            height = np.where(
                beyond > 0, large + (height - large) * np.exp(-beyond / FADE_M), height
            )
        return height


def smoothed(elevation: Elevation) -> Elevation:
    """The ground at large: means over some tens of cells."""
    from scipy.ndimage import gaussian_filter

    known = np.isfinite(elevation.values)
    weight = gaussian_filter(known.astype(np.float64), SMOOTH_CELLS, mode="nearest")
    total = gaussian_filter(np.where(known, elevation.values, 0.0), SMOOTH_CELLS, mode="nearest")
    with np.errstate(invalid="ignore", divide="ignore"):
        return msgspec.structs.replace(elevation, values=total / weight)


def encode_png(height_m: NDArray[np.float64]) -> bytes:
    """Heights as the colours of Terrarium, in a PNG of eight bits a channel."""
    steps = np.round((height_m + ZERO_M) * 256).astype(np.int64)
    rgb = np.stack([steps >> 16, (steps >> 8) & 255, steps & 255], axis=-1).astype(np.uint8)
    tall, wide = height_m.shape
    lines = np.zeros((tall, 1 + 3 * wide), np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = rgb.reshape(tall, -1)
    head = struct.pack(">IIBBBBB", wide, tall, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )

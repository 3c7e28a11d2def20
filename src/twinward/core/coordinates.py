"""Coordinates as files give them (wgs84, gcj02, bd09, EPSG:n) to lon, lat in WGS 84."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.core.geography import bd09_to_wgs84, gcj02_to_wgs84

WGS84 = frozenset({"wgs84", "wgs-84", "epsg:4326", "crs84", "ogc:crs84"})
GCJ02 = frozenset({"gcj02", "gcj-02", "amap", "autonavi"})
BD09 = frozenset({"bd09", "bd-09", "bd09ll", "baidu"})
ADVICE = "write wgs84, gcj02, bd09 or EPSG:n"
# what the name of a column of longitudes or latitudes says about its coordinates
NAMED = {"gcj02": ("gcj",), "bd09": ("bd09", "bd_", "_bd", "baidu")}


def check_crs(crs: str, label: str) -> None:
    """InputError for a name that stands for no coordinate system."""
    to_wgs84(np.zeros(1), np.zeros(1), crs, label)


def to_wgs84(
    lon: NDArray[Any], lat: NDArray[Any], crs: str, label: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Coordinates of `crs` to WGS 84 degrees; NaN stays NaN. `label` names the file in errors."""
    name = crs.strip().lower()
    if name in WGS84:
        return lon, lat
    if name in GCJ02:
        return gcj02_to_wgs84(lon, lat)
    if name in BD09:
        return bd09_to_wgs84(lon, lat)
    import pyproj

    try:
        transform = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.CRSError as error:
        raise InputError(
            f"{label}: no coordinate system is called {crs!r}", ADVICE, code="bad_crs"
        ) from error
    x, y = transform.transform(lon, lat)
    return np.where(np.isfinite(x), x, np.nan), np.where(np.isfinite(y), y, np.nan)


def named_crs(*columns: str) -> str | None:
    """The coordinate system that names of columns (`gcj_lng`, `bd09_lat`) speak of."""
    for crs, words in NAMED.items():
        if any(word in name.lower() for name in columns for word in words):
            return crs
    return None

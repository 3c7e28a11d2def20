"""Points, distances, area codes and coordinate systems. A point is lon, lat in WGS 84."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from twinward.core.errors import InputError
from twinward.core.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    np = LazyModule("numpy")

EARTH_RADIUS_M = 6_371_008.8  # mean radius R1, IUGG (Moritz 2000)
M_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180.0
KRASOVSKY_A = 6_378_245.0  # Krasovsky 1940 semi-major axis, used by GCJ-02
KRASOVSKY_EE = 0.00669342162296594323
# west, south, east, north of where map applications shift points (published with eviltransform,
# MIT)
GCJ02_BOX = (72.004, 0.8293, 137.8347, 55.8271)
BD09_SHIFT = (0.0065, 0.006)  # degrees that BD-09 adds to GCJ-02, after its turn
BD09_TURN = math.pi * 3000.0 / 180.0
WGS84 = frozenset(
    {"wgs84", "wgs-84", "wgs84ll", "wgs 84", "epsg:4326", "crs84", "ogc:crs84", "gps"}
)
GCJ02 = frozenset(
    {"gcj02", "gcj-02", "gcj02ll", "gcj 02", "amap", "autonavi", "高德", "火星坐标", "火星坐标系"}
)
BD09 = frozenset({"bd09", "bd-09", "bd09ll", "bd 09", "baidu", "百度"})
# columns in which each row says of what system its point is
SYSTEM_COLUMNS = frozenset(
    {"coordtype", "coord_type", "coordinate_type", "coordsys", "coord_sys", "coordinate_system"}
    | {"crs", "datum", "map_type", "坐标系", "坐标类型"}
)
CRS_ADVICE = "write wgs84, gcj02, bd09 or EPSG:n"
# what the name of a column of longitudes or latitudes says about its coordinates
NAMED = {"gcj02": ("gcj",), "bd09": ("bd09", "bd_", "_bd", "baidu")}


def is_point(lon: float, lat: float) -> bool:
    """True for a finite point inside the WGS 84 range."""
    return bool(-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0)


def distance_m(lon1: object, lat1: object, lon2: object, lat2: object) -> Floats:
    """Great-circle (haversine) distance in metres; scalars or arrays that broadcast."""
    lon1, lat1, lon2, lat2 = (
        np.radians(np.asarray(v, dtype=np.float64)) for v in (lon1, lat1, lon2, lat2)
    )
    h = (
        np.sin((lat2 - lat1) / 2) ** 2
        + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h)))


def _gcj02_shift(lon: float | Floats, lat: float | Floats) -> tuple[Floats, Floats]:
    """Degrees by which GCJ-02 moves a WGS 84 point (the formula published with eviltransform,
    MIT).
    """
    x, y = lon - 105.0, lat - 35.0
    root, pi = np.sqrt(np.abs(x)), np.pi
    common = 20.0 * np.sin(6 * x * pi) + 20.0 * np.sin(2 * x * pi)
    dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    dlat += (common + 20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3 * pi)) * 2 / 3
    dlat += (160.0 * np.sin(y / 12 * pi) + 320.0 * np.sin(y / 30 * pi)) * 2 / 3
    dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    dlon += (common + 20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3 * pi)) * 2 / 3
    dlon += (150.0 * np.sin(x / 12 * pi) + 300.0 * np.sin(x / 30 * pi)) * 2 / 3
    rad = np.radians(lat)
    magic = 1 - KRASOVSKY_EE * np.sin(rad) ** 2
    dlat = np.degrees(dlat * magic**1.5 / (KRASOVSKY_A * (1 - KRASOVSKY_EE)))
    dlon = np.degrees(dlon * np.sqrt(magic) / (KRASOVSKY_A * np.cos(rad)))
    return dlon, dlat


def turn_degrees(degrees: object) -> Floats:
    """Differences of longitudes the short way round, -180 to 180, also across the meridian."""
    return (np.asarray(degrees) + 180.0) % 360.0 - 180.0


def _in_gcj02_box(lon: float | Floats, lat: float | Floats) -> bool | NDArray[np.bool_]:
    west, south, east, north = GCJ02_BOX
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def wgs84_to_gcj02(lon: float | Floats, lat: float | Floats) -> tuple[Floats, Floats]:
    """WGS 84 degrees to GCJ-02 degrees; outside China nothing changes."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    dlon, dlat = _gcj02_shift(lon, lat)
    inside = _in_gcj02_box(lon, lat)
    return np.where(inside, lon + dlon, lon), np.where(inside, lat + dlat, lat)


def gcj02_to_wgs84(
    lon: float | Floats, lat: float | Floats, rounds: int = 4
) -> tuple[Floats, Floats]:
    """GCJ-02 degrees to WGS 84 degrees by fixed-point iteration, within 1e-7 degrees (about 1
    cm); outside China nothing changes.
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(rounds):
        dlon, dlat = _gcj02_shift(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - dlon, lat - dlat
    inside = _in_gcj02_box(lon, lat)
    return np.where(inside, guess_lon, lon), np.where(inside, guess_lat, lat)


def gcj02_to_bd09(lon: float | Floats, lat: float | Floats) -> tuple[Floats, Floats]:
    """GCJ-02 degrees to BD-09 degrees; outside China nothing changes."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    far = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD09_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD09_TURN)
    inside = _in_gcj02_box(lon, lat)
    return (
        np.where(inside, far * np.cos(angle) + BD09_SHIFT[0], lon),
        np.where(inside, far * np.sin(angle) + BD09_SHIFT[1], lat),
    )


def bd09_to_wgs84(
    lon: float | Floats, lat: float | Floats, rounds: int = 4
) -> tuple[Floats, Floats]:
    """BD-09 degrees to WGS 84 degrees by fixed-point iteration; outside China nothing changes."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon - BD09_SHIFT[0], lat - BD09_SHIFT[1]
    for _ in range(rounds):
        there = gcj02_to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - there[0], guess_lat + lat - there[1]
    back = gcj02_to_wgs84(guess_lon, guess_lat)
    inside = _in_gcj02_box(lon, lat)
    return np.where(inside, back[0], lon), np.where(inside, back[1], lat)


def check_crs(crs: str, label: str) -> None:
    """InputError for a name that stands for no coordinate system."""
    to_wgs84(np.zeros(1), np.zeros(1), crs, label)


def to_wgs84(
    lon: float | Floats, lat: float | Floats, crs: str, label: str
) -> tuple[Floats, Floats]:
    """Coordinates of `crs` to WGS 84 degrees; NaN stays NaN. `label` names the file in errors."""
    name = crs.strip().lower()
    if name in WGS84:
        return np.asarray(lon), np.asarray(lat)
    if name in GCJ02:
        return gcj02_to_wgs84(lon, lat)
    if name in BD09:
        return bd09_to_wgs84(lon, lat)
    return _transform(lon, lat, crs, "EPSG:4326", crs, label)


def from_wgs84(
    lon: float | Floats, lat: float | Floats, crs: str, label: str
) -> tuple[Floats, Floats]:
    """WGS 84 degrees to the coordinates of a system known by code or text (not GCJ-02, BD-09);
    NaN where it has none.
    """
    return _transform(lon, lat, "EPSG:4326", crs, crs, label)


def _transform(
    x: float | Floats,
    y: float | Floats,
    source: str,
    target: str,
    named: str,
    label: str,
) -> tuple[Floats, Floats]:
    import pyproj

    try:
        transform = pyproj.Transformer.from_crs(source, target, always_xy=True)
    except pyproj.exceptions.CRSError as error:
        raise InputError(
            f"{label}: no coordinate system is called {named!r}", CRS_ADVICE, code="bad_crs"
        ) from error
    there, up = transform.transform(x, y)
    return np.where(np.isfinite(there), there, np.nan), np.where(np.isfinite(up), up, np.nan)


def named_crs(*columns: str) -> str | None:
    """The coordinate system that names of columns (`gcj_lng`, `bd09_lat`) speak of."""
    for crs, words in NAMED.items():
        if any(word in name.lower() for name in columns for word in words):
            return crs
    return None

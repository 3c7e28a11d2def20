"""Coordinate systems: what a file says of its own, what the city file states before that, and
the way to WGS 84.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.core import geography
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

WGS84 = geography.WGS84 | {""}
PLAIN = WGS84 | geography.GCJ02 | geography.BD09  # in degrees near to WGS 84
URN = re.compile(r"urn:(?:x-)?ogc:def:crs:([A-Za-z]+):[^:]*:(\w+)", re.IGNORECASE)
LINK = re.compile(
    r"https?://[^/]*opengis\.net/(?:def/crs/(\w+)/[^/]*/(\w+)|gml/srs/(epsg)\.xml#(\d+))",
    re.IGNORECASE,
)


def to_wgs84(
    lon: NDArray[Any], lat: NDArray[Any], crs: str, label: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Coordinates of `crs` (wgs84, gcj02, bd09, EPSG:n) to WGS 84 degrees; NaN stays NaN."""
    return geography.to_wgs84(lon, lat, crs or "wgs84", label)


def move_shape(shape: BaseGeometry | None, crs: str, label: str) -> BaseGeometry | None:
    if crs.strip().lower() in WGS84 or shape is None:
        return shape
    return shapely.transform(
        shape, lambda c: np.column_stack(to_wgs84(c[:, 0], c[:, 1], crs, label))
    )


def member_crs(document: object, label: str) -> str:
    """The system that the `crs` member of a GeoJSON names, as `AUTHORITY:code`; "" when it has
    none.

    RFC 7946 dropped the member, offices and desktop programs still write it (the specification of
    2008, section 3).
    """
    member = document.get("crs") if isinstance(document, dict) else None
    if member is None:
        return ""
    told = member.get("properties") if isinstance(member, dict) else None
    told = told if isinstance(told, dict) else {}
    kind = str(member.get("type", "")).lower() if isinstance(member, dict) else ""
    if kind == "epsg" and str(told.get("code", "")).isdigit():
        return f"EPSG:{told['code']}"
    name = str(told.get("name", "")).strip()
    found = URN.fullmatch(name) or LINK.fullmatch(name)
    if found:
        authority, code = [part for part in found.groups() if part][:2]
        return f"{authority.upper()}:{code}"
    if kind == "name" and name:
        check_known(name, label)
        return name
    raise unknown(str(member)[:120], label)


def check_known(name: str, label: str) -> None:
    """InputError that quotes a system nobody knows."""
    import pyproj

    if name.lower() in PLAIN:
        return
    try:
        pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as error:
        raise unknown(name, label) from error


def unknown(what: str, label: str) -> InputError:
    return InputError(
        f"{label} states a coordinate system that is not understood: {what}",
        "set `crs` in the city file (wgs84, gcj02, bd09 or EPSG:n); it goes before the file",
        code="bad_crs",
    )

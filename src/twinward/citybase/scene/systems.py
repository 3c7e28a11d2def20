"""The coordinate system of a city model, as files name it, and the way to lon, lat and metres."""

from __future__ import annotations

import re

import msgspec
import pyproj
from pyproj.exceptions import CRSError

from twinward.core.errors import InputError

# EPSG:7415, EPSG::7415 in a URN, EPSG/0/7415 in an address, each as often as a compound says one
CODE = re.compile(r"EPSG\s*[:/]{1,2}(?:[0-9.]+[:/])?(\d+)((?:\+(?:EPSG:)?\d+)*)", re.IGNORECASE)
METRE = 1e-9  # how near a unit must be to one to be the metre
BESIDE = 1.0  # degrees that a place may lie beside the area of its system


class System(msgspec.Struct, frozen=True, kw_only=True):
    """How corners become lon, lat and metres: heights are times `metre`; `assumed`: that the
    heights count in the unit of the plane is taken for granted, for nobody says it.
    """

    transformer: pyproj.Transformer
    metre: float = 1.0
    assumed: bool = False
    name: str = ""
    area: tuple[float, float, float, float] = (-180.0, -90.0, 180.0, 90.0)

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a place lies where the system is meant to be used, or near it."""
        west, south, east, north = self.area
        if not south - BESIDE <= lat <= north + BESIDE:
            return False
        if west > east:  # across the 180th meridian
            return lon >= west - BESIDE or lon <= east + BESIDE
        return west - BESIDE <= lon <= east + BESIDE


def find_system(told: str, name: str) -> System:
    """The system that a file or the command names; InputError where there is none, and where it
    has no place on the ground.
    """
    try:
        crs = pyproj.CRS.from_user_input(plain_name(told))
        parts = crs.sub_crs_list if crs.is_compound else [crs]
        flat = next((one for one in parts if one.is_projected or one.is_geographic), None)
        if flat is None:
            raise CRSError("no system of places")
        transformer = pyproj.Transformer.from_crs(flat.to_2d(), "EPSG:4326", always_xy=True)
    except (CRSError, ValueError) as error:
        advice = "give one that has places on the ground, as --crs EPSG:7415"
        text = f"{name}: {told[:60]!r} is no coordinate system of places"
        raise InputError(text, advice, code="bad_crs") from error
    metre, assumed = unit_of_heights(crs, flat)
    told_area = flat.area_of_use
    area = told_area.bounds if told_area else (-180.0, -90.0, 180.0, 90.0)
    return System(
        transformer=transformer, metre=metre, assumed=assumed, name=plain_name(told), area=area
    )


def plain_name(told: str) -> str:
    """`EPSG:a` or `EPSG:a+b`, whether a number, a code, a URN or an address says it; anything else
    as it is.
    """
    text = told.strip().rstrip("/")
    if text.isdigit():
        return f"EPSG:{text}"
    codes = [
        one for first, more in CODE.findall(text) for one in (first, *re.findall(r"\d+", more))
    ]
    if codes:
        return "EPSG:" + "+".join(codes)
    return "OGC:CRS84" if text.upper().endswith("CRS84") else text


def unit_of_heights(crs: pyproj.CRS, flat: pyproj.CRS) -> tuple[float, bool]:
    """(metres of one, whether that is assumed): of the vertical system, of the third axis, else as
    the plane counts, where it counts in another unit than metres.
    """
    upright = next((one for one in crs.sub_crs_list if one.is_vertical), None)
    axes = upright.axis_info if upright else crs.axis_info[2:3]
    if axes:
        return axes[0].unit_conversion_factor, False
    plane = flat.axis_info[0].unit_conversion_factor if flat.is_projected else 1.0
    return (1.0, False) if abs(plane - 1) < METRE else (plane, True)

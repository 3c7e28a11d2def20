"""The schema of a city base: columns in the order of areas and households, memory-mapped, tens of
millions of rows.

Residents are sorted by leaf area, then by household, so that a household's members are neighbours
and an area's residents are one range. Nothing here names a person: a resident is a row number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:  # a verb that only reads a manifest loads no numpy
    from numpy.typing import NDArray

# what a site (a place where a group of residents spends the day) is
SITE_KINDS = (
    "workplace",
    "kindergarten",
    "primary",
    "secondary",
    "university",
    "care_home",
    "hospital",
)
WORKPLACE, KINDERGARTEN, PRIMARY, SECONDARY, UNIVERSITY, CARE_HOME, HOSPITAL = range(
    len(SITE_KINDS)
)
SCHEMA_VERSION = 1


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """One administrative area. Codes nest: a child's code starts with its parent's."""

    code: str
    name: str
    level: str
    parent: str | None
    lon: float
    lat: float
    synthetic_point: bool = False  # True when the position is a seeded cell, not a published one


class CityBase(msgspec.Struct, frozen=True, kw_only=True):
    """One city's columns. N residents, H households, S sites, L leaf areas. Arrays are read-only.

    age_sex        uint8[N]    age in years (0-100) in the low 7 bits, sex in the top bit (0
    male, 1 female)
    household_of   uint32[N]   household row, ascending
    site_of        uint32[N]   site row where the resident works, learns or lives, or NO_SITE
    team_of        uint16[N]   school class, ward or work team inside the site; STAFF_TEAM for
    staff of schools
    household_start uint32[H+1] first resident of each household
    leaf_start     uint32[L+1] first resident of each leaf area, in the order of `leaf_codes`
    site_kind      uint8[S]    index into SITE_KINDS
    site_leaf      uint16[S]   leaf area the site stands in
    site_lonlat    float32[S,2] WGS 84
    site_capacity  uint32[S]   places of a school, beds of a care home, staff of a hospital or
    workplace
    leaf_lonlat    float32[L,2] WGS 84
    leaf_codes     list[str]   leaf areas (communities, or whatever is lowest), L of them
    """

    age_sex: NDArray[Any]
    household_of: NDArray[Any]
    site_of: NDArray[Any]
    team_of: NDArray[Any]
    household_start: NDArray[Any]
    leaf_start: NDArray[Any]
    site_kind: NDArray[Any]
    site_leaf: NDArray[Any]
    site_lonlat: NDArray[Any]
    site_capacity: NDArray[Any]
    leaf_lonlat: NDArray[Any]
    leaf_codes: list[str]
    areas: list[Area]
    name: str
    timezone: str
    sha256: str

    @property
    def residents(self) -> int:
        return len(self.age_sex)

    @property
    def households(self) -> int:
        return len(self.household_start) - 1

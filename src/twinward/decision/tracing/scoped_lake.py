"""The lake through a scope: what the activation does not open is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import from_us, to_us
from twinward.core.errors import AbsentError, InputError, RefusedError
from twinward.core.geography import EARTH_RADIUS_M, M_PER_DEGREE
from twinward.core.ports import Fixes, MovementLake, Visits
from twinward.core.scope import ALL_AREAS, Scope

PURPOSE = "trace"
LONGEST_WINDOW_DAYS = 366
LONGEST_RADIUS_M = 50_000.0
Locate = Callable[
    [NDArray[Any], NDArray[Any]], NDArray[Any]
]  # lon, lat -> row of an area code, -1 outside all
Rows = TypeVar("Rows", Fixes, Visits)


class AreaLocator:
    """Where points are: `codes` of areas and a function from points to their rows."""

    def __init__(self, codes: list[str], locate: Locate) -> None:
        self.codes = codes
        self.locate = locate


class ScopedLake:
    """Every read clipped to the scope's data window and areas."""

    def __init__(
        self,
        lake: MovementLake,
        scope: Scope,
        areas: AreaLocator | None = None,
        mine: Callable[[str], bool] | None = None,
    ) -> None:
        """`mine` narrows the scope to the areas the holder answers for; None is the whole city."""
        scope.require(PURPOSE)
        self.lake = lake
        self.scope = scope
        self.from_us, self.to_us = to_us(scope.data_from), to_us(scope.data_to)
        self.areas = areas
        self.whole_city = ALL_AREAS in scope.areas and mine is None
        self.closed_rows = 0  # rows of the case that lie outside the open areas
        self.opened = np.ones(1, np.bool_)
        if areas is not None:  # the last entry answers for points outside every area (-1)
            self.opened = np.array(
                [*(scope.covers_area(c) and (mine is None or mine(c)) for c in areas.codes), False]
            )
        elif not self.whole_city:
            raise RefusedError(
                f"activation {scope.activation} opens single areas, and this workspace has no "
                f"city to tell them apart",
                "build the city first (twinward city build), or open all areas",
                code="areas_unknown",
            )

    def window(self, start: datetime, end: datetime) -> tuple[int, int]:
        """[start, end) in microseconds; refused when it is empty, too long, or not open."""
        a, b = to_us(start), to_us(end)
        if a >= b:
            raise InputError(
                "the window is empty",
                "--from is inclusive, --to exclusive and later",
                code="bad_window",
            )
        if b - a > LONGEST_WINDOW_DAYS * 86_400_000_000:
            raise InputError(
                f"the window is longer than {LONGEST_WINDOW_DAYS} days",
                "ask for less",
                code="window_too_long",
            )
        self.scope.require_window(start, end)
        return a, b

    def subject(self, name: str) -> int:
        """The lake's number of a pseudonym; AbsentError where nothing is known (or open) about
        it.
        """
        number = self.lake.find_subject(name)
        if number is None:
            raise AbsentError(
                f"nothing is known about subject {name!r}",
                "check the pseudonym and the window",
                code="subject_unknown",
            )
        return number

    def clip(self, rows: Rows, *, own: bool = False) -> Rows:
        """Only rows that the scope opens."""
        start, end = (
            (rows.time_us, rows.time_us)
            if isinstance(rows, Fixes)
            else (rows.start_us, rows.end_us)
        )
        keep = (end >= self.from_us) & (start < self.to_us)
        if not self.whole_city and self.areas is not None:
            opened = self.is_open(rows.lon, rows.lat)
            if own:
                self.closed_rows += int((keep & ~opened).sum())
            keep &= opened
        if keep.all():
            return rows
        return type(rows)(**{name: getattr(rows, name)[keep] for name in rows.__struct_fields__})

    def is_open(self, lon: NDArray[Any], lat: NDArray[Any]) -> NDArray[np.bool_]:
        """Which points lie in areas that the scope opens."""
        if self.whole_city or self.areas is None:
            return np.ones(len(lon), np.bool_)
        return np.asarray(self.opened[self.areas.locate(lon, lat)])

    def subject_fixes(self, subject: int, from_us: int, to_us: int) -> Fixes:
        return self.clip(self.lake.subject_fixes(subject, from_us, to_us), own=True)

    def subject_visits(self, subject: int, from_us: int, to_us: int) -> Visits:
        return self.clip(self.lake.subject_visits(subject, from_us, to_us), own=True)

    def fixes_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Fixes:
        return self.clip(self.lake.fixes_in(boxes, self._clipped(windows_us)))

    def visits_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Visits:
        return self.clip(self.lake.visits_in(boxes, self._clipped(windows_us)))

    def visits_between(self, from_us: int, to_us: int) -> Visits:
        return self.clip(
            self.lake.visits_between(max(from_us, self.from_us), min(to_us, self.to_us))
        )

    def _clipped(self, windows_us: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.clip(windows_us, self.from_us, self.to_us - 1))

    def require_own_data(self, rows: int, name: str) -> None:
        """Say why there is nothing: no data, or data in areas that are not open."""
        if rows:
            return
        if self.closed_rows:
            raise RefusedError(
                f"all that is known about {name!r} lies in areas that activation "
                f"{self.scope.activation} does not open",
                f"it opens {', '.join(self.scope.areas)}",
                code="area_not_open",
            )
        raise AbsentError(
            f"subject {name!r} has no data in the window",
            f"the activation opens {from_us(self.from_us):%Y-%m-%d} to "
            f"{from_us(self.to_us):%Y-%m-%d}",
            code="subject_unknown",
        )


def boxes_around(lon: NDArray[Any], lat: NDArray[Any], radius_m: float) -> NDArray[Any]:
    """(west, south, east, north) of every disc, a hair larger; west > east across the
    antimeridian.
    """
    reach = radius_m / M_PER_DEGREE * 1.000001 + 1e-9
    cos = np.cos(np.radians(lat))
    sine = np.sin(min(radius_m / EARTH_RADIUS_M, np.pi / 2))
    polar = (np.abs(lat) + reach >= 90.0) | (sine >= cos * 0.999)
    wide = (
        np.degrees(np.arcsin(np.where(polar, 0.0, sine / np.where(polar, 1.0, cos)))) * 1.000001
        + 1e-9
    )
    west, east = lon - wide, lon + wide
    west = np.where(polar, -180.0, np.where(west < -180.0, west + 360.0, west))
    east = np.where(polar, 180.0, np.where(east > 180.0, east - 360.0, east))
    return np.stack(
        [west, np.maximum(lat - reach, -90.0), east, np.minimum(lat + reach, 90.0)], axis=1
    )


def check_limit(limit: int | None) -> None:
    """InputError for a list of fewer than none."""
    if limit is not None and limit < 0:
        raise InputError(
            f"a list cannot hold {limit}",
            "leave the limit out for all, 0 for none",
            code="bad_limit",
        )


def check_radius(radius_m: float, minutes: float) -> None:
    """InputError for a radius or time that means nothing."""
    if not 0.0 <= radius_m <= LONGEST_RADIUS_M:
        raise InputError(
            f"a radius of {radius_m} m cannot be asked for",
            f"use 0 to {LONGEST_RADIUS_M:.0f}",
            code="bad_radius",
        )
    if not 0.0 <= minutes <= 1440.0 * 7:
        raise InputError(
            f"{minutes} minutes cannot be asked for", "use 0 to 10080", code="bad_minutes"
        )

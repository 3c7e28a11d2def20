"""The three files of a scan: cases, population, points; what cannot be placed is listed."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats, Ints
from twinward.decision.surveillance.scan.time_steps import read_moment
from twinward.decision.surveillance.tables import read_rows, to_count, to_number


class ScanInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Areas in the order of the points, and one row a case count."""

    areas: list[str]
    points: Floats  # lon, lat or x, y
    geographic: bool
    population: Floats
    place: Ints  # of each row
    cases: Floats  # of each row
    days: list[date] | None
    unplaced: list[str]
    notes: list[str]


def read_scan_inputs(cases: Path, population: Path | None, points: Path) -> ScanInputs:
    """Areas are those with a point and a population; cases of others are listed as unplaced."""
    where, geographic = _points(points)
    people = _population(population) if population is not None else dict.fromkeys(where, 1.0)
    areas = [area for area in where if area in people]
    if len(areas) < 2:
        raise InputError(
            f"{len(areas)} areas have both a point and a population, a scan needs 2 or more",
            "use the same names of areas in all files",
            code="too_few_places",
        )
    number = {area: k for k, area in enumerate(areas)}
    place, counts, days, unplaced, lost = _cases(cases, number)
    notes = []
    if unplaced:
        notes.append(
            f"{lost:g} cases in {len(unplaced)} areas have no point or no population and are "
            "not scanned"
        )
    sizes = np.array([people[area] for area in areas])
    if sizes.sum() <= 0:
        raise InputError(
            "the population is 0 everywhere", "give residents by area", code="bad_population"
        )
    held = np.bincount(place, weights=counts, minlength=len(areas))
    empty = [
        area for area, size in zip(areas, sizes, strict=True) if size == 0 and held[number[area]]
    ]
    if empty:
        raise InputError(
            f"{empty[0]} has {held[number[empty[0]]]:g} cases and a population of 0",
            "correct its population",
            code="bad_population",
        )
    return ScanInputs(
        areas=areas,
        points=np.array([where[area] for area in areas]),
        geographic=geographic,
        population=sizes,
        place=place,
        cases=counts,
        days=days,
        unplaced=unplaced,
        notes=notes,
    )


def _points(path: Path) -> tuple[dict[str, tuple[float, float]], bool]:
    rows = read_rows(path, ("area",), ("lon", "lat", "x", "y"))
    columns = rows[0][1]
    geographic = "lon" in columns and "lat" in columns
    if not geographic and not ("x" in columns and "y" in columns):
        raise InputError(
            f"{path.name} has neither the columns lon,lat nor x,y",
            "the first line must be: area,lon,lat or area,x,y",
            code="missing_column",
        )
    first, second = ("lon", "lat") if geographic else ("x", "y")
    found: dict[str, tuple[float, float]] = {}
    for line, row in rows:
        x = to_number(row[first], path.name, line, first)
        y = to_number(row[second], path.name, line, second)
        if math.isnan(x) or math.isnan(y):
            continue  # listed as unplaced
        if geographic and not (-180 <= x <= 360 and -90 <= y <= 90):
            raise InputError(
                f"{path.name} line {line}: lon {x:g}, lat {y:g} is no point on earth",
                "write degrees, the longitude first",
                code="bad_point",
            )
        if row["area"] in found:
            raise InputError(
                f"{path.name} line {line}: {row['area']} comes twice",
                "one point an area",
                code="area_twice",
            )
        found[row["area"]] = (x, y)
    return found, geographic


def _population(path: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for line, row in read_rows(path, ("area", "population")):
        size = to_count(row["population"], path.name, line, "population")
        if not math.isnan(size):
            found[row["area"]] = found.get(row["area"], 0.0) + size
    return found


def _cases(
    path: Path, number: dict[str, int]
) -> tuple[Ints, Floats, list[date] | None, list[str], float]:
    rows = read_rows(path, ("area", "cases"), ("date",))
    dated = "date" in rows[0][1]
    place: list[int] = []
    counts: list[float] = []
    days: list[date] = []
    unplaced: dict[str, None] = {}
    lost = 0.0
    for line, row in rows:
        count = to_count(row["cases"], path.name, line, "cases")
        if math.isnan(count):
            continue
        if count != round(count):
            raise InputError(
                f"{path.name} line {line}: cases must be a whole number, got {count:g}",
                "give counts, not rates",
                code="bad_cases",
            )
        if row["area"] not in number:
            unplaced[row["area"]] = None
            lost += count
            continue
        place.append(number[row["area"]])
        counts.append(count)
        if dated:
            days.append(read_moment(row["date"], path.name, line))
    if not place:
        raise InputError(
            f"no case of {path.name} lies in an area with a point and a population",
            "use the same names of areas in all files",
            code="nothing_placed",
        )
    return np.array(place), np.array(counts), days if dated else None, list(unplaced), lost

"""Reads a hazard case without a city: TOML, with grids and series in files beside it."""

from __future__ import annotations

import csv
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from twinward.citybase.terrain.grids import Grid, read_grid
from twinward.core.errors import InputError, field_path
from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.ground import CaseGround, Floats
from twinward.decision.simulation.interface import (
    MOST_SECONDS,
    Case,
    GridSpec,
    HazardModel,
    Probe,
    Series,
)
from twinward.library.toml_lines import find_line, index_lines

T = TypeVar("T")
COMMON = {"hazard", "until_s", "every_s", "grid", "probes", "title", "source", "note"}
MOST_CELLS = 20_000_000
MOST_PROBES = 100_000


def read_case_text(path: Path) -> tuple[str, dict[str, object]]:
    """The text and tables of a case file; InputError `no_file`, `bad_case`."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}", "name a case file that exists", code="no_file"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not UTF-8", "save it as UTF-8", code="bad_case"
        ) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name}: {error}", "mend the line", code="bad_case") from error


def read_case(path: Path, hazard: str, model: HazardModel, known: tuple[str, ...] = ()) -> Case:
    """A case of that hazard, all its files read and every number checked to be finite.

    known: other hazards, whose sections a file may hold too; they are not read.
    """
    text, data = read_case_text(path)
    named = data.get("hazard", hazard)
    if named != hazard:
        raise InputError(
            f"{path.name} is a {named} case, not {hazard}", "name its hazard", code="bad_case"
        )
    _check_keys(path, data, {*COMMON, hazard, *known})
    _check_finite(path, data, ())
    section = data.get(hazard)
    if not isinstance(section, dict):
        raise InputError(f"{path.name} has no [{hazard}]", "add the section", code="bad_case")
    settings = _convert(path, text, section, model.settings, (hazard,))
    probes = _convert(path, text, data.get("probes", []), list[Probe], ("probes",))
    _check_probes(path, probes)
    until, every = _read_times(path, data)
    assumptions: list[Reason] = []
    ground, shape_cell = None, None
    if "grid" in data:
        spec = _convert(path, text, data["grid"], GridSpec, ("grid",))
        ground, notes = _make_ground(path, spec)
        assumptions += notes
        shape_cell = spec.cell_m
    grids, series = _read_files(path, section, shape_cell)
    return Case(
        hazard=hazard,
        until_s=until,
        every_s=every,
        ground=ground,
        settings=settings,
        probes=tuple(probes),
        grids=grids,
        series=series,
        assumptions=tuple(assumptions),
    )


def _bad(path: Path, why: str, advice: str = "mend the case file") -> InputError:
    return InputError(f"{path.name}: {why}", advice, code="bad_case")


def _check_keys(path: Path, data: Mapping[str, object], allowed: set[str]) -> None:
    for key in data:
        if key not in allowed:
            raise _bad(
                path, f"unknown section or field `{key}`", f"known: {', '.join(sorted(allowed))}"
            )


def _check_finite(path: Path, value: object, route: tuple[str, ...]) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            _check_finite(path, one, (*route, str(key)))
    elif isinstance(value, list):
        for one in value:
            _check_finite(path, one, route)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _bad(path, f"{'.'.join(route)} is {value}", "give a finite number")


def _convert(path: Path, text: str, value: object, kind: type[T], above: tuple[str, ...]) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        route = (*above, *field_path(str(error)))
        line = find_line(index_lines(text), route)
        raise _bad(path, f"line {line}: {'.'.join(map(str, above))}: {error}") from error


def _check_probes(path: Path, probes: list[Probe]) -> None:
    if len(probes) > MOST_PROBES:
        raise _bad(path, f"{len(probes):,} probes", f"give at most {MOST_PROBES:,}")
    names = [probe.name for probe in probes]
    double = (
        next((name for name in names if names.count(name) > 1), None) if len(names) < 2000 else None
    )
    if double is not None:
        raise _bad(path, f"two probes are named {double!r}", "give each its own name")


def _read_times(path: Path, data: Mapping[str, object]) -> tuple[float, float]:
    found = []
    for name in ("until_s", "every_s"):
        value = data.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _bad(path, f"{name} is not a number", "give seconds")
        if value < 0 or value > MOST_SECONDS or (name in data and value == 0):
            raise _bad(
                path, f"{name} must be above 0 and at most {MOST_SECONDS:,.0f}, got {value:,}"
            )
        found.append(float(value))
    return found[0], found[1]


def _make_ground(path: Path, spec: GridSpec) -> tuple[CaseGround, list[Reason]]:
    notes: list[Reason] = []
    if not 0.01 <= spec.cell_m <= 100_000:
        raise _bad(path, f"grid.cell_m must be 0.01 to 100,000, got {spec.cell_m:g}", "give metres")
    if isinstance(spec.elevation_m, str):
        grid = _open_grid(path, spec.elevation_m, spec.cell_m)
        if grid.geographic:
            notes.append(because_of("remark.degrees", file=spec.elevation_m, cell_m=spec.cell_m))
        elevation = grid.values
        for name, given, there in (
            ("rows", spec.rows, elevation.shape[0]),
            ("cols", spec.cols, elevation.shape[1]),
        ):
            if given is not None and given != there:
                raise _bad(path, f"grid.{name} is {given:,}, {spec.elevation_m} has {there:,}")
    else:
        if spec.rows is None or spec.cols is None:
            raise _bad(path, "grid.rows and grid.cols are missing", "give them, or a file")
        if spec.rows < 1 or spec.cols < 1 or spec.rows * spec.cols > MOST_CELLS:
            raise _bad(path, f"a grid of {spec.rows:,} rows of {spec.cols:,} cannot be run")
        elevation = np.full((spec.rows, spec.cols), float(spec.elevation_m))
    outside = np.isnan(elevation)
    if np.nanmax(np.abs(elevation)) > 20_000:
        raise _bad(path, "an elevation is beyond 20,000 m", "give metres, and name no-data cells")
    if outside.any():
        notes.append(because_of("remark.walls", cells=int(outside.sum())))
    return CaseGround(cell_m=spec.cell_m, elevation=elevation, outside=outside), notes


def _open_grid(path: Path, name: str, cell_m: float | None) -> Grid:
    grid = read_grid(path.parent / name)
    if grid.cell is None or cell_m is None or grid.geographic:
        return grid
    if abs(grid.cell - cell_m) > 0.01 * cell_m:
        raise _bad(
            path,
            f"{name} has cells of {grid.cell:g}, the case says cell_m = {cell_m:g}",
            "give metres; reproject a grid that is in degrees",
        )
    return grid


def _read_files(
    path: Path, section: Mapping[str, object], cell_m: float | None
) -> tuple[dict[str, Floats], dict[str, Series]]:
    grids: dict[str, Floats] = {}
    series: dict[str, Series] = {}
    for name in _file_names(section):
        if name.lower().endswith(".csv"):
            series[name] = read_series(path.parent / name)
        else:
            grids[name] = _open_grid(path, name, cell_m).values
    return grids, series


def _file_names(value: object) -> list[str]:
    if isinstance(value, dict):
        return [name for one in value.values() for name in _file_names(one)]
    if isinstance(value, list):
        return [name for one in value for name in _file_names(one)]
    ends = (".csv", ".asc", ".txt", ".tif", ".tiff", ".grd")
    return [value] if isinstance(value, str) and value.lower().endswith(ends) else []


def read_series(path: Path) -> Series:
    """A CSV with the columns time_s and value; InputError `bad_series` with the line."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "name a CSV file", code="no_file") from error
    rows = [
        row for row in csv.reader(text.splitlines()) if row and any(cell.strip() for cell in row)
    ]
    if not rows or [cell.strip() for cell in rows[0]][:2] != ["time_s", "value"]:
        raise InputError(
            f"{path.name} does not begin with time_s,value", "name the columns", code="bad_series"
        )
    times: list[float] = []
    values: list[float] = []
    for number, row in enumerate(rows[1:], 2):
        try:
            time, value = float(row[0]), float(row[1])
        except (ValueError, IndexError) as error:
            raise InputError(
                f"{path.name}:{number}: {','.join(row)} is not two numbers",
                "write time_s,value",
                code="bad_series",
            ) from error
        if not (math.isfinite(time) and math.isfinite(value)):
            raise InputError(
                f"{path.name}:{number}: a number is not finite", "mend it", code="bad_series"
            )
        if times and time <= times[-1]:
            raise InputError(
                f"{path.name}:{number}: {time:g} s does not follow {times[-1]:g} s",
                "sort the rows by time, each time once",
                code="bad_series",
            )
        times.append(time)
        values.append(value)
    if not times:
        raise InputError(f"{path.name} has no values", "add rows", code="bad_series")
    return Series(times=np.array(times), values=np.array(values))

"""Stops of delivery rounds: one for each area, or those of a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from twinward.core.errors import InputError
from twinward.decision.logistics.routing.fleet import Stop, check_stop
from twinward.decision.logistics.routing.hours import DAY_S, clock_s, in_night
from twinward.service.logistics.benchmark_instances import read_text
from twinward.service.logistics.demand_points import read_need_points
from twinward.service.platform import Platform

COLUMNS = ("id", "lon", "lat", "demand", "early_s", "late_s", "service_s")


def stops_of_areas(
    platform: Platform,
    area: str,
    level: str,
    per_resident: float,
    window: tuple[float, float],
    service_s: float,
) -> list[Stop]:
    """One stop for each area of a level inside `area`: so many units for each resident, left at
    its door.
    """
    if per_resident <= 0:
        raise InputError(
            "nothing is delivered", "say above 0 how much for each resident", code="bad_need"
        )
    need = read_need_points(platform, level, area)
    return [
        Stop(
            id=code,
            lon=float(lon),
            lat=float(lat),
            demand=float(np.ceil(count * per_resident)),
            early_s=window[0],
            late_s=window[1],
            service_s=service_s,
        )
        for code, (lon, lat), count in zip(need.codes, need.lonlat, need.residents, strict=True)
    ]


def stops_of_file(
    path: Path,
    window: tuple[float, float],
    service_s: float,
    hours: tuple[float, float] | None = None,
) -> list[Stop]:
    """`id,lon,lat,demand[,early_s,late_s,service_s]`; what a row leaves out is as the options
    say. Times are seconds after midnight (beyond 86,400 of the next day) or clocks (`23:30`).
    """
    found: list[Stop] = []
    for number, row in read_rows(path):
        where = f"{path.name}:{number}: "
        stop = read_stop(row, window, service_s, hours or window, where)
        check_stop(stop, where)
        if stop.id in {one.id for one in found}:
            raise InputError(
                f"{where}stop {stop.id} stands twice", "each has its own id", code="bad_rounds"
            )
        found.append(stop)
    return found


def read_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows with their lines, the empty ones left out; semicolons part columns where no comma does,
    and then a comma is the decimal sign, as spreadsheets of many countries write it.
    """
    text = read_text(path)
    head = text.partition("\n")[0]
    foreign = ";" in head and "," not in head
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if foreign else ",")
    rows = []
    for row in reader:
        told = {(key or "").strip(): (value or "").strip() for key, value in row.items() if key}
        if any(told.values()):
            rows.append((reader.line_num, told))
    names = [(name or "").strip() for name in reader.fieldnames or ()]
    if not set(COLUMNS[:4]) <= set(names):
        raise InputError(
            f"{path.name} lacks one of the columns id, lon, lat, demand",
            f"its columns are: {', '.join(names) or 'none'}",
            code="bad_stops",
        )
    if foreign:
        for _, told in rows:
            told.update({key: told[key].replace(",", ".") for key in told if key != "id"})
    return rows


def read_stop(
    row: dict[str, str],
    window: tuple[float, float],
    service_s: float,
    hours: tuple[float, float],
    where: str,
) -> Stop:
    """One row as a stop."""
    told: dict[str, Any] = {key: value for key, value in row.items() if value}
    try:
        early = read_time(told.pop("early_s", None), window[0])
        late = read_time(told.pop("late_s", None), window[1])
        values = {key: float(value) for key, value in told.items() if key != "id"}
        if early > late and (":" in row.get("early_s", "") or ":" in row.get("late_s", "")):
            late += DAY_S
        early, late = in_night((early, late), hours)
        values = {"service_s": service_s, "early_s": early, "late_s": late} | values
        return Stop(id=told["id"], **values)
    except (KeyError, ValueError, TypeError, InputError) as error:
        raise InputError(
            f"{where}{error}", f"columns: {', '.join(COLUMNS)}", code="bad_stops"
        ) from error


def read_time(text: str | None, default: float) -> float:
    if text is None:
        return default
    return clock_s(text) if ":" in text else float(text)

"""R, alarms, clusters, nowcasts, forecasts by area and spread between cities, from frames or files.

import twinward as tw
tw.surveillance.estimate_r(counts, serial_interval=(4.7, 2.9)).to_frame()
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from twinward.faces.arguments import ArgumentError, require_whole, speaks_python
from twinward.faces.frames import Table, read_columns, require_columns
from twinward.service.surveillance.alarms import METHODS, detect
from twinward.service.surveillance.between_cities import make_settings
from twinward.service.surveillance.between_cities import spread_between_cities as spread_from_files
from twinward.service.surveillance.clusters import ScanRequest, scan
from twinward.service.surveillance.forecasts import ForecastRequest
from twinward.service.surveillance.forecasts import forecast_areas as forecast_from_file
from twinward.service.surveillance.nowcasts import nowcast as nowcast_from_file
from twinward.service.surveillance.reproduction import RRequest
from twinward.service.surveillance.reproduction import estimate_r as estimate_from_file

__all__ = [
    "Rows",
    "estimate_r",
    "find_alarms",
    "find_clusters",
    "forecast_areas",
    "nowcast",
    "spread_between_cities",
]


class Rows(Table):
    """Rows of an answer and the notes that belong to them: read `notes` before the numbers."""

    def __init__(self, name: str, rows: Sequence[Mapping[str, object]], notes: list[str]) -> None:
        super().__init__(name, rows)
        self.notes = notes

    @property
    def summary(self) -> dict[str, object]:
        return {"table": self.name, "rows": len(self.rows), "notes": "; ".join(self.notes) or "-"}


@speaks_python
def estimate_r(
    series: object,
    *,
    serial_interval: tuple[float, float] = (4.7, 2.9),
    method: str = "filter",
    window: int = 7,
) -> Rows:
    """The reproduction number of daily counts: a row a day (`filter`) or a window (`cori`).

    series: date -> count (a pandas Series, a mapping), or a frame or file with the columns date,
        new and perhaps imported; serial_interval: mean and standard deviation in days

    Raises ArgumentError (a ValueError) that names the argument.
    """
    if method not in ("cori", "filter"):
        raise ArgumentError(f"method must be cori or filter, got {method!r}", argument="method")
    with _as_file("series", series, ("date", "new"), ("imported",)) as path:
        found = estimate_from_file(
            RRequest(
                observed=path,
                serial_interval=f"{serial_interval[0]},{serial_interval[1]}",
                method="cori" if method == "cori" else "filter",
                window=require_whole("window", window, 1, 365),
            )
        )
    return _rows("r", found.rows, found.notes)


@speaks_python
def find_alarms(series: object, *, method: str = "farrington", alpha: float | None = None) -> Rows:
    """Days or weeks above what is usual: date, observed, expected, threshold, alarm.

    method: farrington, ears-c1, ears-c2, ears-c3 or cusum; alpha: one-sided error of a threshold
    """
    chosen = next((known for known in METHODS if known == method), None)
    if chosen is None:
        raise ArgumentError(
            f"method must be one of {', '.join(METHODS)}, got {method!r}", argument="method"
        )
    with _as_file("series", series, ("date", "new")) as path:
        found = detect(path, chosen, alpha)
    return _rows("alarms", found.rows, found.notes)


@speaks_python
def find_clusters(
    cases: object,
    population: object,
    points: object,
    *,
    space_time: bool = False,
    max_share: float = 0.5,
    replicates: int = 999,
    seed: int = 1,
) -> Rows:
    """Clusters of cases in space, or in space and time, the strongest first.

    cases: area, cases and perhaps date; population: area, population; points: area and lon, lat or
    x, y
    """
    places = ("lon", "lat", "x", "y")
    with (
        _as_file("cases", cases, ("area", "cases"), ("date",)) as case_path,
        _as_file("population", population, ("area", "population")) as people_path,
        _as_file("points", points, ("area",), places) as point_path,
    ):
        found = scan(
            ScanRequest(
                cases=case_path,
                population=people_path,
                points=point_path,
                space_time=space_time,
                max_share=max_share,
                replicates=require_whole("replicates", replicates, 1, 99_999),
                seed=require_whole("seed", seed, 0, 2**63 - 1),
            )
        )
    return _rows("clusters", found.clusters, found.notes)


@speaks_python
def nowcast(triangle: object, *, at: date | str) -> Rows:
    """The last days as they will be when all reports are in: 23 quantiles of each open day.

    triangle: reference_date, report_date, count; at: the last day of report that may be known
    """
    with _as_file("triangle", triangle, ("reference_date", "report_date", "count")) as path:
        found = nowcast_from_file(path, _day("at", at))
    return _rows("nowcast", found.rows, found.notes)


@speaks_python
def forecast_areas(series: object, *, until: date | str, predict: int = 28) -> Rows:
    """Forecasts of many areas in one call, 23 quantiles a day or week; the areas add up.

    series: area, date, new; predict: days, or weeks where the counts are of weeks
    """
    with _as_file("series", series, ("area", "date", "new")) as path:
        found = forecast_from_file(
            ForecastRequest(
                observed=path,
                until=_day("until", until),
                predict=require_whole("predict", predict, 1, 120),
            )
        )
    return _rows("forecast", [*found.rows, *found.total], found.notes)


@speaks_python
def spread_between_cities(
    flows: object, population: object, seed_city: str, **settings: float
) -> Rows:
    """Where an outbreak in one city goes next: a row a city in the order of arrival.

    flows: from, to, day, people; population: city, population; settings: r, latent_d, infectious_d,
    infected, days, runs, travel_factor, travel_from_d, seed
    """
    with (
        _as_file("flows", flows, ("from", "to", "people"), ("day",)) as flow_path,
        _as_file("population", population, ("city", "population")) as people_path,
    ):
        found = spread_from_files(flow_path, people_path, seed_city, make_settings(**settings))
    return _rows("cities", found.cities, found.notes)


def _rows(name: str, rows: Sequence[object], notes: list[str]) -> Rows:
    """Rows as flat mappings: what a row holds as a mapping becomes columns of their own."""
    flat = []
    for row in rows:
        columns: dict[str, Any] = {}
        for key, value in msgspec.to_builtins(row, builtin_types=(date,)).items():
            if isinstance(value, dict):
                inner = "" if key == "quantiles" else f"{key}_"
                columns |= {f"{inner}{part}": one for part, one in value.items()}
            else:
                columns[key] = value
        flat.append(columns)
    return Rows(name, flat, notes)


@contextmanager
def _as_file(
    argument: str, data: object, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[Path]:
    """The data as a CSV file; a path is taken as it is."""
    if isinstance(data, str | Path) and Path(data).suffix != ".parquet":
        yield Path(data)
        return
    table = _columns(argument, data, required)
    require_columns(argument, table, required)
    names = [name for name in (*required, *optional) if name in table]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{argument}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(names)
            for row in zip(*(table[name] for name in names), strict=True):
                out.writerow([_text(value) for value in row])
        yield path


def _columns(argument: str, data: Any, required: Sequence[str]) -> dict[str, list[Any]]:
    pairs = not hasattr(data, "columns") and hasattr(data, "items")
    if pairs and tuple(required) == ("date", "new") and "date" not in data:
        keys, values = zip(*data.items(), strict=True) if len(data) else ((), ())
        return {"date": list(keys), "new": list(values)}
    return read_columns(argument, data)


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    return str(value)[:10] if hasattr(value, "isoformat") else str(value)


def _day(argument: str, value: date | str) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(value[:10])
    except ValueError as error:
        raise ArgumentError(
            f"{argument}: {value!r} is not a date", "write dates as 2022-03-31", argument=argument
        ) from error

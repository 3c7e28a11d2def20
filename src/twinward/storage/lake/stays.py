"""The visit tier: stays found day by day, carried over midnight, the same whatever the order in
which data came.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.geography import turn_degrees
from twinward.core.ports import Fixes, VisitIndex, Visits
from twinward.storage.lake import kernels
from twinward.storage.lake.manifest import Side, sync_file

STAY_RADIUS_M = (
    100.0  # a stay goes on while fixes lie this near its mean (or within twice their own error)
)
STAY_GAP_US = 12 * 3_600_000_000  # silence after which a stay is over
STAY_LEAST_US = 600_000_000  # shorter stops are passing by, unless a check-in names the place

COLUMNS = ("subject", "start_us", "end_us", "sum_lon", "sum_lat", "fixes", "error_m", "place")
DTYPES = (np.int32, np.int64, np.int64, np.float64, np.float64, np.int32, np.float32, np.int32)
Stays = tuple[NDArray[Any], ...]


def no_stays() -> Stays:
    return tuple(np.empty(0, dtype) for dtype in DTYPES)


def find_stays(day: int, fixes: Fixes, carry: Stays) -> tuple[Stays, Stays]:
    """(closed, open) stays of one day; `fixes` sorted by (subject, time), `carry` by subject."""
    rule = (STAY_RADIUS_M, STAY_GAP_US, STAY_LEAST_US, (day + 1) * DAY_US)
    columns = (
        fixes.subject,
        fixes.time_us,
        fixes.lon,
        fixes.lat,
        fixes.error_m,
        fixes.place,
        fixes.flag,
    )
    closed, left = kernels.find_stays(*columns, carry, rule)
    return tuple(closed), tuple(left)


def take_stays(stays: Stays, rows: NDArray[Any]) -> Stays:
    return tuple(column[rows] for column in stays)


def join_stays(a: Stays, b: Stays) -> Stays:
    """Both, sorted by (subject, start)."""
    both = tuple(np.concatenate(pair) for pair in zip(a, b, strict=True))
    return take_stays(both, np.lexsort((both[1], both[0])))


def same_stays(a: Stays, b: Stays) -> bool:
    return all(
        np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
        for x, y in zip(a, b, strict=True)
        if len(x) == len(y)
    ) and len(a[0]) == len(b[0])


def write_open(root: Path, name: str, day: int, stays: Stays) -> Side:
    """Stays open at the end of `day`, sorted by subject."""
    path = root / name
    pq.write_table(
        pa.table(dict(zip(COLUMNS, stays, strict=True))),
        path,
        compression="zstd",
        use_dictionary=False,
    )
    sync_file(path)
    return Side(name=name, day=day, rows=len(stays[0]), bytes=path.stat().st_size)


def read_open(root: Path, side: Side) -> Stays:
    table = pq.read_table(root / side.name, use_threads=False)
    return tuple(
        table.column(c).to_numpy().astype(dtype, copy=False)
        for c, dtype in zip(COLUMNS, DTYPES, strict=True)
    )


def to_visits(stays: Stays) -> Visits:
    """Stays as visits: the mean position instead of the sums."""
    mean = stays[3] / stays[5]
    return Visits(
        subject=stays[0],
        start_us=stays[1],
        end_us=stays[2],
        lon=np.where(np.abs(mean) > 180.0, turn_degrees(mean), mean),
        lat=stays[4] / stays[5],
        fixes=stays[5],
        error_m=stays[6],
        place=stays[7],
    )


def take_visits(visits: Visits, rows: NDArray[Any]) -> Visits:
    return Visits(**{name: getattr(visits, name)[rows] for name in Visits.__struct_fields__})


def concat_visits(parts: list[Visits]) -> Visits:
    if not parts:
        return to_visits(no_stays())
    return Visits(
        **{
            name: np.concatenate([getattr(p, name) for p in parts])
            for name in Visits.__struct_fields__
        }
    )


def compact(visits: Visits) -> dict[str, NDArray[Any]]:
    """Visits in the narrow columns of the file, sorted by cell, then start: whole seconds, 1e-7
    degrees.
    """
    lon, lat = (
        kernels.from_e7(kernels.to_e7(visits.lon)),
        kernels.from_e7(kernels.to_e7(visits.lat)),
    )
    # the cell of the rounded position: what is found later must be in the order it was sorted by
    cell = kernels.place_keys(np.zeros(len(visits), np.int64), lon, lat)
    v = take_visits(visits, np.lexsort((visits.start_us, cell)))
    return {
        "subject": v.subject,
        "start_s": (v.start_us // 1_000_000).astype(np.int32),
        "end_s": (-(-v.end_us // 1_000_000)).astype(np.int32),
        "lon": np.asarray(kernels.to_e7(v.lon)),
        "lat": np.asarray(kernels.to_e7(v.lat)),
        "fixes": v.fixes,
        "error_m": v.error_m,
        "place": v.place,
    }


def expand(columns: dict[str, NDArray[Any]], rows: NDArray[Any]) -> Visits:
    """Rows of narrow columns as visits."""
    c = {name: column[rows] for name, column in columns.items()}
    return Visits(
        subject=c["subject"],
        start_us=c["start_s"].astype(np.int64) * 1_000_000,
        end_us=c["end_s"].astype(np.int64) * 1_000_000,
        lon=np.asarray(kernels.from_e7(c["lon"])),
        lat=np.asarray(kernels.from_e7(c["lat"])),
        fixes=c["fixes"],
        error_m=c["error_m"],
        place=c["place"],
    )


def write_visits(root: Path, name: str, day: int, visits: Visits) -> Side:
    """Visits closed on `day`."""
    columns: dict[str, NDArray[Any] | pa.Array] = dict(compact(visits))
    columns["error_m"] = pa.array(columns["error_m"], from_pandas=True)
    columns["place"] = pa.array(columns["place"], mask=columns["place"] < 0)
    whole = dict.fromkeys(
        ("subject", "start_s", "end_s", "lon", "lat", "fixes"), "DELTA_BINARY_PACKED"
    )
    path = root / name
    pq.write_table(
        pa.table(columns),
        path,
        use_dictionary=["error_m", "place"],
        column_encoding=whole,
        compression="zstd",
    )
    sync_file(path)
    return Side(name=name, day=day, rows=len(visits), bytes=path.stat().st_size)


def read_columns(root: Path, side: Side) -> dict[str, NDArray[Any]]:
    """The narrow columns of one file of visits."""
    table = pq.read_table(root / side.name, use_threads=False)
    empty = {"error_m": float("nan"), "place": -1}
    return {
        name: (column.fill_null(empty[name]) if name in empty else column).to_numpy()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def read_visits(root: Path, side: Side) -> Visits:
    columns = read_columns(root, side)
    return expand(columns, np.arange(side.rows))


class VisitDay:
    """The visits closed on one day, in memory, found by cell or by subject."""

    def __init__(self, columns: dict[str, NDArray[Any]]) -> None:
        self.columns = columns
        lon, lat = kernels.from_e7(columns["lon"]), kernels.from_e7(columns["lat"])
        self.keys = kernels.place_keys(np.zeros(len(lon), np.int64), lon, lat)
        self.by_subject = kernels.sort_order(columns["subject"].astype(np.int64))
        self.subjects = columns["subject"][self.by_subject]
        self.from_us = int(columns["start_s"].min(initial=np.iinfo(np.int32).max)) * 1_000_000
        self.to_us = int(columns["end_s"].max(initial=0)) * 1_000_000

    def of_subject(self, subject: int) -> Visits:
        begin, end = (
            np.searchsorted(self.subjects, subject),
            np.searchsorted(self.subjects, subject, "right"),
        )
        return expand(self.columns, self.by_subject[begin:end])

    def in_ranges(self, low: NDArray[Any], high: NDArray[Any]) -> Visits:
        """Visits whose cell lies in one of the sorted, disjoint key ranges."""
        begins, ends = np.searchsorted(self.keys, low), np.searchsorted(self.keys, high, "right")
        return expand(self.columns, kernels.rows_of_runs(begins, ends))

    def between(self, from_us: int, to_us: int) -> Visits:
        c = self.columns
        inside = (c["start_s"] < to_us / 1e6) & (c["end_s"] >= from_us / 1e6)
        return expand(c, np.flatnonzero(inside))


def build_index(days: list[VisitDay], subjects: int) -> VisitIndex:
    """The visits of all days in one index."""
    names = ("subject", "start_s", "end_s", "lon", "lat")
    empty = np.empty(0, np.int32)
    columns = {
        name: np.concatenate([empty, *(day.columns[name] for day in days)]) for name in names
    }
    lon, lat = kernels.from_e7(columns["lon"]), kernels.from_e7(columns["lat"])
    cell = kernels.grid_cells(lon, lat)
    order = kernels.sort_order(columns["start_s"].astype(np.int64) + (1 << 31))
    order = order[kernels.sort_order(kernels.take(cell, order))]
    cell = kernels.take(cell, order)
    subject, start_s, end_s = (
        kernels.take(columns[name], order) for name in ("subject", "start_s", "end_s")
    )
    first = np.flatnonzero(np.concatenate([[len(cell) > 0], cell[1:] != cell[:-1]]))
    counts = np.bincount(subject, minlength=subjects)
    return VisitIndex(
        per_degree=kernels.CELLS_PER_DEGREE,
        cells=cell[first],
        cell_start=np.concatenate([first, [len(cell)]]),
        longest_s=np.maximum.reduceat(end_s - start_s, first) if len(first) else empty,
        by_subject=kernels.sort_order(subject.astype(np.int64)),
        subject_start=np.concatenate([[0], np.cumsum(counts)]),
        subject=subject,
        start_s=start_s,
        end_s=end_s,
        lon=kernels.take(lon, order),
        lat=kernels.take(lat, order),
    )

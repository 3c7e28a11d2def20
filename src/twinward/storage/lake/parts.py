"""Writing and reading one Parquet file of fixes: narrow exact columns, small row groups, an index of their keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.ports import Fixes
from twinward.storage.lake import kernels
from twinward.storage.lake.crowd import write_crowd
from twinward.storage.lake.manifest import Part, sync_file

GROUP_ROWS = 8192
BY_PLACE, BY_SUBJECT = "place", "subject"
UNITS_US = (1_000_000, 1_000, 1)


def unit_of(time_us: NDArray[Any]) -> int:
    """The coarsest unit in which all times are whole numbers."""
    return next(unit for unit in UNITS_US if unit == 1 or not np.any(time_us % unit))


def coords_of(lon: NDArray[Any], lat: NDArray[Any]) -> str:
    """The narrowest form that gives every coordinate back exactly."""
    if kernels.is_e7(lon) and kernels.is_e7(lat):
        return "e7"
    return "f32" if kernels.is_f32(lon) and kernels.is_f32(lat) else "f64"


def encode_coords(values: NDArray[Any], coords: str) -> NDArray[Any]:
    if coords == "e7":
        return np.asarray(kernels.to_e7(values))
    return values.astype(np.float32 if coords == "f32" else np.float64)


def decode_coords(values: NDArray[Any], coords: str) -> NDArray[Any]:
    return np.asarray(kernels.from_e7(values)) if coords == "e7" else values.astype(np.float64)


def extras_of(fixes: Fixes) -> tuple[str, ...]:
    """The optional columns that say anything."""
    held = {
        "error_m": not np.all(np.isnan(fixes.error_m)),
        "place": bool(np.any(fixes.place >= 0)),
        "flag": bool(np.any(fixes.flag)),
    }
    return tuple(name for name, says in held.items() if says)


def group_keys(first: NDArray[Any], rows: int) -> NDArray[Any]:
    """First and last key of every row group, int64[G, 2], from the keys of all rows."""
    starts = np.arange(0, rows, GROUP_ROWS)
    ends = np.minimum(starts + GROUP_ROWS, rows) - 1
    return np.stack([first[starts], first[ends]], axis=1)


def write_part(root: Path, name: str, order: str, day: int, fixes: Fixes, forms: tuple[int, str], at_us: int) -> Part:
    """Write rows that are sorted already (`order`), with their index; both are on the disk when this returns.

    `forms` is (unit_us, coords). Nothing names the file yet: that is the manifest's to do.
    """
    unit_us, coords = forms
    time_us = fixes.time_us - day * DAY_US
    extras = extras_of(fixes)
    lon, lat = encode_coords(fixes.lon, coords), encode_coords(fixes.lat, coords)
    time = (time_us // unit_us).astype(np.int64 if unit_us == 1 else np.int32)
    columns: dict[str, Any] = {"subject": fixes.subject, "time": time, "lon": lon, "lat": lat}
    if "error_m" in extras:
        columns["error_m"] = pa.array(fixes.error_m, from_pandas=True)
    if "place" in extras:
        columns["place"] = pa.array(fixes.place, mask=fixes.place < 0)
    if "flag" in extras:
        columns["flag"] = fixes.flag
    path = root / name
    whole = {c: "DELTA_BINARY_PACKED" for c in ("subject", "time", "lon", "lat") if c[0] != "l" or coords == "e7"}
    floats = {c: "BYTE_STREAM_SPLIT" for c in ("lon", "lat") if coords != "e7"}
    pq.write_table(
        pa.table(columns),
        path,
        row_group_size=GROUP_ROWS,
        use_dictionary=list(extras),
        column_encoding=whole | floats,
        compression={c: "zstd" if c in floats or c in extras else "none" for c in columns},
        compression_level={c: 1 for c in columns if c in floats or c in extras} or None,
    )
    if order == BY_PLACE:
        keys = kernels.place_keys(time_us, fixes.lon, fixes.lat)
    else:
        keys = kernels.subject_keys(fixes.subject, time_us // 1_000_000, kernels.SECOND_BITS)
    np.save(root / f"{name}.groups.npy", group_keys(keys, len(fixes)))
    sync_file(path)
    sync_file(root / f"{name}.groups.npy")
    crowd = order == BY_PLACE and coords == "e7"
    return Part(
        name=name,
        day=day,
        order=order,
        rows=len(fixes),
        bytes=path.stat().st_size,
        unit_us=unit_us,
        coords=coords,
        from_us=int(fixes.time_us.min()),
        to_us=int(fixes.time_us.max()) + 1,
        recorded_us=at_us,
        extras=extras,
        crowd_bytes=write_crowd(root, name, fixes.subject, lon, lat) if crowd else 0,
    )


class OpenPart:
    """One part held open for reading: a query keeps what it opened even when the file is retired meanwhile."""

    def __init__(self, root: Path, part: Part) -> None:
        self.part = part
        groups = np.load(root / f"{part.name}.groups.npy")
        self.first, self.last = np.ascontiguousarray(groups[:, 0]), np.ascontiguousarray(groups[:, 1])
        self.file = pq.ParquetFile(root / part.name, memory_map=True)

    def read_columns(self, groups: NDArray[Any], names: list[str]) -> list[NDArray[Any]]:
        """Columns of the row groups given, as kept in the file; nulls become NaN or -1."""
        table = self.file.read_row_groups(groups.tolist(), columns=names, use_threads=False)
        out = []
        for name in names:
            column = table.column(name)
            if column.null_count:
                column = column.fill_null(float("nan") if pa.types.is_floating(column.type) else -1)
            chunks = [chunk.to_numpy(zero_copy_only=False) for chunk in column.chunks]
            out.append(chunks[0] if len(chunks) == 1 else np.concatenate(chunks))
        return out

    def starts(self, groups: NDArray[Any]) -> NDArray[Any]:
        """Where each of the row groups begins in what `read_columns` gives, and the end."""
        sizes = np.minimum(GROUP_ROWS, self.part.rows - groups * GROUP_ROWS)
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def gather(self, low: NDArray[Any], high: NDArray[Any]) -> Fixes:
        """Rows whose key lies in one of the sorted, disjoint ranges [low, high]."""
        part = self.part
        groups = kernels.touched_groups(low, high, self.first, self.last)
        if not len(groups):
            return NO_FIXES
        subject, time, lon, lat = self.read_columns(groups, ["subject", "time", "lon", "lat"])
        starts = self.starts(groups)
        first, last = self.first[groups], self.last[groups]
        if part.order == BY_PLACE:
            runs = kernels.find_runs(low, high, first, last, starts, time, part.unit_us, lon, lat, part.scale)
            rows = kernels.rows_of_runs(*runs)
        else:
            keys = kernels.subject_keys(subject, time // (1_000_000 // part.unit_us), kernels.SECOND_BITS)
            slot = np.searchsorted(low, keys, "right") - 1
            rows = np.flatnonzero((slot >= 0) & (keys <= high[slot]))
        extras = {}
        if part.extras and len(rows):
            extras = dict(zip(part.extras, self.read_columns(groups, list(part.extras)), strict=True))
        return Fixes(
            subject=subject[rows],
            time_us=time[rows].astype(np.int64) * part.unit_us + part.day * DAY_US,
            lon=decode_coords(lon[rows], part.coords),
            lat=decode_coords(lat[rows], part.coords),
            error_m=extras["error_m"][rows] if "error_m" in extras else np.full(len(rows), np.nan, np.float32),
            place=extras["place"][rows] if "place" in extras else np.full(len(rows), -1, np.int32),
            flag=extras["flag"][rows] if "flag" in extras else np.zeros(len(rows), np.uint8),
        )

    def read_all(self) -> Fixes:
        """Every row of the part."""
        return self.gather(np.array([0], np.int64), np.array([np.iinfo(np.int64).max]))


def concat_fixes(parts: list[Fixes]) -> Fixes:
    """The rows of all, one after the other."""
    parts = [part for part in parts if len(part)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NO_FIXES
    return Fixes(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in Fixes.__struct_fields__})


def take_fixes(fixes: Fixes, rows: NDArray[Any]) -> Fixes:
    """Some rows, by mask or position."""
    return Fixes(**{name: getattr(fixes, name)[rows] for name in Fixes.__struct_fields__})


NO_FIXES = Fixes(
    subject=np.empty(0, np.int32),
    time_us=np.empty(0, np.int64),
    lon=np.empty(0),
    lat=np.empty(0),
    error_m=np.empty(0, np.float32),
    place=np.empty(0, np.int32),
    flag=np.empty(0, np.uint8),
)

"""Writing and reading one Parquet file of fixes: narrow exact columns, small row groups, an
index of their keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.ports import Fixes
from twinward.storage.lake import kernels
from twinward.storage.lake.crowd import write_crowd
from twinward.storage.lake.delta_file import write_delta_file
from twinward.storage.lake.manifest import Part, sync_file
from twinward.storage.lake.rows import LakeRows

GROUP_ROWS = 8192
BLOCK_ROWS = 32 * GROUP_ROWS  # written at a time
BY_PLACE, BY_SUBJECT = "place", "subject"


def decode_coords(values: NDArray[Any], coords: str) -> NDArray[Any]:
    return np.asarray(kernels.from_e7(values)) if coords == "e7" else values.astype(np.float64)


def coords_of(rows: LakeRows) -> str:
    """The narrowest form that gives every coordinate back exactly."""
    if rows.e7:
        return "e7"
    return "f32" if all(kernels.is_f32(rows.column(name)) for name in ("lon", "lat")) else "f64"


def group_keys(order: str, rows: LakeRows) -> NDArray[Any]:
    """First and last key of every row group, int64[G, 2]."""
    starts = np.arange(0, len(rows), GROUP_ROWS)
    ends = np.minimum(starts + GROUP_ROWS, len(rows)) - 1
    edge = rows.take(np.concatenate([starts, ends]).astype(np.int32))
    if order == BY_PLACE:
        keys = kernels.place_keys(edge.seconds(), *edge.points())
    else:
        keys = kernels.subject_keys(edge.column("subject"), edge.seconds(), kernels.SECOND_BITS)
    return np.asarray(keys.reshape(2, -1).T)


def extras_of(rows: LakeRows, flag: NDArray[Any]) -> tuple[str, ...]:
    """The optional columns that say anything."""
    says = {
        "error_m": "error_m" in rows.extras and not np.all(np.isnan(rows.column("error_m"))),
        "place": "place" in rows.extras and bool(np.any(rows.column("place") >= 0)),
        "flag": bool(flag.any()),
    }
    return tuple(name for name, held in says.items() if held)


def columns_of(
    rows: LakeRows, flag: NDArray[Any], coords: str, extras: tuple[str, ...]
) -> dict[str, pa.Array | NDArray[Any]]:
    """The columns of the file."""
    columns: dict[str, pa.Array | NDArray[Any]] = {
        name: rows.column(name) for name in ("subject", "time", "lon", "lat")
    }
    if coords == "f32":
        columns |= {name: columns[name].astype(np.float32) for name in ("lon", "lat")}
    if "error_m" in extras:
        columns["error_m"] = pa.array(rows.column("error_m"), from_pandas=True)
    if "place" in extras:
        columns["place"] = pa.array(rows.column("place"), mask=rows.column("place") < 0)
    return columns | ({"flag": flag} if "flag" in extras else {})


def write_rows(
    path: Path, rows: LakeRows, flag: NDArray[Any], coords: str, extras: tuple[str, ...]
) -> None:
    """The Parquet file, a few row groups at a time so that their columns stay in the cache.

    By our own encoder where all columns are 32-bit whole numbers, as most are, else by Arrow's.
    """
    starts = range(0, len(rows), BLOCK_ROWS)
    cuts = [slice(start, start + BLOCK_ROWS) for start in starts]
    blocks = ((msgspec.structs.replace(rows, words=rows.words[cut]), flag[cut]) for cut in cuts)
    if coords == "e7" and rows.unit_us > 1 and "error_m" not in extras:
        names = ["subject", "time", "lon", "lat", *extras]
        write_delta_file(path, (numbers_of(*block, extras) for block in blocks), names, GROUP_ROWS)
    else:
        write_by_arrow(path, blocks, coords, extras)
    sync_file(path)


def numbers_of(rows: LakeRows, flag: NDArray[Any], extras: tuple[str, ...]) -> NDArray[Any]:
    """int32[n, columns of the file]; a place that is not named is -1."""
    if not extras and not rows.extras:
        return rows.words
    out = np.empty((len(rows), 4 + len(extras)), np.int32)
    out[:, :4] = rows.words[:, :4]
    for at, name in enumerate(extras, 4):
        out[:, at] = flag if name == "flag" else rows.column(name)
    return out


def write_by_arrow(
    path: Path,
    blocks: Iterable[tuple[LakeRows, NDArray[Any]]],
    coords: str,
    extras: tuple[str, ...],
) -> None:
    """The columns that need more than 32-bit whole numbers: nulls, fractions, microseconds."""
    whole = {
        c: "DELTA_BINARY_PACKED"
        for c in ("subject", "time", "lon", "lat")
        if c[0] != "l" or coords == "e7"
    }
    packed = set(extras) if coords == "e7" else {*extras, "lon", "lat"}
    writer = None
    for rows, flag in blocks:
        table = pa.table(columns_of(rows, flag, coords, extras))
        writer = writer or pq.ParquetWriter(
            path,
            table.schema,
            use_dictionary=list(extras),
            column_encoding=whole
            | ({} if coords == "e7" else dict.fromkeys(("lon", "lat"), "BYTE_STREAM_SPLIT")),
            compression={c: "zstd" if c in packed else "none" for c in table.column_names},
            compression_level=dict.fromkeys(packed, 1) or None,
        )
        writer.write_table(table, GROUP_ROWS)
    if writer:
        writer.close()


def write_part(
    root: Path, name: str, order: str, day: int, rows: LakeRows, flag: NDArray[Any], at_us: int
) -> Part:
    """Write rows that are sorted already (`order`), with their index; both are on the disk when
    this returns.

    Nothing names the file yet: that is the manifest's to do.
    """
    coords, extras = coords_of(rows), extras_of(rows, flag)
    write_rows(root / name, rows, flag, coords, extras)
    np.save(root / f"{name}.groups.npy", group_keys(order, rows))
    sync_file(root / f"{name}.groups.npy")
    time = rows.words[:, 1] if rows.unit_us > 1 else rows.column("time")
    return Part(
        name=name,
        day=day,
        order=order,
        rows=len(rows),
        bytes=(root / name).stat().st_size,
        unit_us=rows.unit_us,
        coords=coords,
        from_us=day * DAY_US + int(time.min()) * rows.unit_us,
        to_us=day * DAY_US + int(time.max()) * rows.unit_us + 1,
        recorded_us=at_us,
        extras=extras,
        crowd_bytes=write_crowd(root, name, rows) if order == BY_PLACE and rows.e7 else 0,
    )


class OpenPart:
    """One part held open for reading: a query keeps what it opened even when the file is retired
    meanwhile.
    """

    def __init__(self, root: Path, part: Part) -> None:
        self.part = part
        groups = np.load(root / f"{part.name}.groups.npy")
        self.first, self.last = (
            np.ascontiguousarray(groups[:, 0]),
            np.ascontiguousarray(groups[:, 1]),
        )
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
            runs = kernels.find_runs(
                low, high, first, last, starts, time, part.unit_us, lon, lat, part.scale
            )
            rows = kernels.rows_of_runs(*runs)
        else:
            keys = kernels.subject_keys(
                subject, time // (1_000_000 // part.unit_us), kernels.SECOND_BITS
            )
            slot = np.searchsorted(low, keys, "right") - 1
            rows = np.flatnonzero((slot >= 0) & (keys <= high[slot]))
        extras = {}
        if part.extras and len(rows):
            extras = dict(
                zip(part.extras, self.read_columns(groups, list(part.extras)), strict=True)
            )
        return Fixes(
            subject=subject[rows],
            time_us=time[rows].astype(np.int64) * part.unit_us + part.day * DAY_US,
            lon=decode_coords(lon[rows], part.coords),
            lat=decode_coords(lat[rows], part.coords),
            error_m=extras["error_m"][rows]
            if "error_m" in extras
            else np.full(len(rows), np.nan, np.float32),
            place=extras["place"][rows] if "place" in extras else np.full(len(rows), -1, np.int32),
            flag=extras["flag"][rows].astype(np.uint8)
            if "flag" in extras
            else np.zeros(len(rows), np.uint8),
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
    return Fixes(
        **{
            name: np.concatenate([getattr(p, name) for p in parts])
            for name in Fixes.__struct_fields__
        }
    )


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

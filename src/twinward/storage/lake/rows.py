"""Rows of one day on their way to the disk: all columns of a row side by side, in the narrowest
exact form.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.ports import Fixes
from twinward.storage.lake import kernels
from twinward.storage.lake.scratch_arrays import ScratchArrays

UNITS_US = (1_000_000, 1_000, 1)
CELL_BLOCKS = 1 << 22  # of 2^16 cells each: the whole world
SPARSE_ROWS = 1 << 16  # buckets that are worth their room however few rows there are
EXTRAS = {
    "error_m": np.dtype(np.float32),
    "place": np.dtype(np.int32),
    "identified": np.dtype(np.int32),
}
FILL: dict[str, object] = {"error_m": np.nan, "place": -1, "identified": 0}


class LakeRows(msgspec.Struct, frozen=True, kw_only=True):
    """int32[n, words]: subject, time (from midnight in `unit_us`), lon, lat, extras.

    Side by side because sorting reads rows at random: one row is one miss of the cache instead of
    one a column. Time takes two words where the unit is 1 (microseconds), lon and lat two each
    unless `e7` (whole 1e-7 degrees).
    """

    words: NDArray[Any]
    unit_us: int
    e7: bool
    extras: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.words)

    def column(self, name: str) -> NDArray[Any]:
        """One column as an array of its own: subject int32, time int32 or int64, lon and lat
        int32 or float64.
        """
        at = 0
        for each, kind in self._kinds():
            wide = kind.itemsize // 4
            if each == name:
                return np.ascontiguousarray(self.words[:, at : at + wide]).reshape(-1).view(kind)
            at += wide
        return np.full(len(self), FILL[name], EXTRAS[name])

    def _kinds(self) -> list[tuple[str, np.dtype[np.generic]]]:
        time = np.dtype(np.int64 if self.unit_us == 1 else np.int32)
        point = np.dtype(np.int32 if self.e7 else np.float64)
        names = [("subject", np.dtype(np.int32)), ("time", time), ("lon", point), ("lat", point)]
        return names + [(name, EXTRAS[name]) for name in self.extras]

    def take(self, order: NDArray[Any]) -> LakeRows:
        """Some rows, by position (int32) or mask."""
        if order.dtype == np.bool_:
            return msgspec.structs.replace(self, words=self.words[order])
        out = np.empty((len(order), self.words.shape[1]), np.int32)
        kernels.take_rows(self.words, order, out)
        return msgspec.structs.replace(self, words=out)

    def in_time(self, room: ScratchArrays) -> LakeRows:
        """In the order of time, as a feed mostly brings them, in the room."""
        time = self.words[:, 1] if self.unit_us > 1 else self.column("time")
        return (
            self if kernels.ascends(time) else self._sorted(time.astype(np.int64), room, "by time")
        )

    def by_subject(self, room: ScratchArrays) -> LakeRows:
        """Rows in time by subject, then time, in the room."""
        subject = self.words[:, 0]
        buckets = int(subject.max(initial=0)) + 1
        if buckets > SPARSE_ROWS + 4 * len(self):
            return self._sorted(subject.astype(np.int64), room, "by subject")
        return self._grouped(subject, buckets, room, "by subject")

    def by_place(self, room: ScratchArrays) -> LakeRows:
        """Rows in time by cell, then time, in the room."""
        at, cells = self.words.shape[1] - len(self.extras), room.take("cells", len(self), np.int64)
        points = (self.words[:, at - 2], self.words[:, at - 1]) if self.e7 else self.points()
        kernels.cells_of(*points, 1e7 if self.e7 else 1.0, cells)
        if len(self) > SPARSE_ROWS:
            ranks = np.zeros(CELL_BLOCKS, np.int32)
            buckets = kernels.rank_blocks(cells, ranks) << 16
            if buckets <= SPARSE_ROWS + 4 * len(self):
                kernels.close_ranks(cells, ranks)
                return self._grouped(cells, buckets, room, "by place")
        return self._sorted(cells, room, "by place")

    def _grouped(
        self, keys: NDArray[Any], buckets: int, room: ScratchArrays, name: str
    ) -> LakeRows:
        out = room.take(name, len(self), np.int32, self.words.shape[1])
        kernels.group_rows(self.words, keys, np.zeros(buckets + 1, np.int32), out)
        return msgspec.structs.replace(self, words=out)

    def _sorted(self, keys: NDArray[Any], room: ScratchArrays, name: str) -> LakeRows:
        a, b = (room.take(f"{name} {k}", len(self), np.int32, self.words.shape[1]) for k in "ab")
        keys_a, keys_b = (room.take(f"keys {k}", len(self), np.int64) for k in "ab")
        return msgspec.structs.replace(
            self, words=kernels.sort_rows(self.words, keys, a, b, keys_a, keys_b)
        )

    def points(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """lon and lat in degrees."""
        lon, lat = self.column("lon"), self.column("lat")
        return (kernels.from_e7(lon), kernels.from_e7(lat)) if self.e7 else (lon, lat)

    def seconds(self) -> NDArray[Any]:
        """Whole seconds since midnight."""
        return np.asarray(self.column("time") // (1_000_000 // self.unit_us))

    def to_fixes(self, day: int, room: ScratchArrays) -> Fixes:
        """The same rows as fixes in the room, none of them flagged."""
        n, kinds = (
            len(self),
            {"subject": np.int32, "time_us": np.int64, "lon": np.float64, "lat": np.float64},
        )
        columns = {name: room.take(name, n, kind) for name, kind in kinds.items()}
        if self.e7 and self.unit_us > 1:
            kernels.widen(self.words, self.unit_us, day * DAY_US, *columns.values())
        else:
            columns["subject"], (columns["lon"], columns["lat"]) = (
                self.column("subject"),
                self.points(),
            )
            columns["time_us"] = self.column("time").astype(np.int64) * self.unit_us + day * DAY_US
        for name in ("error_m", "place"):
            held = name in self.extras
            columns[name] = (
                self.column(name) if held else room.constant(name, n, FILL[name], EXTRAS[name])
            )
        return Fixes(**columns, flag=room.constant("flag", n, 0, np.uint8))


def pack(columns: dict[str, NDArray[Any]], day: int) -> LakeRows:
    """Columns (subject, time_us, lon, lat and perhaps extras) of one day as rows, as narrow as
    is exact.
    """
    held, unit_us = _time_words(columns["time_us"], day)
    points = [kernels.exact_e7(columns[name]) for name in ("lon", "lat")]
    e7 = all(exact for _, exact in points)
    extras = tuple(name for name in EXTRAS if name in columns)
    words = [columns["subject"].astype(np.int32, copy=False), *held]
    for (whole, _), name in zip(points, ("lon", "lat"), strict=True):
        words += [whole] if e7 else _halves(columns[name].astype(np.float64, copy=False))
    words += [columns[name].astype(EXTRAS[name], copy=False).view(np.int32) for name in extras]
    rows = np.empty((len(words[0]), len(words)), np.int32)
    kernels.interleave(tuple(map(_read_only, words)), rows)
    return LakeRows(words=rows, unit_us=unit_us, e7=e7, extras=extras)


def _read_only(words: NDArray[Any]) -> NDArray[Any]:
    """A contiguous view without write access: columns from Arrow have none, and numba wants a
    tuple of one type.
    """
    view = np.ascontiguousarray(words).view()
    view.flags.writeable = False
    return view


def pack_fixes(fixes: Fixes, day: int) -> LakeRows:
    """Fixes as rows; their flags stay outside."""
    columns = {name: getattr(fixes, name) for name in ("subject", "time_us", "lon", "lat")}
    if not np.all(np.isnan(fixes.error_m)):
        columns["error_m"] = fixes.error_m
    if np.any(fixes.place >= 0):
        columns["place"] = fixes.place
    return pack(columns, day)


def _time_words(time_us: NDArray[Any], day: int) -> tuple[list[NDArray[Any]], int]:
    for unit_us in UNITS_US[:-1]:
        whole, exact = kernels.exact_time(time_us, day * DAY_US, unit_us)
        if exact:
            return [whole], unit_us
    return _halves(time_us - day * DAY_US), 1


def _halves(column: NDArray[Any]) -> list[NDArray[Any]]:
    both = np.ascontiguousarray(column).view(np.int32)
    return [both[0::2], both[1::2]]


def join(parts: list[LakeRows], day: int, room: ScratchArrays) -> LakeRows:
    """All rows, one part after the other, in a form that holds them all exactly."""
    forms = {(part.unit_us, part.e7, part.extras) for part in parts}
    if len(forms) == 1:
        shape = (sum(map(len, parts)), parts[0].words.shape[1])
        words = room.take("came", shape[0], np.int32, shape[1])
        return msgspec.structs.replace(
            parts[0], words=np.concatenate([part.words for part in parts], out=words)
        )
    extras = [name for name in EXTRAS if any(name in part.extras for part in parts)]
    fixes = [part.to_fixes(day, ScratchArrays()) for part in parts]
    columns = {
        n: np.concatenate([getattr(f, n) for f in fixes])
        for n in ("subject", "time_us", "lon", "lat")
    }
    return pack(
        columns | {n: np.concatenate([part.column(n) for part in parts]) for n in extras}, day
    )

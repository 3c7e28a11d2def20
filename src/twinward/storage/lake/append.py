"""One append: number, group by day, drop what is known, flag, sort twice, write, build visits;
then one commit.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.ports import Fixes
from twinward.storage.lake import kernels, stays
from twinward.storage.lake.buffer import DayBuffer
from twinward.storage.lake.manifest import LakeManifest, NamesPiece, Side, sync_file
from twinward.storage.lake.names import NameTable
from twinward.storage.lake.parts import (
    BY_PLACE,
    BY_SUBJECT,
    NO_FIXES,
    OpenPart,
    concat_fixes,
    take_fixes,
    write_part,
)
from twinward.storage.lake.rows import LakeRows
from twinward.storage.lake.scratch_arrays import ScratchArrays

if TYPE_CHECKING:
    import pyarrow as pa

SPEED_LIMIT_M_S = 1_000 / 3.6  # faster than an airliner: stored, flagged, left out of stays
SPEED_SLACK_M = 500.0  # a jump of this size is noise at any speed


class Appended(msgspec.Struct, kw_only=True):
    """What one append did. `bytes` counts the fixes in both orders, crowd files included."""

    stored: int = 0
    duplicate: int = 0
    flagged: int = 0
    visits: int = 0
    bytes: int = 0
    visit_bytes: int = 0


class Append:
    """Builds the next manifest from batches; nothing is visible until the caller commits
    `manifest`.
    """

    def __init__(
        self, root: Path, manifest: LakeManifest, at_us: int, memory_rows: int | None = None
    ) -> None:
        self.root = root
        self.manifest = msgspec.structs.replace(manifest, generation=manifest.generation + 1)
        self.at_us = at_us
        self.done = Appended()
        self.subjects, self.places = (
            NameTable(root, manifest.subjects),
            NameTable(root, manifest.places),
        )
        scratch = root / "scratch"
        self.buffer = DayBuffer(scratch, memory_rows) if memory_rows else DayBuffer(scratch)
        self.room = ScratchArrays()
        self.new_keys: list[NDArray[Any]] = []
        self.touched = np.zeros(0, np.bool_)  # subjects whose stays may have changed

    def add(self, table: pa.Table) -> None:
        """One batch: an Arrow table with subject, time_us, lon, lat and perhaps error_m, place,
        source_key.
        """
        columns = {name: table.column(name).to_numpy() for name in ("time_us", "lon", "lat")}
        number, self.subjects = self.subjects.number(whole(table.column("subject")))
        columns["subject"] = number
        keep = None
        if "error_m" in table.column_names:
            columns["error_m"] = table.column("error_m").to_numpy().astype(np.float32)
        if "place" in table.column_names:
            text = whole(table.column("place"))
            number, self.places = self.places.number(text.fill_null(""))
            columns["place"] = np.where(
                text.is_valid().to_numpy(zero_copy_only=False), number, -1
            ).astype(np.int32)
        if "source_key" in table.column_names:
            key = table.column("source_key").to_numpy()
            key = key.view(np.int64) if key.dtype == np.uint64 else key.astype(np.int64, copy=False)
            columns["identified"] = key != 0
            keep = self._unseen(key)
            self.done.duplicate += int((~keep).sum())
        self.buffer.add(columns, keep)

    def _unseen(self, key: NDArray[Any]) -> NDArray[Any]:
        """Rows whose source key is new to the lake and to this append, or that have none."""
        first = np.zeros(len(key), np.bool_)
        first[np.unique(key, return_index=True)[1]] = True
        keep = first | (key == 0)
        known = [
            np.load(self.root / side.name, mmap_mode="r") for side in self.manifest.source_keys
        ]
        for keys in [*known, *self.new_keys]:
            at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
            keep &= (keys[at] != key) | (key == 0)
        new = np.unique(key[keep & (key != 0)])
        if len(new):
            self.new_keys.append(new)
        return np.asarray(keep)

    def finish(self) -> LakeManifest:
        """Write everything, day by day; the manifest to commit."""
        days = self.buffer.days()
        self._write_names()
        self.touched = np.zeros(len(self.subjects), np.bool_)
        later = [day for day in self.manifest.days() if days and day > days[0]]
        for day in sorted({*days, *later}):
            if day in days:
                self._write_day(day)
            elif self._rebuild_visits(day, None):  # nothing changes from here to the next new day
                self.touched[:] = False
        self._write_keys(days)
        return self.manifest

    def rebuild(self, days: set[int]) -> LakeManifest:
        """Visits anew of everyone from the first of `days` on, after rows of these days were
        dropped.
        """
        self.touched = np.ones(len(self.subjects), np.bool_)
        for day in [day for day in self.manifest.days() if day >= min(days)]:
            if self._rebuild_visits(day, None) and day > max(days):
                break
        return self.manifest

    def _grow(self, **changes: object) -> None:
        self.manifest = msgspec.structs.replace(self.manifest, **changes)

    def _file(self, kind: str, day: int, ending: str = "parquet") -> str:
        return f"{kind}-{day}-{self.manifest.generation:08d}.{ending}"

    def _write_names(self) -> None:
        def written(names: NameTable, kind: str) -> tuple[NamesPiece, ...]:
            return names.write(f"{kind}-{self.manifest.generation:08d}.arrow")

        self._grow(
            subjects=written(self.subjects, "subjects"), places=written(self.places, "places")
        )

    def _write_keys(self, days: list[int]) -> None:
        if not self.new_keys:
            return
        name = self._file("keys", days[-1] if days else 0, "npy")
        keys = np.sort(np.concatenate(self.new_keys))
        np.save(self.root / name, keys)
        sync_file(self.root / name)
        side = Side(name=name, day=days[-1] if days else 0, rows=len(keys), bytes=keys.nbytes)
        self._grow(source_keys=(*self.manifest.source_keys, side))

    def _write_day(self, day: int) -> None:
        came, rows, fixes = self._new_rows(day)
        new_day = day not in self.manifest.days()
        if len(fixes):
            fixes = self._flag(day, fixes)
            self.done.flagged += int(fixes.flag.sum())
            self._write_orders(day, rows, came.by_place(self.room), fixes.flag)
            self.done.stored += len(fixes)
            self.touched[fixes.subject] = True
        if new_day:
            self.touched[:] = True  # every stay carried into a day that was not there may end on it
        self._rebuild_visits(day, fixes if new_day else None)

    def _write_orders(
        self, day: int, by_subject: LakeRows, by_place: LakeRows, flag: NDArray[Any]
    ) -> None:
        """Both files; `flag` is in the order by subject."""
        moved = flags_moved(by_subject, by_place, flag)
        for kind, rows, flags in ((BY_SUBJECT, by_subject, flag), (BY_PLACE, by_place, moved)):
            part = write_part(self.root, self._file(kind, day), kind, day, rows, flags, self.at_us)
            self._grow(parts=(*self.manifest.parts, part))
            self.done.bytes += part.bytes + part.crowd_bytes

    def _new_rows(self, day: int) -> tuple[LakeRows, LakeRows, Fixes]:
        """Rows the lake does not hold: by time, and by (subject, time, lon, lat) as rows and as
        fixes.
        """
        came = self.buffer.pop(day, self.room).in_time(self.room)
        rows = came.by_subject(self.room)
        fixes = rows.to_fixes(day, self.room)
        keys = (fixes.subject, fixes.time_us, fixes.lon, fixes.lat)
        if kernels.has_ties(*keys):
            order = kernels.order_ties(*keys)
            rows, fixes = rows.take(order), take_fixes(fixes, order)
            keys = (fixes.subject, fixes.time_us, fixes.lon, fixes.lat)
        plain = rows.column("identified") == 0
        keep = plain.copy()
        repeats = kernels.mark_repeats(*keys, keep)
        for known in self._known_rows(day, fixes):
            repeats += kernels.mark_known(
                *keys, keep, known.subject, known.time_us, known.lon, known.lat
            )
        if not repeats:
            return came, rows, fixes
        self.done.duplicate += repeats
        keep |= ~plain
        rows = rows.take(keep)
        return rows.in_time(self.room), rows, take_fixes(fixes, keep)

    def _known_rows(self, day: int, fixes: Fixes) -> Iterable[Fixes]:
        """Stored rows that may equal new ones, part by part."""
        start, end = int(fixes.time_us.min()), int(fixes.time_us.max())
        parts = [
            p
            for p in self.manifest.parts_of(BY_SUBJECT, day)
            if p.from_us <= end and p.to_us > start
        ]
        if not parts:
            return
        second = (fixes.time_us - day * DAY_US) // 1_000_000
        keys = kernels.subject_keys(fixes.subject, second, kernels.SECOND_BITS)
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
        for part in parts:
            yield OpenPart(self.root, part).gather(keys, keys)

    def _flag(self, day: int, fixes: Fixes) -> Fixes:
        """The same fixes with speeds flagged, as they look from these fixes and the stays open
        before.
        """
        carry = self._carry_into(day)
        prior = (carry[0], carry[2], carry[3] / carry[5], carry[4] / carry[5])
        flag = kernels.flag_speeds(
            fixes.subject,
            fixes.time_us,
            fixes.lon,
            fixes.lat,
            fixes.error_m,
            SPEED_LIMIT_M_S,
            SPEED_SLACK_M,
            prior,
        )
        return msgspec.structs.replace(fixes, flag=flag)

    def _carry_into(self, day: int) -> stays.Stays:
        before = [side for side in self.manifest.open_stays if side.day < day]
        return (
            stays.read_open(self.root, max(before, key=lambda side: side.day))
            if before
            else stays.no_stays()
        )

    def _fixes_of_touched(self, day: int) -> Fixes:
        parts = [OpenPart(self.root, part) for part in self.manifest.parts_of(BY_SUBJECT, day)]
        who = np.flatnonzero(self.touched)
        low, high = who << kernels.SECOND_BITS, ((who + 1) << kernels.SECOND_BITS) - 1
        fixes = concat_fixes([part.gather(low, high) for part in parts]) if len(who) else NO_FIXES
        order = np.lexsort((fixes.lat, fixes.lon, fixes.time_us, fixes.subject))
        return take_fixes(fixes, order)

    def _rebuild_visits(self, day: int, fixes: Fixes | None) -> bool:
        """Visits of the touched subjects on `day` anew; True when what they carry out of it did not
        change.

        `fixes` are all rows of the day where the caller has them at hand.
        """
        carry = self._carry_into(day)
        carry = stays.take_stays(carry, self.touched[carry[0]])
        if (
            fixes is None
        ):  # flags as they look from all fixes, not as they looked from those of one append
            fixes = self._flag(day, self._fixes_of_touched(day))
        closed, left = stays.find_stays(day, fixes, carry)
        visits = stays.to_visits(closed)
        old_visits = [side for side in self.manifest.visits if side.day == day]
        old_open = [side for side in self.manifest.open_stays if side.day == day]
        unchanged = False
        for side in old_visits:
            old = stays.read_visits(self.root, side)
            rest = stays.take_visits(old, ~self.touched[old.subject])
            self.done.visits -= len(old) - len(rest)
            visits = stays.concat_visits([rest, visits])
        for side in old_open:
            before = stays.read_open(self.root, side)
            mine = self.touched[before[0]]
            unchanged = stays.same_stays(stays.take_stays(before, mine), left)
            left = stays.join_stays(stays.take_stays(before, ~mine), left)
        self.done.visits += len(closed[0])
        seen = stays.write_visits(self.root, self._file("visits", day), day, visits)
        kept = stays.write_open(self.root, self._file("open", day), day, left)
        self.done.visit_bytes += seen.bytes
        self._grow(
            visits=(*(s for s in self.manifest.visits if s.day != day), seen),
            open_stays=(*(s for s in self.manifest.open_stays if s.day != day), kept),
        )
        return unchanged


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A chunked column as one array, without a copy where it is one already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def flags_moved(by_subject: LakeRows, by_place: LakeRows, flag: NDArray[Any]) -> NDArray[Any]:
    """The flags of the rows by subject, for the same rows by place. Few rows have one: they are
    looked for.
    """
    return kernels.mark_same(by_place.words, by_subject.words[flag == 1]) if flag.any() else flag

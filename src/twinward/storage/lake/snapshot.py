"""One consistent picture of the lake for asking: opened parts, visits in memory, both kept warm
between questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import DAY_US
from twinward.core.ports import Crowd, Fixes, VisitIndex, Visits
from twinward.core.stopping import check_stopped, too_much_work
from twinward.storage.lake import kernels, stays
from twinward.storage.lake.crowd import open_crowd
from twinward.storage.lake.manifest import LakeManifest, Part
from twinward.storage.lake.names import NameTable
from twinward.storage.lake.parts import BY_PLACE, BY_SUBJECT, OpenPart, concat_fixes, take_fixes

MOST_ROWS = 60_000_000  # fixes or visits that one question takes into memory


class LakeSnapshot:
    """Implements `core.ports.MovementLake`. Files stay readable to it after compaction has
    retired them.
    """

    def __init__(
        self, root: Path, manifest: LakeManifest, before: LakeSnapshot | None = None
    ) -> None:
        self.root = root
        self.manifest = manifest
        known: dict[str, OpenPart] = before.parts if before else {}
        self.parts: dict[str, OpenPart] = {
            part.name: known.get(part.name) or OpenPart(root, part) for part in manifest.parts
        }
        self.visit_days: dict[str, stays.VisitDay] = {}
        self.index: VisitIndex | None = None
        self.crowd_of: dict[str, Crowd] = {}
        if before:
            self.crowd_of = {
                name: crowd for name, crowd in before.crowd_of.items() if name in self.parts
            }
            names = {side.name for side in manifest.visits}
            self.visit_days = {
                name: day for name, day in before.visit_days.items() if name in names
            }
        self.subjects, self.places = (
            NameTable(root, manifest.subjects),
            NameTable(root, manifest.places),
        )

    def find_subject(self, name: str) -> int | None:
        return self.subjects.find(name)

    def name_subjects(self, numbers: NDArray[Any]) -> list[str]:
        return self.subjects.list_names(numbers)

    def name_places(self, numbers: NDArray[Any]) -> list[str]:
        return self.places.list_names(numbers)

    def subject_count(self) -> int:
        return len(self.subjects)

    def span_us(self) -> tuple[int, int]:
        """[first, last] instants of the fixes held; (0, 0) for an empty lake."""
        parts = self.manifest.parts_of(BY_SUBJECT)
        if not parts:
            return 0, 0
        return min(part.from_us for part in parts), max(part.to_us for part in parts)

    def _open(self, order: str, from_us: int, to_us: int) -> list[OpenPart]:
        parts = self.manifest.parts_of(order)
        return [
            self.parts[part.name] for part in parts if part.from_us < to_us and part.to_us > from_us
        ]

    def subject_fixes(self, subject: int, from_us: int, to_us: int) -> Fixes:
        """Fixes of one subject in [from, to), in time order."""
        found = []
        for part in self._open(BY_SUBJECT, from_us, to_us):
            day_us = part.part.day * DAY_US
            first = max(from_us - day_us, 0) // 1_000_000
            last = min((to_us - day_us) // 1_000_000, 86_399)
            low = np.array([(subject << kernels.SECOND_BITS) | first], np.int64)
            found.append(
                part.gather(low, np.array([(subject << kernels.SECOND_BITS) | last], np.int64))
            )
        fixes = concat_fixes(found)
        fixes = take_fixes(fixes, (fixes.time_us >= from_us) & (fixes.time_us < to_us))
        return take_fixes(fixes, np.lexsort((fixes.lat, fixes.lon, fixes.time_us)))

    def fixes_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Fixes:
        """Every fix inside a box during its window (both ends inclusive), each once, perhaps
        with others.
        """
        if not len(boxes):
            return concat_fixes([])
        found, ranges = [], {}
        for part in self._open(
            BY_PLACE, int(windows_us[:, 0].min()), int(windows_us[:, 1].max()) + 1
        ):
            day = part.part.day
            if day not in ranges:
                ranges[day] = merge_ranges(*kernels.box_ranges(boxes, windows_us, day * DAY_US))
            low, high = ranges[day]
            if len(low):
                check_stopped()
                found.append(part.gather(low, high))
                require_affordable(found)
        return concat_fixes(found)

    def _visit_days(self, from_us: int, to_us: int) -> list[stays.VisitDay]:
        """Visits that can touch [from, to): closed on a day of it or after, and what is open at
        the very end.
        """
        out = []
        for side in self.manifest.visits:
            if (side.day + 1) * DAY_US <= from_us or not side.rows:
                continue
            if side.name not in self.visit_days:
                self.visit_days[side.name] = stays.VisitDay(stays.read_columns(self.root, side))
            out.append(self.visit_days[side.name])
        if self.manifest.open_stays:
            out.append(self._open_visits())
        return [
            day for day in out if len(day.keys) and day.from_us < to_us and day.to_us >= from_us
        ]

    def _open_visits(self) -> stays.VisitDay:
        last = max(self.manifest.open_stays, key=lambda side: side.day)
        if last.name not in self.visit_days:
            left = stays.read_open(self.root, last)
            long = (left[2] - left[1] >= stays.STAY_LEAST_US) | (left[7] >= 0)
            visits = stays.to_visits(stays.take_stays(left, long))
            self.visit_days[last.name] = stays.VisitDay(stays.compact(visits))
        return self.visit_days[last.name]

    def subject_visits(self, subject: int, from_us: int, to_us: int) -> Visits:
        """Visits of one subject that touch [from, to), in time order."""
        found = [day.of_subject(subject) for day in self._visit_days(from_us, to_us)]
        visits = stays.concat_visits(found)
        visits = stays.take_visits(visits, (visits.start_us < to_us) & (visits.end_us >= from_us))
        return stays.take_visits(visits, np.argsort(visits.start_us, kind="stable"))

    def visits_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Visits:
        """Every visit whose mean lies in a box and that touches its window, perhaps with others."""
        found = []
        for day in (
            self._visit_days(int(windows_us[:, 0].min()), int(windows_us[:, 1].max()) + 1)
            if len(boxes)
            else []
        ):
            touch = (windows_us[:, 0] <= day.to_us) & (windows_us[:, 1] >= day.from_us)
            if not touch.any():
                continue
            all_day = np.tile(np.array([[0, DAY_US - 1]]), (int(touch.sum()), 1))
            low, high = merge_ranges(*kernels.box_ranges(boxes[touch], all_day, 0))
            check_stopped()
            found.append(day.in_ranges(low, high))
            require_affordable(found)
        return stays.concat_visits(found)

    def visit_index(self) -> VisitIndex:
        """All visits in one index, made once for this state of the lake."""
        if self.index is None:
            self.index = stays.build_index(
                self._visit_days(-(1 << 62), 1 << 62), len(self.subjects)
            )
        return self.index

    def crowds(self, from_us: int, to_us: int) -> tuple[list[Crowd], list[tuple[int, int]]]:
        """Crowds of the days that lie wholly in [from, to), and the windows of the other days
        that touch it.
        """
        found: list[Crowd] = []
        left: list[tuple[int, int]] = []
        for day in sorted(
            {open_part.part.day for open_part in self._open(BY_PLACE, from_us, to_us)}
        ):
            parts = self.manifest.parts_of(BY_PLACE, day)
            if all(p.crowd_bytes and p.from_us >= from_us and p.to_us <= to_us for p in parts):
                found += [self._crowd(part) for part in parts]
            else:
                left.append((max(from_us, day * DAY_US), min(to_us, (day + 1) * DAY_US)))
        return found, left

    def _crowd(self, part: Part) -> Crowd:
        if part.name not in self.crowd_of:
            self.crowd_of[part.name] = open_crowd(self.root, part)
        return self.crowd_of[part.name]

    def visits_between(self, from_us: int, to_us: int) -> Visits:
        """Every visit that touches [from, to)."""
        found = []
        for day in self._visit_days(from_us, to_us):
            check_stopped()
            found.append(day.between(from_us, to_us))
            require_affordable(found)
        return stays.concat_visits(found)

    def warm(self) -> None:
        """Load all visits, and run every kernel on one row group of each form, so that no
        question pays for it.
        """
        self.visit_index()
        seen = set()
        for part in self.parts.values():
            form = (part.part.order, part.part.unit_us == 1, part.part.coords)
            if form not in seen:
                seen.add(form)
                part.gather(part.first[:1], part.first[:1])
        boxes, windows = np.zeros((1, 4)), np.zeros((1, 2), np.int64)
        self.fixes_in(boxes, windows)
        self.visits_in(boxes, windows)
        merge_ranges(*kernels.box_ranges(boxes, windows, 0))


def require_affordable(found: Sequence[Fixes] | Sequence[Visits]) -> None:
    """InputError `too_much_work` where a question would take more rows than fit in memory."""
    if (rows := sum(len(part) for part in found)) > MOST_ROWS:
        advice = "ask for a shorter window or for smaller areas"
        raise too_much_work("fixes or visits in memory", rows, MOST_ROWS, advice)


def merge_ranges(low: NDArray[Any], high: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The same keys as sorted, disjoint ranges."""
    if not len(low):
        return low, high
    order = np.argsort(low, kind="stable")
    low, top = low[order], np.maximum.accumulate(high[order])
    begins = np.concatenate([[True], low[1:] > top[:-1]])
    return low[begins], top[np.concatenate([begins[1:], [True]])]

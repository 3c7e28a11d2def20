"""Movement as aggregates: between areas, through hubs, along highways, of transferred people;
small counts hidden.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import format_time, from_us, to_us
from twinward.core.errors import InputError
from twinward.core.ports import Fixes, Visits
from twinward.core.stopping import check_stopped
from twinward.decision.tracing.presence.areas import AskedAreas
from twinward.decision.tracing.scoped_lake import AreaLocator

HOUR_US = 3_600_000_000
PER_US = {"hour": HOUR_US, "day": 24 * HOUR_US}
VIEWS = ("od", "hub", "highway", "transferred")
MOST_CELLS = 20_000_000
LONGEST_DAYS = 92
Areas = AskedAreas | AreaLocator


class CountedLake(Protocol):
    """What is counted: the lake, or the part of it that an activation opens."""

    def fixes_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Fixes: ...

    def visits_in(self, boxes: NDArray[Any], windows_us: NDArray[Any]) -> Visits: ...

    def visits_between(self, from_us: int, to_us: int) -> Visits: ...


class FlowAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of distinct persons. A cell with fewer than `k` has no row, like an empty one, and so
    has another from which it could be worked out; `suppressed` is how many have none.
    """

    view: str
    window: tuple[str, str]
    per: str
    k: int
    areas: list[str]
    rows: list[dict[str, str | int | None]]
    suppressed: int


def list_flows(
    lake: CountedLake,
    areas: Areas,
    start: datetime,
    end: datetime,
    *,
    view: str = "od",
    per: str = "hour",
    k: int = 5,
) -> FlowAnswer:
    """The aggregate asked for; nothing in it is about one person, so it needs no scope."""
    if per not in PER_US:
        raise InputError(f"flows per {per!r} are not known", "use hour or day", code="bad_per")
    if view not in VIEWS:
        raise InputError(
            f"there is no view {view!r}", f"use one of {', '.join(VIEWS)}", code="bad_view"
        )
    a, b = to_us(start), to_us(end)
    if not 0 < b - a <= LONGEST_DAYS * 24 * HOUR_US:
        raise InputError(
            "the window is empty or too long",
            f"ask for at most {LONGEST_DAYS} days",
            code="bad_window",
        )
    bins = -(-(b - a) // PER_US[per])
    cells = len(areas.codes) ** 2 * bins
    if view in ("od", "transferred") and cells > MOST_CELLS:
        raise InputError(
            "too many areas and hours at once",
            "ask for fewer areas, or per day",
            code="too_many_cells",
        )
    kinds = {"od": moves, "hub": at_hubs, "highway": on_highways, "transferred": transfers}
    keys = kinds[view](lake, areas, a, b, PER_US[per])
    return FlowAnswer(
        view=view,
        window=(format_time(start), format_time(end)),
        per=per,
        k=k,
        areas=list(areas.codes),
        **count_and_hide(keys, areas.codes, a, PER_US[per], k, view, bins),
    )


def area_of(areas: Areas, lon: NDArray[Any], lat: NDArray[Any]) -> NDArray[np.int64]:
    """The area of each point, -1 outside all; the first of several."""
    if isinstance(areas, AreaLocator):
        return np.asarray(areas.locate(lon, lat), np.int64)
    out = np.full(len(lon), -1, np.int64)
    rows, found = areas.find_inside(lon, lat)
    out[rows[::-1]] = found[::-1]
    return out


def in_time_order(visits: Visits, areas: Areas) -> tuple[NDArray[Any], ...]:
    """(subject, area, start_us, end_us) of all visits, by subject and start."""
    order = np.lexsort((visits.start_us, visits.subject))
    area = area_of(areas, visits.lon, visits.lat)
    return tuple(column[order] for column in (visits.subject, area, visits.start_us, visits.end_us))


Keys = tuple[
    NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]
]  # bin, first area, second area or kind, subject


def moves(lake: CountedLake, areas: Areas, from_us_: int, to_us_: int, per_us: int) -> Keys:
    """A person who stayed in one area and next stayed in another moved, in the bin in which the
    first stay ended.
    """
    subject, area, _, end = in_time_order(lake.visits_between(from_us_, to_us_), areas)
    same = subject[1:] == subject[:-1]
    go = same & (area[1:] != area[:-1]) & (area[1:] >= 0) & (area[:-1] >= 0)
    go &= (end[:-1] >= from_us_) & (end[:-1] < to_us_)
    rows = np.flatnonzero(go)
    return (end[rows] - from_us_) // per_us, area[rows], area[rows + 1], subject[rows]


ARRIVED, LEFT, PASSED = 0, 1, 2
KIND_NAMES = ("arrived", "left", "passed")


def at_hubs(lake: CountedLake, areas: Areas, from_us_: int, to_us_: int, per_us: int) -> Keys:
    """Arrivals at and departures from each area, by the start and end of stays in it."""
    subject, area, start, end = in_time_order(lake.visits_between(from_us_, to_us_), areas)
    out = []
    for kind, at in ((ARRIVED, start), (LEFT, end)):
        rows = np.flatnonzero((area >= 0) & (at >= from_us_) & (at < to_us_))
        out.append(
            ((at[rows] - from_us_) // per_us, area[rows], np.full(len(rows), kind), subject[rows])
        )
    bins, first, second, who = (np.concatenate(pair) for pair in zip(*out, strict=True))
    return bins, first, second, who


def on_highways(lake: CountedLake, areas: Areas, from_us_: int, to_us_: int, per_us: int) -> Keys:
    """Persons with a fix in an area and no stay in it in that bin: they passed."""
    if isinstance(areas, AreaLocator):
        raise InputError(
            "the highway view needs drawn areas", "name them with --areas FILE", code="no_areas"
        )
    windows = np.tile(np.array([[from_us_, to_us_ - 1]]), (len(areas.boxes), 1))
    fixes = lake.fixes_in(areas.boxes, windows)
    rows, area = areas.find_inside(fixes.lon, fixes.lat)
    time_us, subject = fixes.time_us[rows], fixes.subject[rows]
    keep = (time_us >= from_us_) & (time_us < to_us_)
    bins, area, subject = (time_us[keep] - from_us_) // per_us, area[keep], subject[keep]
    who, where, start, end = in_time_order(lake.visits_in(areas.boxes, windows), areas)
    stay_keys = []
    for step in range(
        int(np.max(end - start, initial=0) // per_us) + 2
    ):  # every bin that a stay touches
        check_stopped()
        at = start + step * per_us
        on = (where >= 0) & (at // per_us <= end // per_us)
        stay_keys.append(key_of((at[on] - from_us_) // per_us, where[on], who[on]))
    stayed = np.unique(np.concatenate(stay_keys))
    moving = ~np.isin(key_of(bins, area, subject), stayed)
    return bins[moving], area[moving], np.full(int(moving.sum()), PASSED), subject[moving]


def key_of(bins: NDArray[Any], area: NDArray[Any], subject: NDArray[Any]) -> NDArray[np.int64]:
    return ((bins.astype(np.int64) << 15 | area.astype(np.int64)) << 32) | subject.astype(np.int64)


def transfers(lake: CountedLake, areas: Areas, from_us_: int, to_us_: int, per_us: int) -> Keys:
    """Where those who were in an area ended up: from the area of their first stay to that of
    their last.
    """
    subject, area, start, _ = in_time_order(lake.visits_between(from_us_, to_us_), areas)
    inside = area >= 0
    subject, area, start = subject[inside], area[inside], start[inside]
    if not len(subject):
        return subject, area, area, subject
    first = np.flatnonzero(np.concatenate([[True], subject[1:] != subject[:-1]]))
    last = np.concatenate([first[1:], [len(subject)]]) - 1
    moved = area[first] != area[last]
    first, last = first[moved], last[moved]
    return np.maximum(start[last] - from_us_, 0) // per_us, area[first], area[last], subject[first]


def count_and_hide(
    keys: Keys, codes: list[str], from_us_: int, per_us: int, k: int, view: str, bins_asked: int
) -> dict[str, Any]:
    """Distinct persons by cell, as rows; small counts and their complements have none, as empty
    cells have none.
    """
    check_stopped()
    found, count = count_persons_of_cells(keys, len(codes))
    hidden = hide(found, count, k)
    pair = view in ("od", "transferred")
    rows: list[dict[str, str | int | None]] = []
    for (bin_, one, two), n in zip(found[~hidden].tolist(), count[~hidden].tolist(), strict=True):
        at = format_time(from_us(from_us_ + bin_ * per_us))
        what = (
            {"from": codes[one], "to": codes[two]}
            if pair
            else {"area": codes[one], "what": KIND_NAMES[two]}
        )
        rows.append({"at": at, **what, "count": n})
    there = len(codes) ** 2 if pair else len(codes) * (1 if view == "highway" else 2)
    return {"rows": rows, "suppressed": there * bins_asked - len(rows)}


def count_persons_of_cells(keys: Keys, areas: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(cells with anybody as rows of bin, first, second; distinct persons of each), in order.

    Cells and persons are packed into one number and sorted: that is quick, and other threads go on.
    """
    bins, first, second, subject = (np.asarray(column, np.int64) for column in keys)
    wide = max(areas, len(KIND_NAMES))
    cell = (bins * wide + first) * wide + second
    told = np.sort(cell << 32 | subject)
    check_stopped()
    told = told[np.concatenate([[True], told[1:] != told[:-1]])] if len(told) else told
    cell = told >> 32
    starts = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]])) if len(cell) else cell
    count = np.diff(np.append(starts, len(cell)))
    cell = cell[starts]
    rows = np.stack([cell // wide // wide, cell // wide % wide, cell % wide], axis=1)
    return rows, count


def hide(found: NDArray[Any], count: NDArray[Any], k: int) -> NDArray[np.bool_]:
    """Cells below k, and then, in every line of a bin with exactly one hidden cell, the next
    smallest with it.

    A line is all cells of one bin that share their first, or their second, area: whoever knows a
    line's total could otherwise subtract. Repeated until no line has exactly one hidden cell (or
    nothing else to hide).
    """
    hidden = count < k
    for _ in range(20):
        before = hidden.copy()
        check_stopped()
        for side in (1, 2):
            wide = int(found[:, side].max(initial=0)) + 1
            line = np.unique(found[:, 0] * wide + found[:, side], return_inverse=True)[1].ravel()
            alone = np.bincount(line, hidden, minlength=0) == 1
            shown = np.flatnonzero(~hidden & alone[line]) if len(line) else np.empty(0, np.int64)
            order = shown[np.lexsort((count[shown], line[shown]))]
            if len(order):
                least = order[np.concatenate([[True], line[order][1:] != line[order][:-1]])]
                hidden[least] = True
        if np.array_equal(before, hidden):
            break
    return hidden

"""Who was ever in which area: cells wholly inside count as they are, cells on the edge are
looked at point by point.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from twinward.decision.tracing.kernels.inside import in_rings
from twinward.decision.tracing.kernels.pairs import (
    EARTH_RADIUS_M,
    first_from,
    flat_doubt,
    haversine_m,
)

OUTSIDE, EDGE, INSIDE = 0, 1, 2
SLACK_DEGREES = 2e-7  # cells are judged a hair larger than they are
SLACK_M = 0.05


@njit(cache=True, nogil=True)
def _disc_covers(disc: Any, box: Any) -> Any:
    """Whether a disc holds a box, touches it, or neither; small boxes only."""
    far, near = 0.0, 1e18
    for x in (box[0], box[2]):
        for y in (box[1], box[3]):
            d = haversine_m(disc[0], disc[1], math.radians(x), math.radians(y))
            far, near = max(far, d), min(near, d)
    if far <= disc[2] - SLACK_M:
        return INSIDE
    half = haversine_m(
        math.radians(box[0]), math.radians(box[1]), math.radians(box[2]), math.radians(box[3])
    )
    return OUTSIDE if near > disc[2] + half + SLACK_M else EDGE


@njit(cache=True, nogil=True)
def _rings_cover(edges: Any, first: Any, last: Any, box: Any) -> Any:
    for e in range(first, last):
        west, east = min(edges[e, 0], edges[e, 2]), max(edges[e, 0], edges[e, 2])
        south, north = min(edges[e, 1], edges[e, 3]), max(edges[e, 1], edges[e, 3])
        if west <= box[2] and east >= box[0] and south <= box[3] and north >= box[1]:
            return EDGE
    middle = in_rings((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, edges, first, last)
    return INSIDE if middle else OUTSIDE


@njit(cache=True, nogil=True)
def cover_cells(bounds: Any, per_degree: Any, discs: Any, edges: Any, edge_start: Any) -> Any:
    """(cells, wholly inside, start of each area's) of areas: every cell that an area touches,
    ascending by area.

    A cell is (row << 20) + column. `bounds` is (west, south, east, north); the rest as
    `kernels.inside.list_inside`.
    """
    cells, whole = [np.int64(0) for _ in range(0)], [False for _ in range(0)]
    starts = np.zeros(len(bounds) + 1, np.int64)
    for a in range(len(bounds)):
        c0, c1 = (
            np.int64((bounds[a, 0] + 180.0) * per_degree),
            np.int64((bounds[a, 2] + 180.0) * per_degree),
        )
        r0, r1 = (
            np.int64((bounds[a, 1] + 90.0) * per_degree),
            np.int64((bounds[a, 3] + 90.0) * per_degree),
        )
        for row in range(r0, r1 + 1):
            for column in range(c0, c1 + 1):
                west, south = (
                    column / per_degree - 180.0 - SLACK_DEGREES,
                    row / per_degree - 90.0 - SLACK_DEGREES,
                )
                side = 1.0 / per_degree + 2 * SLACK_DEGREES
                box = (west, south, west + side, south + side)
                if discs[a, 2] >= 0.0:
                    how = _disc_covers(discs[a], box)
                else:
                    how = _rings_cover(edges, edge_start[a], edge_start[a + 1], box)
                if how != OUTSIDE:
                    cells.append(np.int64((row << 20) + column))
                    whole.append(how == INSIDE)
        starts[a + 1] = len(cells)
    return np.array(cells, dtype=np.int64), np.array(whole, dtype=np.bool_), starts


@njit(cache=True, nogil=True)
def flat_discs(discs: Any) -> Any:
    """(lon, lat, metres a degree of lon, of lat, surely inside below, surely outside above, both in
    m2) of each disc.

    On a plane the distance is wrong by less than `doubt`: only points that near to the rim need the
    sphere. Areas that are no discs are always in doubt.
    """
    out = np.empty((len(discs), 6))
    for a in range(len(discs)):
        lon, lat, radius_m = discs[a]
        out[a, 0], out[a, 1] = math.degrees(lon), math.degrees(lat)
        out[a, 3] = math.radians(EARTH_RADIUS_M)
        out[a, 2] = out[a, 3] * math.cos(lat)
        doubt = flat_doubt(radius_m, lat)
        out[a, 4] = (radius_m * (1.0 - doubt)) ** 2 if doubt < 1.0 else -1.0
        out[a, 5] = (radius_m * (1.0 + doubt)) ** 2 if doubt < 1.0 else np.inf
    return out


@njit(cache=True, inline="always")
def _holds(x: Any, y: Any, a: Any, flat: Any, discs: Any, edges: Any, edge_start: Any) -> Any:
    east, north = (x - flat[a, 0]) * flat[a, 2], (y - flat[a, 1]) * flat[a, 3]
    near = east * east + north * north
    if near < flat[a, 4]:
        return True
    if near > flat[a, 5]:
        return False
    if discs[a, 2] >= 0.0:
        return haversine_m(discs[a, 0], discs[a, 1], np.radians(x), np.radians(y)) <= discs[a, 2]
    return in_rings(x, y, edges, edge_start[a], edge_start[a + 1])


@njit(cache=True, nogil=True)
def mark_passed(crowd: Any, corners: Any, cover: Any, shapes: Any, span: Any, marks: Any) -> None:
    """Set the bit of every person who has a fix in an area: `marks` is uint8[areas, ceil(people /
    8)].

    `crowd` holds the arrays of a `core.ports.Crowd` in its order, `corners` the whole 1e-7 degrees
    from which its dx and dy count, `cover` is from `cover_cells`, `shapes` is (discs, edges,
    edge_start), `span` the areas to look at.
    """
    cells, entry_start, row_start, subject, dx, dy, count = crowd
    west, south = corners
    wanted, whole, starts = cover
    discs, edges, edge_start = shapes
    flat = flat_discs(discs)
    for a in range(span[0], span[1]):
        mine, at = marks[a - span[0]], 0
        for w in range(starts[a], starts[a + 1]):
            at = first_from(cells, wanted[w], at)
            if at == len(cells):
                break
            if cells[at] != wanted[w]:
                continue
            row = np.int64(row_start[at])
            for e in range(np.int64(entry_start[at]), np.int64(entry_start[at + 1])):
                who, fixes = subject[e], np.int64(count[e])
                bit = np.uint8(1 << (who & 7))
                if whole[w]:
                    mine[who >> 3] |= bit
                elif not mine[who >> 3] & bit:
                    for i in range(row, row + fixes):
                        x, y = (
                            (west[at] + np.int64(dx[i])) / 1e7,
                            (south[at] + np.int64(dy[i])) / 1e7,
                        )
                        if _holds(x, y, a, flat, discs, edges, edge_start):
                            mine[who >> 3] |= bit
                            break
                row += fixes


@njit(cache=True, nogil=True)
def mark_stayed(index: Any, cover: Any, shapes: Any, window_us: Any, span: Any, marks: Any) -> None:
    """Set the bit of every person with a visit whose mean lies in an area and that touches [from,
    to].

    `index` is (cells, cell_start, subject, start_s, end_s, lon, lat) of a `core.ports.VisitIndex`.
    """
    cells, cell_start, subject, start_s, end_s, lon, lat = index
    wanted, whole, starts = cover
    discs, edges, edge_start = shapes
    flat = flat_discs(discs)
    for a in range(span[0], span[1]):
        mine, at = marks[a - span[0]], 0
        for w in range(starts[a], starts[a + 1]):
            at = first_from(cells, wanted[w], at)
            if at == len(cells):
                break
            if cells[at] != wanted[w]:
                continue
            for v in range(cell_start[at], cell_start[at + 1]):
                bit = np.uint8(1 << (subject[v] & 7))
                if mine[subject[v] >> 3] & bit:
                    continue
                if (
                    np.int64(start_s[v]) * 1_000_000 > window_us[1]
                    or np.int64(end_s[v]) * 1_000_000 < window_us[0]
                ):
                    continue
                if whole[w] or _holds(lon[v], lat[v], a, flat, discs, edges, edge_start):
                    mine[subject[v] >> 3] |= bit


@njit(cache=True, nogil=True)
def mark_rows(area: Any, subject: Any, span: Any, marks: Any) -> None:
    """Set the bits of (area, person) pairs found some other way."""
    for i in range(len(area)):
        if span[0] <= area[i] < span[1]:
            marks[area[i] - span[0], subject[i] >> 3] |= np.uint8(1 << (subject[i] & 7))

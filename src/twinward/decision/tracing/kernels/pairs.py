"""Pairs of fixes near in space and time: exact counts, and episodes of evidence for each other
subject.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

EARTH_RADIUS_M = 6_371_008.8
EPISODE_COLUMNS = 12


@njit(cache=True, inline="always")
def haversine_m(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> Any:
    """Great-circle distance in metres, the same formula as `core.geography.distance_m`;
    arguments in radians.
    """
    a, b = math.sin((lat2 - lat1) / 2), math.sin((lon2 - lon1) / 2)
    h = a * a + math.cos(lat1) * math.cos(lat2) * (b * b)
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(h, 1.0)))


@njit(cache=True, inline="always")
def first_from(values: Any, wanted: Any, begin: Any) -> Any:
    """The first row from `begin` on whose value is not below `wanted`; values ascend."""
    a, b = begin, len(values)
    while a < b:
        m = (a + b) // 2
        if values[m] < wanted:
            a = m + 1
        else:
            b = m
    return a


@njit(cache=True, nogil=True)
def _on_the_way(ct: Any, cx: Any, cy: Any, cv: Any, at_us: Any, best: Any) -> Any:
    """Where a moving case was at an instant, on the straight line between its fixes, and with which
    variance (m2).

    A tenth of the way between the two fixes is added to the deviation: nobody moves straight and
    evenly.
    """
    k = first_from(ct, at_us, 0)
    if k == 0 or k == len(ct) or ct[k] == ct[k - 1]:
        return cx[best], cy[best], cv[best]
    f = (at_us - ct[k - 1]) / (ct[k] - ct[k - 1])
    way = haversine_m(cx[k - 1], cy[k - 1], cx[k], cy[k])
    turn = cx[k] - cx[k - 1]
    turn -= 2 * math.pi * np.rint(turn / (2 * math.pi))
    x, y = cx[k - 1] + f * turn, cy[k - 1] + f * (cy[k] - cy[k - 1])
    return x, y, (1 - f) ** 2 * cv[k - 1] + f * f * cv[k] + (0.1 * way) ** 2


@njit(cache=True, inline="always")
def _count_pairs(
    ct: Any, cx: Any, cy: Any, time_us: Any, lon: Any, lat: Any, radius_m: Any, within_us: Any
) -> Any:
    """(case fix nearest in time, its time difference, pairs, nearest in metres) of one fix of
    another.
    """
    reach_y = radius_m / EARTH_RADIUS_M * 1.000001 + 1e-12
    best, best_gap, pairs, nearest = -1, np.int64(0), 0, 0.0
    k = first_from(ct, time_us - within_us, 0)
    while k < len(ct) and ct[k] <= time_us + within_us:
        if abs(cy[k] - lat) <= reach_y:
            d = haversine_m(cx[k], cy[k], lon, lat)
            if d <= radius_m:
                nearest = d if pairs == 0 else min(nearest, d)
                pairs += 1
                gap = abs(ct[k] - time_us)
                if best < 0 or gap < best_gap:
                    best, best_gap = k, gap
        k += 1
    return best, best_gap, pairs, nearest


@njit(cache=True, nogil=True)
def find_episodes(
    case: Any, others: Any, radius_m: Any, within_us: Any, join_us: Any
) -> tuple[Any, Any, Any]:
    """(raw pairs, distinct others, episodes) of a case and the fixes of others.

    `case` is (time_us, lon_rad, lat_rad, variance_m2, stay, anchor_lon, anchor_lat,
    anchor_variance) in time order; the anchor is the mean of the stay, or NaN on the move, where
    the case is then followed between its fixes. `others` is (subject, time_us, lon_rad, lat_rad,
    variance_m2) sorted by (subject, time). A pair counts when its distance is at most `radius_m`
    and its times differ by at most `within_us`, both inclusive.

    An episode is a run of fixes of one other, each with a pair, at the same stay of the case and no
    further apart than `join_us`. Its columns: subject, stay, first_us, last_us, pairs, fixes,
    nearest_m, sum of east and of north displacement (m), sum of variance, sum of |time difference|,
    latest case time. Displacement, variance and time difference are those of each fix's pair
    nearest in time.
    """
    ct, cx, cy, cv, stay, ax, ay, av = case
    subject, time_us, lon, lat, variance = others
    capacity, count, raw, distinct = 1024, 0, 0, 0
    out = np.empty((capacity, EPISODE_COLUMNS))
    seen = np.int64(-1)
    for i in range(len(subject)):
        best, best_gap, pairs, nearest = _count_pairs(
            ct, cx, cy, time_us[i], lon[i], lat[i], radius_m, within_us
        )
        if pairs == 0:
            continue
        raw += pairs
        if subject[i] != seen:
            distinct += 1
        same = (
            seen == subject[i]
            and out[count - 1, 1] == stay[best]
            and time_us[i] - out[count - 1, 3] <= join_us
        )
        seen = subject[i]
        if not same:
            if count == capacity:
                grown = np.empty((2 * capacity, EPISODE_COLUMNS))
                grown[:capacity] = out
                out, capacity = grown, 2 * capacity
            out[count, :] = 0.0
            out[count, 0], out[count, 1] = subject[i], stay[best]
            out[count, 2], out[count, 6] = time_us[i], nearest
            count += 1
        e = count - 1
        out[e, 3] = time_us[i]
        out[e, 4] += pairs
        out[e, 5] += 1
        out[e, 6] = min(out[e, 6], nearest)
        px, py, pv = ax[best], ay[best], av[best]
        if px != px:
            px, py, pv = _on_the_way(ct, cx, cy, cv, time_us[i], best)
        turn = lon[i] - px
        turn -= 2 * math.pi * np.rint(turn / (2 * math.pi))
        out[e, 7] += turn * math.cos(lat[i]) * EARTH_RADIUS_M
        out[e, 8] += (lat[i] - py) * EARTH_RADIUS_M
        out[e, 9] += variance[i] + pv
        out[e, 10] += best_gap
        out[e, 11] = max(out[e, 11], ct[best])
    return raw, distinct, out[:count]


@njit(cache=True, nogil=True)
def visit_overlaps(mine: Any, others: Any, radius_m: Any, least_us: Any) -> Any:
    """Overlaps of a case's visits with visits of others: rows (other row, my row, from_us, to_us,
    metres).

    `mine` is (start_us, end_us, lon_rad, lat_rad) in order of start; `others` likewise, in any
    order. An overlap counts when the means are at most `radius_m` apart and it lasts at least
    `least_us`.
    """
    start, end, x, y = mine
    start2, end2, x2, y2 = others
    capacity, count = 1024, 0
    out = np.empty((capacity, 5))
    reach_y = radius_m / EARTH_RADIUS_M * 1.000001 + 1e-12
    for i in range(len(start2)):
        for k in range(len(start)):
            if start[k] > end2[i]:
                break
            a, b = max(start[k], start2[i]), min(end[k], end2[i])
            if b - a < least_us or abs(y[k] - y2[i]) > reach_y:
                continue
            d = haversine_m(x[k], y[k], x2[i], y2[i])
            if d > radius_m:
                continue
            if count == capacity:
                grown = np.empty((2 * capacity, 5))
                grown[:capacity] = out
                out, capacity = grown, 2 * capacity
            out[count, 0], out[count, 1], out[count, 2], out[count, 3], out[count, 4] = (
                i,
                k,
                a,
                b,
                d,
            )
            count += 1
    return out[:count]


@njit(cache=True, nogil=True)
def flat_doubt(radius_m: Any, lat: Any) -> Any:
    """By what share a distance on a plane at a latitude (radians) may be wrong; infinite where
    no plane will do.
    """
    doubt = 4.0 * radius_m / EARTH_RADIUS_M * (1.0 + abs(math.tan(lat))) + 2e-6
    return doubt if radius_m > 0.0 and doubt < 0.1 else np.inf


@njit(cache=True, nogil=True)
def _count_distinct(values: Any) -> Any:
    """How many different non-negative numbers there are: an open hash table at most half full."""
    bits = 4
    while (1 << bits) < 2 * len(values):
        bits += 1
    table, mask, distinct = np.full(1 << bits, -1, np.int64), (1 << bits) - 1, 0
    for value in values:
        at = (value * 0x9E3779B97F4A7C1 >> 20) & mask
        while table[at] >= 0 and table[at] != value:
            at = (at + 1) & mask
        distinct += table[at] < 0
        table[at] = value
    return distinct


@njit(cache=True, nogil=True)
def meet_in_index(
    index: Any, per_degree: Any, who: Any, window_s: Any, radius_m: Any, least_s: Any
) -> Any:
    """(overlaps, the others, how many distinct) of one subject's visits with everybody else's.

    An overlap is (row, my row, from_us, to_us). `index` holds the arrays of a
    `core.ports.VisitIndex` in its order; both visits must touch `window_s`, (from, to exclusive).
    The distance limit is inclusive. Cells around each visit are searched from the longest stay
    before it.
    """
    cells, cell_start, longest_s, by_subject, subject_start, subject, start_s, end_s, lon, lat = (
        index
    )
    capacity, count = 512, 0
    out = np.empty((capacity, 4), np.float64)
    reach_y = math.degrees(radius_m / EARTH_RADIUS_M) * 1.000001 + 1e-9
    for k in range(subject_start[who], subject_start[who + 1]):
        mine = by_subject[k]
        if start_s[mine] >= window_s[1] or end_s[mine] < window_s[0]:
            continue
        x, y = math.radians(lon[mine]), math.radians(lat[mine])
        cos = math.cos(y)
        reach_x = min(reach_y / max(cos, 1e-6), 180.0)
        doubt = flat_doubt(radius_m, y)
        sure = (reach_y * (1.0 - doubt)) ** 2 if doubt < 1.0 else -1.0
        never = (reach_y * (1.0 + doubt)) ** 2
        below = lat[mine] + 90.0
        r0, r1 = np.int64((below - reach_y) * per_degree), np.int64((below + reach_y) * per_degree)
        for at in range(3 * (r1 + 1 - r0)):
            row, turn = r0 + at // 3, (at % 3 - 1) * 360.0  # there may be the other side of 180
            left = lon[mine] + turn + 180.0
            if left + reach_x < 0.0 or left - reach_x > 360.0:
                continue
            c0 = np.int64(max(left - reach_x, 0.0) * per_degree)
            c1 = np.int64((left + reach_x) * per_degree)
            cell, last = first_from(cells, (row << 20) + c0, 0), (row << 20) + c1
            while cell < len(cells) and cells[cell] <= last:
                a, b = cell_start[cell], cell_start[cell + 1]
                end, earliest = b, start_s[mine] - longest_s[cell]
                cell += 1
                while a < b:
                    m = (a + b) // 2
                    if start_s[m] < earliest:
                        a = m + 1
                    else:
                        b = m
                while a < end and start_s[a] <= end_s[mine]:
                    low, high = max(start_s[a], start_s[mine]), min(end_s[a], end_s[mine])
                    if (
                        high - low >= least_s
                        and abs(lat[a] - lat[mine]) <= reach_y
                        and abs(lon[a] - lon[mine] - turn) <= reach_x
                        and subject[a] != who
                        and start_s[a] < window_s[1]
                        and end_s[a] >= window_s[0]
                    ):
                        across = (lon[a] - lon[mine] - turn) * cos
                        flat = across**2 + (lat[a] - lat[mine]) ** 2
                        near = flat < sure
                        if not near and flat <= never:
                            near = (
                                haversine_m(x, y, math.radians(lon[a]), math.radians(lat[a]))
                                <= radius_m
                            )
                        if near:
                            if count == capacity:
                                grown = np.empty((2 * capacity, 4), np.float64)
                                grown[:capacity] = out
                                out, capacity = grown, 2 * capacity
                            out[count, 0], out[count, 1] = a, mine
                            out[count, 2], out[count, 3] = low * 1e6, high * 1e6
                            count += 1
                    a += 1
    others = np.empty(count, np.int64)
    for i in range(count):
        others[i] = subject[np.int64(out[i, 0])]
    return out[:count], others, _count_distinct(others)

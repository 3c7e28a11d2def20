"""Gives pupils the nearest class with room, workers a seat by balanced flows, and counts who
needs either.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, M1, M2, key2

AGES = 101
NO_SITE, STAFF_TEAM = np.uint32(0xFFFFFFFF), np.uint16(0xFFFF)


@njit(cache=True, nogil=True)
def place_pupils(
    pair_leaf: Any,
    pair_school: Any,
    low: Any,
    high: Any,
    waiting: Any,
    room: Any,
    taken: Any,
    rows: Any,
) -> Any:
    """Fills schools along pairs sorted by distance; writes (leaf, age, school, count, rank) rows,
    returns how many.

    `waiting[leaf, age]` pupils without a place, `room[school]` free places, `taken[school, age]`
    pupils so far: all three are changed in place. No school ever takes more than its room.
    """
    n = 0
    for p in range(len(pair_leaf)):
        leaf, school = pair_leaf[p], pair_school[p]
        for age in range(low, high):
            count = min(waiting[leaf, age], room[school])
            if count <= 0:
                continue
            rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3], rows[n, 4] = (
                leaf,
                age,
                school,
                count,
                taken[school, age],
            )
            n += 1
            waiting[leaf, age] -= count
            room[school] -= count
            taken[school, age] += count
    return n


@njit(cache=True, nogil=True)
def shuffled(i: Any, n: Any, key: Any) -> Any:
    """The place of `i` in a keyed permutation of 0..n-1: one-to-one mixing of as many bits as n
    has, walked inside.

    Black and Rogaway 2002, "Ciphers with arbitrary finite domains" (cycle walking); each step (add,
    multiply by an odd number, xor with a shift) is one to one on those bits.
    """
    bits = np.uint64(1)
    while (np.uint64(1) << bits) < np.uint64(n):
        bits += np.uint64(1)
    mask, half = (np.uint64(1) << bits) - np.uint64(1), (bits + np.uint64(1)) >> np.uint64(1)
    x, other = np.uint64(i), key >> np.uint64(21)
    while True:
        x = ((x + key) * M1) & mask
        x ^= x >> half
        x = ((x + other) * M2) & mask
        x ^= x >> half
        x = (x * GOLDEN) & mask
        x ^= x >> half
        if x < np.uint64(n):
            return np.int64(x)


@njit(cache=True, nogil=True)
def number_seats(
    order: Any, staff: Any, kind: Any, team_size: Any, site_of_seat: Any, team_of_seat: Any
) -> None:
    """Seats of the sites in `order`, one after the other, in even teams; school and care staff
    are no team.
    """
    seat = 0
    for i in range(len(order)):
        site = order[i]
        teams = (staff[site] + team_size - 1) // team_size
        for j in range(staff[site]):
            site_of_seat[seat] = site
            team_of_seat[seat] = STAFF_TEAM if 1 <= kind[site] <= 5 else j * teams // staff[site]
            seat += 1


@njit(cache=True, nogil=True)
def find_slot(cumulative: Any, value: Any, low: Any, high: Any) -> Any:
    """The slot s in low..high-1 with cumulative[s] <= value < cumulative[s + 1]."""
    while high - low > 1:
        middle = (low + high) >> 1
        if cumulative[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def assign_sites(
    start: Any,
    care_start: Any,
    age_sex: Any,
    rates: Any,
    phases: Any,
    seat_first: Any,
    seat_rows: Any,
    team_base: Any,
    pupils: Any,
    class_size: Any,
    care_site: Any,
    ward: Any,
    zone_of: Any,
    rank_first: Any,
    flow: Any,
    arrived: Any,
    zone_seat: Any,
    site_of_seat: Any,
    team_of_seat: Any,
    key: Any,
    first: Any,
    last: Any,
    site_of: Any,
    team_of: Any,
) -> None:
    """Writes `site_of` and `team_of` for leaves first..last.

    `rates[0, age]` is the share enrolled, `rates[1, age]` the share of the others who work, in 1 /
    65536. The j-th of an age in a leaf is taken when floor(phase + (j + 1) * rate) passes
    floor(phase + j * rate): exact, evenly spread. A worker's rank in the zone, shuffled, gives the
    destination by `flow[zone]`; the rank there, shuffled, the seat.
    """
    seen, wait = np.zeros(AGES, np.int64), np.zeros(AGES, np.int64)
    cursor, used = np.zeros(AGES, np.int64), np.zeros(AGES, np.int64)
    for leaf in range(first, last):
        seen[:] = 0
        wait[:] = 0
        used[:] = 0
        for age in range(AGES):
            cursor[age] = seat_first[leaf * AGES + age]
        zone, rank = zone_of[leaf], rank_first[leaf]
        home_end = start[leaf + 1] - (care_start[leaf + 1] - care_start[leaf])
        for person in range(start[leaf], home_end):
            age = age_sex[person] & 127
            site_of[person] = NO_SITE
            j = seen[age]
            seen[age] += 1
            if (phases[leaf, 0] + (j + 1) * rates[0, age]) >> 16 > (
                phases[leaf, 0] + j * rates[0, age]
            ) >> 16:
                c = cursor[age]
                if c < seat_first[leaf * AGES + age + 1]:
                    school, of_row = seat_rows[c, 2], used[age]
                    r = seat_rows[c, 4] + of_row
                    site_of[person] = school
                    n = pupils[school, age]
                    classes = (n + class_size[school] - 1) // class_size[school]
                    team_of[person] = team_base[school, age] + r * classes // n
                    used[age] += 1
                    if used[age] == seat_rows[c, 3]:
                        cursor[age] += 1
                        used[age] = 0
                continue
            j = wait[age]
            wait[age] += 1
            if (phases[leaf, 1] + (j + 1) * rates[1, age]) >> 16 > (
                phases[leaf, 1] + j * rates[1, age]
            ) >> 16:
                i = shuffled(rank, flow[zone, -1], key2(key, np.uint64(2 * zone)))
                rank += 1
                to = find_slot(flow[zone], i, 0, flow.shape[1] - 1)
                i = arrived[zone, to] + i - flow[zone, to]
                i = shuffled(i, zone_seat[to + 1] - zone_seat[to], key2(key, np.uint64(2 * to + 1)))
                seat = zone_seat[to] + i
                site_of[person] = site_of_seat[seat]
                team_of[person] = team_of_seat[seat]
        for i in range(care_start[leaf + 1] - care_start[leaf]):
            site_of[home_end + i] = care_site[care_start[leaf] + i]
            team_of[home_end + i] = ward[care_start[leaf] + i]

"""Plausible speed and stays: what a subject's fixes in time order say about its movement."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, inline="always")
def _metres(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> Any:
    """Planar metres, good enough to judge a speed."""
    dlon = abs(lon2 - lon1)
    if dlon > 180.0:
        dlon = 360.0 - dlon
    x = dlon * math.cos(math.radians(0.5 * (lat1 + lat2)))
    y = lat2 - lat1
    return 111_195.08023353292 * math.sqrt(x * x + y * y)


@njit(cache=True, inline="always")
def _within(lon1: Any, lat1: Any, lon2: Any, lat2: Any, room_m: Any) -> Any:
    """True when two points are at most `room_m` apart; most are so near that no cosine is needed
    to say so.
    """
    x, y = abs(lon2 - lon1) * 111_195.08023353292, abs(lat2 - lat1) * 111_195.08023353292
    if x + y <= room_m * 0.999:
        return True
    if y > room_m * 1.001:
        return False
    return _metres(lon1, lat1, lon2, lat2) <= room_m


@njit(cache=True, inline="always")
def _or_none(error_m: Any) -> Any:
    """An error that is not known adds nothing."""
    return error_m if error_m == error_m else 0.0


@njit(cache=True, nogil=True)
def flag_speeds(
    subject: Any,
    time_us: Any,
    lon: Any,
    lat: Any,
    error_m: Any,
    limit_m_s: Any,
    slack_m: Any,
    prior: Any,
) -> Any:
    """1 on fixes that cannot be reached from the last credible fix of their subject at `limit_m_s`.

    Rows sorted by (subject, time). A second fix that agrees with the flagged one and not with the
    one before it is a new track: only its first fix is flagged. `prior` (subject, time_us, lon,
    lat) holds earlier last fixes.
    """
    out = np.zeros(len(subject), np.uint8)
    good, odd, p = -1, -1, 0
    ps, pt, px, py = prior
    for i in range(len(subject)):
        if i == 0 or subject[i] != subject[i - 1]:
            good, odd = -1, -1
            while p < len(ps) and ps[p] < subject[i]:
                p += 1
            if p < len(ps) and ps[p] == subject[i] and pt[p] <= time_us[i]:
                room = limit_m_s * (time_us[i] - pt[p]) * 1e-6 + slack_m + _or_none(error_m[i])
                if not _within(px[p], py[p], lon[i], lat[i], room):
                    out[i] = 1
            good = i
            continue
        room = (
            limit_m_s * (time_us[i] - time_us[good]) * 1e-6
            + slack_m
            + _or_none(error_m[i])
            + _or_none(error_m[good])
        )
        if _within(lon[good], lat[good], lon[i], lat[i], room):
            good, odd = i, -1
            continue
        if odd >= 0:
            room = (
                limit_m_s * (time_us[i] - time_us[odd]) * 1e-6
                + slack_m
                + _or_none(error_m[i])
                + _or_none(error_m[odd])
            )
            if _within(lon[odd], lat[odd], lon[i], lat[i], room):
                good, odd = i, -1
                continue
        out[i], odd = 1, i
    return out


@njit(cache=True, nogil=True)
def find_stays(
    subject: Any,
    time_us: Any,
    lon: Any,
    lat: Any,
    error_m: Any,
    place: Any,
    flag: Any,
    carry: Any,
    rule: Any,
) -> Any:
    """Stays of one day's fixes, sorted by (subject, time), going on from the stays left open the
    day before.

    `carry` is (subject, start_us, end_us, sum_lon, sum_lat, fixes, error_m, place), sorted by
    subject; `rule` is (radius_m, gap_us, least_us, day_end_us). A stay goes on while fixes lie
    within the radius of its mean (or within twice their own error), come within the gap, and name
    no other place. Closed stays shorter than `least_us` are dropped unless a place was named.
    Returns (closed, open) as two tuples of columns like `carry`.
    """
    radius_m, gap_us, least_us, day_end_us = rule
    cs = carry[0]
    n, m = len(subject), len(cs)
    closed = _empty_stays(n + m)
    left = _empty_stays(n + m)
    k, o, i, j = 0, 0, 0, 0
    while i < n or j < m:
        if j < m and (i == n or cs[j] < subject[i]):  # nothing from this subject today
            if carry[2][j] + gap_us < day_end_us:
                k = _close(closed, k, _stay_at(carry, j), least_us)
            else:
                o = _put(left, o, _stay_at(carry, j))
            j += 1
            continue
        who = subject[i]
        stay, have = _stay_at(carry, 0), False
        if j < m and cs[j] == who:
            stay, have = _stay_at(carry, j), True
            j += 1
        while i < n and subject[i] == who:
            if flag[i]:
                i += 1
                continue
            _, start, end, sx, sy, count, worst, where = stay
            goes_on, turn = False, 0.0
            if (
                have
                and time_us[i] - end <= gap_us
                and not (place[i] >= 0 and where >= 0 and place[i] != where)
            ):
                room = radius_m
                if error_m[i] == error_m[i]:
                    room = max(room, 2.0 * error_m[i])
                goes_on = _within(sx / count, sy / count, lon[i], lat[i], room)
                if goes_on:  # the mean of both sides of the meridian of 180 degrees lies on it
                    turn = 360.0 * np.rint((sx / count - lon[i]) / 360.0)
            if goes_on:
                if error_m[i] == error_m[i] and not (worst >= error_m[i]):
                    worst = np.float64(error_m[i])
                where = max(where, np.int64(place[i]))
                stay = (
                    np.int64(who),
                    start,
                    max(end, time_us[i]),
                    sx + lon[i] + turn,
                    sy + lat[i],
                    count + 1,
                    worst,
                    where,
                )
            else:
                if have:
                    k = _close(closed, k, stay, least_us)
                t, error = time_us[i], np.float64(error_m[i])
                stay = (np.int64(who), t, t, lon[i], lat[i], np.int64(1), error, np.int64(place[i]))
                have = True
            i += 1
        if have:
            o = _put(left, o, stay)
    return _cut(closed, k), _cut(left, o)


@njit(cache=True, nogil=True)
def _empty_stays(n: Any) -> Any:
    return (
        np.empty(n, np.int32),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.float64),
        np.empty(n, np.float64),
        np.empty(n, np.int32),
        np.empty(n, np.float32),
        np.empty(n, np.int32),
    )


@njit(cache=True, inline="always")
def _stay_at(s: Any, j: Any) -> Any:
    if len(s[0]) == 0:
        return np.int64(0), np.int64(0), np.int64(0), 0.0, 0.0, np.int64(1), 0.0, np.int64(-1)
    return (
        np.int64(s[0][j]),
        s[1][j],
        s[2][j],
        s[3][j],
        s[4][j],
        np.int64(s[5][j]),
        np.float64(s[6][j]),
        np.int64(s[7][j]),
    )


@njit(cache=True, inline="always")
def _put(out: Any, k: Any, stay: Any) -> Any:
    out[0][k], out[1][k], out[2][k], out[3][k] = stay[0], stay[1], stay[2], stay[3]
    out[4][k], out[5][k], out[6][k], out[7][k] = stay[4], stay[5], stay[6], stay[7]
    return k + 1


@njit(cache=True, inline="always")
def _close(out: Any, k: Any, stay: Any, least_us: Any) -> Any:
    return _put(out, k, stay) if stay[2] - stay[1] >= least_us or stay[7] >= 0 else k


@njit(cache=True, nogil=True)
def _cut(s: Any, k: Any) -> Any:
    return s[0][:k], s[1][:k], s[2][:k], s[3][:k], s[4][:k], s[5][:k], s[6][:k], s[7][:k]

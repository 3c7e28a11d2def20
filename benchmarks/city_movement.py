"""Movement of a made-up city at scale: homes, work, shops, stations; 36 fixes a day, 15 m noise
an axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from twinward.core.chance import stream
from twinward.core.kernels import key2, uniform

FIXES_A_DAY = 36
STATIONS = 60
START_US = 1_648_771_200_000_000  # 2022-04-01T00:00Z
DAY_US = 86_400_000_000


@njit(cache=True, inline="always")
def _gauss(key: Any, slot: Any) -> Any:
    u, v = uniform(key2(key, slot * 2)), uniform(key2(key, slot * 2 + 1))
    return math.sqrt(-2.0 * math.log(1.0 - u)) * math.cos(2.0 * math.pi * v)


@njit(cache=True)
def _fill_day(
    seed: Any,
    day: Any,
    residents: Any,
    first: Any,
    subject: Any,
    time_us: Any,
    lon: Any,
    lat: Any,
    start_us: Any,
) -> None:
    step = 86_400 // FIXES_A_DAY
    for who in range(first, first + len(subject) // FIXES_A_DAY):
        me = key2(seed, who)
        home_x, home_y = 121.47 + 0.11 * _gauss(me, 1), 31.2 + 0.09 * _gauss(me, 2)
        office = key2(seed + np.uint64(7), key2(me, 3) % np.uint64(max(residents // 30, 1)))
        work_x, work_y = 121.47 + 0.07 * _gauss(office, 1), 31.2 + 0.06 * _gauss(office, 2)
        shop = key2(
            seed + np.uint64(8), key2(me, key2(day, 4)) % np.uint64(max(residents // 100, 1))
        )
        shop_x, shop_y = 121.47 + 0.1 * _gauss(shop, 1), 31.2 + 0.08 * _gauss(shop, 2)
        halt = key2(seed + np.uint64(9), key2(me, 5) % np.uint64(STATIONS))
        halt_x, halt_y = 121.47 + 0.06 * _gauss(halt, 1), 31.2 + 0.05 * _gauss(halt, 2)
        today = key2(me, key2(day, 6))
        works = uniform(key2(me, 7)) < 0.8 and day % 7 < 5
        shops = uniform(key2(today, 8)) < 0.4
        leave = 7.5 + uniform(key2(today, 9))
        for k in range(FIXES_A_DAY):
            row = (who - first) * FIXES_A_DAY + k
            at = key2(today, 100 + k)
            second = k * step + np.int64(uniform(at) * step)
            hour = second / 3600.0
            x, y = home_x, home_y
            if works and leave <= hour < leave + 0.6:
                x, y = halt_x, halt_y
            elif works and leave + 0.6 <= hour < 17.5:
                x, y = work_x, work_y
            elif shops and 18.0 <= hour < 19.2:
                x, y = shop_x, shop_y
            noise = 15.0 / 111_195.0
            subject[row], time_us[row] = who, start_us + second * 1_000_000
            lon[row] = np.rint((x + noise / math.cos(math.radians(y)) * _gauss(at, 1)) * 1e7) / 1e7
            lat[row] = np.rint((y + noise * _gauss(at, 2)) * 1e7) / 1e7


def day_table(residents: int, day: int, seed: int = 1, some: range | None = None) -> Any:
    """One day of everybody (or of `some`), in the order of time as a feed brings it: subject,
    time, lon, lat.
    """
    some = some or range(residents)
    n = len(some) * FIXES_A_DAY
    subject, time_us = np.empty(n, np.int64), np.empty(n, np.int64)
    lon, lat = np.empty(n), np.empty(n)
    start_us = START_US + day * DAY_US
    _fill_day(
        stream(seed, "movement"), day, residents, some.start, subject, time_us, lon, lat, start_us
    )
    order = np.argsort(time_us, kind="stable")
    time = pa.array(time_us[order], pa.timestamp("us", tz="UTC"))
    return pa.table({"subject": subject[order], "time": time, "lon": lon[order], "lat": lat[order]})


def days(residents: int, count: int = 14, seed: int = 1) -> Iterator[Any]:
    for day in range(count):
        yield day_table(residents, day, seed)


def day_in_pieces(residents: int, day: int, most: int = 100_000) -> Iterator[Any]:
    """The same day by groups of residents, so that a large city's day never lies in memory as
    wide columns.
    """
    for first in range(0, residents, most):
        yield day_table(residents, day, some=range(first, min(first + most, residents)))

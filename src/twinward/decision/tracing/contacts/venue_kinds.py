"""What kind of place a stay is, from the case's own habits: household, work, venue, or transport
between stays.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import from_us, to_us
from twinward.core.geography import M_PER_DEGREE, turn_degrees
from twinward.core.ports import Visits

MOVING = -1
HOUR_US = 3_600_000_000
SAME_PLACE_M = 60.0
NIGHT = (0, 6)  # local hours in which most people are at home
DAY = (9, 17)  # local hours in which most people who work or learn are there
LEAST_WORK_HOURS = 4.0


class VenueRules(msgspec.Struct, frozen=True, kw_only=True):
    """`timezone` of the city: night and day are local."""

    timezone: str = "UTC"


def setting_of_stays(stays: Visits, settings: VenueRules) -> NDArray[np.str_]:
    """household: where most night hours are spent; work: where else most day hours of a weekday
    are; else venue.
    """
    out = np.full(len(stays), "venue", dtype="<U9")
    if not len(stays):
        return out
    night, day = (
        hours_in(stays, NIGHT, settings, weekdays=False),
        hours_in(stays, DAY, settings, weekdays=True),
    )
    home = near_stay(stays, int(np.argmax(nearby_sum(stays, night))))
    if night.sum() > 0:
        out[home] = "household"
    elsewhere = np.where(out == "household", 0.0, day)
    if elsewhere.sum() >= LEAST_WORK_HOURS:
        work = near_stay(stays, int(np.argmax(nearby_sum(stays, elsewhere))))
        if elsewhere[work].sum() >= LEAST_WORK_HOURS:
            out[work & (out != "household")] = "work"
    return out


def near_stay(stays: Visits, row: int) -> NDArray[np.bool_]:
    """Stays at the place of one stay."""
    x = turn_degrees(stays.lon - stays.lon[row]) * np.cos(np.radians(stays.lat[row]))
    return np.asarray(np.hypot(x, stays.lat - stays.lat[row]) * M_PER_DEGREE <= SAME_PLACE_M)


def nearby_sum(stays: Visits, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each stay, the weight of all stays at its place."""
    return np.array([weight[near_stay(stays, row)].sum() for row in range(len(stays))])


def hours_in(
    stays: Visits, band: tuple[int, int], settings: VenueRules, *, weekdays: bool
) -> NDArray[np.float64]:
    """Hours of each stay inside a band of local hours, of all days or of Monday to Friday."""
    zone = ZoneInfo(settings.timezone)
    out = np.zeros(len(stays))
    day = from_us(int(stays.start_us.min())).astimezone(zone).date()
    last = from_us(int(stays.end_us.max())).astimezone(zone).date()
    while day <= last:
        if not (weekdays and day.weekday() >= 5):
            # by the clock of its day: a night in which clocks change is longer or shorter
            low, high = (to_us(datetime.combine(day, time(hour), zone)) for hour in band)
            inside = np.minimum(stays.end_us, high) - np.maximum(stays.start_us, low)
            out += np.maximum(inside, 0) / HOUR_US
        day += timedelta(days=1)
    return out

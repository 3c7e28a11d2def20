"""One person, one file: where they stayed, as a timeline, for the part of a case file that
movement tells.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np

from twinward.core.clock import format_time, from_us
from twinward.core.geography import turn_degrees
from twinward.decision.tracing.contacts.venue_kinds import VenueRules, setting_of_stays
from twinward.decision.tracing.scoped_lake import ScopedLake


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the timeline."""

    start: str
    end: str
    lon: float
    lat: float
    place: str | None
    setting: str
    fixes: int


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    window: tuple[str, str]
    stays: list[Stay]
    fixes: int
    flagged: int


def tell_movement(
    lake: ScopedLake, subject: str, start: datetime, end: datetime, settings: VenueRules
) -> Timeline:
    """The stays of one person in [start, end), in order."""
    a, b = lake.window(start, end)
    who = lake.subject(subject)
    fixes, visits = lake.subject_fixes(who, a, b), lake.subject_visits(who, a, b)
    lake.require_own_data(len(fixes) + len(visits), subject)
    kind = setting_of_stays(visits, settings)
    named = visits.place[visits.place >= 0]
    names = (
        dict(zip(named.tolist(), lake.lake.name_places(named), strict=True)) if len(named) else {}
    )
    stays = [
        Stay(
            start=format_time(from_us(int(visits.start_us[i]))),
            end=format_time(from_us(int(visits.end_us[i]))),
            lon=round(float(visits.lon[i]), 5),
            lat=round(float(visits.lat[i]), 5),
            place=names.get(int(visits.place[i])),
            setting=str(kind[i]),
            fixes=int(visits.fixes[i]),
        )
        for i in range(len(visits))
    ]
    return Timeline(
        subject=subject,
        window=(format_time(start), format_time(end)),
        stays=stays,
        fixes=len(fixes),
        flagged=int(fixes.flag.sum()),
    )


def home_of(
    lake: ScopedLake, subject: str, start: datetime, end: datetime, settings: VenueRules
) -> tuple[float, float] | None:
    """The point where a person spends most night hours of the window; None where the data do not
    tell.
    """
    visits = lake.subject_visits(lake.subject(subject), *lake.window(start, end))
    at_home = np.flatnonzero(setting_of_stays(visits, settings) == "household")
    if not len(at_home):
        return None
    first = float(visits.lon[at_home[0]])
    lon = first + float(np.median(turn_degrees(visits.lon[at_home] - first)))
    lon = lon if abs(lon) <= 180.0 else float(turn_degrees(lon))
    return lon, float(np.median(visits.lat[at_home]))

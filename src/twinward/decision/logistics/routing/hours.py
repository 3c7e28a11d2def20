"""Times of a round's day in seconds after its midnight; its night goes on beyond 86,400."""

from __future__ import annotations

import re

from twinward.core.errors import InputError

DAY_S = 86_400.0
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
LATEST_HOUR = 48  # of the day after


def clock_s(text: str) -> float:
    """Seconds of `07:30`; hours from 24 to 48 are of the next day."""
    found = CLOCK.fullmatch(text.strip())
    if found is None or int(found[1]) > LATEST_HOUR or int(found[2]) > 59:
        raise InputError(f"{text!r} is no time of day", "write HH:MM, as 07:30", code="bad_time")
    return int(found[1]) * 3600.0 + int(found[2]) * 60.0 + int(found[3] or 0)


def hours_of(text: str) -> tuple[float, float]:
    """Start and end of `07:00-19:00`; `22:00-02:00` ends at two the next morning."""
    first, dash, last = text.partition("-")
    start, end = (clock_s(first), clock_s(last)) if dash else (0.0, 0.0)
    if end < start:
        end += DAY_S
    if not 0 < end - start <= DAY_S or start >= DAY_S:
        raise InputError(
            f"{text!r} is no span of hours of one day and night",
            "write HH:MM-HH:MM, as 07:00-19:00, or 22:00-02:00 over midnight",
            code="bad_time",
        )
    return start, end


def in_night(window: tuple[float, float], hours: tuple[float, float]) -> tuple[float, float]:
    """A window as hours that go past midnight mean it: 00:30-02:00 of a fleet that drives from
    22:00 is the next morning's.
    """
    later = (window[0] + DAY_S, window[1] + DAY_S)
    past = hours[1] > DAY_S and window[1] < hours[0] and later[0] <= hours[1]
    return later if past else window


def show_clock(seconds: float) -> str:
    """HH:MM, with `+1` for the next day."""
    minutes = int(seconds // 60)
    days, rest = divmod(minutes, 1440)
    return f"{rest // 60:02d}:{rest % 60:02d}" + (f" +{days}" if days else "")

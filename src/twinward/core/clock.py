"""Time is an argument: a clock is handed in, instants are aware, stored as microseconds since
1970 UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from twinward.core.errors import InputError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(
    2200, 1, 1, tzinfo=UTC
)  # far from the ends of every calendar that a zone or a difference could leave
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the present instant, always with a zone."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock in UTC; chosen only by `app`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A clock that stands where it is set: for tests, drills and replays."""

    def __init__(self, at: datetime) -> None:
        self.at = require_aware(at)

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


def require_aware(at: datetime) -> datetime:
    """`at` itself, or InputError `time_without_zone`."""
    if at.tzinfo is None:
        raise InputError(
            f"the time {at.isoformat()} has no zone",
            "write RFC 3339 with a zone, for example 2022-04-13T08:00:00+08:00",
            code="time_without_zone",
        )
    return at


def require_reach(at: datetime) -> datetime:
    """`at` itself, or InputError: without a zone, or so far off that it must be a mistake."""
    if not EARLIEST <= require_aware(at) < LATEST:
        raise InputError(
            f"the time {at.isoformat()} is out of reach",
            f"give one from {EARLIEST.year} to {LATEST.year}",
            code="time_out_of_reach",
        )
    return at


def parse_time(text: str) -> datetime:
    """RFC 3339 text with a zone to an aware datetime; a bare date or a time without zone is
    refused.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(
            f"{text!r} is not a time",
            "write RFC 3339 with a zone, for example 2022-04-13T08:00:00Z",
            code="bad_time",
        ) from error
    return require_reach(at)


def to_us(at: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z, exact."""
    return (require_aware(at) - EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The instant `us` microseconds after 1970-01-01T00:00Z, in UTC."""
    return EPOCH + timedelta(microseconds=us)


def format_time(at: datetime) -> str:
    """RFC 3339 in UTC, microseconds only where there are any."""
    return require_aware(at).astimezone(UTC).isoformat().replace("+00:00", "Z")

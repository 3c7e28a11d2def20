"""Nothing is destroyed because one clock says so: two runs, a day apart, must agree what is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from twinward.core.clock import EPOCH

FILE = "retention.json"
LEAST_APART, MOST_APART = timedelta(hours=20), timedelta(days=10)
AHEAD = timedelta(
    days=1
)  # a run announces what falls due until the next, so that it goes on its day


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What the last run announced: at `at`, everything that is past its life at `until`.

    `agreed` is the instant by which it could itself destroy.
    """

    at: datetime
    until: datetime
    agreed: datetime


def agreed_instant(workspace: Path, now: datetime, *, confirmed: bool) -> datetime:
    """By which instant a run at `now` may judge what is past its life; and what it announces.

    What a run at a wrong hour announces lies in the future of the next, or too far back: it counts
    for nothing. With `confirmed` a person says that the clock is right.
    """
    path = workspace / FILE
    last = read_announced(path)
    agreed = EPOCH
    if last is not None and timedelta() <= now - last.at < LEAST_APART and not confirmed:
        return last.agreed
    if confirmed:
        agreed = now
    elif last is not None and LEAST_APART <= now - last.at <= MOST_APART:
        agreed = min(now, last.until)
    announced = Announced(at=now, until=now + AHEAD, agreed=agreed)
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(msgspec.json.encode(announced))
    beside.replace(path)
    return agreed


def read_announced(path: Path) -> Announced | None:
    """What the last run announced; nothing where that cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Announced)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None

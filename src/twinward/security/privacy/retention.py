"""Each datum's purpose and life as data, and the receipt that a deletion leaves."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files

import msgspec

Window = tuple[datetime, datetime]


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of datum. `days` names a setting, or `kept`."""

    id: str
    what: str
    purpose: str
    days: str
    ends_by: str


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What one run deleted of one kind; `before` is the first day that was kept."""

    kind: str
    purpose: str
    days: int
    before: date
    deleted: int
    kept_for_activations: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """Proves a run: its digest stands in the log, and it names the digest of the receipt before
    it.
    """

    run_at: datetime
    ended: tuple[Ended, ...]
    activations: tuple[str, ...]
    previous: str

    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


@lru_cache(maxsize=1)
def load_kinds() -> dict[str, Kind]:
    """The kinds that this release knows, by id."""
    text = files("twinward.security").joinpath("retention.toml").read_text("utf-8")
    return {
        kind.id: kind for kind in msgspec.convert(tomllib.loads(text)["kind"], tuple[Kind, ...])
    }


def first_day_kept(now: datetime, days: int) -> date:
    """What was recorded on this day or later is not yet past its life."""
    return now.date() - timedelta(days=days)


def covers_day(windows: list[Window], day: date) -> bool:
    """Whether any window has a part of the day."""
    return any(start.date() <= day <= end.date() for start, end in windows)

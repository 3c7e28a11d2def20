"""The map's moving points: affected places by their public address, as columns, for a screen to
filter by day.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import date
from typing import Any
from zlib import crc32

import msgspec

from twinward.service.console.basemap import Basemap
from twinward.service.platform import Caller, Platform
from twinward.service.visibility import concerns
from twinward.twins.emergency.reports.rows import AFFECTED_PLACES

DAY_0 = date(2000, 1, 1)
KEPT_JURISDICTIONS = 64


class PlaceColumns(msgspec.Struct, frozen=True, kw_only=True):
    """Affected places with a position. `first` and `last` are days since 2000-01-01; `unplaced`
    have no position.
    """

    lon: list[float]
    lat: list[float]
    first: list[int]
    last: list[int]
    area: list[str]
    name: list[str]
    unplaced: int


class PlacePoints:
    """Keeps the encoded columns of each jurisdiction until another place is reported or one is
    reported again.
    """

    def __init__(self, platform: Platform, ground: Basemap) -> None:
        self.platform = platform
        self.ground = ground
        self._lock = threading.Lock()
        self._tag = ""
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    def get(self, caller: Caller) -> tuple[str, bytes]:
        """A tag that changes when the columns do, and the columns as JSON: those of the caller's
        areas.
        """
        with self._lock, self.platform.store.read() as reader:
            latest = reader.list_rows(AFFECTED_PLACES, order="-last_day", limit=1)
            tag = f"{reader.count(AFFECTED_PLACES)}-{latest[0].last_day if latest else ''}"
            if self._tag != tag:
                self._tag = tag
                self._kept.clear()
            body = self._kept.get(caller.areas)
            if body is None:
                rows = [
                    r
                    for r in reader.list_rows(AFFECTED_PLACES)
                    if concerns(self.platform, caller, r.area)
                ]
                body = self._kept[caller.areas] = msgspec.json.encode(self.build(rows))
                if len(self._kept) > KEPT_JURISDICTIONS:
                    self._kept.popitem(last=False)
            return f'"{tag}-{crc32(" ".join(caller.areas).encode())}"', body

    def build(self, rows: list[Any]) -> PlaceColumns:
        placed = [row for row in rows if row.lon is not None and row.lat is not None]
        return PlaceColumns(
            lon=[round(row.lon, 5) for row in placed],
            lat=[round(row.lat, 5) for row in placed],
            first=[days_since(row.first_day) for row in placed],
            last=[days_since(row.last_day) for row in placed],
            area=[self.ground.areas.at_depth(row.area, 1) for row in placed],
            name=[row.name for row in placed],
            unplaced=len(rows) - len(placed),
        )


def days_since(day: str) -> int:
    return (date.fromisoformat(day) - DAY_0).days

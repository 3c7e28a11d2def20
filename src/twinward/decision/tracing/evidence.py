"""The evidence of contacts as plain values: episodes and places, written for all rows at once."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.ports import Fixes, Visits
from twinward.decision.tracing.opened import OpenedLake


class Episode(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The evidence: one meeting, as the data show it."""

    first_at: str
    last_at: str
    minutes: float
    nearest_m: float
    setting: str
    lon: float
    lat: float
    pairs: int
    crowd: int
    probability: float


class Written:
    """The columns as plain values, for reading: made at once for all rows, since there are thousands of them."""

    def __init__(self, lake: OpenedLake, columns: dict[str, NDArray[Any]], case: Fixes, stays: Visits) -> None:
        self.stay = columns["stay"].astype(np.int64)
        at = np.minimum(np.searchsorted(case.time_us, columns["at"].astype(np.int64)), max(len(case) - 1, 0))
        lon, lat = case.lon[at].astype(np.float64), case.lat[at].astype(np.float64)
        staying = self.stay >= 0
        lon[staying], lat[staying] = stays.lon[self.stay[staying]], stays.lat[self.stay[staying]]
        rows = zip(
            write_times(columns["first_us"]), write_times(columns["last_us"]), tidy(columns["minutes"], 1),
            tidy(columns["nearest_m"], 1), columns["setting"].tolist(), tidy(lon, 5), tidy(lat, 5),
            columns["pairs"].astype(np.int64).tolist(), columns["crowd"].astype(np.int64).tolist(),
            tidy(columns["p"], 4), strict=True,
        )  # fmt: skip
        self.episodes = [
            Episode(first_at=first, last_at=last, minutes=minutes, nearest_m=nearest, setting=setting, lon=x, lat=y,
                    pairs=pairs, crowd=crowd, probability=p)
            for first, last, minutes, nearest, setting, x, y, pairs, crowd, p in rows
        ]  # fmt: skip
        self.places = {int(stay): name_place(lake, int(stay), stays) for stay in np.unique(self.stay)}

    def place_names(self, rows: NDArray[np.int64]) -> list[str]:
        return sorted({self.places[stay] for stay in self.stay[rows].tolist()})


def tidy(values: NDArray[Any], places: int) -> list[float]:
    """As floats of so many decimal places."""
    out: list[float] = np.round(values.astype(np.float64), places).tolist()
    return out


def write_times(us: NDArray[Any]) -> list[str]:
    """RFC 3339 of each in UTC, microseconds only where there are any: `core.clock.format_time` for a column."""
    instants = us.astype(np.int64).astype("datetime64[us]")
    whole = np.datetime_as_string(instants, unit="s")
    fine = np.datetime_as_string(instants, unit="us") if (us.astype(np.int64) % 1_000_000).any() else whole
    return [f"{short if long.endswith('.000000') else long}Z" for short, long in zip(whole, fine, strict=True)]


def name_place(lake: OpenedLake, stay: int, stays: Visits) -> str:
    """The named place of a check-in, else `lon,lat` of the case's stay; `on the move` between them."""
    if stay < 0:
        return "on the move"
    if stays.place[stay] >= 0:
        return lake.lake.name_places(stays.place[stay : stay + 1])[0]
    return f"{stays.lon[stay]:.4f},{stays.lat[stay]:.4f}"

"""The map's moving points: a sample of the synthetic residents of the city on a working day, as
packed columns.

They are drawn from the city base, whose residents are synthetic; nobody's phone is read for them.
Wire format, little endian: `TWMV`, uint32 n, float32 west, south, east, north, float32 residents
for each point; then seven uint16[n] columns: home lon, home lat, site lon, site lat in 1/65535 of
the box, leave, ride, back in units of two seconds.
"""

from __future__ import annotations

import struct
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.column_types import NO_SITE
from twinward.citybase.columns import MANIFEST, open_city
from twinward.citybase.schema import CityBase
from twinward.core.chance import generator
from twinward.core.geography import M_PER_DEGREE, distance_m
from twinward.service.platform import Platform

POINTS = 100_000
MAGIC = b"TWMV"
UNIT_S = 2
STEPS = 65_535
# assumptions of a pretended working day, said on the screen: not measured anywhere
LEAVE_S = (6.5 * 3600, 9.0 * 3600)
BACK_S = (16.5 * 3600, 19.5 * 3600)
SPEED_M_S = 25 / 3.6
DOOR_TO_DOOR_S = 480.0
HOMES_APART_M = 350.0


class Movement:
    """Packs the sample once; the city changes only when it is built again."""

    def __init__(self, platform: Platform) -> None:
        self._folder = platform.workspace / "city"
        self._lock = threading.Lock()
        self._kept: tuple[str, bytes] | None = None

    def get(self) -> tuple[str, bytes]:
        """A tag and the packed columns; no points where there is no city."""
        with self._lock:
            if self._kept is None:
                base = open_city(self._folder) if (self._folder / MANIFEST).exists() else None
                body = (
                    pack_columns(*sample_day(base))
                    if base is not None and base.residents
                    else pack_columns({}, 0.0)
                )
                self._kept = (f'"{base.sha256[:16] if base is not None else "none"}"', body)
            return self._kept


def sample_day(
    base: CityBase, points: int = POINTS, seed: int = 0
) -> tuple[dict[str, NDArray[Any]], float]:
    """Columns home and site float64[n, 2], leave, ride, back float64[n] in s; and residents for
    each point.
    """
    random = generator(seed, "console/movement")
    outside = np.flatnonzero(base.site_of != NO_SITE)  # who has somewhere to go
    n = min(points, len(outside))
    picked = outside[np.sort(random.choice(len(outside), n, replace=False))]
    leaf = np.searchsorted(base.leaf_start, picked, "right") - 1
    home = base.leaf_lonlat[leaf].astype(np.float64)
    shift = random.normal(0.0, HOMES_APART_M, (n, 2)) / M_PER_DEGREE
    shift[:, 0] /= np.cos(np.radians(home[:, 1]))
    home += shift
    site = base.site_lonlat[base.site_of[picked].astype(np.int64)].astype(np.float64)
    columns = {
        "home": home,
        "site": site,
        "leave": random.uniform(*LEAVE_S, n),
        "ride": DOOR_TO_DOOR_S + distance_m(*home.T, *site.T) / SPEED_M_S,
        "back": random.uniform(*BACK_S, n),
    }
    return columns, len(outside) / max(1, n)


def pack_columns(columns: dict[str, NDArray[Any]], each: float) -> bytes:
    """The wire format; an empty one when there is nobody."""
    if not columns or not len(columns["home"]):
        return MAGIC + struct.pack("<I5f", 0, 0, 0, 0, 0, 0)
    both = np.concatenate([columns["home"], columns["site"]])
    low, high = both.min(axis=0), both.max(axis=0)
    size = np.maximum(high - low, 1e-9)
    places = [np.round((columns[name] - low) / size * STEPS).T for name in ("home", "site")]
    times = np.stack([columns[name] / UNIT_S for name in ("leave", "ride", "back")])
    packed = np.concatenate([*places, np.clip(np.round(times), 0, STEPS)]).astype("<u2")
    return MAGIC + struct.pack("<I5f", len(columns["home"]), *low, *high, each) + packed.tobytes()

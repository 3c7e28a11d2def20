"""Masking: what may leave, one module for every surface: API, stream, export, report, log, error,
map, plot.

Names, documents, phones and addresses never leave but out of the vault. Points are moved and
snapped, ages banded, free text searched for numbers that call or name a person, facts stripped of
what points at one.
"""

from __future__ import annotations

import hmac
import logging
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from twinward.core.geography import M_PER_DEGREE
from twinward.core.lazy import LazyModule
from twinward.security.privacy.scrubbing import HIDDEN as HIDDEN
from twinward.security.privacy.scrubbing import scrub as scrub
from twinward.security.privacy.suppression import one_way, suppress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = LazyModule("numpy")

# fields of a fact that point at one person; taken out wherever an event leaves without a scope
PERSONAL_FIELDS = frozenset(
    {
        "subject",
        "subjects",
        "case",
        "contact",
        "place",
        "onset",
        "question",
        "reason",
        "result",
        "comment",
        "said",
        "note",
        "report",
        "as_case",
        "because",
        "exposed_at",
        "lon",
        "lat",
    }
)
# fields that no event, row or answer may ever have
DIRECT_FIELDS = frozenset({"name_of_person", "document", "phone", "address", "person", "email"})
CELL_M = 500.0  # a point is first known by its cell
LEAST_MOVE_M, MOST_MOVE_M = (
    250.0,
    750.0,
)  # then moved: less would leave it in its cell, more would make maps useless
SNAP_M = 100.0
BAND_YEARS = 10
OLDEST_BAND = 80  # above it so few live that the band itself would name them

POINT = re.compile(
    r"-?\d{1,3}\.\d+,-?\d{1,2}\.\d+"
)  # a place that has no name, as answers write it


def mask_fact(fact: Mapping[str, object], *, personal: bool) -> dict[str, object]:
    """A fact as it may be shown to everybody with access to the stream: persons' fields left
    out.
    """
    kept = {name: value for name, value in fact.items() if name not in DIRECT_FIELDS}
    if personal or "subjects" in kept or "subject" in kept:
        kept = {name: value for name, value in kept.items() if name not in PERSONAL_FIELDS}
    return {name: scrub_all(value) for name, value in kept.items()}


def scrub_all(value: object) -> object:
    """Every text in a value, however deep, scrubbed."""
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {scrub_all(name): scrub_all(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub_all(one) for one in value]
    return value


def band_age(age: int | None) -> str | None:
    """Ten-year bands, 80 and over together."""
    if age is None:
        return None
    low = min(max(age, 0) // BAND_YEARS * BAND_YEARS, OLDEST_BAND)
    return f"{low}+" if low == OLDEST_BAND else f"{low}-{low + BAND_YEARS - 1}"


def suppress_small(counts: Mapping[str, int], k: int) -> dict[str, int | None]:
    """Counts of one table whose total may be known: those below `k` (but not zero) and what
    would betray them, None.
    """
    total = "\0total"
    shown = suppress({**counts, total: sum(counts.values())}, one_way(tuple(counts), total), k)
    return {name: shown[name] for name in counts}


class PointMask:
    """Moves a person's point by a secret that is the same at every read.

    All true points of one 500 m cell become one shown point of that person, so that reading again,
    or reading many noisy fixes, and taking the mean gives nothing that one read did not. The move
    depends on the cell as well, so that who knows where somebody works cannot take the same move
    off their home.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, subject: str, lon: float, lat: float) -> tuple[float, float]:
        """The shown lon, lat of a person's point, in degrees."""
        row = math.floor(lat * M_PER_DEGREE / CELL_M)
        return self._shown(subject, row, math.floor(lon * _lon_m(row) / CELL_M))

    def many(
        self, names: list[str], who: NDArray[Any], lon: NDArray[Any], lat: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The shown lon and lat (float64[n]) of the points of persons `names[who]`; each of
        their cells is one work.
        """
        row = np.floor(lat * M_PER_DEGREE / CELL_M).astype(np.int64)
        known, place = np.unique(row, return_inverse=True)
        wide = np.array([_lon_m(one) for one in known.tolist()])
        column = np.floor(lon * wide[place] / CELL_M).astype(np.int64)
        # of the world's cells there are less than 2^18 in a row, and less than 2^18 rows
        cell = (who.astype(np.int64) << 36) | ((row + (1 << 17)) << 18) | (column + (1 << 17))
        _, first, again = np.unique(cell, return_index=True, return_inverse=True)
        cells = zip(who[first].tolist(), row[first].tolist(), column[first].tolist(), strict=True)
        shown = np.array(
            [self._shown(names[number], *at) for number, *at in cells], np.float64
        ).reshape(len(first), 2)
        return shown[again, 0], shown[again, 1]

    def _shown(self, subject: str, row: int, column: int) -> tuple[float, float]:
        lon_m = _lon_m(row)
        digest = hmac.digest(self._key, f"{subject}|{row}|{column}".encode(), "sha256")
        turn, share = (int.from_bytes(digest[n : n + 8], "big") / 2**64 for n in (0, 8))
        # the square root spreads moves evenly over the ring
        move = math.sqrt(LEAST_MOVE_M**2 + share * (MOST_MOVE_M**2 - LEAST_MOVE_M**2))
        x = (column + 0.5) * CELL_M + move * math.cos(2 * math.pi * turn)
        y = (row + 0.5) * CELL_M + move * math.sin(2 * math.pi * turn)
        return round(round(x / SNAP_M) * SNAP_M / lon_m, 6), round(
            round(y / SNAP_M) * SNAP_M / M_PER_DEGREE, 6
        )


@lru_cache(maxsize=4096)
def _lon_m(row: int) -> float:
    """Metres of a degree of longitude in the middle of a row of cells."""
    return M_PER_DEGREE * max(math.cos(math.radians((row + 0.5) * CELL_M / M_PER_DEGREE)), 1e-6)


def mask_points(value: object, subject: str, move: PointMask) -> Any:
    """An answer about `subject` with every point of theirs moved. The address of a named place
    is public and stays.
    """
    if isinstance(value, list):
        return [mask_points(one, subject, move) for one in value]
    if isinstance(value, str) and POINT.fullmatch(value):
        lon, lat = value.split(",")
        return "{:.4f},{:.4f}".format(*move(subject, float(lon), float(lat)))
    if not isinstance(value, dict):
        return value
    masked = {name: mask_points(one, subject, move) for name, one in value.items()}
    if (
        isinstance(value.get("lon"), float)
        and isinstance(value.get("lat"), float)
        and not value.get("place")
    ):
        masked["lon"], masked["lat"] = move(subject, value["lon"], value["lat"])
    return masked


class ScrubFilter(logging.Filter):
    """On every handler: a log record leaves scrubbed, its arguments merged, its traceback
    without the message.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), None
        if record.exc_info and record.exc_info[1] is not None:
            where = record.exc_info[2]
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            place = (
                f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}"
                if where is not None
                else "?"
            )
            record.msg += f" ({type(record.exc_info[1]).__name__} at {place})"
            record.exc_info, record.exc_text = None, None
        return True

"""Points from a table: coordinates in WGS 84, checked row by row; a whole file with lon and lat
swapped is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.config import Source
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.systems import PLAIN, to_wgs84
from twinward.citybase.sources.tables import read_table
from twinward.core.errors import InputError
from twinward.core.geography import distance_m

FARTHEST_M = 300_000.0  # a point farther than this from the middle of its source is in another city
SWAPPED_SHARE = 0.5
FAR_REASON = "farther than 300 km from the middle of its source"


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that are usable points. lonlat float64[n, 2]; lines, rows and columns go with them,
    of counts as numbers.
    """

    lonlat: NDArray[Any]
    lines: list[int]
    rows: list[str]
    extra: dict[str, list[object]]
    numbers: dict[str, NDArray[Any]]
    lost: dict[str, NDArray[Any]]  # the counts of rows that are no points


def read_points(
    source: Source,
    lon_column: str,
    lat_column: str,
    base: Path,
    ledger: SourceLedger,
    block: str,
    extra: dict[str, str],
    counts: dict[str, str] | None = None,
) -> Points:
    """The points of a table; a row without a usable position is rejected. `extra`, `counts`:
    column -> its key.
    """
    table = read_table(source_path(source.file, base, ledger.label), source, ledger)
    lon, lat = table.numbers(lon_column, f"{block}.lon"), table.numbers(lat_column, f"{block}.lat")
    numbers = {name: table.numbers(name, key, whole=True) for name, key in (counts or {}).items()}
    columns = {name: table.column(name, key) for name, key in (extra | (counts or {})).items()}
    plain = table.crs.strip().lower() in PLAIN
    reason = np.full(len(table), "", dtype=object)
    reason[~(np.isfinite(lon) & np.isfinite(lat))] = "lon or lat is no number"
    if plain:
        check_degrees(lon, lat, reason, ledger)
    x, y = to_wgs84(
        np.where(reason == "", lon, np.nan),
        np.where(reason == "", lat, np.nan),
        table.crs,
        ledger.label,
    )
    reason[(reason == "") & ~(np.isfinite(x) & np.isfinite(y))] = (
        f"outside the range of {table.crs}"
    )
    good = reason == ""
    if good.sum() > 2:
        middle = np.median(x[good]), np.median(y[good])
        far = good & (distance_m(np.nan_to_num(x), np.nan_to_num(y), *middle) > FARTHEST_M)
        swapped = far & (
            distance_m(np.nan_to_num(y), np.clip(np.nan_to_num(x), -90, 90), *middle) <= FARTHEST_M
        )
        reason[far] = FAR_REASON
        reason[swapped] = "lon and lat are swapped"
        good = reason == ""
    for i in np.flatnonzero(
        (reason == "lon and lat are swapped") | (reason == FAR_REASON)
    ).tolist():
        swap = "; are lon and lat swapped?" if "swapped" in reason[i] else ""
        ledger.ask(table.lines[i], f"{lon[i]:g}, {lat[i]:g} lies far from the other rows{swap}")
    for i in np.flatnonzero(~good).tolist():
        ledger.reject(table.lines[i], str(reason[i]), table.row(i))
    rows = np.flatnonzero(good).tolist()
    return Points(
        lonlat=np.column_stack([x[good], y[good]]),
        lines=[table.lines[i] for i in rows],
        rows=[table.row(i) for i in rows],
        extra={name: [column[i] for i in rows] for name, column in columns.items()},
        numbers={name: column[good] for name, column in numbers.items()},
        lost={name: column[~good] for name, column in numbers.items()},
    )


def check_degrees(
    lon: NDArray[Any], lat: NDArray[Any], reason: NDArray[Any], ledger: SourceLedger
) -> None:
    """Marks rows outside the range of degrees; InputError when most rows read as lat, lon."""
    with np.errstate(invalid="ignore"):
        outside = (reason == "") & ((np.abs(lon) > 180) | (np.abs(lat) > 90))
        swapped = outside & (np.abs(lon) <= 90) & (np.abs(lat) <= 180)
        null = (reason == "") & (lon == 0) & (lat == 0)
    if len(lon) and swapped.sum() > SWAPPED_SHARE * len(lon):
        raise InputError(
            f"{ledger.label}: {int(swapped.sum())} of {len(lon)} rows have a latitude beyond 90 "
            f"degrees",
            "lon and lat look swapped: exchange the two columns in the city file",
            code="swapped_coordinates",
        )
    if len(lon) and outside.sum() > SWAPPED_SHARE * len(lon):
        first = int(np.flatnonzero(outside)[0])
        raise InputError(
            f"{ledger.label}: lon and lat are no degrees in {int(outside.sum())} of {len(lon)} "
            f"rows, the first "
            f"{lon[first]:g}, {lat[first]:g}",
            'set `crs` of this block in the city file, as crs = "EPSG:25832"',
            code="no_crs",
        )
    reason[outside] = "lon or lat is outside the range of degrees"
    reason[swapped] = "lon and lat are swapped"
    reason[null] = "lon and lat are zero"

"""What a map names beside areas and places (streets, waters, quarters), each once with a point, so
that an officer finds it by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from twinward.citybase.basemap.vector_tile import Value

GAZETTEER = "gazetteer.parquet"
APART_DEG = 0.03  # about 3 km: two streets of one name so far apart are two streets
# layer of the drawn map -> what its names are
KINDS = {
    "road": "street",
    "rail": "railway",
    "water": "water",
    "waterway": "water",
    "green": "park",
    "place_name": "quarter",
}


class NamedThing(msgspec.Struct, frozen=True, kw_only=True):
    """A name on the map; names in English and Chinese are empty where nobody gives them."""

    kind: str
    name: str
    name_en: str
    name_zh: str
    lon: float
    lat: float


def list_named(
    rows: Mapping[str, Sequence[tuple[BaseGeometry, Mapping[str, Value], int]]],
) -> list[NamedThing]:
    """Every name of the drawn shapes: the pieces of one street become one, in its middle piece."""
    groups: dict[tuple[str, str], list[tuple[float, float, Mapping[str, Value]]]] = {}
    for layer, kind in KINDS.items():
        for shape, told, _ in rows.get(layer, ()):
            name = str(told.get("name", "")).strip()
            if name and not shape.is_empty:
                point = shape.representative_point()
                groups.setdefault((kind, name), []).append((point.x, point.y, told))
    found = []
    for (kind, name), pieces in sorted(groups.items(), key=lambda one: one[0]):
        for part in part_by_distance(pieces):
            lon, lat, told = part[len(part) // 2]
            found.append(
                NamedThing(
                    kind=kind,
                    name=name,
                    name_en=str(told.get("name_en", "")),
                    name_zh=str(told.get("name_zh", "")),
                    lon=round(lon, 6),
                    lat=round(lat, 6),
                )
            )
    return found


def part_by_distance(
    pieces: list[tuple[float, float, Mapping[str, Value]]],
) -> list[list[tuple[float, float, Mapping[str, Value]]]]:
    """Pieces in the order from west to east, cut where the next lies far from all before it."""
    parts: list[list[tuple[float, float, Mapping[str, Value]]]] = []
    for piece in sorted(pieces, key=lambda one: (one[0], one[1])):
        for part in parts:
            if any(
                abs(piece[0] - x) < APART_DEG and abs(piece[1] - y) < APART_DEG
                for x, y, _ in part[-20:]
            ):
                part.append(piece)
                break
        else:
            parts.append([piece])
    return parts


def write_gazetteer(things: list[NamedThing], directory: Path) -> None:
    """`gazetteer.parquet`, one row a thing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [msgspec.structs.asdict(thing) for thing in things]
    text = ("kind", "name", "name_en", "name_zh")
    schema = pa.schema(
        [*((name, pa.string()) for name in text), ("lon", pa.float64()), ("lat", pa.float64())]
    )
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), directory / GAZETTEER)


def read_gazetteer(directory: Path) -> list[NamedThing]:
    """The named things of a built city; none where it was built by an older version."""
    import pyarrow.parquet as pq

    path = directory / GAZETTEER
    if not path.exists():
        return []
    try:
        return msgspec.convert(pq.read_table(path).to_pylist(), list[NamedThing])
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise InputError(
            f"{GAZETTEER} cannot be read: {error}", "build the city again", code="broken_city"
        ) from error

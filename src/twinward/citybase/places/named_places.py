"""Named places (schools, hospitals, stations, …): their kind, their area, and which of them
become sites.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.areas.locator import M_PER_DEGREE, Finder
from twinward.citybase.config import KindColumn, PlacesConfig
from twinward.citybase.inputs import Facilities
from twinward.citybase.schema import (
    CARE_HOME,
    HOSPITAL,
    KINDERGARTEN,
    PRIMARY,
    SECONDARY,
    UNIVERSITY,
)
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.points import Points, read_points
from twinward.citybase.sources.tables import to_text
from twinward.core.errors import InputError

# kinds of places that are sites of the base; a plain school teaches both primary and secondary ages
SITE_OF_KIND: dict[str, tuple[int, ...]] = {
    "kindergarten": (KINDERGARTEN,),
    "primary": (PRIMARY,),
    "secondary": (SECONDARY,),
    "school": (PRIMARY, SECONDARY),
    "university": (UNIVERSITY,),
    "care_home": (CARE_HOME,),
    "hospital": (HOSPITAL,),
}
FAR_KM = 20.0  # farther outside is a slip of the pen, not the edge of the map
NEAR_ENOUGH_M = 500.0  # a place this near the outline of the area it names is taken to lie in it
NO_WORD = frozenset(
    {"", "-", "–", "—", "n/a", "na", "nan", "null", "none", "unknown", "?", "未知", "不详"}
)
MOST_CAPACITY, MOST_OF_A_ROW = 1_000_000, 1000


class PlaceTable(msgspec.Struct, frozen=True, kw_only=True):
    """Places of one or more sources. lonlat float64[n, 2], capacity int64[n] (0 unknown), leaf
    int64[n].
    """

    kind: list[str]
    name: list[str]
    source: list[str]
    lonlat: NDArray[Any]
    capacity: NDArray[Any]
    leaf: NDArray[Any]
    area_by: list[str]  # outline | nearest
    lines: list[list[str]] = []  # that stop here, of a place for which that is known; else empty
    unopened: list[bool] = []  # every line that stops here is planned or being built


def join_places(tables: list[PlaceTable]) -> PlaceTable:
    return PlaceTable(
        kind=[k for t in tables for k in t.kind],
        name=[n for t in tables for n in t.name],
        source=[s for t in tables for s in t.source],
        lonlat=np.concatenate([np.empty((0, 2)), *[t.lonlat for t in tables]]),
        capacity=np.concatenate([np.empty(0, np.int64), *[t.capacity for t in tables]]),
        leaf=np.concatenate([np.empty(0, np.int64), *[t.leaf for t in tables]]),
        area_by=[a for t in tables for a in t.area_by],
        lines=[one for t in tables for one in (t.lines or [[]] * len(t.kind))],
        unopened=[one for t in tables for one in (t.unopened or [False] * len(t.kind))],
    )


def map_kind(value: str, mapping: dict[str, str]) -> str | None:
    """The kind of a column's value: the whole value, else the longest key inside it, else `*`."""
    if value in mapping:
        return mapping[value]
    inside = [key for key in mapping if key not in {"", "*"} and key in value]
    return mapping[max(inside, key=len)] if inside else mapping.get("*")


def kinds_of(places: PlacesConfig, extra: dict[str, list[object]], number: int) -> list[str | None]:
    rule = places.kind
    if isinstance(rule, KindColumn):
        return [map_kind(to_text(value), rule.map) for value in extra[rule.column]]
    if places.map:
        return [map_kind(to_text(value), places.map) for value in extra[rule]]
    return [rule] * number


def fault_of(kind: str | None, capacity: float, leaf: int, count: float) -> str | None:
    """What is wrong with a row of places, if anything is."""
    if kind is None:
        return "its kind is not in the map"
    if not capacity >= 0:
        return "capacity is negative or no number"
    if capacity > MOST_CAPACITY:
        return f"capacity above {MOST_CAPACITY}"
    if leaf < 0:
        return "outside every area"
    if not 1 <= count <= MOST_OF_A_ROW:
        return (
            "stands for no place" if count == 0 else f"its count is not from 1 to {MOST_OF_A_ROW}"
        )
    return None


def read_places(
    places: PlacesConfig, base: Path, ledger: SourceLedger, finder: Finder, hierarchy: Hierarchy
) -> PlaceTable:
    """One source of places; rows without kind, position, sound capacity or area are rejected."""
    rule = places.kind
    column = rule.column if isinstance(rule, KindColumn) else (rule if places.map else None)
    keys = (
        (column, "kind"),
        (places.area, "area"),
        (places.name, "name"),
        (places.lines, "lines"),
    )
    extra = {name: f"places.{key}" for name, key in keys if name}
    counts = {
        name: f"places.{key}"
        for name, key in ((places.capacity, "capacity"), (places.count, "count"))
        if name
    }
    points = read_points(places, places.lon, places.lat, base, ledger, "places", extra, counts)
    number = len(points.lines)
    kinds = kinds_of(places, points.extra, number)
    capacity = (
        read_capacity(points.extra[places.capacity], points.numbers[places.capacity])
        if places.capacity
        else np.zeros(number)
    )
    count = points.numbers[places.count] if places.count else np.ones(number)
    leaf, snapped = finder.locate(points.lonlat)
    wanted = [to_text(value) for value in points.extra[places.area]] if places.area else []
    strays = find_strays(wanted, points.lonlat, leaf, finder, hierarchy) if places.area else {}
    keep = []
    for i in range(number):
        why = fault_of(kinds[i], capacity[i], leaf[i], count[i]) or strays.get(i)
        if why:
            ledger.reject(points.lines[i], why, points.rows[i])
        else:
            keep += [i] * int(count[i])
    ask_about_strays(points, leaf, finder, ledger)
    if zero := (
        sum(to_text(v) == "0" for v in points.extra[places.capacity]) if places.capacity else 0
    ):
        ledger.note("capacity 0 taken as not known", zero)
    rows = np.array(keep, dtype=np.int64)
    if snapped[rows].any():
        ledger.note("outside every outline, counted to the nearest", int(snapped[rows].sum()))
    if len(keep) > len(set(keep)):
        ledger.note("places of rows that stand for several", len(keep) - len(set(keep)))
    stops = points.extra[places.lines] if places.lines else [""] * number
    named = [split_lines(to_text(text)) for text in stops]
    opened = [[line for line in one if not begins(line, places.unopened)] for one in named]
    return PlaceTable(
        kind=[str(kinds[i]) for i in keep],
        name=[to_text(points.extra[places.name][i]) for i in keep],
        source=[ledger.name] * len(keep),
        lonlat=points.lonlat[rows],
        capacity=capacity[rows].astype(np.int64),
        leaf=leaf[rows],
        area_by=area_words(finder, snapped[rows]),
        lines=[opened[i] for i in keep],
        unopened=[bool(named[i]) and not opened[i] for i in keep],
    )


def split_lines(text: str) -> list[str]:
    """The lines that a stop names: `1号线;2号线`."""
    return [one for part in text.replace("；", ";").split(";") if (one := part.strip())]


def begins(line: str, words: list[str]) -> bool:
    return line.startswith(tuple(words))


def ask_about_strays(
    points: Points, leaf: NDArray[Any], finder: Finder, ledger: SourceLedger
) -> None:
    """Single places far outside are a question; a list of a whole country is just cut."""
    lost = np.flatnonzero(leaf < 0)
    if len(lost) > 0.5 * len(leaf):
        return
    away_km = finder.away_km(points.lonlat[lost])
    turned_km = finder.away_km(points.lonlat[lost][:, ::-1])
    for i, away, turned in zip(lost.tolist(), away_km.tolist(), turned_km.tolist(), strict=True):
        if away < FAR_KM:
            continue
        swap = "; are lon and lat swapped?" if turned < min(FAR_KM, away) else ""
        lon, lat = points.lonlat[i].tolist()
        ledger.ask(points.lines[i], f"{lon:g}, {lat:g} lies {away:,.0f} km outside the city{swap}")


def area_words(finder: Finder, snapped: NDArray[Any]) -> list[str]:
    """How a place came to its leaf: inside its `outline`, to the `nearest` leaf point inside an
    outline above, or from outside every outline (`snapped`).
    """
    exact = bool(finder.outlined) and all(
        node.level == finder.leaves[0].level for node in finder.outlined
    )
    return ["snapped" if far else ("outline" if exact else "nearest") for far in snapped.tolist()]


def read_capacity(values: list[object], numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Places or beds; an empty field is 0 (unknown), and so is a stated 0; text is NaN."""
    empty = np.array([to_text(value).lower() in NO_WORD for value in values], dtype=bool)
    return np.where(empty, 0.0, np.round(numbers))


def find_strays(
    wanted: list[str],
    lonlat: NDArray[Any],
    leaf: NDArray[Any],
    finder: Finder,
    hierarchy: Hierarchy,
) -> dict[int, str]:
    """Places that lie outside the area they name, by more than NEAR_ENOUGH_M; with the reason."""
    import shapely

    indexes = [hierarchy.names(level).find_all(wanted) for level in range(len(hierarchy.levels))]
    found = {}
    for i, word in enumerate(wanted):
        named = next((index[word] for index in indexes if word in index), None)
        if named is None:
            found[i] = f"names an unknown area: {word}" if word else "names no area"
            continue
        here = ancestor(finder.leaves[leaf[i]], named.level) if leaf[i] >= 0 else None
        if here is named:
            continue
        far = named.shape is None or (
            shapely.distance(named.shape, shapely.Point(lonlat[i])) * M_PER_DEGREE > NEAR_ENOUGH_M
        )
        if far:
            found[i] = (
                f"outside the area it names: lies in {here.name if here else 'none'}, names "
                f"{named.name}"
            )
    return found


def ancestor(node: AreaNode, level: int) -> AreaNode:
    while node.level > level and node.parent is not None:
        node = node.parent
    return node


def facilities_from(table: PlaceTable) -> list[Facilities]:
    """The sites among the places, one group for each kind of site."""
    groups = []
    for kind in (KINDERGARTEN, PRIMARY, SECONDARY, UNIVERSITY, CARE_HOME, HOSPITAL):
        rows = np.array(
            [i for i, word in enumerate(table.kind) if kind in SITE_OF_KIND.get(word, ())],
            dtype=np.int64,
        )
        if len(rows):
            groups.append(
                Facilities(
                    kind=kind,
                    lonlat=table.lonlat[rows],
                    leaf=table.leaf[rows],
                    capacity=table.capacity[rows],
                    given=True,
                )
            )
    return groups


def check_far_apart(one: str, here: NDArray[Any], other: str, there: NDArray[Any]) -> None:
    """InputError when two sources lie in different parts of the world; swapped coordinates are
    named.
    """
    from twinward.core.geography import distance_m

    if not len(here) or not len(there):
        return
    (x, y), (u, v) = np.median(here, axis=0).tolist(), np.median(there, axis=0).tolist()
    if distance_m(x, y, u, v) <= 300_000:
        return
    swapped = abs(x) <= 90 and distance_m(y, x, u, v) <= 300_000
    raise InputError(
        f"{one} lies at {x:.3f}, {y:.3f} and {other} at {u:.3f}, {v:.3f}: more than 300 km apart",
        "lon and lat look swapped: exchange the two columns in the city file"
        if swapped
        else "check file and crs of both",
        code="swapped_coordinates" if swapped else "far_apart",
    )

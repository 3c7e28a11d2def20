"""Where need stands in the city and where help could: areas with residents and a middle, places
of a kind, ways.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.columns import MANIFEST, open_city
from twinward.citybase.places.roads import ROADS, Roads, read_roads
from twinward.core.errors import AbsentError, InputError
from twinward.decision.logistics.routing.travel import DETOUR, NEAR_ROAD_M, by_road, straight_m
from twinward.service.city.population import home_of
from twinward.service.platform import Platform

Floats = NDArray[np.float64]
LORRY_MPS = 25 / 3.6  # where there is no road graph
DRONE_MPS = 15.0
DEPOT_NAME = "the depot"  # of the starts: without a road to it nothing is driven at all
OFF_ROAD_M = 5_000.0  # farther from every road is no address of this city


class NeedPoints(msgspec.Struct, frozen=True, kw_only=True):
    """Areas that have residents: code, name, middle of their residents (lon, lat), how many."""

    codes: list[str]
    names: list[str]
    lonlat: Floats
    residents: Floats


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """Places where something may open, or be sent from."""

    names: list[str]
    areas: list[str]
    lonlat: Floats
    capacity: Floats
    synthetic: list[bool]


def read_need_points(platform: Platform, level: str, under: str | None = None) -> NeedPoints:
    """The areas of a level, inside `under` when it is named."""
    folder = platform.workspace / "city"
    tree = platform.reference.areas
    if not (folder / MANIFEST).exists() or not (folder / "leaf_start.npy").exists():
        raise AbsentError(
            "this workspace has no city", "build one with `twinward city build`", code="no_city"
        )
    codes = sorted(code for code, area in tree.by_code.items() if area.level == level)
    if not codes:
        known = ", ".join(dict.fromkeys(area.level for area in tree.by_code.values()))
        raise InputError(f"there is no level {level!r}", f"known: {known}", code="unknown_level")
    if under is not None:
        above = tree.require(under)
        codes = [code for code in codes if tree.is_under(code, above)]
    base = open_city(folder)
    place = {code: n for n, code in enumerate(codes)}
    home = np.array(
        [place.get(home_of(platform, place, leaf) or "", -1) for leaf in base.leaf_codes]
    )
    count = np.diff(base.leaf_start).astype(float)
    inside = home >= 0
    residents = np.bincount(home[inside], count[inside], len(codes))
    middle = [
        np.bincount(home[inside], (count * base.leaf_lonlat[:, k])[inside], len(codes))
        / np.maximum(residents, 1)
        for k in range(2)
    ]
    kept = np.flatnonzero(residents > 0)
    return NeedPoints(
        codes=[codes[n] for n in kept],
        names=[tree.name(codes[n]) for n in kept],
        lonlat=np.column_stack(middle)[kept],
        residents=residents[kept].astype(np.float64),
    )


def read_candidates(
    platform: Platform, kinds: Sequence[str], most: int, under: str | None = None
) -> Candidates:
    """Published and stand-in places of some kinds; of more than `most`, an even draw over the
    city's areas.
    """
    import pyarrow.parquet as pq

    path = platform.workspace / "city" / "places.parquet"
    if not path.exists():
        raise AbsentError("this city has no places", "build it again", code="no_city")
    table = pq.read_table(path)
    known = set(table["kind"].to_pylist())
    if unknown := [kind for kind in kinds if kind not in known]:
        raise InputError(
            f"there are no places of {', '.join(unknown)}",
            f"known: {', '.join(sorted(known))}",
            code="unknown_kind",
        )
    rows = [row for row in table.to_pylist() if row["kind"] in kinds]
    if under is not None:
        tree = platform.reference.areas
        above = tree.require(under)
        rows = [row for row in rows if tree.is_under(row["area"], above)]
    if not rows:
        raise InputError(
            f"there are no places of {', '.join(kinds)} in {under}",
            "name more kinds, or a wider --area",
            code="no_places",
        )
    rows.sort(key=lambda row: (row["area"], row["name"], row["lon"]))
    if len(rows) > most:
        rows = [rows[n] for n in np.linspace(0, len(rows) - 1, most).astype(int)]
    return Candidates(
        names=[row["name"] or f"{row['kind']} in {row['area']}" for row in rows],
        areas=[row["area"] for row in rows],
        lonlat=np.array([(row["lon"], row["lat"]) for row in rows]),
        capacity=np.array([float(row["capacity"]) for row in rows]),
        synthetic=[row["synthetic"] for row in rows],
    )


class TravelCosts(msgspec.Struct, frozen=True, kw_only=True):
    """float64[starts, ends], in words how it was measured, and float64[starts] how far each
    start is from the road.
    """

    metres: Floats
    seconds: Floats
    how: str
    off_road_m: Floats = np.empty(0)


def travel_costs(
    platform: Platform | None, start: Floats, end: Floats, by: str, names: Sequence[str] = ()
) -> TravelCosts:
    """By the city's roads (`road`), straight with a detour (`straight`), or by road where there is
    one (`auto`).

    Without a platform there are no roads. `names` of the starts: one far from every road is refused
    by its name.
    """
    folder = platform.workspace / "city" if platform is not None else None
    if folder is None and by == "road":
        raise AbsentError(
            "roads are those of a city", "name its workspace with --workspace", code="no_workspace"
        )
    if folder is not None and (by == "road" or (by == "auto" and (folder / ROADS).exists())):
        roads = read_roads(folder)
        if len(roads.node_lonlat):
            require_near(roads, start, names)
            metres, seconds, off_m = by_road(roads, start, end)
            return TravelCosts(
                metres=metres, seconds=seconds, how="by the road graph", off_road_m=off_m
            )
        if by == "road":
            raise AbsentError(
                "the city's road graph is empty", "measure straight distances", code="no_roads"
            )
    metres = DETOUR * straight_m(start, end)
    return TravelCosts(
        metres=metres,
        seconds=metres / LORRY_MPS,
        how=f"straight, times {DETOUR} for the roads' detours",
    )


def require_near(roads: Roads, points: Floats, names: Sequence[str]) -> None:
    """InputError for a point that is farther from the city's roads than anybody would carry
    things by hand.
    """
    _, off_m = roads.nearest_nodes(points)
    for name, metres in zip(names, off_m, strict=False):
        if metres > (NEAR_ROAD_M if name == DEPOT_NAME else OFF_ROAD_M):
            raise InputError(
                f"{name} is {metres / 1000:,.1f} km from the nearest road of this city",
                "mend the point (lon, lat), or measure straight distances",
                code="far_from_roads",
            )

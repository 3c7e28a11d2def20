"""What is left of the 15-minute index of each area while readings past their mark close streets:
who no longer reaches a school, a doctor, a shop on foot.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.columns import open_city, read_manifest
from twinward.citybase.places.roads import ROADS, Roads
from twinward.decision.resilience.reach import (
    MINUTES,
    Walking,
    find_closed,
    reached,
    walking_of,
)
from twinward.library.layers.layer import COUPLINGS, load_couplings
from twinward.service.city.couplings import list_fired, places_of
from twinward.service.city.layer_points import layers_of
from twinward.service.platform import Caller, Platform

MOST_AREAS = 60
# groups of places of the 15-minute city, by the kinds of the city's places
GROUPS: dict[str, tuple[str, ...]] = {
    "care": ("hospital", "clinic", "medical"),
    "pharmacy": ("pharmacy",),
    "school": ("school", "kindergarten", "primary", "secondary"),
    "shop": ("mall", "market", "supermarket"),
    "transport": ("metro_station", "station", "bus_stop"),
    "green": ("park",),
}
Floats = NDArray[np.float64]


class AreaReach(msgspec.Struct, frozen=True, kw_only=True):
    """An area in which fewer reach something: the index before and now (share of the groups that
    its residents reach on foot), which groups some of them lost, and how many residents reach
    less (None where they are too few to be told).
    """

    area: str
    name: str
    before: float
    now: float
    lost: list[str]
    residents: int | None


class ReachView(msgspec.Struct, frozen=True, kw_only=True):
    """The index of the whole city before and now, and the areas where it changed, most residents
    first. `why`: `no_streets` or `no_residents` where it cannot be reckoned; else ``. Groups of
    which the city's sources name no place are in `unknown` and count nowhere.
    """

    why: str
    minutes: int
    groups: list[str]
    unknown: list[str]
    closed_by: list[str]
    streets_closed: int
    street_m: int
    before: float | None
    now: float | None
    residents_less: int | None
    areas: list[AreaReach]
    left_out: int


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What stays while the city does: its streets on foot, homes with residents, places by group,
    and who reaches what when all is open, bool[homes, groups].
    """

    walking: Walking
    homes: Floats
    residents: NDArray[np.int64]
    leaves: list[str]
    groups: dict[str, Floats]
    open: NDArray[np.bool_]


def get_reach(platform: Platform, caller: Caller) -> ReachView:
    """The index now, by the coupling rows that close streets and the sensors past their marks."""
    folder = platform.workspace / "city"
    if not (folder / ROADS).exists():
        return nothing("no_streets")
    if not (folder / "leaf_start.npy").exists():
        return nothing("no_residents")
    ground = read_ground(folder, (folder / ROADS).stat().st_mtime_ns, read_manifest(folder).sha256)
    if not len(ground.walking.a) or not ground.residents.sum():
        return nothing("no_streets" if not len(ground.walking.a) else "no_residents")
    closing, points = find_closing(platform, caller)
    shut = find_closed(ground.walking, points[:, :2], points[:, 2])
    left = ground.open
    if shut.any():
        left = reach_with(ground, shut.tobytes(), folder)
    return compare(platform, ground, closing, shut, left)


def nothing(why: str) -> ReachView:
    return ReachView(
        why=why, minutes=MINUTES, groups=[], unknown=list(GROUPS), closed_by=[], streets_closed=0,
        street_m=0, before=None, now=None, residents_less=None, areas=[], left_out=0,
    )  # fmt: skip


@lru_cache(maxsize=2)
def read_ground(folder: Path, stamp: int, sha256: str) -> Ground:
    """The city as it is when all is open; read once for each build."""
    with np.load(folder / ROADS, allow_pickle=False) as kept:
        walking = walking_of(Roads(**{name: kept[name] for name in kept.files}))
    base = open_city(folder)
    homes = np.asarray(base.leaf_lonlat, np.float64)
    kind, _, at = places_of(folder)
    of_group = {name: np.isin(kind, kinds) for name, kinds in GROUPS.items()}
    groups = {name: at[rows] for name, rows in of_group.items() if rows.any()}
    whole = np.ones(len(walking.a), np.bool_)
    found = reached(walking, whole, homes, list(groups.values())) if len(walking.a) else whole
    return Ground(
        walking=walking,
        homes=homes,
        residents=np.asarray(np.diff(np.asarray(base.leaf_start, np.int64)), np.int64),
        leaves=list(base.leaf_codes),
        groups=groups,
        open=found,
    )


_kept: dict[Path, tuple[Ground, bytes, NDArray[np.bool_]]] = {}


def reach_with(ground: Ground, shut: bytes, folder: Path) -> NDArray[np.bool_]:
    """Who reaches what while streets are shut; the last answer is kept, for it is asked often."""
    held = _kept.get(folder)
    if held is not None and held[0] is ground and held[1] == shut:
        return held[2]
    closed = np.frombuffer(shut, np.bool_)
    found = reached(ground.walking, ~closed, ground.homes, list(ground.groups.values()))
    _kept[folder] = (ground, shut, found)
    return found


def find_closing(platform: Platform, caller: Caller) -> tuple[list[str], Floats]:
    """Sensors that close streets, and lon, lat, metres float64[P, 3] of each."""
    layers = layers_of(platform)
    names, points = list[str](), list[tuple[float, float, float]]()
    for row in load_couplings(platform.workspace / COUPLINGS):
        if not row.closes_roads or row.layer not in layers:
            continue
        for one in list_fired(platform, caller, row, layers):
            if one.lon is not None and one.lat is not None:
                names.append(one.sensor)
                points.append((one.lon, one.lat, row.within_m))
    return names, np.array(points, np.float64).reshape(-1, 3)


def compare(
    platform: Platform,
    ground: Ground,
    closing: list[str],
    shut: NDArray[np.bool_],
    left: NDArray[np.bool_],
) -> ReachView:
    """The index before and now, of the city and of the areas below the first level."""
    areas = platform.reference.areas
    least = platform.settings.k_anonymity
    names = list(ground.groups)
    lost = ground.open & ~left
    rows: dict[str, list[int]] = {}
    for leaf, code in enumerate(ground.leaves):
        if lost[leaf].any():
            rows.setdefault(areas.at_depth(code, 2), []).append(leaf)
    of_area: dict[str, list[int]] = {}
    for leaf, code in enumerate(ground.leaves):
        above = areas.at_depth(code, 2)
        if above in rows:
            of_area.setdefault(above, []).append(leaf)
    found = []
    for code, changed in rows.items():
        less = int(ground.residents[changed].sum())
        found.append(
            (
                less,
                AreaReach(
                    area=code,
                    name=areas.by_code[code].name,
                    before=index_of(ground, ground.open, of_area[code]),
                    now=index_of(ground, left, of_area[code]),
                    lost=[names[n] for n in np.flatnonzero(lost[changed].any(axis=0)).tolist()],
                    residents=less if less >= least else None,
                ),
            )
        )
    found.sort(key=lambda one: (-one[0], one[1].area))
    everybody = range(len(ground.leaves))
    total = sum(less for less, _ in found)
    return ReachView(
        why="",
        minutes=MINUTES,
        groups=names,
        unknown=[name for name in GROUPS if name not in ground.groups],
        closed_by=closing,
        streets_closed=int(shut.sum()),
        street_m=round(float(ground.walking.length_m[shut].sum())),
        before=index_of(ground, ground.open, everybody),
        now=index_of(ground, left, everybody),
        residents_less=total if total == 0 or total >= least else None,
        areas=[one for _, one in found[:MOST_AREAS]],
        left_out=max(0, len(found) - MOST_AREAS),
    )


def index_of(ground: Ground, found: NDArray[np.bool_], leaves: Sequence[int]) -> float:
    """The share of the groups that the residents of some homes reach, each resident alike."""
    rows = np.fromiter(leaves, np.int64)
    weight = ground.residents[rows].astype(np.float64)
    if not weight.sum() or not found.shape[1]:
        return 0.0
    return round(float((found[rows].mean(axis=1) * weight).sum() / weight.sum()), 4)

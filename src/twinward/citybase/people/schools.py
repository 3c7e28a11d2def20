"""Schools: how many places each has, and which pupils of which leaf area learn there (nearest
with room).
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.inputs import AGES, STAGES, CityInputs, Facilities, local_km, ranges, scatter
from twinward.citybase.people.kernels.sites import place_pupils
from twinward.core.chance import generator

SPARE = 1.15  # an estimated capacity exceeds the pupils expected by this factor
FEW_PAIRS = 200_000  # of leaf and school; below, every distance is computed
NEAREST = (
    16,
    256,
)  # how many schools each leaf looks at in the first and second round; the third looks at all


class Schooling(msgspec.Struct, frozen=True, kw_only=True):
    """Where pupils go. Schools are numbered over all stages in the order of `facilities`.

    rows int64[R, 5]: leaf, age, school, count, rank of the first in (school, age), sorted by leaf
    and age; row_first int64[L * 101 + 1]; pupils, team_base int64[schools, 101]; class_size
    int64[schools].
    """

    facilities: list[Facilities]
    rows: NDArray[Any]
    row_first: NDArray[Any]
    pupils: NDArray[Any]
    team_base: NDArray[Any]
    class_size: NDArray[Any]
    unplaced: int


def seeded_facilities(
    frame: CityInputs,
    kind: int,
    weight: NDArray[Any],
    number: int,
    capacity: NDArray[Any] | None,
    name: str,
) -> Facilities:
    """`number` stand-ins, spread over the leaves in proportion to `weight`."""
    chance = generator(frame.seed, f"city/{name}")
    cumulative = np.cumsum(weight, dtype=np.float64)
    marks = (np.arange(number) + chance.random(number)) * (cumulative[-1] / max(number, 1))
    leaf = np.minimum(np.searchsorted(cumulative, marks, side="right"), len(weight) - 1)
    points = scatter(frame.lonlat[leaf], frame.radius_m[leaf], chance)
    places = np.zeros(number, np.int64) if capacity is None else capacity
    return Facilities(
        kind=kind, lonlat=points, leaf=leaf.astype(np.int64), capacity=places, given=False
    )


def nearest_points(
    points: NDArray[Any], wanted: NDArray[Any], k: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(distance, index) float64 and int64[len(wanted), k] of the k nearest points, nearest
    first.
    """
    if len(points) * len(wanted) > FEW_PAIRS:
        from scipy.spatial import cKDTree  # its import takes longer than a small city

        distance, nearest = cKDTree(points).query(wanted, k=k)
        return distance.reshape(len(wanted), k), nearest.reshape(len(wanted), k)
    every = np.sqrt(((wanted[:, None, :] - points[None, :, :]) ** 2).sum(axis=2))
    nearest = np.argsort(every, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(every, nearest, axis=1), nearest


def estimate_capacity(
    schools: Facilities, leaf_km: NDArray[Any], school_km: NDArray[Any], demand: NDArray[Any]
) -> NDArray[np.int64]:
    """Places of schools that state none: half what the four-nearest rule would send there, half the
    mean.

    Where all schools are of this kind the sum exceeds the demand by SPARE.
    """
    unknown = schools.capacity == 0
    near = min(4, len(school_km))
    _, nearest = nearest_points(school_km, leaf_km, near)
    load = np.bincount(nearest.reshape(-1), np.repeat(demand / near, near), len(school_km))
    share = 0.5 * load + 0.5 * demand.sum() / len(school_km)
    return np.where(unknown, np.ceil(SPARE * share) + 1, schools.capacity).astype(np.int64)


def stage_schools(frame: CityInputs, kind: int, demand: NDArray[Any]) -> Facilities:
    """The schools of one stage: those given, else seeded ones; each with a capacity."""
    given = [f for f in frame.facilities if f.kind == kind and len(f.leaf)]
    if given:
        schools = given[0]
    else:
        a = frame.assumptions
        size = dict(
            zip(
                STAGES,
                (a.kindergarten_size, a.primary_size, a.secondary_size, a.university_size),
                strict=True,
            )
        )
        number = max(1, round(demand.sum() * SPARE / size[kind])) if demand.sum() else 0
        schools = seeded_facilities(frame, kind, demand + 1e-9, number, None, f"schools/{kind}")
    if not len(schools.leaf):
        return schools
    both = local_km(np.concatenate([frame.lonlat, schools.lonlat]))
    leaves = len(frame.lonlat)
    capacity = estimate_capacity(schools, both[:leaves], both[leaves:], demand)
    return msgspec.structs.replace(schools, capacity=capacity)


def fill_stage(
    frame: CityInputs,
    schools: Facilities,
    offset: int,
    ages: tuple[int, int],
    waiting: NDArray[Any],
    taken: NDArray[Any],
) -> list[NDArray[Any]]:
    """Pupils of one stage to schools offset..offset+F-1, pairs in order of distance; widens the
    search while needed.
    """
    leaves, number = len(frame.lonlat), len(schools.leaf)
    both = local_km(np.concatenate([frame.lonlat, schools.lonlat]))
    room = np.zeros(offset + number, np.int64)
    room[offset:] = schools.capacity
    found = []
    for k in (*NEAREST, number):
        open_schools = np.flatnonzero(room[offset:] > 0)
        needy = np.flatnonzero(waiting[:, ages[0] : ages[1]].sum(axis=1) > 0)
        if not len(needy) or not len(open_schools):
            break
        k = min(k, len(open_schools))
        distance, nearest = nearest_points(both[leaves:][open_schools], both[:leaves][needy], k)
        order = np.argsort(np.round(distance, 6), axis=None, kind="stable")
        pair_leaf = np.repeat(needy, k)[order]
        pair_school = open_schools[nearest.reshape(-1)][order] + offset
        rows = np.empty((len(order) * (ages[1] - ages[0]), 5), np.int32)
        n = place_pupils(pair_leaf, pair_school, ages[0], ages[1], waiting, room, taken, rows)
        found.append(rows[:n].copy())
    return found


def place_in_schools(frame: CityInputs, enrolled: NDArray[Any]) -> Schooling:
    """Every enrolled resident (`enrolled` int64[L, 101]) to the nearest school with room, and to
    a class of an age.
    """
    a = frame.assumptions
    sizes = dict(
        zip(
            STAGES,
            (a.kindergarten_class, a.primary_class, a.secondary_class, a.university_class),
            strict=True,
        )
    )
    by_stage = {
        kind: stage_schools(frame, kind, enrolled[:, low:high].sum(axis=1))
        for kind, (low, high) in a.stage_ages().items()
    }
    total = sum(len(s.leaf) for s in by_stage.values())
    waiting, taken = enrolled.copy(), np.zeros((max(total, 1), AGES), np.int64)
    rows, offset = [np.empty((0, 5), np.int32)], 0
    for kind, ages in a.stage_ages().items():
        rows += fill_stage(frame, by_stage[kind], offset, ages, waiting, taken)
        offset += len(by_stage[kind].leaf)
    table = np.concatenate(rows)
    slot = table[:, 0].astype(np.int64) * AGES + table[:, 1]
    order = np.argsort(slot, kind="stable")
    class_size = np.concatenate(
        [np.full(len(s.leaf), sizes[kind], np.int64) for kind, s in by_stage.items()]
    )
    class_size = class_size if len(class_size) else np.ones(1, np.int64)
    classes = -(-taken // class_size[:, None])
    return Schooling(
        facilities=list(by_stage.values()),
        rows=np.ascontiguousarray(table[order]),
        row_first=ranges(np.bincount(slot, minlength=len(frame.lonlat) * AGES)),
        pupils=taken,
        team_base=np.cumsum(classes, axis=1) - classes,
        class_size=class_size,
        unplaced=int(waiting.sum()),
    )

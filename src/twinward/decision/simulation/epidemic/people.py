"""The simulator's view of a city base: packed words, member lists, and what each leaf area
belongs to.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.column_types import NO_SITE
from twinward.citybase.schema import HOSPITAL, CityBase
from twinward.decision.simulation.epidemic.kernels.resident_bits import NO_TEAM_KIND, STATE
from twinward.decision.simulation.epidemic.kernels.residents import (
    fill_fixed,
    number_teams,
    sort_members,
)
from twinward.decision.simulation.epidemic.kernels.tables import CityTables

OLDEST = 100
ROWS_AT_ONCE = 1 << 22  # of a city, so that little memory is needed


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Arrays for the kernels and the names of the areas in which outcomes are counted."""

    city: CityTables
    groups: list[str]
    paths: list[list[str]]  # of each leaf area, from the top down to itself
    leaf_codes: list[str]


def open_people(base: CityBase, level: str | None = None) -> People:
    """Packs a base. Outcomes are counted by areas of `level`, or of the topmost level with more
    than one area.
    """
    words = np.zeros((base.residents, 2), np.uint64)
    leaf_start = np.asarray(base.leaf_start, np.int64)
    member, site_start = sort_members(base.site_of, base.team_of, len(base.site_kind))
    kinds = met_kinds(base, np.diff(site_start.astype(np.int64)))
    fill_fixed(words, base.age_sex, base.household_start, leaf_start, base.site_of, kinds, OLDEST)
    team_start, team_site = number_teams(words, member, site_start, base.team_of)
    if len(team_start) == 1:  # nobody has a site: one empty team, so that indices stay valid
        team_start, team_site = np.zeros(2, np.uint32), np.zeros(1, np.uint32)
        site_start = np.zeros(2, np.uint32)
    groups, leaf_group, paths = group_leaves(base, level)
    city = CityTables(
        words=words,
        recent=np.zeros(base.residents, np.uint8),
        member=member if len(member) else np.zeros(1, np.uint32),
        team_start=team_start,
        team_site=team_site,
        site_start=site_start,
        site_leaf=np.asarray(base.site_leaf) if len(base.site_leaf) else np.zeros(1, np.uint16),
        leaf_start=leaf_start,
        leaf_hospital=serving_hospitals(base, site_start),
        leaf_group=leaf_group,
        leaf_zone=np.zeros(len(base.leaf_codes), np.uint8),
    )
    return People(city=city, groups=groups, paths=paths, leaf_codes=base.leaf_codes)


def met_kinds(base: CityBase, members: NDArray[Any]) -> NDArray[Any]:
    """uint8[S] the kind of each site; none for a site of one person, who meets nobody there."""
    return np.where(members < 2, np.uint8(NO_TEAM_KIND), np.asarray(base.site_kind, np.uint8))


def class_counts(base: CityBase) -> NDArray[Any]:
    """int64[C] residents of each contact class (age, kind of site, lives with others), without
    packing the base.
    """
    site_of, household_of = np.asarray(base.site_of), np.asarray(base.household_of)
    with_site = site_of[site_of != NO_SITE]
    kinds = np.append(
        met_kinds(base, np.bincount(with_site, minlength=len(base.site_kind))),
        np.uint8(NO_TEAM_KIND),
    )
    together = np.diff(np.asarray(base.household_start, np.int64)) > 1
    counts = np.zeros((OLDEST + 1) * (NO_TEAM_KIND + 1) * 2, np.int64)
    for first in range(0, base.residents, ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        age = np.minimum(np.asarray(base.age_sex[part]) & 127, OLDEST).astype(np.int64)
        kind = kinds[np.minimum(site_of[part], len(kinds) - 1)]
        row = (age * (NO_TEAM_KIND + 1) + kind) * 2 + together[household_of[part]]
        counts += np.bincount(row, minlength=len(counts))
    return counts


def forget_outbreak(city: CityTables) -> None:
    """Puts every resident back to the time before the first infection."""
    city.words[:, STATE] = 0
    city.recent[:] = 0


def group_leaves(
    base: CityBase, level: str | None
) -> tuple[list[str], NDArray[Any], list[list[str]]]:
    """Area codes; for each leaf, the position of the area of that level it lies in; each leaf's
    path from the top.
    """
    parent = {area.code: area.parent for area in base.areas}
    level_of = {area.code: area.level for area in base.areas}
    paths = [_path(code, parent) for code in base.leaf_codes]
    if level is None:
        level = _top_level_with_several(paths, level_of)
    codes = [next((c for c in path if level_of.get(c) == level), path[-1]) for path in paths]
    groups = sorted(set(codes))
    position = {code: k for k, code in enumerate(groups)}
    return groups, np.array([position[code] for code in codes], np.uint16), paths


def _path(code: str, parent: dict[str, str | None]) -> list[str]:
    path = [code]
    while (above := parent.get(path[0])) is not None and above not in path:
        path.insert(0, above)
    return path


def _top_level_with_several(paths: list[list[str]], level_of: dict[str, str]) -> str | None:
    for depth in range(max(map(len, paths), default=0)):
        codes = {path[depth] for path in paths if depth < len(path)}
        if len(codes) > 1:
            return level_of.get(next(iter(codes)))
    return None


def serving_hospitals(base: CityBase, site_start: NDArray[Any]) -> NDArray[Any]:
    """int32[L] the hospital that serves each leaf, -1 for none: near and large, so that it serves
    about as many as its staff can (least squared distance for each of the staff).
    """
    staff = np.diff(site_start.astype(np.int64))
    staffed = staff > 1
    count = min(len(base.site_kind), len(staffed))
    hospitals = np.flatnonzero((np.asarray(base.site_kind[:count]) == HOSPITAL) & staffed[:count])
    if not len(hospitals):
        return np.full(len(base.leaf_codes), -1, np.int32)
    leaves = np.asarray(base.leaf_lonlat, np.float64)
    points = np.asarray(base.site_lonlat, np.float64)[hospitals]
    scale = np.array([np.cos(np.radians(np.nanmean(leaves[:, 1]))), 1.0])
    nearest = np.empty(len(leaves), np.int32)
    for first in range(0, len(leaves), 512):
        gap = (leaves[first : first + 512, None, :] - points[None, :, :]) * scale
        nearest[first : first + 512] = hospitals[
            np.nan_to_num((gap**2).sum(axis=2) / staff[hospitals], nan=np.inf).argmin(axis=1)
        ]
    return nearest

"""Builds the simulator's view of a city base: two words a resident and the member lists of sites
and teams.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.decision.simulation.epidemic.kernels.resident_bits import (
    FIXED,
    MAX_HOUSEHOLD,
    NO_TEAM_KIND,
    pack_fixed,
)

NO_SITE = np.uint32(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def fill_fixed(
    words: Any,
    age_sex: Any,
    household_start: Any,
    leaf_start: Any,
    site_of: Any,
    site_kind: Any,
    oldest: Any,
) -> None:
    """Fixed words without team rows. Households above MAX_HOUSEHOLD meet in groups of that size."""
    leaf = 0
    for h in range(len(household_start) - 1):
        first, last = np.int64(household_start[h]), np.int64(household_start[h + 1])
        for i in range(first, last):
            while leaf + 2 < len(leaf_start) and i >= leaf_start[leaf + 1]:
                leaf += 1
            inside = (i - first) % MAX_HOUSEHOLD
            size = min(MAX_HOUSEHOLD, last - (i - inside))
            kind = NO_TEAM_KIND if site_of[i] == NO_SITE else np.int64(site_kind[site_of[i]])
            age, sex = min(np.int64(age_sex[i] & 127), oldest), np.int64(age_sex[i] >> 7)
            words[i, FIXED] = pack_fixed(kind, age, sex, leaf, inside, size)


@njit(cache=True, nogil=True)
def sort_members(site_of: Any, team_of: Any, sites: Any) -> Any:
    """Residents who have a site, sorted by (site, team, row): two stable counting passes, team
    first.
    """
    by_team = np.zeros(65_537, np.int64)
    by_site = np.zeros(sites + 1, np.int64)
    for i in range(len(site_of)):
        if site_of[i] != NO_SITE:
            by_team[np.int64(team_of[i]) + 1] += 1
            by_site[np.int64(site_of[i]) + 1] += 1
    for k in range(65_536):
        by_team[k + 1] += by_team[k]
    for s in range(sites):
        by_site[s + 1] += by_site[s]
    total = by_site[sites]
    site_start = by_site.astype(np.uint32)
    half = np.empty(total, np.uint32)
    for i in range(len(site_of)):
        if site_of[i] != NO_SITE:
            team = np.int64(team_of[i])
            half[by_team[team]] = i
            by_team[team] += 1
    member = np.empty(total, np.uint32)
    for k in range(total):
        site = np.int64(site_of[half[k]])
        member[by_site[site]] = half[k]
        by_site[site] += 1
    return member, site_start


@njit(cache=True, nogil=True)
def number_teams(words: Any, member: Any, site_start: Any, team_of: Any) -> Any:
    """Writes each member's team row into the fixed word; returns team_start[T+1] and
    team_site[T].
    """
    start = np.empty(len(member) + 1, np.uint32)
    site_of_team = np.empty(len(member), np.uint32)
    teams = -1
    for s in range(len(site_start) - 1):
        before = np.int64(-1)
        for k in range(np.int64(site_start[s]), np.int64(site_start[s + 1])):
            team = np.int64(team_of[member[k]])
            if team != before:
                teams += 1
                start[teams] = k
                site_of_team[teams] = s
                before = team
            words[member[k], FIXED] |= np.uint64(teams)
    start[teams + 1] = len(member)
    return start[: teams + 2].copy(), site_of_team[: teams + 1].copy()

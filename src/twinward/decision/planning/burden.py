"""Who lives where, at which age, at school or at work: counted once for a city, asked for every
day of every plan.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.column_types import STAFF_TEAM
from twinward.citybase.schema import KINDERGARTEN, UNIVERSITY, CityBase
from twinward.decision.simulation.epidemic.interventions import closed_share
from twinward.decision.simulation.epidemic.people import People
from twinward.library.hazards.measures import Lockdown, Masks, Measure

AGES = 101
CHUNK = 2_000_000
Floats = NDArray[np.float64]


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """Counts float64[L, 101] by leaf area and year of age: all residents, those at school, those
    at work.
    """

    residents: Floats
    pupils: Floats
    workers: Floats
    group: NDArray[Any]  # uint16[L] the area in which outcomes of the leaf are counted
    groups: list[str]
    paths: list[list[str]]

    def fold(self, days: Floats) -> tuple[Floats, Floats]:
        """float64[L, 101] summed by area of outcome, and by ten-year age band (the last is 100
        and over).
        """
        by_area = np.bincount(self.group, weights=days.sum(axis=1), minlength=len(self.groups))
        by_age = np.bincount(np.arange(AGES) // 10, weights=days.sum(axis=0))
        return by_area.astype(np.float64), by_age.astype(np.float64)


class Burden(msgspec.Struct, frozen=True, kw_only=True):
    """What one day of a set of measures asks: person-days, each float64[areas] and float64[age
    bands].
    """

    school: tuple[Floats, Floats]
    work: tuple[Floats, Floats]
    restricted: tuple[Floats, Floats]
    masked: tuple[Floats, Floats]


def count_population(base: CityBase, people: People) -> Population:
    """One pass over the residents, in chunks."""
    leaves = len(base.leaf_codes)
    start = np.asarray(base.leaf_start, np.int64)
    tables = np.zeros((3, leaves * AGES), np.int64)
    kind_of_site = np.append(np.asarray(base.site_kind, np.int16), np.int16(-1))
    for first in range(0, base.residents, CHUNK):
        last = min(first + CHUNK, base.residents)
        age = np.minimum(np.asarray(base.age_sex[first:last]) & 127, AGES - 1).astype(np.int64)
        leaf = np.searchsorted(start, np.arange(first, last), side="right") - 1
        cell = leaf * AGES + age
        site = np.minimum(np.asarray(base.site_of[first:last], np.int64), len(kind_of_site) - 1)
        kind = kind_of_site[site]
        staff = np.asarray(base.team_of[first:last]) == STAFF_TEAM
        pupil = (kind >= KINDERGARTEN) & (kind <= UNIVERSITY) & ~staff
        working = (kind == 0) | ((kind >= KINDERGARTEN) & (kind <= UNIVERSITY) & staff)
        for k, chosen in enumerate((slice(None), pupil, working)):
            tables[k] += np.bincount(cell[chosen], minlength=leaves * AGES)
    residents, pupils, workers = tables.reshape(3, leaves, AGES).astype(np.float64)
    return Population(
        residents=residents,
        pupils=pupils,
        workers=workers,
        group=np.asarray(people.city.leaf_group, np.int64),
        groups=people.groups,
        paths=people.paths,
    )


def count_burden(measure: Measure, population: Population) -> Floats:
    """float64[L, 101]: 1 where the measure concerns residents of that leaf and age, else 0."""
    wanted = set(measure.areas)
    inside = np.array(
        [not wanted or not wanted.isdisjoint(path) for path in population.paths], np.float64
    )
    years = np.arange(AGES)
    return np.outer(inside, (years >= measure.ages[0]) & (years <= measure.ages[1]))


def burden_of_day(measures: tuple[Measure, ...], population: Population) -> Burden:
    """Person-days that the measures in force ask on one day; what two of them close is counted
    once.
    """
    shape = population.residents.shape
    at_school, at_work, free, bare = (np.ones(shape) for _ in range(4))
    for measure in measures:
        here = count_burden(measure, population)
        at_school *= 1 - here * closed_share(measure, "school")
        at_work *= 1 - here * closed_share(measure, "work")
        if isinstance(measure, Lockdown):
            free *= 1 - here * measure.reach
        if isinstance(measure, Masks):
            bare *= 1 - here * measure.reach
    return Burden(
        school=population.fold(population.pupils * (1 - at_school)),
        work=population.fold(population.workers * (1 - at_work)),
        restricted=population.fold(population.residents * (1 - free)),
        masked=population.fold(population.residents * (1 - bare)),
    )

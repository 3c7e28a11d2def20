"""The slow obvious twin of the outbreak kernels: every infectious resident meets every contact of
the day, one by one.

No records, no attempts, no thinning, no packed words: loops over persons, layers and contact slots,
with NumPy's own random numbers. It knows no measures and no hospitals.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twinward.citybase.column_types import NO_SITE
from twinward.citybase.schema import CityBase
from twinward.decision.simulation.epidemic.prepare import Prepared


class Person:
    """One infected resident."""

    def __init__(
        self,
        who: int,
        day: int,
        cls: int,
        prepared: Prepared,
        age: int,
        chance: np.random.Generator,
    ) -> None:
        history = prepared.history
        self.who, self.day, self.cls = who, day, cls
        self.latent = int(chance.choice(history.latent))
        ill = chance.random() < history.symptomatic[age]
        rate = history.loud_rate[0] if ill else history.quiet_rate[0]
        self.rate = float(chance.choice(history.heterogeneity)) * float(rate)


def pools(base: CityBase, who: int) -> list[list[int]]:
    """Everybody else in the household, the team, the site, the community cell, around the site,
    in the city.
    """
    leaf = int(np.searchsorted(base.leaf_start, who, side="right")) - 1
    home = np.flatnonzero(np.asarray(base.household_of) == base.household_of[who])
    cell = range(int(base.leaf_start[leaf]), int(base.leaf_start[leaf + 1]))
    site: Any = []
    team: Any = []
    around: Any = []
    if base.site_of[who] != NO_SITE:
        site = np.flatnonzero(np.asarray(base.site_of) == base.site_of[who])
        team = site[np.asarray(base.team_of)[site] == base.team_of[who]]
        team = team if len(team) > 1 else site
        there = int(base.site_leaf[base.site_of[who]])
        around = range(int(base.leaf_start[there]), int(base.leaf_start[there + 1]))
    everybody = range(base.residents)
    return [
        [int(other) for other in pool if other != who]
        for pool in (home, team, site, cell, around, everybody)
    ]


def run(
    base: CityBase, prepared: Prepared, classes: Any, days: int, infected: int, seed: int
) -> list[int]:
    """New infections by day; `classes` is the contact class of every resident."""
    chance = np.random.default_rng(seed)
    age = np.asarray(base.age_sex) & 127
    weight = np.diff(prepared.mixing.cumulative.astype(float), axis=1, prepend=0.0)
    known: dict[int, list[list[int]]] = {}
    seeds = chance.choice(base.residents, infected, replace=False)
    people = [Person(int(w), 0, int(classes[w]), prepared, int(age[w]), chance) for w in seeds]
    had = {person.who for person in people}
    new = [infected]
    profile = prepared.spread.profile
    for day in range(1, days):
        today: list[Person] = []
        for person in people:
            step = day - person.day - person.latent
            if not 0 <= step < len(profile) - 1:
                continue
            if person.who not in known:
                known[person.who] = pools(base, person.who)
            for layer, pool in enumerate(known[person.who]):
                contacts = float(prepared.mixing.contacts[person.cls, layer])
                if not pool or contacts == 0:
                    continue
                for slot in range(int(np.ceil(contacts))):
                    other = pool[int(chance.integers(len(pool)))]
                    width = min(1.0, contacts - slot) / contacts
                    force = person.rate * float(profile[step]) * weight[person.cls, layer] * width
                    ready = float(prepared.spread.susceptibility[age[other]])
                    if other not in had and chance.random() < 1 - np.exp(-force * ready):
                        had.add(other)
                        today.append(
                            Person(
                                other, day, int(classes[other]), prepared, int(age[other]), chance
                            )
                        )
        people += today
        new.append(len(today))
    return new

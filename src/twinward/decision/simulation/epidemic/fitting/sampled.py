"""Kinds of residents in an even sample of a city, with whom they meet and how common each is
among early infectees.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.decision.simulation.epidemic.kernels.resident_bits import FIXED, NO_TEAM_KIND
from twinward.decision.simulation.epidemic.kernels.tables import (
    CELL,
    HOUSEHOLD,
    LAYERS,
    RANDOM,
    SITE,
    TEAM,
    CityTables,
    Mixing,
)

SAMPLE = 20_000
TYPE_YEARS, TYPES_OF_AGE = 5, 21  # residents of one type: ages of five years, kind of site
TYPES = TYPES_OF_AGE * (NO_TEAM_KIND + 1)
COARSE_YEARS, COARSE_TEAM, LARGEST_HOUSEHOLD, LARGEST_TEAM = 1, 4, 10, 80
MET = 6  # contacts drawn of each resident of the sample in each layer
ROUNDS = 2  # generations after the first infected


class Sampled(msgspec.Struct, frozen=True, kw_only=True):
    """K kinds of residents (age, kind of site, sizes of household and team).

    members float64[K, 2] of household and team; own_team float64[K] share of the contacts at the
    site that fall into the own team, all in a workplace of one team; weight, slots, ready
    float64[K, LAYERS]: transmission weight, contacts a day, and mean susceptibility of those met;
    typical float64[K] share among early infectees
    """

    age: NDArray[Any]
    members: NDArray[Any]
    own_team: NDArray[Any]
    weight: NDArray[Any]
    slots: NDArray[Any]
    ready: NDArray[Any]
    typical: NDArray[Any]


def sample_residents(city: CityTables, mixing: Mixing, susceptibility: NDArray[Any]) -> Sampled:
    """`susceptibility` float64[101] by age. The typical infectee is one of the first generations
    after the first infected, who are drawn at random: residents meet mostly their own age, so
    that the mix settles slowly.
    """
    who = np.arange(0, len(city.words), max(1, len(city.words) // SAMPLE))
    weights = np.diff(mixing.cumulative.astype(np.float64), axis=1, prepend=0.0)
    rows, in_team = _columns(city, who)
    kinds, which, count = np.unique(rows, axis=1, return_inverse=True, return_counts=True)
    age, kind, size, team = kinds
    row = (age * (NO_TEAM_KIND + 1) + kind) * 2 + (size > 1)
    weight, type_of = weights[row], _type(age, kind)
    met, met_ready = _next_types(city, who, susceptibility)
    common = _early(weight, type_of, count, met)
    inside = weight.sum(axis=1) * count
    of_type = np.bincount(type_of, inside, TYPES)
    typical = common[type_of] * inside / np.maximum(of_type[type_of], 1e-300)
    return Sampled(
        age=age,
        members=np.stack([size, np.where(kind == NO_TEAM_KIND, 1, team)], axis=1).astype(
            np.float64
        ),
        own_team=np.bincount(which.reshape(-1), in_team) / count,
        weight=weight,
        slots=np.maximum(mixing.contacts.astype(np.float64)[row], 1e-9),
        ready=met_ready[:, type_of].T,
        typical=typical / max(typical.sum(), 1e-300),
    )


def _columns(city: CityTables, who: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """int64[4, n] age, kind of site, household size, team size of residents; share of their site
    that is their team.
    """
    fixed = city.words[who, FIXED]
    age, kind = _age_and_kind(fixed)
    size = np.minimum((fixed >> np.uint64(57)).astype(np.int64) & 63, LARGEST_HOUSEHOLD)
    _, team = _team_pool(city, fixed)
    _, site = _site_pool(city, fixed)
    in_team = np.minimum((team - 1) / np.maximum(site - 1, 1), 1.0)
    team = np.where(kind == NO_TEAM_KIND, 1, np.minimum(team, LARGEST_TEAM))
    team = np.where(team > 2 * COARSE_TEAM, team // COARSE_TEAM * COARSE_TEAM, team)
    return np.stack([age // COARSE_YEARS * COARSE_YEARS, kind, size, team]), in_team


def _site_pool(city: CityTables, fixed: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """First position and number of the members of each one's site."""
    return _range(city.site_start, city.team_site[_team(fixed)].astype(np.int64))


def _team_pool(city: CityTables, fixed: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The same of the team, or of the site where the team is one person."""
    (first, count), (at_site, of_site) = (
        _range(city.team_start, _team(fixed)),
        _site_pool(city, fixed),
    )
    return np.where(count < 2, at_site, first), np.where(count < 2, of_site, count)


def _range(edges: NDArray[Any], index: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    first = edges[index].astype(np.int64)
    return first, edges[index + 1].astype(np.int64) - first


def _team(fixed: NDArray[Any]) -> NDArray[Any]:
    return (fixed & np.uint64((1 << 24) - 1)).astype(np.int64)


def _age_and_kind(fixed: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return (fixed >> np.uint64(27)).astype(np.int64) & 127, (fixed >> np.uint64(24)).astype(
        np.int64
    ) & 7


def _type(age: NDArray[Any], kind: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.minimum(age // TYPE_YEARS, TYPES_OF_AGE - 1) * (NO_TEAM_KIND + 1) + kind)


def _next_types(
    city: CityTables, who: NDArray[Any], susceptibility: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """float64[LAYERS, TYPES, TYPES] share of a type's contacts that are of each type, times their
    susceptibility; its sum over the types met.
    """
    chance = generator(0, "simulation.reproduction")
    mine = _type(*_age_and_kind(city.words[who, FIXED]))
    shares = np.zeros((LAYERS, TYPES, TYPES))
    for layer in range(LAYERS):
        for _ in range(MET):
            met = _meet(city, who, layer, chance.random(len(who)))
            age, kind = _age_and_kind(city.words[met, FIXED])
            pair = mine * TYPES + _type(age, kind)
            shares[layer] += np.bincount(pair, susceptibility[age], TYPES * TYPES).reshape(
                TYPES, TYPES
            )
    shares /= np.maximum(MET * np.bincount(mine, minlength=TYPES), 1)[None, :, None]
    return shares, shares.sum(axis=2)


def _meet(city: CityTables, who: NDArray[Any], layer: int, luck: NDArray[Any]) -> NDArray[Any]:
    """One resident drawn for each from the pool of a layer, other than themselves where the pool
    has others.
    """
    fixed = city.words[who, FIXED]
    leaf = (fixed >> np.uint64(35)).astype(np.int64) & 0xFFFF
    if layer == HOUSEHOLD:
        first = who - ((fixed >> np.uint64(51)).astype(np.int64) & 63)
        count = (fixed >> np.uint64(57)).astype(np.int64) & 63
    elif layer == TEAM:
        first, count = _team_pool(city, fixed)
    elif layer == SITE:
        first, count = _site_pool(city, fixed)
    elif layer == RANDOM:
        first, count = np.zeros(len(who), np.int64), np.full(len(who), len(city.words), np.int64)
    else:
        around = (
            leaf if layer == CELL else city.site_leaf[city.team_site[_team(fixed)]].astype(np.int64)
        )
        first, count = _range(city.leaf_start, around)
    through = layer in (TEAM, SITE)

    def resident(place: NDArray[Any]) -> NDArray[Any]:
        place = np.minimum(place, (len(city.member) if through else len(city.words)) - 1)
        return city.member[place].astype(np.int64) if through else place

    last = first + np.maximum(count, 1) - 1
    met = resident(
        first
        + np.minimum((luck * np.maximum(count - 1, 1)).astype(np.int64), np.maximum(count - 1, 0))
    )
    return np.where(met == who, resident(last), met)


def _early(
    weight: NDArray[Any], type_of: NDArray[Any], count: NDArray[Any], met: NDArray[Any]
) -> NDArray[Any]:
    """float64[TYPES] share of each type among the infected ROUNDS generations after some drawn
    at random.
    """
    within = count.astype(np.float64)
    common = np.bincount(type_of, within, TYPES) / within.sum()
    for _ in range(ROUNDS):
        people = np.maximum(np.bincount(type_of, within, TYPES), 1e-300)
        mean = [np.bincount(type_of, within * column, TYPES) / people for column in weight.T]
        matrix = sum(column[:, None] * shares for column, shares in zip(mean, met, strict=True))
        common = common @ matrix
        common /= max(common.sum(), 1e-300)
        within = (
            weight.sum(axis=1) * count
        )  # those of a type who have more contacts are infected more often
    return np.asarray(common)

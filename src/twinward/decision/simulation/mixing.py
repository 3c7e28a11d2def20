"""How many contacts a resident has in each setting, from published daily numbers and who goes where in the base."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.kernels.tables import (
    IN_CARE_HOME,
    IN_CLASS,
    IN_COMMUNITY,
    IN_HOSPITAL,
    IN_HOUSEHOLD,
    IN_RANDOM,
    IN_SCHOOL,
    IN_TRANSPORT,
    IN_WORK_TEAM,
    IN_WORKPLACE,
    LAYERS,
    RANDOM,
    Mixing,
)
from twinward.library.diseases import Disease

# Mistry et al. 2021, Nat Commun 12:323, equation 5: contacts a day of a member of a household, a school, a workplace,
# and of anybody in the community
HOUSEHOLD_CONTACTS, SCHOOL_CONTACTS, WORK_CONTACTS, COMMUNITY_CONTACTS = 4.11, 11.41, 8.07, 2.79
GROUPS = ("household", "school", "work", "community")
IN_TEAM = 0.7  # share of a member's contacts that stay in the class or team; assumption
TRANSPORT_SHARE, CITY_SHARE = 0.2, 0.4  # of community contacts; the rest stays in the community cell; assumption
UNIFORM_CONTACTS = 50_000.0  # of the one pool: so many that no two attempts share a contact, as in theory
OLDEST = 100
KINDS = 8  # seven kinds of site and none
NO_SITE_KIND = 7
WORK_KINDS, SCHOOL_KINDS = (0, 5, 6), (1, 2, 3, 4)

_TEAM_SETTINGS = (IN_WORK_TEAM, IN_CLASS, IN_CLASS, IN_CLASS, IN_CLASS, IN_CARE_HOME, IN_HOSPITAL, IN_RANDOM)
_SITE_SETTINGS = (IN_WORKPLACE, IN_SCHOOL, IN_SCHOOL, IN_SCHOOL, IN_SCHOOL, IN_CARE_HOME, IN_HOSPITAL, IN_RANDOM)


def class_columns() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(age, kind of site, lives with others) of every contact class, in the order of the kernels."""
    row = np.arange((OLDEST + 1) * KINDS * 2)
    return row // (KINDS * 2), row // 2 % KINDS, row % 2 == 1


def contacts_by_group(factors: NDArray[Any] | None = None) -> NDArray[Any]:
    """float64[C, 4] contacts a day by class and group. `factors[4, 101]` multiply by group and age."""
    age, kind, together = class_columns()
    numbers = np.zeros((len(age), len(GROUPS)))
    numbers[:, 0] = HOUSEHOLD_CONTACTS * together
    numbers[:, 1] = SCHOOL_CONTACTS * np.isin(kind, SCHOOL_KINDS)
    numbers[:, 2] = WORK_CONTACTS * np.isin(kind, WORK_KINDS)
    numbers[:, 3] = COMMUNITY_CONTACTS
    return numbers if factors is None else numbers * factors[:, age].T


def make_mixing(disease: Disease, uniform: bool, factors: NDArray[Any] | None = None) -> Mixing:
    """Tables of contacts and of their transmission weight by layer; `uniform` is one pool of the whole city."""
    _, kind, _ = class_columns()
    contacts = np.zeros((len(kind), LAYERS))
    weights = np.ones_like(contacts)
    if uniform:
        contacts[:, RANDOM] = UNIFORM_CONTACTS
    else:
        household, school, work, community = contacts_by_group(factors).T
        transport = np.where(kind == NO_SITE_KIND, 0.0, TRANSPORT_SHARE)
        site = school + work
        columns = (
            household, IN_TEAM * site, (1 - IN_TEAM) * site,
            community * (1 - CITY_SHARE - transport), community * transport, community * CITY_SHARE,
        )  # fmt: skip
        contacts = np.stack(columns, axis=1)
        spread = disease.transmission
        at_site = np.where(np.isin(kind, SCHOOL_KINDS), spread.weight_school.value, spread.weight_work.value)
        weights = np.full_like(contacts, spread.weight_community.value)
        weights[:, 0], weights[:, 1], weights[:, 2] = spread.weight_household.value, at_site, at_site
    setting = np.full((LAYERS, KINDS), IN_RANDOM, np.int8)
    setting[0], setting[1], setting[2] = IN_HOUSEHOLD, _TEAM_SETTINGS, _SITE_SETTINGS
    setting[3], setting[4] = IN_COMMUNITY, IN_TRANSPORT
    cumulative = np.cumsum(contacts * weights, axis=1).astype(np.float32)
    return Mixing(cumulative, contacts.astype(np.float32), setting)

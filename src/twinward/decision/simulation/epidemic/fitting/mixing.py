"""How many contacts a resident has in each setting, from published daily numbers and who goes
where in the base.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.kernels.tables import (
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
from twinward.library.hazards.diseases import Disease

# Mistry et al. 2021, Nat Commun 12:323, equation 5: contacts a day of a member of a household, a
# school, a workplace, and of anybody in the community
GROUPS = ("household", "school", "work", "community")
GROUP_CONTACTS = np.array([4.11, 11.41, 8.07, 2.79])
# (age, factor) between which a member's contacts in a group follow straight lines. Fitted by us so
# that members of a city of the bundled ages, households, enrolment and employment reach the
# contacts by age of Mistry et al. 2021 for Shanghai: the census gives no ages of those who live
# together, and the paper's pupils attend in part.
CURVES: dict[str, tuple[tuple[int, float], ...]] = {
    "household": (
        (0, 1.0),
        (10, 0.99),
        (17, 0.95),
        (18, 0.95),
        (19, 1.0),
        (22, 1.24),
        (25, 1.24),
        (29, 1.09),
        (35, 1.05),
        (40, 1.0),
        (46, 1.0),
        (51, 1.07),
        (59, 1.1),
        (61, 1.16),
        (63, 1.13),
        (64, 1.04),
        (70, 1.11),
        (72, 1.11),
        (76, 1.0),
        (85, 0.97),
        (92, 0.93),
    ),
    "school": (
        (5, 0.604),
        (6, 0.89),
        (7, 0.98),
        (14, 0.95),
        (15, 1.13),
        (16, 1.01),
        (17, 0.86),
        (18, 0.98),
        (21, 0.955),
        (22, 0.8),
        (23, 0.54),
        (25, 0.56),
        (26, 0.84),
        (28, 1.4),
        (31, 1.25),
        (39, 0.97),
        (40, 0.8),
        (49, 0.8),
        (50, 1.6),
        (51, 0.75),
        (55, 0.62),
        (59, 0.62),
        (60, 0.05),
    ),
    "work": (
        (16, 0.87),
        (17, 1.4),
        (18, 0.93),
        (19, 0.93),
        (22, 1.04),
        (28, 0.99),
        (44, 1.02),
        (45, 0.975),
        (49, 0.975),
        (50, 1.0),
        (69, 1.05),
        (74, 1.0),
        (77, 0.91),
        (80, 1.03),
        (85, 1.1),
    ),
    "community": ((0, 1.0),),
}
IN_TEAM = 0.7  # share of a member's contacts that stay in the class or team; assumption
TRANSPORT_SHARE, CITY_SHARE = (
    0.2,
    0.4,
)  # of community contacts; the rest stays in the community cell; assumption
UNIFORM_CONTACTS = (
    50_000.0  # of the one pool: so many that no two attempts share a contact, as in theory
)
OLDEST = 100
KINDS = 8  # seven kinds of site and none
NO_SITE_KIND = 7
CARE_KIND = 5
WORK_KINDS, SCHOOL_KINDS = (0, CARE_KIND, 6), (1, 2, 3, 4)
CARED_FROM = 65  # youngest age of those who live in a care home; there each is a household of one

_TEAM_SETTINGS = (
    IN_WORK_TEAM,
    IN_CLASS,
    IN_CLASS,
    IN_CLASS,
    IN_CLASS,
    IN_CARE_HOME,
    IN_HOSPITAL,
    IN_RANDOM,
)
_SITE_SETTINGS = (
    IN_WORKPLACE,
    IN_SCHOOL,
    IN_SCHOOL,
    IN_SCHOOL,
    IN_SCHOOL,
    IN_CARE_HOME,
    IN_HOSPITAL,
    IN_RANDOM,
)


def class_columns() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """(age, kind of site, lives with others) of every contact class, in the order of the
    kernels.
    """
    row = np.arange((OLDEST + 1) * KINDS * 2)
    return row // (KINDS * 2), row // 2 % KINDS, row % 2 == 1


def members_of_groups() -> NDArray[Any]:
    """bool[C, 4] whether a contact class belongs to a group: for who lives in a care home that
    is the household.
    """
    age, kind, together = class_columns()
    cared = lives_in_care()
    work = np.isin(kind, WORK_KINDS) & ~cared
    return np.stack(
        [together | cared, np.isin(kind, SCHOOL_KINDS), work, np.ones(len(age), np.bool_)], axis=1
    )


def lives_in_care() -> NDArray[Any]:
    """bool[C] whether a class is of those who live in a care home."""
    age, kind, together = class_columns()
    return np.asarray((kind == CARE_KIND) & (age >= CARED_FROM) & ~together)


def contacts_of_members() -> NDArray[Any]:
    """float64[4, 101] contacts a day of a member of a group, by age."""
    years = np.arange(OLDEST + 1)
    knots = [np.array(CURVES[group]).T for group in GROUPS]
    curves = np.array([np.interp(years, ages, factors) for ages, factors in knots])
    return np.asarray(GROUP_CONTACTS[:, None] * curves)


def contacts_by_group(factors: NDArray[Any] | None = None) -> NDArray[Any]:
    """float64[C, 4] contacts a day by class and group. `factors[4, 101]` multiply by group and
    age.
    """
    numbers = contacts_of_members() if factors is None else contacts_of_members() * factors
    age, _, _ = class_columns()
    return np.asarray(members_of_groups() * numbers[:, age].T)


def make_mixing(disease: Disease, uniform: bool, factors: NDArray[Any] | None = None) -> Mixing:
    """Tables of contacts and of their transmission weight by layer; `uniform` is one pool of the
    whole city.
    """
    _, kind, _ = class_columns()
    contacts = np.zeros((len(kind), LAYERS))
    weights = np.ones_like(contacts)
    if uniform:
        contacts[:, RANDOM] = UNIFORM_CONTACTS
    else:
        household, school, work, community = contacts_by_group(factors).T
        transport = np.where(kind == NO_SITE_KIND, 0.0, TRANSPORT_SHARE)
        cared = lives_in_care()
        site = school + work + np.where(cared, household, 0.0)
        household = np.where(cared, 0.0, household)
        columns = (
            household,
            IN_TEAM * site,
            (1 - IN_TEAM) * site,
            community * (1 - CITY_SHARE - transport),
            community * transport,
            community * CITY_SHARE,
        )
        contacts = np.stack(columns, axis=1)
        spread = disease.transmission
        at_site = np.where(
            np.isin(kind, SCHOOL_KINDS), spread.weight_school.value, spread.weight_work.value
        )
        weights = np.full_like(contacts, spread.weight_community.value)
        at_site = np.where(cared, spread.weight_household.value, at_site)
        weights[:, 0], weights[:, 1], weights[:, 2] = (
            spread.weight_household.value,
            at_site,
            at_site,
        )
    setting = np.full((LAYERS, KINDS), IN_RANDOM, np.int8)
    setting[0], setting[1], setting[2] = IN_HOUSEHOLD, _TEAM_SETTINGS, _SITE_SETTINGS
    setting[3], setting[4] = IN_COMMUNITY, IN_TRANSPORT
    cumulative = np.cumsum(contacts * weights, axis=1).astype(np.float32)
    return Mixing(cumulative, contacts.astype(np.float32), setting)

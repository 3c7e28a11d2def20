"""Fits the numbers of contacts by setting and age to given contact matrices, and reports the whole fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.simulation.mixing import (
    COMMUNITY_CONTACTS,
    GROUPS,
    HOUSEHOLD_CONTACTS,
    OLDEST,
    SCHOOL_CONTACTS,
    SCHOOL_KINDS,
    WORK_CONTACTS,
    WORK_KINDS,
)
from twinward.population.base import NO_SITE, CityBase

PER_MEMBER = dict(zip(GROUPS, (HOUSEHOLD_CONTACTS, SCHOOL_CONTACTS, WORK_CONTACTS, COMMUNITY_CONTACTS), strict=True))
MOST_CONTACTS = 60.0  # a day of one person in one setting; few members cannot stand for a whole age group
LEAST = 0.05  # contacts a day below which an age's number in a setting is counted as none


class ContactFit(msgspec.Struct, frozen=True, kw_only=True):
    """factors float64[4, 101] to hand to a scenario; target, before and after float64[4, 101] contacts a day."""

    factors: NDArray[Any]
    target: NDArray[Any]
    before: NDArray[Any]
    after: NDArray[Any]
    people: NDArray[Any]
    report: dict[str, Any]


def read_row_sums(folder: Path) -> NDArray[Any]:
    """float64[4, 101] contacts a day by group and age, from one square CSV matrix for each group.

    The matrices hold the frequencies of Mistry et al. 2021; a row sum times the group's contacts for one member is the
    number of contacts. Ages above the last row take its value.
    """
    sums = np.zeros((len(GROUPS), OLDEST + 1))
    for g, group in enumerate(GROUPS):
        files = sorted(folder.glob(f"*_{group}_setting_*.csv")) if folder.is_dir() else []
        if len(files) != 1:
            raise InputError(
                f"{folder} holds {len(files)} matrices named *_{group}_setting_*.csv",
                "give a folder with one for each of household, school, work and community",
                code="bad_contacts",
            )
        try:
            matrix = np.loadtxt(files[0], delimiter=",", ndmin=2)
        except ValueError as error:
            raise InputError(f"{files[0].name}: {error}", "rows of numbers with commas", code="bad_contacts") from error
        if matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all() or (matrix < 0).any():
            raise InputError(f"{files[0].name} is no square matrix of numbers >= 0", "mend it", code="bad_contacts")
        rows = matrix.sum(axis=1) * PER_MEMBER[group]
        sums[g] = rows[np.minimum(np.arange(OLDEST + 1), len(rows) - 1)]
    return sums


def participation(base: CityBase) -> tuple[NDArray[Any], NDArray[Any]]:
    """float64[4, 101] share of each age that takes part in a group, and the residents of each age."""
    age = np.minimum(np.asarray(base.age_sex) & 127, OLDEST)
    people = np.bincount(age, minlength=OLDEST + 1).astype(np.float64)
    sizes = np.diff(np.asarray(base.household_start, np.int64))
    together = sizes[np.asarray(base.household_of)] > 1
    has_site = np.asarray(base.site_of) != NO_SITE
    kind = np.full(base.residents, 255, np.uint8)
    kind[has_site] = np.asarray(base.site_kind)[np.asarray(base.site_of)[has_site]]
    inside = (together, np.isin(kind, SCHOOL_KINDS), np.isin(kind, WORK_KINDS), np.ones(base.residents, bool))
    counts = np.stack([np.bincount(age[mask], minlength=OLDEST + 1) for mask in inside])
    return counts / np.maximum(people, 1.0), people


def fit_contacts(base: CityBase, folder: Path) -> ContactFit:
    """Factors by group and age with which this base reproduces the row sums of the matrices."""
    target = read_row_sums(folder)
    share, people = participation(base)
    per_member = np.array(list(PER_MEMBER.values()))[:, None]
    before = per_member * share
    factors = np.divide(target, before, out=np.ones_like(target), where=before > 0)
    factors = np.minimum(factors, MOST_CONTACTS / per_member)
    after = before * factors
    report = {
        group: {**_distance(target[g], before[g], people, "before"), **_distance(target[g], after[g], people, "after")}
        for g, group in enumerate(GROUPS)
    }
    return ContactFit(factors=factors, target=target, before=before, after=after, people=people, report=report)


def _distance(target: NDArray[Any], got: NDArray[Any], people: NDArray[Any], when: str) -> dict[str, float]:
    """Mean contacts and how far ages are from the target, among ages that have contacts there at all."""
    counted = (people > 0) & ((target > LEAST) | (got > LEAST))
    away = np.abs(got - target)[counted] / np.maximum(target[counted], LEAST)
    weight = people[counted]
    total = max(people.sum(), 1.0)
    return {
        f"mean_target_{when}": float((target * people).sum() / total),
        f"mean_{when}": float((got * people).sum() / total),
        f"residents_within_10_percent_{when}": float(weight[away <= 0.10].sum() / max(weight.sum(), 1.0)),
        f"worst_age_{when}": float(away.max()) if len(away) else 0.0,
    }

"""Fits the numbers of contacts by setting and age to given contact matrices, and reports the
whole fit.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.schema import CityBase
from twinward.core.errors import InputError
from twinward.decision.simulation.epidemic.fitting.mixing import (
    GROUP_CONTACTS,
    GROUPS,
    OLDEST,
    class_columns,
    contacts_by_group,
)
from twinward.decision.simulation.epidemic.people import class_counts

MOST_CONTACTS = (
    60.0  # a day of one person in one setting; few members cannot stand for a whole age group
)
LEAST = 0.05  # contacts a day below which an age's number in a setting is counted as none
LEAST_OF_YEAR = (
    0.25  # the same for one year of age, below which the matrices are as uneven as samples are
)
BAND_YEARS, LAST_BAND = 5, 80


class ContactFit(msgspec.Struct, frozen=True, kw_only=True):
    """factors float64[4, 101] to hand to a scenario; wanted, default and reached float64[4, 101]
    contacts a day of a resident by group and age: of the matrices, without the factors, and with
    them; people float64[101] residents.
    """

    factors: NDArray[Any]
    wanted: NDArray[Any]
    default: NDArray[Any]
    reached: NDArray[Any]
    people: NDArray[Any]


def read_row_sums(folder: Path) -> NDArray[Any]:
    """float64[4, 101] contacts a day by group and age, from one square CSV matrix for each group.

    The matrices hold the frequencies of Mistry et al. 2021; a row sum times the group's contacts
    for one member is the number of contacts. Ages above the last row take its value.
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
            raise InputError(
                f"{files[0].name}: {error}", "rows of numbers with commas", code="bad_contacts"
            ) from error
        if (
            matrix.shape[0] != matrix.shape[1]
            or not np.isfinite(matrix).all()
            or (matrix < 0).any()
        ):
            raise InputError(
                f"{files[0].name} is no square matrix of numbers >= 0",
                "mend it",
                code="bad_contacts",
            )
        rows = matrix.sum(axis=1) * GROUP_CONTACTS[g]
        sums[g] = rows[np.minimum(np.arange(OLDEST + 1), len(rows) - 1)]
    return sums


def reached_contacts(counts: NDArray[Any], factors: NDArray[Any] | None = None) -> NDArray[Any]:
    """float64[4, 101] contacts a day of a resident by group and age, with `counts` float64[C]
    residents by class.
    """
    age, _, _ = class_columns()
    people = np.maximum(np.bincount(age, counts, OLDEST + 1), 1.0)
    numbers = contacts_by_group(factors)
    return np.stack(
        [np.bincount(age, counts * column, OLDEST + 1) / people for column in numbers.T]
    )


def fit_contacts(base: CityBase, folder: Path) -> ContactFit:
    """Factors by group and age with which this base reproduces the row sums of the matrices."""
    wanted, counts = read_row_sums(folder), class_counts(base)
    default = reached_contacts(counts)
    factors = np.divide(wanted, default, out=np.ones_like(wanted), where=default > 0)
    factors = np.minimum(factors, MOST_CONTACTS / GROUP_CONTACTS[:, None])
    people = np.bincount(class_columns()[0], counts, OLDEST + 1)
    reached = reached_contacts(counts, factors)
    return ContactFit(
        factors=factors, wanted=wanted, default=default, reached=reached, people=people
    )


class AgeContacts(TypedDict):
    """Contacts a day of the ages `ages`: wanted by the matrices, reached here; `ratio` of both."""

    ages: str
    wanted: float
    reached: float
    ratio: float


class WorstContacts(AgeContacts):
    """The band of a setting that is farthest from the matrices."""

    setting: str


class SettingContacts(TypedDict):
    """Contacts a day of a resident in one setting, by age bands and single years."""

    setting: str
    wanted: float
    reached: float
    bands: list[AgeContacts]
    worst: AgeContacts
    worst_year: AgeContacts
    years_within_10_percent: int
    years: int


class ContactsReport(TypedDict):
    """Contacts by setting beside the matrices; `fitted` when they are fitted to them."""

    fitted: bool
    settings: list[SettingContacts]
    worst: WorstContacts


def report_fit(fit: ContactFit, fitted: bool) -> ContactsReport:
    """Contacts a day by setting and age beside the matrices, for the numbers with or without the
    fit to them.
    """
    reached = fit.reached if fitted else fit.default
    settings = [
        _compare(group, fit.wanted[g], reached[g], fit.people) for g, group in enumerate(GROUPS)
    ]
    worst = max(settings, key=lambda row: float(abs(row["worst"]["ratio"] - 1.0)))
    return {
        "fitted": fitted,
        "settings": settings,
        "worst": {"setting": worst["setting"], **worst["worst"]},
    }


def _compare(
    group: str, wanted: NDArray[Any], reached: NDArray[Any], people: NDArray[Any]
) -> SettingContacts:
    """Every age band that has contacts in a group, and those farthest from the matrices; all
    weighted by residents.
    """
    total = max(people.sum(), 1.0)
    edges = [*range(0, LAST_BAND + 1, BAND_YEARS), OLDEST + 1]
    bands = [_row(first, end, wanted, reached, people) for first, end in pairwise(edges)]
    years = [_row(year, year + 1, wanted, reached, people) for year in range(OLDEST + 1)]
    counted = [row for row in bands if max(row["wanted"], row["reached"]) > LEAST]
    single = [row for row in years if max(row["wanted"], row["reached"]) > LEAST_OF_YEAR]
    return {
        "setting": group,
        "wanted": float((wanted * people).sum() / total),
        "reached": float((reached * people).sum() / total),
        "bands": counted,
        "worst": _farthest(counted),
        "worst_year": _farthest(single),
        "years_within_10_percent": sum(abs(row["ratio"] - 1.0) <= 0.1 for row in single),
        "years": len(single),
    }


def _row(
    first: int, end: int, wanted: NDArray[Any], reached: NDArray[Any], people: NDArray[Any]
) -> AgeContacts:
    """Mean contacts of the ages first <= age < end; 1 for the ratio where nobody is of that age."""
    weight = people[first:end]
    weight = weight / weight.sum() if weight.sum() else np.zeros(end - first)
    ask, got = float(wanted[first:end] @ weight), float(reached[first:end] @ weight)
    ages = f"{first}" if end == first + 1 else f"{first}-{end - 1}"
    return {
        "ages": ages,
        "wanted": ask,
        "reached": got,
        "ratio": got / ask if ask > 0 else 1.0 + got,
    }


def _farthest(rows: list[AgeContacts]) -> AgeContacts:
    none: AgeContacts = {"ages": "", "wanted": 0.0, "reached": 0.0, "ratio": 1.0}
    return max(rows, key=lambda row: float(abs(row["ratio"] - 1.0)), default=none)

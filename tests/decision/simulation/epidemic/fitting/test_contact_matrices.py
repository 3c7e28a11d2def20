"""Contacts by setting and age: the bundled numbers, the fit to matrices, and who meets nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.citybase.schema import CARE_HOME
from twinward.core.errors import InputError
from twinward.decision.simulation.epidemic.fitting.contact_matrices import (
    fit_contacts,
    reached_contacts,
    report_fit,
)
from twinward.decision.simulation.epidemic.fitting.mixing import (
    GROUPS,
    class_columns,
    lives_in_care,
    make_mixing,
)
from twinward.decision.simulation.epidemic.kernels.commit import contact_class
from twinward.decision.simulation.epidemic.kernels.resident_bits import FIXED
from twinward.decision.simulation.epidemic.kernels.tables import SITE, TEAM
from twinward.decision.simulation.epidemic.people import class_counts, open_people
from twinward.library.hazards.diseases import load_disease

BASE = plain_base(200_000, 5, 1)
AGES = 85


def matrices(folder: Path, rows: dict[str, float]) -> Path:
    """Square matrices whose rows all sum to the numbers given."""
    for group in GROUPS:
        even = np.full((AGES, AGES), rows[group] / AGES)
        np.savetxt(folder / f"City_F_{group}_setting_{AGES}.csv", even, delimiter=",")
    return folder


def test_bundled_contacts_reach_what_the_paper_gives_for_shanghai() -> None:
    """Mistry et al. 2021, Nat Commun 12:323, Shanghai: contacts a day of residents of a few
    ages, to two figures.
    """
    reached = reached_contacts(class_counts(BASE))
    people = np.bincount(class_columns()[0], class_counts(BASE), reached.shape[1])
    for group, first, end, wanted in (
        ("household", 20, 25, 3.7),
        ("household", 60, 65, 3.8),
        ("household", 75, 80, 3.4),
        ("school", 3, 6, 6.5),
        ("school", 7, 15, 11.1),
        ("school", 18, 22, 4.7),
        ("work", 25, 30, 5.6),
        ("work", 40, 45, 6.3),
        ("work", 50, 55, 3.2),
        ("work", 60, 65, 1.1),
        ("community", 0, 100, 2.8),
    ):
        got = np.average(reached[GROUPS.index(group), first:end], weights=people[first:end])
        assert got == pytest.approx(wanted, rel=0.08), (group, first)


def test_classes_are_counted_as_the_kernels_see_them() -> None:
    fixed = open_people(BASE).city.words[:, FIXED]
    packed = np.bincount([contact_class(word) for word in fixed[:20_000]], minlength=1616)
    small = plain_base(20_000, 5, 1)
    assert class_counts(small).sum() == 20_000
    assert (class_counts(BASE) >= packed).all()
    assert class_counts(BASE).sum() == BASE.residents


def test_who_works_alone_meets_nobody_at_work_and_care_homes_are_households() -> None:
    city = open_people(BASE).city
    members = np.diff(city.site_start.astype(np.int64))
    alone = city.member[city.site_start[:-1][members == 1]]
    assert len(alone) > 100
    mixing = make_mixing(load_disease("sars-cov-2-ancestral"), False)
    classes = np.array([contact_class(word) for word in city.words[alone, FIXED]])
    assert (mixing.contacts[classes][:, [TEAM, SITE]] == 0).all()
    age, kind, _ = class_columns()
    cared = lives_in_care() & (age == 85)
    assert mixing.contacts[cared][:, [TEAM, SITE]].sum() == pytest.approx(3.98, abs=0.1)
    assert (kind[cared] == CARE_HOME).all()


def test_matrices_are_reproduced_and_the_farthest_age_is_named(tmp_path: Path) -> None:
    fit = fit_contacts(
        BASE, matrices(tmp_path, {"household": 0.5, "school": 0.3, "work": 0.2, "community": 1.0})
    )
    told = report_fit(fit, fitted=True)
    household, community = told["settings"][0], told["settings"][3]
    assert household["reached"] == pytest.approx(0.5 * 4.11)
    assert household["worst"]["ratio"] == pytest.approx(1.0)
    assert community["reached"] == pytest.approx(2.79)
    assert told["worst"]["setting"] in {"school", "work"}  # infants at work cannot be reached
    assert told["worst"]["ratio"] == 0.0
    assert report_fit(fit, fitted=False)["settings"][0]["reached"] == pytest.approx(3.77, rel=0.02)


def test_folders_without_the_four_matrices_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        fit_contacts(BASE, tmp_path)
    assert refused.value.code == "bad_contacts"

"""Needs against what there is: the day of the first shortage, what expires unused, who is still
there.
"""

from __future__ import annotations

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.logistics.demand import HeldStock, drive, look_ahead, need_of, stays
from twinward.library.supplies.catalogue import bundled, read_supplies

KINDS = bundled().kinds
KITS, BEDS = KINDS["test_kits"], KINDS["beds"]


def test_who_comes_stays_so_many_days() -> None:
    there = stays(np.array([[1.0, 2.0, 0.0, 0.0, 0.0]]), 2.5)
    assert there.tolist() == [[1.0, 3.0, 2.5, 1.0, 0.0]]


def test_a_stock_lasts_to_the_day_before_it_is_short() -> None:
    found = look_ahead(KITS, [10.0] * 5, HeldStock(usable=25))
    assert (found.need, found.short, found.short_on) == (50, 25, 2)
    assert look_ahead(KITS, [10.0] * 5, HeldStock(usable=50)).short_on is None


def test_production_counts_from_its_lead_time_on_and_arrivals_on_their_day() -> None:
    found = look_ahead(KITS, [10.0] * 5, HeldStock(usable=20, made_per_day=10, lead_d=3))
    assert (found.short, found.short_on, found.have) == (10, 2, 40)
    assert (
        look_ahead(
            KITS, [10.0] * 5, HeldStock(usable=20, arrivals=((2, 10),), made_per_day=10, lead_d=3)
        ).short
        == 0
    )
    assert look_ahead(KITS, [10.0] * 5, HeldStock(usable=50, arrivals=((9, 99),))).have == 50


def test_what_expires_first_is_used_first_and_nothing_after_its_day() -> None:
    found = look_ahead(KITS, [10.0, 10.0, 10.0], HeldStock(usable=35, lots=((0, 15), (2, 12))))
    assert (found.wasted, found.short, found.short_on) == (5, 0, None)
    assert look_ahead(KITS, [0.0, 0.0, 10.0], HeldStock(usable=10, lots=((1, 10),))).short_on == 2


def test_beds_are_short_on_the_first_day_when_more_are_needed_than_there_are() -> None:
    found = look_ahead(BEDS, [5.0, 9.0, 12.0, 8.0], HeldStock(usable=8))
    assert (found.need, found.short, found.short_on) == (12, 4, 1)


def test_needs_follow_cases_contacts_and_residents_under_control() -> None:
    course = bundled().course
    new = np.full((2, 30), 100.0)
    new[1] = 0
    drivers = drive(new, np.array([0.0, 5000.0]), np.array([9e5, 8e5]), course, 5)
    assert drivers["new_case"].shape == (2, 5)
    assert drivers["case_in_care"][0, -1] == pytest.approx(100 * course.care_d.value)
    need = need_of(KITS, drivers)
    by_hand = 100 * (3.0 + 0.5 * course.contacts_per_case.value * course.quarantine_d.value)
    assert need[0, -1] == pytest.approx(by_hand)
    assert need[1].tolist() == pytest.approx([0.33 * 5000] * 5)


def test_every_figure_says_where_it_is_from_and_a_bad_file_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert (
        "test_kits.new_case" in bundled().assumed
        and "beds.hospital_patient" not in bundled().assumed
    )
    bad = tmp_path / "supplies.toml"
    bad.write_text('[[kind]]\nid = "x"\ntitle = "x"\nunit = "x"\nform = "eaten"\nneed = {}\n')
    with pytest.raises(InputError) as refused:
        read_supplies(bad)
    assert refused.value.code == "bad_supplies"

"""A plain city keeps every figure it was made from, and the same bytes on any number of threads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from twinward.citybase.column_types import NO_SITE, STAFF_TEAM
from twinward.citybase.columns import hash_columns
from twinward.citybase.defaults import CENSUS_BANDS, default_ages, household_shares
from twinward.citybase.inputs import whole_ages
from twinward.citybase.people.plain_city import plain_base
from twinward.citybase.schema import CARE_HOME, SITE_KINDS, UNIVERSITY, CityBase
from twinward.core.errors import InputError


@pytest.fixture(scope="module")
def city() -> CityBase:
    return plain_base(60_000, seed=3, threads=2)


def ages(city: CityBase) -> np.ndarray:
    return city.age_sex & 127


def test_ages_and_sexes_are_exact(city: CityBase) -> None:
    assert (
        np.bincount(ages(city), minlength=101).tolist()
        == whole_ages(default_ages(), 60_000).tolist()
    )
    assert int((city.age_sex >> 7 == 0).sum()) == 60_000 * 12_875_211 // 24_870_895


def test_the_bundled_ages_keep_every_band_of_the_census() -> None:
    single = default_ages()
    edges = [band for band, _ in CENSUS_BANDS] + [101]
    for (first, count), end in zip(CENSUS_BANDS, edges[1:], strict=True):
        assert single[first:end].sum() == pytest.approx(count, rel=1e-9)


def test_household_sizes_follow_their_law(city: CityBase) -> None:
    sizes = np.diff(city.household_start.astype(np.int64))
    in_care = (city.site_of != NO_SITE) & (
        city.site_kind[np.minimum(city.site_of, len(city.site_kind) - 1)] == CARE_HOME
    )
    lives_there = in_care & (city.team_of != STAFF_TEAM)
    at_home = sizes[~lives_there[city.household_start[:-1]]]
    shares = np.bincount(at_home, minlength=10)[1:10] / len(at_home)
    assert np.abs(shares - household_shares()).max() < 0.002
    assert household_shares() @ np.arange(1, 10) == pytest.approx(2.32)


def test_no_child_lives_alone_and_each_has_a_parent(city: CityBase) -> None:
    age, start = ages(city).astype(int), city.household_start.astype(np.int64)
    for child in np.flatnonzero(age < 18)[::7]:
        row = city.household_of[child]
        gaps = age[start[row] : start[row + 1]] - age[child]
        assert ((gaps >= 20) & (gaps <= 45)).any()


def test_rows_of_households_and_leaves_nest(city: CityBase) -> None:
    assert np.array_equal(
        np.repeat(np.arange(city.households), np.diff(city.household_start)), city.household_of
    )
    assert np.isin(city.leaf_start, city.household_start).all()
    assert city.leaf_start[-1] == city.residents == 60_000


def test_no_school_is_over_its_room_and_classes_hold_one_age(city: CityBase) -> None:
    pupil = np.flatnonzero((city.site_of != NO_SITE) & (city.team_of != STAFF_TEAM))
    kind = city.site_kind[city.site_of[pupil]]
    pupil = pupil[(kind >= 1) & (kind <= UNIVERSITY)]
    count = np.bincount(city.site_of[pupil], minlength=len(city.site_kind))
    assert (count <= city.site_capacity).all()
    classes = city.site_of[pupil].astype(np.int64) << 16 | city.team_of[pupil]
    of_class = {}
    for label, age in zip(classes.tolist(), ages(city)[pupil].tolist(), strict=True):
        assert of_class.setdefault(label, age) == age
    assert np.unique(classes, return_counts=True)[1].max() <= 45


def test_every_seat_of_work_is_taken_once(city: CityBase) -> None:
    works = (city.site_of != NO_SITE) & (
        city.site_kind[np.minimum(city.site_of, len(city.site_kind) - 1)] == 0
    )
    count = np.bincount(city.site_of[works], minlength=len(city.site_kind))
    workplaces = city.site_kind == SITE_KINDS.index("workplace")
    assert np.array_equal(count[workplaces], city.site_capacity[workplaces])


def test_threads_do_not_change_a_byte_and_seeds_do(city: CityBase) -> None:
    assert hash_columns(plain_base(60_000, seed=3, threads=1)) == hash_columns(city)
    assert hash_columns(plain_base(60_000, seed=4, threads=2)) != hash_columns(city)


@pytest.mark.parametrize("residents", [1, 2, 7, 500, 4_001])
def test_small_cities_work_too(residents: int) -> None:
    city = plain_base(residents, seed=1, threads=1)
    assert city.residents == residents
    adult = ages(city) >= 18
    assert np.add.reduceat(adult.astype(int), city.household_start[:-1].astype(np.int64)).min() >= 1


def test_a_foolish_number_of_residents_is_refused() -> None:
    with pytest.raises(InputError, match="ask for"):
        plain_base(0, seed=1)


def test_census_bands_are_exact_at_the_size_of_shanghai() -> None:
    whole = whole_ages(default_ages(), 24_870_895)
    edges = [band for band, _ in CENSUS_BANDS] + [101]
    assert [int(whole[a:b].sum()) for a, b in pairwise(edges)] == [
        count for _, count in CENSUS_BANDS
    ]

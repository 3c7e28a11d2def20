"""Schools are the nearest with room; flows to work keep their margins and their mean distance."""

from __future__ import annotations

import numpy as np
import pytest

from twinward.citybase.inputs import CityInputs, Facilities, apportion, local_km, ranges
from twinward.citybase.people.daytime import enrol_and_employ
from twinward.citybase.people.plain_city import plain_frame
from twinward.citybase.people.schools import place_in_schools
from twinward.citybase.people.synthesis import deal
from twinward.citybase.people.work import draw_workplaces, fit_flows, move_to_staff, zone_distances
from twinward.citybase.schema import PRIMARY
from twinward.core.geography import distance_m


@pytest.fixture(scope="module")
def frame() -> CityInputs:
    return plain_frame(200_000, seed=4)


def test_no_pupil_passes_a_nearer_school_that_has_room_left(frame: CityInputs) -> None:
    counts = deal(frame, ranges(frame.residents), 1)
    schooling = place_in_schools(frame, enrol_and_employ(frame, counts).enrolled)
    offset = len(schooling.facilities[0].leaf)
    schools = schooling.facilities[1]
    assert schools.kind == PRIMARY and schooling.unplaced == 0
    both = local_km(np.concatenate([frame.lonlat, schools.lonlat]))
    km = np.hypot(
        *(both[: len(frame.lonlat), None] - both[None, len(frame.lonlat) :]).transpose(2, 0, 1)
    )
    spare = schools.capacity - schooling.pupils.sum(axis=1)[offset : offset + len(schools.leaf)]
    assert (spare >= 0).all() and (spare > 0).any()
    for leaf, age, school, _, _ in schooling.rows.tolist():
        if 6 <= age < 12:
            assert km[leaf, school - offset] <= km[leaf, spare > 0].min() + 1e-6


def test_stated_capacities_are_kept(frame: CityInputs) -> None:
    given = Facilities(
        kind=PRIMARY,
        lonlat=frame.lonlat[:3],
        leaf=np.arange(3),
        capacity=np.array([50, 0, 9]),
        given=True,
    )
    counts = deal(frame, ranges(frame.residents), 1)
    enrolled = enrol_and_employ(frame, counts).enrolled
    schooling = place_in_schools(
        CityInputs(
            **{name: getattr(frame, name) for name in frame.__struct_fields__}
            | {"facilities": [given]}
        ),
        enrolled,
    )
    kept = schooling.facilities[1]
    assert kept.capacity[0] == 50 and kept.capacity[2] == 9 and kept.capacity[1] > 9
    assert schooling.unplaced == enrolled[:, 6:12].sum() - min(
        enrolled[:, 6:12].sum(), kept.capacity.sum()
    )


def test_flows_keep_workers_and_staff_and_meet_the_mean_commute(frame: CityInputs) -> None:
    chance = np.random.default_rng(3)
    workers = chance.integers(500, 3000, len(frame.residents))
    zones = int(frame.zone_of.max()) + 1
    staff = np.full(zones, 40)
    flows = fit_flows(frame, workers, staff)
    whole = np.diff(flows.cumulative, axis=1)
    assert (whole >= 0).all()
    assert (
        whole.sum(axis=1).tolist()
        == np.bincount(frame.zone_of, workers, zones).astype(int).tolist()
    )
    assert whole.sum(axis=0).tolist() == flows.jobs.tolist() and (flows.jobs >= staff).all()
    assert flows.mean_km == pytest.approx(flows.target_km, rel=0.02)
    assert np.array_equal(flows.arrived + whole, np.cumsum(whole, axis=0))


def test_staff_is_moved_where_a_zone_needs_more_than_come() -> None:
    moved = move_to_staff(np.array([[5, 0, 5], [5, 0, 5]]), np.array([0, 7, 0]))
    assert moved.sum(axis=1).tolist() == [10, 10] and moved.sum(axis=0)[1] == 7


def test_workplaces_have_exactly_the_jobs_of_their_zone_and_a_heavy_tail(frame: CityInputs) -> None:
    zones = int(frame.zone_of.max()) + 1
    jobs = np.full(zones, 4000)
    work = draw_workplaces(frame, jobs)
    assert np.bincount(work.zone, work.staff, zones).tolist() == jobs.tolist()
    assert np.array_equal(frame.zone_of[work.leaf], work.zone)
    assert (work.staff == 1).mean() == pytest.approx(0.52, abs=0.02) and work.staff.max() > 500
    leaf = frame.lonlat[work.leaf]
    away = distance_m(leaf[:, 0], leaf[:, 1], work.lonlat[:, 0], work.lonlat[:, 1])
    assert away.max() <= frame.radius_m.max() * 1.01


def test_zone_distances_are_symmetric_with_a_positive_inside(frame: CityInputs) -> None:
    apart = zone_distances(frame, np.ones(len(frame.residents)))
    assert np.allclose(apart, apart.T) and (apart > 0).all()


def test_shares_of_a_total_are_whole_and_exact() -> None:
    assert apportion(np.array([1.0, 1.0, 1.0]), 10).tolist() == [4, 3, 3]
    assert apportion(np.array([0.0, 5.0]), 7).tolist() == [0, 7]

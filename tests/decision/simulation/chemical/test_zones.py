"""Toxic zones by duration, indoors and out; the field of members is the plume at each receptor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from twinward.decision.simulation.chemical import kernels
from twinward.decision.simulation.chemical.release import ChemicalSettings, make_release
from twinward.decision.simulation.chemical.sigmas import get_set
from twinward.decision.simulation.chemical.zones import ToxicZone, find_zones, toxic_load


def zones(**more: Any) -> dict[tuple[int, int], ToxicZone]:
    asked: dict[str, Any] = {
        "substance": "ammonia",
        "rate_kg_s": 2.0,
        "duration_s": 3600.0,
        "wind_m_s": 3.0,
        "sigma": "briggs",
    }
    release = make_release(ChemicalSettings(**(asked | more)))
    return {(one.grade, one.minutes): one for one in find_zones(release)}


def test_graver_grades_lie_nearer_and_closed_houses_are_nearer_still() -> None:
    found = zones()
    for minutes in (10, 30, 60):
        far = [found[grade, minutes].outdoors_m or 0 for grade in (1, 2, 3)]
        assert far[0] > far[1] > far[2] > 0
        for grade in (1, 2, 3):
            one = found[grade, minutes]
            assert (one.indoors_m or 0) < (one.outdoors_m or 0)


def test_the_distance_is_where_the_plume_has_the_level() -> None:
    one = zones()[2, 30]
    ky, kz, _ = get_set("briggs", "urban", "D")
    steady = kernels.plume(one.outdoors_m, 0, 0, 1e9, 2.0, math.inf, 3.0, 0.0, ky, kz)
    assert steady == pytest.approx(one.level_kg_m3, rel=0.01)


def test_a_short_release_reaches_less_far_over_a_long_exposure() -> None:
    short, long = zones(duration_s=600.0), zones()
    assert (short[2, 60].outdoors_m or 0) < (long[2, 60].outdoors_m or 0)
    assert short[2, 10].outdoors_m == pytest.approx(long[2, 10].outdoors_m, rel=0.05)


def test_a_substance_without_levels_has_no_zone_and_no_error() -> None:
    found = zones(substance="methane")
    assert all(one.level_kg_m3 is None and one.outdoors_m is None for one in found.values())
    release = make_release(ChemicalSettings(substance="methane", rate_kg_s=1.0, wind_m_s=3.0))
    assert toxic_load(release, 100.0, 600.0) is None


def test_the_toxic_load_of_ammonia_grows_with_the_square_of_the_rate() -> None:
    loads = [
        toxic_load(
            make_release(
                ChemicalSettings(substance="ammonia", rate_kg_s=rate, wind_m_s=3.0, sigma="briggs")
            ),
            300.0,
            1800.0,
        )
        for rate in (1.0, 2.0)
    ]
    assert loads[0] and loads[1] == pytest.approx(4 * loads[0], rel=1e-9)


@pytest.mark.parametrize("stability", ["A", "D", "F"])
@pytest.mark.parametrize(("z", "height"), [(0.0, 0.0), (1.5, 10.0)])
def test_the_field_of_members_is_the_plume_at_each_receptor(
    stability: str, z: float, height: float
) -> None:
    ky, kz, _ = get_set("briggs", "urban", stability)
    side = np.linspace(-3000, 3000, 41)
    east, north = (one.ravel() for one in np.meshgrid(side, side))
    rate, wind, towards = np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.array([0.1, 2.0])
    out = np.empty((2, east.size))
    for t in (300.0, 2400.0):
        kernels.plume_field(
            east,
            north,
            z,
            t,
            rate,
            1800.0,
            wind,
            towards,
            height,
            np.tile(ky, (2, 1)),
            np.tile(kz, (2, 1)),
            out,
        )
        for m in range(2):
            c, s = math.cos(towards[m]), math.sin(towards[m])
            right = np.array(
                [
                    kernels.plume(
                        x * c + y * s, y * c - x * s, z, t, rate[m], 1800.0, wind[m], height, ky, kz
                    )
                    for x, y in zip(east, north, strict=True)
                ]
            )
            assert np.abs(out[m] - right).max() <= 1e-7 * right.max()

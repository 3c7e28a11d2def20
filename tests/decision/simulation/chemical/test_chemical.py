"""Gas: the worked examples, and what must hold for any release."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference import gas as slow
from twinward.core.errors import InputError
from twinward.decision.simulation.chemical import kernels
from twinward.decision.simulation.chemical.model import MODEL, balance
from twinward.decision.simulation.chemical.release import ChemicalSettings, make_release
from twinward.decision.simulation.chemical.sigmas import CLASSES, get_set
from twinward.decision.simulation.chemical.substances import get_substance


def settings(**more: object) -> ChemicalSettings:
    given: dict[str, object] = {
        "substance": "ammonia",
        "rate_kg_s": 1.0,
        "wind_m_s": 3.0,
        "sigma": "briggs",
    }
    return ChemicalSettings(**(given | more))  # type: ignore[arg-type]


def test_every_verification_case_holds() -> None:
    assert [one.case for one in MODEL.check() if not one.ok] == []


def test_the_plume_agrees_with_many_puffs_added_up() -> None:
    release = make_release(settings(height_m=5.0))
    for x, y, z in ((150.0, 0.0, 0.0), (800.0, 60.0, 2.0), (3000.0, 200.0, 30.0)):
        expected = slow.steady_by_puffs(x, y, z, 1.0, 3.0, 5.0)
        assert release.concentration(x, y, z, 1e7) == pytest.approx(expected, rel=1e-6)


def test_what_goes_through_a_plane_is_what_is_released() -> None:
    for ground in ("urban", "rural"):
        for stability in CLASSES:
            found = balance(
                make_release(settings(ground=ground, stability=stability, height_m=8.0))
            )
            assert found is not None and found < 1e-3


def test_turning_the_wind_turns_the_plume() -> None:
    west, south = make_release(settings()), make_release(settings(wind_from_deg=180.0))
    for x, y in ((500.0, 30.0), (1200.0, -250.0), (90.0, 0.0)):
        assert west.concentration(x, y, 0, 1e6) == pytest.approx(
            south.concentration(-y, x, 0, 1e6), rel=1e-12
        )


def test_upwind_of_a_plume_there_is_nothing() -> None:
    assert make_release(settings()).concentration(-100.0, 0.0, 0.0, 1e6) == 0.0
    assert make_release(settings()).concentration(0.0, 0.0, 0.0, 1e6) == 0.0


@pytest.mark.parametrize("wind", [0.0, 0.1, 0.9])
def test_calm_air_is_finite_everywhere_and_reaches_upwind(wind: float) -> None:
    release = make_release(settings(wind_m_s=wind, duration_s=600.0))
    for x in (-50.0, 0.0, 50.0, 400.0):
        assert math.isfinite(release.concentration(x, 0.0, 0.0, 600.0))
    assert release.concentration(-20.0, 0.0, 0.0, 600.0) > 0


def test_a_plume_arrives_stands_and_ends() -> None:
    release = make_release(settings(duration_s=1800.0))
    steady = make_release(settings()).concentration(1500.0, 0, 0, 1e9)
    seen = [release.concentration(1500.0, 0, 0, t) for t in (60.0, 1200.0, 1800.0, 6000.0)]
    assert seen[0] < 1e-3 * steady
    assert seen[1] == pytest.approx(steady, rel=1e-6)
    assert seen[2] == pytest.approx(steady, rel=1e-12)
    assert seen[3] < 1e-3 * steady


def test_twice_the_release_is_twice_the_concentration() -> None:
    one, two = make_release(settings()), make_release(settings(rate_kg_s=2.0))
    assert two.concentration(700, 20, 1, 900) == pytest.approx(
        2 * one.concentration(700, 20, 1, 900)
    )


def test_a_puff_keeps_its_mass() -> None:
    ky, kz, _ = get_set("puff", "rural", "D")
    sy, sz = kernels.sigma(ky, 600.0), kernels.sigma(kz, 600.0)
    x = np.linspace(600 - 6 * sy, 600 + 6 * sy, 61)
    z = np.linspace(0, 6 * sz, 61)
    total = 0.0
    for one_x in x:
        for one_z in z:
            across = math.sqrt(2 * math.pi) * sy  # the integral over y
            weight = (
                (0.5 if one_z in (z[0], z[-1]) else 1.0) * across * (x[1] - x[0]) * (z[1] - z[0])
            )
            total += weight * kernels.puff(one_x, 0.0, one_z, 300.0, 5.0, 2.0, 0.5, 0.0, ky, kz)
    assert total == pytest.approx(5.0, rel=1e-3)


def test_heavy_gas_spreads_as_such_unless_a_set_is_named() -> None:
    heavy = make_release(settings(substance="chlorine", rate_kg_s=20.0, sigma=None))
    assert heavy.dense is not None
    assert "remark.dense" in [one.code for one in heavy.assumptions]
    asked = make_release(settings(substance="chlorine", rate_kg_s=20.0))
    assert asked.dense is None
    assert "remark.heavy_gaussian" in [one.code for one in asked.assumptions]


def test_toxic_levels_fall_with_duration_and_rise_with_grade() -> None:
    chlorine = get_substance("7782-50-5")
    assert chlorine.level(3, 10) == pytest.approx(chlorine.kg_m3(50))
    assert chlorine.level(2, 480) == pytest.approx(chlorine.kg_m3(0.71))
    levels = [chlorine.level(2, minutes) or 0 for minutes in (5, 10, 45, 120, 480, 900)]
    assert levels == sorted(levels, reverse=True)
    assert get_substance("methane").level(1, 10) is None


@pytest.mark.parametrize(
    "change",
    [
        {"rate_kg_s": -1.0},
        {"rate_kg_s": 1e6},
        {"mass_kg": 5.0},
        {"rate_kg_s": None},
        {"wind_m_s": -1.0},
        {"wind_m_s": 300.0},
        {"stability": "G"},
        {"substance": "unobtainium"},
        {"height_m": -2.0},
        {"sigma": "guess"},
        {"duration_s": 0.0},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        make_release(settings(**change))

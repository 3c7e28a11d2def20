"""Ground motion as PEER published it, damage as Hazus has it, and what must hold for any quake."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference import ground_motion as slow
from twinward.core.errors import InputError
from twinward.decision.simulation.earthquake import damage
from twinward.decision.simulation.earthquake.ground_motion import REGIONS, Rupture, estimate_motion
from twinward.decision.simulation.earthquake.model import MODEL
from twinward.decision.simulation.earthquake.residuals import sample_events, sample_fields


def test_every_verification_case_holds() -> None:
    checks = MODEL.check()
    assert len(checks) >= 50
    assert [one.case for one in checks if not one.ok] == []


@pytest.mark.parametrize("region", sorted(REGIONS))
@pytest.mark.parametrize("period", [-1.0, 0.0, 0.2, 1.0, 5.0])
def test_the_kernel_agrees_with_the_paper_written_out(region: str, period: float) -> None:
    for magnitude, rjb, vs30, z1 in (
        (4.2, 3.0, 180.0, None),
        (5.8, 40.0, 560.0, 0.2),
        (8.0, 250.0, 1400.0, 1.5),
    ):
        found = estimate_motion(
            Rupture(magnitude=magnitude, mechanism="reverse", region=region),
            (period,),
            np.array([rjb]),
            np.array([vs30]),
            np.array([-1.0 if z1 is None else z1]),
        )
        expected = slow.ln_median(period, magnitude, "reverse", rjb, vs30, region, z1)
        assert found.median[0, 0] == pytest.approx(expected, rel=1e-12)


def test_motion_falls_with_distance_in_every_region() -> None:
    rjb = np.linspace(0, 300, 400)
    for region in REGIONS:
        for magnitude in (4.0, 6.0, 8.0):
            motion = estimate_motion(
                Rupture(magnitude=magnitude, region=region),
                (-1.0, 0.0, 1.0),
                rjb,
                np.full(400, 400.0),
                np.full(400, -1.0),
            )
            assert (np.diff(motion.median, axis=1) < 0).all()


def test_a_rock_site_under_weak_motion_has_no_site_term() -> None:
    soft = estimate_motion(
        Rupture(magnitude=4.0),
        (0.0,),
        np.array([200.0] * 2),
        np.array([760.0, 300.0]),
        np.full(2, -1.0),
    )
    expected = slow.source_and_path(slow.coefficients(0), 4.0, "unspecified", 200.0, "global")
    assert soft.median[0, 0] == pytest.approx(expected, abs=1e-12)
    assert soft.median[0, 1] > soft.median[0, 0]


def test_damage_states_add_up_to_one_and_worsen_with_motion() -> None:
    motion = np.linspace(0.0, 3.0, 200)
    for one in damage.load_classes().values():
        states = one.states(motion)
        assert np.allclose(states.sum(axis=1), 1)
        assert (np.diff(states[:, 4]) >= -1e-12).all()
        assert (states >= -1e-12).all()


def test_sampled_fields_have_the_spread_and_correlation_of_the_model() -> None:
    fields = sample_fields(24, 24, 1.0, 10_000, seed=5)
    assert abs(fields.mean()) < 0.02
    assert fields.std() == pytest.approx(1.0, abs=0.02)
    far = np.mean(fields[:, 3, 3] * fields[:, 3, 13])
    assert far == pytest.approx(math.exp(-30 / 8.5), abs=0.03)
    near = np.mean(fields[:, 5, 5] * fields[:, 5, 6])
    assert near == pytest.approx(math.exp(-3 / 8.5), abs=0.03)
    assert sample_events(10_000, 5).std() == pytest.approx(1.0, abs=0.02)


def test_the_same_seed_gives_the_same_fields() -> None:
    assert sample_fields(7, 9, 0.5, 3, 11).tobytes() == sample_fields(7, 9, 0.5, 3, 11).tobytes()


def test_the_two_casualty_methods_differ_as_the_notes_say() -> None:
    """Around MMI 8 mid-rise concrete loses about a seventh of what the empirical rates say."""
    empirical = float(damage.death_rate(np.array(8.0)))
    by_building = float(damage.get_class("C1.M.LC").casualties(np.array(0.3))[3])
    assert 5 < empirical / by_building < 10


def test_the_curves_over_many_members_agree_with_the_tables() -> None:
    log_pga = np.log(np.array([[0.05, 0.2, 0.5], [0.1, 0.3, 1.0]]))
    classes = ("C1.M.LC", "URM.L.PC", "W1.MC")
    share = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0], [0.1, 0.1, 0.8]])
    found = damage.sum_casualties(log_pga, share, classes)
    for m in range(2):
        for p in range(3):
            expected = sum(
                share[p, c] * damage.get_class(name).casualties(np.exp(log_pga[m, p]))
                for c, name in enumerate(classes)
            )
            assert found[m, p, :4] == pytest.approx(expected, rel=0.02, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"magnitude": 2.0}, "magnitude"),
        ({"magnitude": 11.0}, "magnitude"),
        ({"mechanism": "sideways"}, "mechanism"),
        ({"region": "mars"}, "region"),
    ],
)
def test_an_impossible_rupture_is_refused(change: dict[str, float | str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Rupture(**({"magnitude": 6.0} | change)).check()  # type: ignore[arg-type]


def test_an_unknown_class_or_country_is_refused() -> None:
    with pytest.raises(InputError, match="building class"):
        damage.get_class("C9")
    with pytest.raises(InputError, match="fatality"):
        damage.death_rate(np.array(7.0), "ZZZ")

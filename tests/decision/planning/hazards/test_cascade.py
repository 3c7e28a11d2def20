"""A quake, its fires, roads and hospitals on common members."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.planning.hazards.cascade import Cascade, ignition_rate
from twinward.service.hazards.comparison import follow_quake
from twinward.service.hazards.forecasts import HazardRequest

ASKED = HazardRequest(hazard="earthquake", scenario="quake-m6", members=100, residents=300_000)


def means(answer: Cascade) -> dict[str, float]:
    return {one.name: one.mean for one in answer.stages}


def test_ignitions_are_scawthorns_for_a_million_square_metres() -> None:
    found = ignition_rate(np.array([0.0, 0.2, 0.3, 0.5, 1.0])) * 1e6
    assert found == pytest.approx([0.0, 0.187, 0.469, 1.407, 5.947], abs=1e-3)


def test_a_hundred_members_go_from_the_quake_to_the_hospitals() -> None:
    answer = follow_quake(ASKED)
    found = means(answer)
    assert answer.members == 100 and found["ignitions"] > 0
    assert found["buildings burned"] >= found["ignitions"]
    assert 0 <= found["roads closed"] <= 1
    assert found["patients"] > 0 and 0 <= answer.p_hospitals_over <= 1
    for one in answer.stages:
        assert np.isfinite(one.quantiles).all() and list(one.quantiles) == sorted(one.quantiles)
    assert msgspec.json.encode(follow_quake(ASKED)) == msgspec.json.encode(answer)


def test_a_stronger_quake_is_worse_in_everything_but_the_beds_left() -> None:
    weak = means(follow_quake(ASKED))
    strong = means(follow_quake(msgspec.structs.replace(ASKED, scenario=None, given=STRONG)))
    for name in ("ignitions", "buildings burned", "roads closed", "patients"):
        assert strong[name] > weak[name], name
    assert strong["free beds left"] < weak["free beds left"]


STRONG = {"magnitude": 7.8, "east_m": 0.0, "north_m": 0.0}


def test_a_cascade_begins_with_a_quake() -> None:
    with pytest.raises(InputError, match="begins with an earthquake"):
        follow_quake(msgspec.structs.replace(ASKED, hazard="flood", scenario="cloudburst"))

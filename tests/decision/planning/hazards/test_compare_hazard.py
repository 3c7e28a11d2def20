"""Plans against a physical hazard: what each measure does, on common members."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.planning.hazards.compare import (
    HazardCandidate,
    HazardComparison,
    compare_hazard_plans,
)
from twinward.decision.simulation.actions import Action
from twinward.library.hazards.protective import load_hazard_measures
from twinward.library.loading import load_library
from twinward.service.hazards.comparison import list_hazard_candidates
from twinward.service.hazards.forecasts import HazardRequest, ReadyRun, prepare_run

SCENARIOS = {
    "flood": ("cloudburst", 2.0, 0.1),
    "fire": ("grass-fire", 3.0, 0.5),
    "chemical": ("ammonia-leak", 1.0, 1e-4),
    "earthquake": ("quake-m6", 24.0, 0.1),
}
READY: dict[str, ReadyRun] = {}


def ready_of(hazard: str) -> ReadyRun:
    if hazard not in READY:
        scenario, hours, _ = SCENARIOS[hazard]
        asked = HazardRequest(
            hazard=hazard, scenario=scenario, hours=hours, members=6, residents=8000, cell_m=150.0
        )
        READY[hazard] = prepare_run(asked)
    return READY[hazard]


def compare(hazard: str, *plans: HazardCandidate, **more: Any) -> HazardComparison:
    ready = ready_of(hazard)
    return compare_hazard_plans(
        ready.model, ready.ground, ready.city, ready.ask, plans, SCENARIOS[hazard][2], **more
    )


def with_actions(name: str, **at_h: float) -> HazardCandidate:
    actions = tuple(Action(kind=kind, at_s=hours * 3600) for kind, hours in at_h.items())
    return HazardCandidate(id=name, title=name, actions=actions)


def means(sheet: HazardComparison, figure: str) -> dict[str, float]:
    return {one.id: one.figures[figure].mean for one in sheet.plans}


@pytest.mark.parametrize("hazard", sorted(SCENARIOS))
def test_two_plans_of_different_level_are_compared_on_the_same_members(hazard: str) -> None:
    candidates = list_hazard_candidates(load_library(), hazard, [])
    assert len({one.level for one in candidates}) >= 2
    assert all(one.actions for one in candidates)
    sheet = compare(hazard, *candidates)
    assert sheet.first in {one.id for one in candidates}
    assert {one.id for one in sheet.plans} == {"none", *(one.id for one in candidates)}
    best = next(one for one in sheet.plans if one.id == sheet.first)
    paired = best.figures[sheet.ranked_by].against_none
    assert paired is not None and paired[0] <= paired[1] <= paired[2] <= 0
    assert set(sheet.why) == {"en", "zh"} and sheet.first in sheet.why["zh"]
    assert sheet.calibration == "not calibrated here" and sheet.assumptions
    again = compare(hazard, *candidates)
    assert again.fingerprint == sheet.fingerprint


@pytest.mark.parametrize("hazard", sorted(SCENARIOS))
def test_a_plan_without_a_measure_changes_nothing(hazard: str) -> None:
    sheet = compare(hazard, HazardCandidate(id="empty", title="empty"))
    idle, none = sheet.plans
    for name, figure in idle.figures.items():
        assert figure.mean == pytest.approx(none.figures[name].mean), name
        assert figure.against_none == pytest.approx((0.0, 0.0, 0.0))


def test_pumps_lower_the_water_and_earlier_pumps_lower_it_more() -> None:
    ready = ready_of("flood")
    peaks = []
    for at_h in (None, 1.5, 0.0):
        actions = () if at_h is None else (Action(kind="pumps", at_s=at_h * 3600),)
        asked = msgspec.structs.replace(ready.ask, measures=actions)
        peaks.append(float(ready.model.run(ready.ground, asked).values[:, -1].sum()))
    assert peaks[0] > peaks[1] > peaks[2]


def test_evacuation_that_is_done_before_the_water_spares_more_than_one_that_is_late() -> None:
    sheet = compare(
        "flood", with_actions("soon", evacuation=0.3), with_actions("late", evacuation=3)
    )
    hit = means(sheet, "people_hit")
    assert hit["soon"] < hit["late"] < hit["none"]
    assert means(sheet, "people_moved")["none"] == 0


def test_engines_and_breaks_keep_the_fire_small() -> None:
    sheet = compare(
        "fire",
        with_actions("engines", engines=0.2),
        with_actions("late-engines", engines=2.5),
        with_actions("break", fire_breaks=0.5),
    )
    hit = means(sheet, "people_hit")
    assert hit["engines"] < hit["late-engines"] <= hit["none"]
    assert hit["break"] < hit["none"]


def test_a_valve_that_is_shut_ends_the_release() -> None:
    ready = ready_of("chemical")
    shut = msgspec.structs.replace(ready.ask, measures=(Action(kind="valve_shut", at_s=300.0),))
    last = ready.model.run(ready.ground, shut).values[:, -1].sum()
    assert last < ready.model.run(ready.ground, ready.ask).values[:, 2].sum()
    sheet = compare("chemical", with_actions("valve", valve_shut=0.1))
    hours = means(sheet, "person_hours")
    assert hours["valve"] < hours["none"]


def test_closed_houses_keep_out_a_cloud_that_passes() -> None:
    sheet = compare("chemical", with_actions("indoors", shelter_in_place=0.0))
    hit = means(sheet, "people_hit")
    assert hit["indoors"] < hit["none"]


def test_clearing_damaged_buildings_spares_deaths_of_the_aftershock_alone() -> None:
    sheet = compare("earthquake", with_actions("clear", evacuation=0.5))
    later = means(sheet, "deaths_aftershock")
    assert later["clear"] < later["none"]
    spared = means(sheet, "deaths")["none"] - means(sheet, "deaths")["clear"]
    assert spared == pytest.approx(later["none"] - later["clear"])
    empirical = means(sheet, "deaths_empirical")
    assert empirical["none"] == empirical["clear"] != means(sheet, "deaths")["none"]


def test_inspected_bridges_and_closed_roads_take_traffic_away() -> None:
    sheet = compare(
        "earthquake",
        with_actions("inspect", bridge_inspection=3.0),
        with_actions("close", road_closure=1.0),
    )
    traffic = means(sheet, "traffic_hours")
    assert traffic["close"] < traffic["inspect"] < traffic["none"]


def test_every_measure_is_understood_by_the_model_of_each_hazard_it_names() -> None:
    for one in load_hazard_measures().values():
        for hazard in one.hazards:
            sheet = compare(
                hazard,
                with_actions("it", **{one.id: 0.0 if one.id == "shelter_in_place" else 0.05}),
            )
            it, none = (next(p for p in sheet.plans if p.id == name) for name in ("it", "none"))
            changed = [k for k in it.figures if it.figures[k].mean != none.figures[k].mean]
            assert changed, (one.id, hazard)
            assert np.isfinite([f.mean for f in it.figures.values()]).all()


def test_what_cannot_be_compared_is_one_error() -> None:
    with pytest.raises(InputError, match="no measure against flood"):
        compare("flood", with_actions("wrong", valve_shut=1))
    with pytest.raises(InputError, match="named twice"):
        compare("flood", with_actions("a"), with_actions("a"))
    with pytest.raises(InputError, match="got 0"):
        compare("flood")
    with pytest.raises(InputError, match="no ranking"):
        compare("flood", with_actions("a"), ranked_by="happiness")
    with pytest.raises(InputError, match="no flood plan"):
        list_hazard_candidates(load_library(), "flood", ["fire-iv-contain"])

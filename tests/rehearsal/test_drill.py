"""The truth of a drill is drawn before it is played; what is sent follows it, the script and
what the people did.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from twinward.library.drills.drill import (
    DrillScript,
    DrillTruth,
    Duplicates,
    Flood,
    HospitalLost,
    NetworkCut,
    Outbreak,
    Rumour,
    SensorFault,
    StaffAbsence,
)
from twinward.rehearsal.drills.feeds import Feeds, Sent
from twinward.rehearsal.drills.responders import DrillResponders
from twinward.rehearsal.drills.truth import TruthPlaces, curve_of, make_truth

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLACES = TruthPlaces(homes=("A", "B"), leaves={"A": ("A1", "A2", "A3"), "B": ("B1",)})
OUTBREAK = Outbreak(name="first", cases=30, r=2.5, found_share=1.0)


def script(*injects: Any, hours: float = 24 * 40, hazard: str = "epidemic/drill") -> DrillScript:
    return DrillScript(name="t", title="t", hazard=hazard, start=START, hours=hours, inject=injects)


def truth_of(one: DrillScript, seed: int = 1) -> DrillTruth:
    return make_truth(one, PLACES, START, seed)


def feeds_of(one: DrillScript, seed: int = 1) -> Feeds:
    return Feeds(one, truth_of(one, seed), PLACES, seed)


def sent(one: DrillScript, apart: dict[str, float] | None = None) -> list[Sent]:
    return feeds_of(one).due(one.hours, apart or {})


def test_the_tree_is_a_tree_in_time_and_infectors_met_whom_they_infected() -> None:
    truth = truth_of(script(OUTBREAK))
    by_subject = {one.subject: one for one in truth.persons}
    assert len(truth.persons) >= 24
    assert sum(not one.infector for one in truth.persons) == 1
    for one in truth.persons:
        assert one.infected_h <= one.onset_h <= (one.reported_h or one.onset_h)
        if one.infector:
            assert by_subject[one.infector].infected_h < one.infected_h
            assert one.subject in by_subject[one.infector].contacts
    assert min(
        one.reported_h for one in truth.persons if one.reported_h is not None
    ) == pytest.approx(0.0)


def test_the_same_seed_draws_the_same_truth_and_another_one_another() -> None:
    assert truth_of(script(OUTBREAK)) == truth_of(script(OUTBREAK))
    assert truth_of(script(OUTBREAK)) != truth_of(script(OUTBREAK), 2)


def test_areas_are_counted_round_and_a_later_inject_counts_from_the_earlier() -> None:
    later = Rumour(name="r", area="#4", after="first", at_h=5, reports=2)
    one = script(msgspec.structs.replace(OUTBREAK, at_h=10.0, area="#3"), later)
    truth = truth_of(one)
    assert {person.area for person in truth.persons} <= {"A1", "A2", "A3"}
    assert [(s.inject, s.area) for s in truth.starts] == [("first", "A"), ("r", "B")]
    assert one.hour_of(later) == 15
    rumours = [item for item in sent(one) if item.source.endswith("/rumour")]
    assert {(item.hour, item.command["area"]) for item in rumours} == {(15.0, "B1")}


def test_whoever_is_kept_apart_in_time_infects_nobody() -> None:
    one = script(OUTBREAK)
    truth = truth_of(one)
    root = next(person for person in truth.persons if not person.infector)
    children = {person.subject for person in truth.persons if person.infector == root.subject}
    freely = {item.person.subject for item in sent(one) if item.person}
    apart = {
        item.person.subject for item in sent(one, {root.subject: root.infected_h}) if item.person
    }
    assert children & freely
    assert apart == {root.subject}
    later = {item.command["found_in"] for item in sent(one, dict.fromkeys(freely, 1e6))}
    assert later == {"control"}  # whoever is found through contacts is found in control


def test_a_cut_feed_says_afterwards_what_it_could_not_say() -> None:
    calm = {item.command["id"]: item.hour for item in sent(script(OUTBREAK))}
    cut = {
        item.command["id"]: item.hour
        for item in sent(script(OUTBREAK, NetworkCut(name="c", feed="cases", at_h=0, for_h=200)))
    }
    assert all(hour >= 200 for hour in cut.values())
    assert {name: hour for name, hour in cut.items() if hour > 200} == {
        n: h for n, h in calm.items() if h > 200
    }


def test_a_doubled_report_names_the_same_person_by_another_way() -> None:
    items = sent(script(OUTBREAK, Duplicates(name="d", of="first", share=1.0)))
    first = [item for item in items if item.source.endswith("/cases")]
    again = [item for item in items if item.source.endswith("/second-way")]
    assert {item.command["case"] for item in first} == {item.command["case"] for item in again}
    assert not {item.command["id"] for item in first} & {item.command["id"] for item in again}


def test_a_flood_rises_stands_and_falls_and_a_faulty_gauge_lies() -> None:
    flood = Flood(name="f", gauges=2, peak_m=1.0, rise_h=2, hold_h=2, fall_h=2, every_h=1)
    assert [depth for _, depth in curve_of(flood, 0.0, 8.0)] == [
        0.0,
        0.5,
        1.0,
        1.0,
        1.0,
        0.5,
        0.0,
        0.0,
    ]

    def read(fault: Any) -> list[float | None]:
        faults = (SensorFault(name="s", of="f", at_h=1, for_h=3, fault=fault),) if fault else ()
        items = sent(script(flood, *faults, hours=8, hazard="flood"))
        by_hour = {
            item.hour: item.command["value"] for item in items if item.command["area"] == "A1"
        }
        return [by_hour.get(float(hour)) for hour in range(5)]

    assert read(None) == [0.0, 0.5, 1.0, 1.0, 1.0]
    assert read("stuck") == [0.0, 0.5, 0.5, 0.5, 1.0]
    assert read("silent") == [0.0, None, None, None, 1.0]
    assert read("spike") == [0.0, 1.5, 3.0, 3.0, 1.0]


def test_a_lost_hospital_has_no_beds_until_it_is_back() -> None:
    items = sent(script(HospitalLost(name="h", beds=100, at_h=10, for_h=20)))
    assert [(item.hour, item.command["quantity"]) for item in items] == [
        (0.0, 100.0),
        (10.0, 0.0),
        (30.0, 100.0),
    ]


def task(department: str, at: datetime) -> dict[str, Any]:
    return {
        "id": "task-1",
        "key": "inform",
        "department": department,
        "area": "A",
        "status": "ordered",
        "contact": None,
        "escalations": 1,
        "ordered_at": at.isoformat(),
        "deadline_h": 10.0,
    }


def test_a_department_that_is_cut_off_says_nothing_and_one_without_people_is_slower() -> None:
    cut = NetworkCut(name="c", department="health", at_h=0, for_h=50)
    away = StaffAbsence(name="a", department="transport", at_h=0, for_h=500, present=0.1)
    one = script(cut, away)
    people = DrillResponders(one, truth_of(one), PLACES, 1)
    assert not list(people.answer(task("health", START), START + timedelta(hours=49)))
    assert list(people.answer(task("health", START), START + timedelta(hours=51)))
    full = DrillResponders(script(cut), truth_of(script(cut)), PLACES, 1)
    now = START + timedelta(hours=1)
    slow = people.pace(task("transport", START), "prompt", now)
    assert slow == pytest.approx(10 * full.pace(task("transport", START), "prompt", now))

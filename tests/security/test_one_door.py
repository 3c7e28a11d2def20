"""Whatever says something about a person goes through one door: scope, areas, record, retention."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from twinward.core.clock import format_time
from twinward.service.access.retention import run_retention

READERS = ("li", "wang", "ma", "wu", "xu", "chen")


@pytest.fixture
def fever(world: Any) -> Any:
    """A reading of a patient, and one of a gauge."""
    at = format_time(world.clock.now() - timedelta(hours=1))
    items = [
        {
            "source_id": "1",
            "type": "temperature",
            "subject": "p-patient7",
            "area": "32-a",
            "value": 39.4,
        },
        {
            "source_id": "2",
            "type": "temperature",
            "place": "gauge-1",
            "area": "32-a",
            "value": 12.0,
        },
    ]
    body = {"source": "ward", "items": [item | {"occurred_at": at} for item in items]}
    assert world.post("xu", "/v1/observations", body).json()["stored"] == 2
    return world


def hours(world: Any, who: str, sensor: str) -> Any:
    day = world.clock.now().date().isoformat()
    window = {"from": f"{day}T00:00:00Z", "to": f"{day}T23:00:00Z"}
    return world.get(who, f"/v1/sensors/{sensor}/hours", **window)


@pytest.mark.parametrize("who", READERS)
def test_what_is_read_of_a_person_is_in_no_list_of_anybodys(fever: Any, who: str) -> None:
    listed = fever.get(who, "/v1/sensors").json()
    assert [one["sensor"] for one in listed["items"]] == ["temperature:gauge-1"]
    assert listed["total"] == 1
    fever.open_activation()
    assert "p-patient7" not in fever.get(who, "/v1/sensors").text


@pytest.mark.parametrize("sensor", ["temperature:person:p-patient7", "temperature:person:p-nobody"])
def test_in_peacetime_nobody_reads_what_was_read_of_a_person(fever: Any, sensor: str) -> None:
    for who in READERS:
        assert hours(fever, who, sensor).json()["code"] in ("peacetime", "role_not_allowed")


def test_under_an_activation_it_is_shown_in_ones_own_areas_and_on_record(fever: Any) -> None:
    fever.open_activation()
    shown = hours(fever, "li", "temperature:person:p-patient7").json()["items"]
    assert [one["greatest"] for one in shown] == [39.4]
    looks = fever.events("PersonsListed")
    assert looks[-1].fact.subjects == ("p-patient7",)
    elsewhere = hours(fever, "wang", "temperature:person:p-patient7")
    absent = hours(fever, "wang", "temperature:person:p-nobody")
    assert elsewhere.status_code == absent.status_code == 404
    assert len(fever.events("PersonsListed")) == len(looks) + 2
    assert hours(fever, "ma", "temperature:person:p-patient7").json()["code"] == "role_not_allowed"


def test_what_was_read_of_a_person_ends_with_its_retention(fever: Any) -> None:
    platform = fever.platform
    intake: Any = platform.intake.open()
    intake.drain()
    later = fever.clock.now() + timedelta(days=45)
    intake.expire(later, 30)
    names = [str(name) for name in intake.latest.sensors().name]
    assert "temperature:gauge-1" in names and not any("p-patient7" in name for name in names)
    kept = b"".join(path.read_bytes() for path in intake.root.rglob("*") if path.is_file())
    assert b"p-patient7" not in kept


def test_a_threshold_says_nothing_of_a_person(fever: Any) -> None:
    threshold = {
        "type": "SetThreshold",
        "id": "t",
        "hazard": "epidemic",
        "figure": "temperature",
        "at_least": 30.0,
        "unit": "C",
        "observed": "temperature",
    }
    assert fever.post("li", "/v1/commands", {"items": [threshold]}).json()["stored"] == 1
    at = format_time(fever.clock.now())
    hot = {
        "source_id": "3",
        "type": "temperature",
        "subject": "p-patient8",
        "area": "32-a",
        "value": 41.0,
        "unit": "C",
        "occurred_at": at,
    }
    fever.post("xu", "/v1/observations", {"source": "ward", "items": [hot]})
    intake: Any = fever.platform.intake.open()
    intake.drain()
    assert not fever.events("ThresholdPassed")


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/contacts"])
@pytest.mark.parametrize(
    "asked", [{"offset": 1000}, {"limit": 1}, {"offset": 1000, "limit": 1}, {}]
)
def test_every_list_is_on_record_also_one_that_only_counts(
    world: Any, path: str, asked: dict[str, int]
) -> None:
    world.report_cases(per_leaf=1)
    world.open_activation()
    world.get("wang", path, **asked)
    assert [event.actor for event in world.events("PersonsListed")] == ["wang"]
    world.get("wang", path.replace("s", "s", 1) + ("/c-310-a-0" if "cases" in path else ""))
    assert len(world.events("PersonsListed")) == 2


def test_a_change_of_a_person_is_shown_to_those_who_decide_it_and_the_look_is_on_record(
    world: Any,
) -> None:
    world.report_cases(per_leaf=1)
    world.open_activation()
    subject = next(
        i["subject"] for i in world.get("li", "/v1/cases").json()["items"] if i["area"] == "31-a"
    )
    until = format_time(world.clock.now() + timedelta(days=3))
    change = {
        "kind": "status",
        "area": "31-a",
        "subject": subject,
        "value": "red",
        "until": until,
        "reason": "was at the market",
        "basis": "article 41",
        "linked": "c-31-a-0",
    }
    made = world.post("wang", "/v1/changes", change).json()["id"]
    for path in ("/v1/changes", f"/v1/changes/{made}"):
        told = world.get("chen", path).text
        assert made in told
        assert not any(word in told for word in (subject, "red", "market", "c-31-a-0"))
    assert not [e for e in world.events("AccessNoted") if e.fact.kind == "changes_seen"]
    for _ in range(3):
        assert subject in world.get("li", "/v1/changes").text
    seen = [e for e in world.events("AccessNoted") if e.fact.kind == "changes_seen"]
    assert [(event.actor, event.fact.about) for event in seen] == [("li", made)]
    world.clock.advance(timedelta(minutes=11))
    world.get("li", f"/v1/changes/{made}")
    seen = [e for e in world.events("AccessNoted") if e.fact.kind == "changes_seen"]
    assert len(seen) == 2


def test_a_narrower_activation_takes_nothing_from_a_wider_one(world: Any) -> None:
    world.report_cases(per_leaf=1)
    world.open_activation()
    for area in ("31-b", "310-a", "31"):
        world.clock.advance(timedelta(minutes=1))
        world.open_activation(areas=(area,))
        assert world.get("wang", "/v1/cases").json()["total"] == 2
        assert world.get("li", "/v1/cases").json()["total"] == 4
        assert world.get("wang", "/v1/cases/c-31-a-0").status_code == 200


def test_of_several_activations_one_is_taken_that_opens_what_is_asked(world: Any) -> None:
    world.report_cases(per_leaf=1)
    wide = world.open_activation(areas=("31", "310"))
    world.clock.advance(timedelta(minutes=1))
    narrow = world.open_activation(areas=("32-a",))
    assert world.get("li", "/v1/cases/c-32-a-0").json()["activation"] == narrow
    assert world.get("li", "/v1/cases/c-31-a-0").json()["activation"] == wide
    assert world.get("li", "/v1/cases").json()["activation"] == wide


def test_a_chain_holds_the_last_area_of_ones_range_too(world: Any) -> None:
    """31-a alone is a range of one; 31-b is the last of that of 31."""
    world.report_cases(per_leaf=2)
    world.open_activation()
    incident = next(
        item["id"]
        for item in world.get("li", "/v1/incidents").json()["items"]
        if item["area"] in ("3", "31", "31-b") or "31-b" in item["affected"]
    )
    answer = world.post("wang", "/v1/trace/chain", {"incident": incident}).json()
    with world.platform.store.read() as rows:
        mine = [
            row
            for row in (
                rows.find("cases", one.id)
                for one in rows.list_rows("case_incidents", incident=incident)
            )
            if row.area in ("31-a", "31-b")
        ]
    assert {one["case"] for one in answer["people"]} == {row.id for row in mine}


def test_the_file_of_a_person_holds_what_lies_in_ones_own_areas(world: Any, people: Any) -> None:
    from twinward.service.tracing.case_file import read_log

    world.report_cases(per_leaf=1)
    world.open_activation()
    theirs = next(
        i["subject"] for i in world.get("li", "/v1/cases").json()["items"] if i["area"] == "32-a"
    )
    for who, found in (("li", 1), ("wang", 0)):
        tracing = world.platform.tracing(people[who])
        scope = tracing.scope_for("trace")
        file = read_log(
            world.platform,
            theirs,
            lambda row, at, t=tracing, s=scope: t.may_see(s, row.area, at),
        )
        assert len(file["cases"]) == found


def test_retention_runs_over_it_all(fever: Any, people: Any) -> None:
    fever.clock.advance(timedelta(days=45))
    done = run_retention(fever.platform, people["xu"], lambda at: 0, confirmed=True)
    assert done["ended"]

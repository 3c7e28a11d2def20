"""Who comes in over HTTP and the command line, and what they are shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from twinward.cli.main import main
from twinward.core.errors import AbsentError
from twinward.security.identity.people import Caller
from twinward.service.access import activations
from twinward.service.access.vault import open_identity


def test_a_managed_workspace_answers_nobody_unknown(world: Any) -> None:
    assert world.client.get("/v1/incidents").status_code == 401
    assert (
        world.client.get("/v1/incidents", headers={"authorization": "Bearer x"}).status_code == 401
    )
    assert world.client.get("/v1/activations").status_code == 200
    assert world.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "10.0.0.9"},
        {"origin": "https://evil.example"},
        {"host": "rebound.example"},
    ],
)
def test_without_login_only_this_machine_itself_is_let_in(
    make_world: Callable[..., Any], headers: Any
) -> None:
    world = make_world(managed=False)
    assert world.client.get("/v1/incidents").status_code == 200
    assert world.client.get("/v1/incidents", headers=headers).status_code == 401


def test_a_list_is_cut_to_the_jurisdiction_and_its_total_too(world: Any) -> None:
    world.report_cases(per_leaf=3)
    world.open_activation()
    assert world.get("li", "/v1/cases").json()["total"] == 12
    mine = world.get("wang", "/v1/cases", limit=4).json()
    assert mine["total"] == 6 and len(mine["items"]) == 4
    assert {item["area"] for item in mine["items"]} <= {"31-a", "31-b"}


def test_a_list_is_cut_to_what_the_activation_opens(world: Any) -> None:
    world.report_cases(per_leaf=2)
    world.open_activation(areas=("31-a", "32"))
    assert world.get("li", "/v1/cases").json()["total"] == 4
    assert world.get("wang", "/v1/cases").json()["total"] == 2


def test_in_peacetime_there_is_no_list(world: Any) -> None:
    world.report_cases()
    refused = world.get("li", "/v1/cases")
    assert (refused.status_code, refused.json()["code"]) == (403, "peacetime")


def test_absent_and_forbidden_answer_alike(world: Any) -> None:
    world.report_cases()
    world.open_activation()
    assert world.get("wang", "/v1/cases/c-31-a-0").status_code == 200
    elsewhere, nowhere = (
        world.get("wang", "/v1/cases/c-310-a-0"),
        world.get("wang", "/v1/cases/c-31-a-9"),
    )
    assert elsewhere.status_code == nowhere.status_code == 404
    assert elsewhere.text.replace("310-a-0", "") == nowhere.text.replace("31-a-9", "")


def test_every_list_and_file_shown_is_on_record(world: Any) -> None:
    world.report_cases()
    world.open_activation()
    world.get("wang", "/v1/cases")
    world.get("wang", "/v1/cases/c-31-a-0")
    looks = world.events("PersonsListed")
    assert [(event.actor, event.fact.question) for event in looks] == [
        ("wang", "list of cases"),
        ("wang", "file of case"),
    ]
    assert len(looks[0].fact.subjects) == 6


def test_commands_are_held_against_the_jurisdiction(world: Any) -> None:
    item = {
        "type": "ReportHazard",
        "id": "h1",
        "hazard": "flood",
        "area": "32-a",
        "figure": "depth_m",
        "value": 1.0,
        "unit": "m",
    }
    refused = world.post("sun", "/v1/commands", {"items": [item]}).json()
    assert refused["rejected"][0]["code"] == "area_not_yours"
    assert (
        world.post("sun", "/v1/commands", {"items": [item | {"area": "31-a"}]}).json()["stored"]
        == 1
    )
    assert world.post("ma", "/v1/commands", {"items": [item]}).json()["code"] == "role_not_allowed"


def test_events_from_elsewhere_keep_their_place_and_say_nothing(world: Any) -> None:
    world.report_cases(per_leaf=1)
    seen = world.get("wang", "/v1/events").json()["items"]
    assert [item["seq"] for item in seen] == list(range(1, len(seen) + 1))
    assert all(item["area"] in (None, "3", "31", "31-a", "31-b") for item in seen)
    assert "310-a" not in world.get("wang", "/v1/events").text


def test_a_name_is_opened_only_for_a_person_of_ones_own_area(
    world: Any, people: dict[str, Caller]
) -> None:
    world.report_cases(per_leaf=1)
    world.open_activation()
    by_area = {
        item["area"]: item["subject"] for item in world.get("li", "/v1/cases").json()["items"]
    }
    found = open_identity(world.platform, people["wang"], by_area["31-a"], "call the contact")
    assert found.name == "Canary 31-a 0"
    messages = []
    for subject in (by_area["310-a"], "p-nobody"):
        with pytest.raises(AbsentError) as absent:
            open_identity(world.platform, people["wang"], subject, "call the contact")
        messages.append(str(absent.value))
    assert messages[0] == messages[1]


def test_the_command_line_holds_a_token_against_the_same_rules(
    make_world: Callable[..., Any],
    people: dict[str, Caller],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = make_world(managed=False)
    token = tmp_path / "token"
    token.write_text(
        world.platform.identities.sign(people["ma"], world.clock.now(), timedelta(days=9999))
    )
    where = ["--workspace", str(world.platform.workspace)]
    assert main(["incident", "list", *where]) == 0
    assert main(["task", "list", *where, "--token-file", str(token)]) == 2
    assert "role_not_allowed" in capsys.readouterr().err


def test_a_case_of_elsewhere_is_not_changed_by_naming_ones_own_area(world: Any) -> None:
    world.report_cases(per_leaf=1)
    item = {
        "type": "ReportCase",
        "id": "x1",
        "case": "c-32-a-0",
        "hazard": "epidemic",
        "area": "31-a",
        "status": "recovered",
        "person": {"document": "DOC-CANARY-32-a-0"},
    }
    answer = world.post("sun", "/v1/commands", {"items": [item]}).json()
    assert answer["rejected"][0]["code"] == "area_not_yours"
    with world.platform.store.read() as rows:
        assert rows.find("cases", "c-32-a-0").status == "confirmed"


def test_who_may_not_report_a_person_cannot_change_what_is_known_of_them(
    world: Any, people: Any
) -> None:
    world.report_cases(per_leaf=1)
    world.open_activation()
    person = {"name": "Somebody else", "document": "DOC-CANARY-310-a-0"}
    item = {
        "type": "ReportCase",
        "id": "f1",
        "case": "f1",
        "hazard": "epidemic",
        "area": "310-a",
        "status": "confirmed",
        "person": person,
    }
    refused = world.post("sun", "/v1/commands", {"items": [item]}).json()
    assert refused["rejected"][0]["code"] == "area_not_yours"
    subject = world.get("li", "/v1/cases/c-310-a-0").json()["subject"]
    assert (
        open_identity(world.platform, people["li"], subject, "call the contact").name
        == "Canary 310-a 0"
    )


def test_an_activation_of_one_district_does_not_open_the_one_whose_code_begins_alike(
    world: Any, people: Any
) -> None:
    world.open_activation(areas=("31",))
    scope = activations.scope_for(world.platform, people["li"], "trace")
    assert [scope.covers_area(code) for code in ("31", "31-a", "31-b", "310", "310-a", "3")] == [
        True
    ] * 3 + [False] * 3


def test_affected_places_on_the_map_and_in_the_figures_are_those_of_ones_own_areas(
    world: Any,
) -> None:
    items = [
        {
            "type": "ReportAffectedPlace",
            "id": f"a-{leaf}",
            "place": f"a-{leaf}",
            "name": f"Market {leaf}",
            "hazard": "epidemic",
            "area": leaf,
            "day": "2022-03-31",
            "lon": 121.4,
            "lat": 31.2,
        }
        for leaf in ("31-a", "310-a")
    ]
    assert world.post("li", "/v1/commands", {"items": items}).json()["stored"] == 2
    for who, names in (("li", ["Market 31-a", "Market 310-a"]), ("wang", ["Market 31-a"])):
        shown = world.get(who, "/v1/map/places").json()["name"]
        figures = world.get(who, "/v1/screen").json()["figures"]
        assert (sorted(shown), figures["places"]) == (sorted(names), len(names))

"""A city drills on fenced data: the script plays, everything says that it is a drill, the score
comes by itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.cities import COMMUNITY, HUANGPU, START, make_city
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.cli.main import main
from twinward.cli.workspace.demo import serving
from twinward.core.clock import SetClock
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import local_admin

AT = "2022-03-01T09:00:00Z"  # an hour after the real log's last entry
SCRIPT = """
schema_version = 1
name = "little"
title = "A little outbreak, a loss, a silence"
hazard = "epidemic/drill"
start = 2026-03-02T08:00:00+08:00
hours = 96
step_h = 6
plans = ["epidemic-iv-watch"]
[targets]
trigger_h = 1
receipt_h = 24
contacts_recall = 0.2
answer_h = 48
[[inject]]
kind = "outbreak"
name = "first"
area = "#1"
cases = 8
[[inject]]
kind = "hospital_lost"
name = "lost"
after = "first"
at_h = 10
beds = 50
[[inject]]
kind = "network_cut"
name = "silence"
department = "information"
at_h = 0
for_h = 200
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """(the real workspace, the drill's folder, the score as the command printed it)."""
    home = tmp_path_factory.mktemp("drill")
    real = home / "real"
    init_workspace(real)
    make_city(real, HUANGPU, "310115")
    platform = compose.open_platform(real, SetClock(START))
    told = {
        "id": "r-1",
        "type": "ReportCase",
        "case": "c-1",
        "subject": "real-person",
        "hazard": "epidemic",
        "area": COMMUNITY,
        "status": "confirmed",
        "found_in": "community",
    }
    stock = {
        "id": "s-1",
        "type": "SetStock",
        "kind": "masks",
        "area": HUANGPU,
        "quantity": 500,
        "unit": "pieces",
    }
    assert submit_objects(platform, local_admin(), [told, stock], "test").stored == 2
    platform.loop.catch_up()
    with platform.store.read() as reader:
        (incident,) = reader.list_rows("incidents")
    adopt = {
        "id": "a-1",
        "type": "AdoptPlan",
        "incident": incident.id,
        "plan": "epidemic-iii-contain",
    }
    assert submit_objects(platform, local_admin(), [adopt], "test").stored == 1
    platform.loop.catch_up()
    platform.close()
    (home / "little.toml").write_text(SCRIPT)
    before = compose.verify_log(real).head
    score = run(home, "one", "--from", str(real), "--at", AT)
    assert compose.verify_log(real).head == before  # the real log has not grown by one entry
    return real, home / "one", score


def run(home: Path, into: str, *more: str) -> dict[str, Any]:
    return ask(
        "drill",
        "run",
        str(home / "little.toml"),
        "--into",
        str(home / into),
        "--no-hindsight",
        *more,
    )


def ask(*words: str) -> dict[str, Any]:
    """The JSON object of a verb."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([*words, "--json"])
    found: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return found | {"exit": code}


def figure(score: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in score["figures"] if one["name"] == name)


def test_the_score_comes_by_itself_and_names_its_events(
    played: tuple[Path, Path, dict[str, Any]],
) -> None:
    _, folder, score = played
    assert score["exit"] == 0
    assert figure(score, "trigger_h")["met"] is True
    assert 0.2 <= figure(score, "contacts_recall")["value"] <= 1
    platform = compose.open_platform(folder)
    with platform.store.read() as reader:
        named = [event for one in score["figures"] for event in one["events"]]
        assert named
        assert all(reader.find_event(event) is not None for event in named)
    platform.close()


def test_what_came_along_with_the_state_is_not_scored(
    played: tuple[Path, Path, dict[str, Any]],
) -> None:
    assert "epidemic-iii-contain" not in {
        one["plan"] for one in played[2]["decisions"] if one["hour"] == 0
    }
    assert played[2]["injects"][0]["incident"] in {
        one["incident"] for one in played[2]["decisions"]
    }


def test_a_department_that_was_cut_off_is_late_and_the_others_are_not_blamed(
    played: tuple[Path, Path, dict[str, Any]],
) -> None:
    by_name = {one["department"]: one for one in played[2]["departments"]}
    assert by_name["information"]["unanswered"] == by_name["information"]["orders"] > 0
    assert by_name["disease_control"]["unanswered"] == 0


def test_the_loss_of_a_hospital_was_answered(played: tuple[Path, Path, dict[str, Any]]) -> None:
    (lost,) = [one for one in played[2]["injects"] if one["kind"] == "hospital_lost"]
    assert 0 < lost["answer_h"] <= 48


def test_the_state_came_along_without_any_person(played: tuple[Path, Path, dict[str, Any]]) -> None:
    _, folder, _ = played
    platform = compose.open_platform(folder)
    with platform.store.read() as reader:
        assert [row.count for row in reader.list_rows("counts", hazard="epidemic")] == [1]
        assert [row.quantity for row in reader.list_rows("stocks", kind="masks")] == [500]
        assert all(row.subject.startswith("drill-") for row in reader.list_rows("cases"))
        (incident,) = reader.list_rows("incidents", hazard="epidemic")
        assert reader.find("plans_in_force", incident.id).plan == "epidemic-iii-contain"
    platform.close()
    assert not any(
        b"real-person" in path.read_bytes() for path in folder.rglob("*") if path.is_file()
    )


def test_the_same_seed_gives_the_same_score_and_another_seed_another(
    played: tuple[Path, Path, dict[str, Any]],
) -> None:
    real, folder, score = played
    twin = run(folder.parent, "two", "--from", str(real), "--at", AT)
    other = run(folder.parent, "three", "--from", str(real), "--at", AT, "--seed", "2")
    same = {key: value for key, value in score.items() if key != "drill"}
    assert same["figures"] == twin["figures"]
    assert same["departments"] == twin["departments"]
    assert other["figures"] != twin["figures"]


def test_every_object_of_a_drill_says_so_on_the_command_line(
    played: tuple[Path, Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    real, folder, score = played
    for words in (["incident", "list"], ["task", "list"], ["audit", "verify"]):
        assert ask(*words, "--workspace", str(folder))["drill"] == score["drill"]
        assert "DRILL" in capsys.readouterr().err
        assert "drill" not in ask(*words, "--workspace", str(real)) or words[0] == "audit"
        assert "DRILL" not in capsys.readouterr().err


def test_a_drill_cannot_be_played_twice_nor_a_real_workspace_played(
    played: tuple[Path, Path, dict[str, Any]],
) -> None:
    real, folder, _ = played
    assert run(folder.parent, "one")["error"]["code"] == "played"
    assert run(folder.parent, "real")["error"]["code"] == "not_a_drill"
    assert ask("drill", "score", str(real))["error"]["code"] == "not_a_drill"
    nobody = ask(
        "drill",
        "run",
        "street-flood",
        "--into",
        str(folder.parent / "wizards"),
        "--people",
        "health,wizards",
    )
    assert (
        nobody["error"]["code"] == "unknown_department" and not (folder.parent / "wizards").exists()
    )


@pytest.mark.parametrize("into", ["real/inside", "real/city/deep", "real"])
def test_no_drill_is_made_in_a_real_workspace(
    played: tuple[Path, Path, dict[str, Any]], into: str
) -> None:
    real, folder, _ = played
    script = str(folder.parent / "little.toml")
    refused = ask(
        "drill", "start", script, "--from", str(real), "--into", str(folder.parent / into)
    )
    assert (refused["exit"], refused["error"]["code"]) == (2, "inside_real")
    link = folder.parent / "link"
    if not link.exists():
        link.symlink_to(real)
    assert (
        ask("drill", "start", script, "--into", str(link / "x"))["error"]["code"] == "inside_real"
    )


def test_every_answer_of_a_drills_server_says_so(played: tuple[Path, Path, dict[str, Any]]) -> None:
    real, folder, score = played
    for workspace, drill in ((folder, score["drill"]), (real, None)):
        platform = compose.open_platform(workspace)
        with serving(platform) as url, httpx.Client(base_url=url) as client:
            for path in (
                "/health",
                "/",
                "/v1/screen",
                "/v1/events",
                "/v1/incidents/none",
                "/no/such/route",
                "/docs",
            ):
                assert client.get(path).headers.get("x-twinward-drill") == drill, path
            assert client.get("/health").json().get("drill") == drill
            assert ("DRILL" in client.get("/openapi.json").json()["info"]["title"]) == bool(drill)
            events = client.get("/v1/events").json()["items"]
            assert {one.get("drill") for one in events} == {drill}
        if drill:
            fed = [{"id": one["id"], "type": "ReportCount", "drill": drill} for one in events[:3]]
        else:  # what a drill's stream gave is no report of anything
            account = submit_objects(platform, local_admin(), fed, "copied")
            assert {one.code for one in account.rejected} == {"from_a_drill"}
        platform.close()


def test_the_reports_of_a_drill_carry_a_banner(
    played: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    _, folder, _ = played
    page, sheet = tmp_path / "score.html", tmp_path / "score.pdf"
    asked = ask(
        "drill", "score", str(folder), "--no-hindsight", "--html", str(page), "--pdf", str(sheet)
    )
    assert asked["exit"] == 0
    assert "DRILL 演练" in page.read_text("utf-8")
    assert sheet.read_bytes().startswith(b"%PDF")
    incident = ask("incident", "list", "--workspace", str(folder))["incidents"][0]["id"]
    ask("incident", "report", incident, "--html", str(page), "--workspace", str(folder))
    assert "This is an exercise" in page.read_text("utf-8")


def test_only_a_named_person_puts_a_drill_on_the_real_record_and_then_its_plans_are_drilled(
    played: tuple[Path, Path, dict[str, Any]],
) -> None:
    real, folder, score = played

    def never_drilled() -> set[str]:
        found = ask(
            "library", "search", "which plans have never been drilled", "--workspace", str(real)
        )
        return {one["id"] for one in found["answers"]}

    used = {f"plan:{plan}" for plan in score["plans"]}
    assert used
    assert used <= never_drilled()
    record = ["drill", "record", str(folder), "--workspace", str(real), "--by"]
    assert ask(*record, " ")["error"]["code"] == "no_name"
    assert ask(*record[:-2], str(folder), "--by", "A. Planner")["error"]["code"] == "not_in_a_drill"
    assert ask(*record, "A. Planner")["plans"] == score["plans"]
    assert ask(*record, "A. Planner")["error"]["code"] == "exists"
    assert never_drilled() & used == set()
    platform = compose.open_platform(real)
    with platform.store.read() as reader:
        (event,) = reader.events_after(0, 100, types=("DrillRecorded",))
        assert (event.actor, event.fact.by) == (local_admin().name, "A. Planner")  # type: ignore[union-attr]
        assert not reader.list_rows("cases", hazard="epidemic/drill")
    platform.close()


def test_the_trend_of_past_drills_is_listed(played: tuple[Path, Path, dict[str, Any]]) -> None:
    _, folder, _ = played
    found = ask("drill", "list", "--home", str(folder.parent))
    assert {"little"} == {one["script"] for one in found["drills"]}
    assert len(found["trend"]["little"]["trigger_h"]) == len(found["drills"])

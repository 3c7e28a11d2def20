"""Hazards, risks and warnings over HTTP: forecast, map, report, comparison, chain, two persons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from helpers.cities import COMMUNITY, HUANGPU, Desk
from helpers.living_city import settle
from twinward.api.main import make_api


def items(client: TestClient, path: str) -> list[Any]:
    found = client.get(path)
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    assert "next" in body
    return list(body["items"])


def test_a_forecast_is_made_kept_mapped_and_reported(desk: Desk) -> None:
    settle(desk)
    client = TestClient(make_api(desk.platform))
    asked = {"hazard": "flood", "forcing": {"rain_mm_h": 90.0}, "hours": 1, "members": 5}
    made = client.post("/v1/hazard-forecasts", json=asked)
    assert made.status_code == 201, made.text
    (line,) = items(client, "/v1/hazard-forecasts?hazard=flood")
    assert line == made.json() and line["calibration"] == "not calibrated here"
    at = f"/v1/hazard-forecasts/{line['id']}"
    whole, footprint = client.get(at).json(), client.get(f"{at}/map").json()
    assert whole["members"] == 5 and len(whole["exposed"][0]["people"]) == 5
    assert footprint["areas"] and footprint["times_s"]
    page = client.get(f"{at}/report.html")
    assert page.status_code == 200 and "Who is hit" in page.text and "data:image/png" in page.text
    assert "not calibrated here" in page.text
    paper = client.get(f"{at}/report.pdf")
    assert (
        paper.content.startswith(b"%PDF")
        and paper.content == client.get(f"{at}/report.pdf").content
    )


def test_plans_are_compared_on_a_scenario(desk: Desk) -> None:
    settle(desk)
    client = TestClient(make_api(desk.platform))
    asked = {"hazard": "earthquake", "scenario": "quake-m6", "hours": 12, "members": 8}
    sheet = client.post("/v1/hazard-comparisons", json=asked).json()
    assert {one["id"] for one in sheet["plans"]} >= {"none", "earthquake-ii-rescue"}
    assert sheet["why"]["en"] and sheet["why"]["zh"]


def test_what_cannot_be_asked_is_one_problem(client: TestClient) -> None:
    for path, body, code in (
        ("/v1/hazard-forecasts", {"hazard": "moon"}, "unknown_model"),
        ("/v1/hazard-forecasts", {"hazard": "flood"}, "bad_request"),
        ("/v1/hazard-forecasts", {"hazard": "flood", "members": 0}, "bad_body"),
        ("/v1/risks/simulate", {"first": "boredom"}, "unknown_hazard"),
        ("/v1/risks/fire", {"incident": "i", "rule": "quake-fires", "because": "smoke"}, "absent"),
        ("/v1/warnings", {"hazard": "flood"}, "bad_body"),
    ):
        found = client.post(path, json=body)
        assert 400 <= found.status_code < 500, (path, found.text)
        assert found.json()["code"], (path, code)
    assert client.get("/v1/hazard-forecasts/fc-flood-0123456789abcdef").status_code == 404
    assert client.get("/v1/hazard-forecasts/..%2F..%2Fkeys").status_code == 404


def test_a_chain_is_listed_simulated_and_fired(desk: Desk, client: TestClient) -> None:
    assert len(items(client, "/v1/risks")) >= 10
    asked = {"first": "earthquake", "figures": {"pga_g": 0.4}, "members": 200}
    assert client.post("/v1/risks/simulate", json=asked).json()["links"]
    desk.post(
        "ReportHazard", hazard="earthquake", area=COMMUNITY, figure="pga_g", value=0.4, unit="g"
    )
    link = {"incident": desk.incident()["id"], "rule": "quake-fires", "because": "smoke is seen"}
    fired = client.post("/v1/risks/fire", json=link)
    assert fired.status_code == 201, fired.text
    assert items(client, "/v1/risks/fired") == [fired.json()]
    assert client.post("/v1/risks/fire", json=link).status_code == 409


def test_a_warning_is_issued_and_answered(desk: Desk, client: TestClient) -> None:
    until = (desk.clock.now() + timedelta(hours=5)).isoformat()
    asked = {
        "hazard": "flood",
        "grade": "III",
        "areas": [HUANGPU],
        "title": "Heavy rain",
        "because": "radar",
        "until": until,
        "public": True,
    }
    one = client.post("/v1/warnings", json=asked)
    assert one.status_code == 201 and one.json()["state"] == "proposed", one.text
    at = f"/v1/warnings/{one.json()['id']}"
    assert client.get(at).json() == one.json() and items(client, "/v1/warnings") == [one.json()]
    own = client.post(f"{at}/answer", json={"act": "confirm"})
    assert own.status_code == 403 and own.json()["code"] == "second_person_needed"
    no = client.post(f"{at}/answer", json={"act": "refuse", "because": "the radar is off"})
    assert no.json()["state"] == "refused"
    mine = client.post("/v1/warnings", json=asked | {"public": False}).json()
    act = f"/v1/warnings/{mine['id']}/answer"
    read = client.post(act, json={"act": "acknowledge", "office": "transport"}).json()
    assert set(read["acknowledged"]) == {"transport"}
    later = (desk.clock.now() + timedelta(hours=9)).isoformat()
    assert (
        client.post(act, json={"act": "extend", "until": later, "because": "goes on"}).json()[
            "extended"
        ]
        == 1
    )
    assert (
        client.post(act, json={"act": "cancel", "because": "it is over"}).json()["state"]
        == "cancelled"
    )
    scores = client.get("/v1/warnings/scores?hazard=flood").json()
    assert scores["warnings"][0]["warning"] == mine["id"] and scores["scores"]

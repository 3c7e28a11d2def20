"""Bad input against a running server: a stable code and advice each time; the rest of the batch
goes through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from helpers.cities import COMMUNITY, HUANGPU
from helpers.server import Server

CASE = {"type": "ReportCase", "hazard": "epidemic", "area": COMMUNITY, "status": "confirmed"}
READING = {"type": "noise", "occurred_at": "2022-03-01T08:00:00Z", "area": HUANGPU, "value": 1.0}


def case(name: str, /, **more: Any) -> dict[str, Any]:
    return {"id": name, "case": f"c-{name}", "subject": f"p-{name}", **CASE, **more}


def refused(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.json()["message"] and response.json()["advice"]


@pytest.mark.parametrize("path", ["/v1/commands", "/v1/observations"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad_json"),
        (b"", "bad_json"),
        (b"\xff\xfe{}", "bad_json"),
        (b'{"items": [{]}', "bad_json"),
        (b"[]", "bad_batch"),
        (b'{"items": 3, "source": "s"}', "bad_batch"),
        (b'{"items": [], "source": "s", "colour": 1}', "bad_batch"),
        (b"[" * 100_000, "bad_batch"),
    ],
)
def test_a_body_that_is_no_batch(server: Server, path: str, body: bytes, code: str) -> None:
    refused(server.client.post(path, content=body), 400, code)


@pytest.mark.parametrize("path", ["/v1/commands", "/v1/observations"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_200_mb_is_refused_without_being_taken_in(
    server: Server, path: str, declared: bool
) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(200):
            sent += 1_000_000
            yield b" " * 1_000_000

    headers = {"content-length": "200000000"} if declared else {}
    try:
        refused(server.client.post(path, content=pieces(), headers=headers), 413, "body_too_large")
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        assert sent < 200_000_000  # the server hung up in the middle, as it may
    assert server.get("/health")["status"] == "ok"


def soon(**by: float) -> str:
    return (datetime.now(UTC) + timedelta(**by)).isoformat()


BAD_COMMANDS = [
    ("text", "bad_item"),
    (None, "bad_item"),
    ({"id": "x"}, "unknown_type"),
    (case("x", type="Nonsense"), "unknown_type"),
    (case("x", type="OpenIncident"), "unknown_type"),
    (case("x", occurred_at="2022-03-01T08:00:00"), "time_without_zone"),
    (case("x", occurred_at="yesterday"), "bad_field"),
    (case("x", occurred_at=soon(hours=1)), "time_in_future"),
    (case("x", area="999999"), "unknown_area"),
    (case("x", status="ill"), "bad_field"),
    (case("x", name="Li Lei"), "unknown_field"),
    ({k: v for k, v in case("x").items() if k != "subject"}, "missing_field"),
    (case("x", id=""), "bad_field"),
    (case("x", subject="a\u0000b"), "bad_text"),
    (
        {
            "id": "x",
            "type": "ReportAffectedPlace",
            "hazard": "epidemic",
            "area": HUANGPU,
            "place": "p",
            "name": "n",
            "day": "2022-03-01",
            "lon": 31.2,
            "lat": 121.5,
        },
        "bad_coordinates",
    ),
    (
        {
            "id": "x",
            "type": "ReportHazard",
            "hazard": "flood",
            "area": HUANGPU,
            "figure": "water_depth_m",
            "value": "deep",
            "unit": "m",
        },
        "bad_field",
    ),
    (
        {
            "id": "x",
            "type": "ReportCount",
            "hazard": "epidemic",
            "area": HUANGPU,
            "day": "2099-01-01",
            "status": "confirmed",
            "count": 1,
        },
        "time_in_future",
    ),
    (
        {
            "id": "x",
            "type": "ReportCount",
            "hazard": "epidemic",
            "area": HUANGPU,
            "day": "2022-01-01",
            "status": "confirmed",
            "count": -1,
        },
        "bad_field",
    ),
    ({"id": "x", "type": "AcknowledgeTask", "task": "none", "department": "health"}, "not_found"),
]


@pytest.mark.parametrize(
    ("item", "code"), BAD_COMMANDS, ids=[f"{n}-{code}" for n, (_, code) in enumerate(BAD_COMMANDS)]
)
def test_a_bad_command_is_named_and_its_neighbours_go_through(
    server: Server, item: Any, code: str, request: Any
) -> None:
    name = request.node.callspec.id
    answer = server.send([case(f"{name}-a"), item, case(f"{name}-b")])
    assert (answer["received"], answer["stored"], answer["duplicate"]) == (3, 2, 0)
    (told,) = answer["rejected"]
    assert (told["index"], told["code"]) == (1, code), told
    assert told["message"] and told["advice"], "what is wrong, and what to do"


def test_a_number_that_is_none_is_named_and_costs_its_neighbours_nothing(server: Server) -> None:
    none = [READING | {"source_id": "n1", "value": float("nan")}, READING | {"source_id": "n2"}]
    text = json.dumps({"source": "s", "items": none})
    answer = server.client.post("/v1/observations", content=text).json()
    assert [(one["index"], one["code"]) for one in answer["rejected"]] == [(0, "bad_number")]
    assert answer["stored"] == 1
    orders = json.dumps({"items": [{"id": float("nan")}, case("beside-nan")]})
    answer = server.client.post("/v1/commands", content=orders).json()
    assert [one["index"] for one in answer["rejected"]] == [0] and answer["stored"] == 1


def test_ten_thousand_duplicates_are_counted_and_change_nothing(server: Server) -> None:
    body = {"source": "twice", "items": [READING | {"source_id": f"d-{n}"} for n in range(10_000)]}
    first, again = (server.client.post("/v1/observations", json=body).json() for _ in range(2))
    assert (first["stored"], first["duplicate"]) == (10_000, 0)
    assert (again["stored"], again["duplicate"], again["rejected"]) == (0, 10_000, [])
    commands = [case("dup")] * 10_000
    answer = server.send(commands, "twice")
    assert (answer["stored"], answer["duplicate"]) == (1, 9_999)
    (row,) = [row for row in server.get("/v1/sources")["items"] if row["source"] == "twice"]
    assert (row["received"], row["stored"], row["duplicate"]) == (30_000, 10_001, 19_999)


def test_too_many_items_at_once(server: Server) -> None:
    refused(
        server.client.post("/v1/commands", json={"items": [{}] * 10_001}), 400, "too_many_items"
    )


def test_a_case_that_ended_is_not_ended_again(server: Server) -> None:
    server.send([case("ends", hazard="epidemic/ends")])
    assert (
        server.send([case("ends", id="e1", hazard="epidemic/ends", status="recovered")])["stored"]
        == 1
    )
    told = server.send([case("ends", id="e2", hazard="epidemic/ends", status="recovered")])[
        "rejected"
    ]
    assert told[0]["code"] == "already_reported"
    told = server.send([case("ends", id="e3", hazard="epidemic/ends", status="confirmed")])[
        "rejected"
    ]
    assert told[0]["code"] == "case_closed"


def test_a_task_answered_by_the_wrong_department_stays_open(server: Server) -> None:
    server.send([case("wrong", hazard="epidemic/wrong")])
    server.wait_idle()
    task = next(
        t
        for t in server.get("/v1/tasks", status="ordered", limit=10_000)["items"]
        if t["department"] == "health"
    )
    answer = {"type": "CompleteTask", "task": task["id"], "result": "done"}
    told = server.send([{"id": "w1", "department": "education", **answer}])["rejected"]
    assert told[0]["code"] == "wrong_department"
    assert "health" in told[0]["advice"]
    assert server.send([{"id": "w2", "department": "health", **answer}])["stored"] == 1
    assert (
        server.send([{"id": "w3", "department": "health", **answer}])["rejected"][0]["code"]
        == "already_done"
    )


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/incidents/none", 404, "not_found"),
        ("/v1/incidents?at=2022-03-01T08:00:00", 400, "time_without_zone"),
        ("/v1/incidents?at=soon", 400, "bad_query"),
        ("/v1/tasks?department=magic", 400, "unknown_department"),
        ("/v1/tasks?area=0", 400, "unknown_area"),
        ("/v1/tasks?limit=0", 400, "bad_query"),
        ("/v1/events?after=-1", 400, "bad_query"),
        (
            "/v1/sensors/none/hours?from=2022-03-01T08:00:00Z&to=2022-03-02T08:00:00Z",
            404,
            "not_found",
        ),
        ("/v1/sensors/none/hours?from=2022-03-01T08:00:00Z", 400, "bad_query"),
    ],
)
def test_a_bad_question_is_answered_with_advice(
    server: Server, path: str, status: int, code: str
) -> None:
    refused(server.client.get(path), status, code)


def test_after_all_that_every_account_still_agrees(server: Server) -> None:
    server.wait_idle()
    shown = server.get("/v1/sources")
    assert shown["differences"] == []
    assert all(row["balanced"] for row in shown["items"])
    assert server.get("/health")["status"] == "ok"


FAR = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00")


@pytest.mark.parametrize("far", FAR)
def test_a_time_beyond_every_calendar_is_refused_at_every_door(server: Server, far: str) -> None:
    reading = {
        "source": "far",
        "items": [READING | {"source_id": f"far-{far}", "occurred_at": far}],
    }
    told = server.client.post("/v1/observations", json=reading).json()
    assert [row["code"] for row in told["rejected"]] == ["time_out_of_reach"]
    told = server.client.post(
        "/v1/commands", json={"items": [case(f"far-{far}", occurred_at=far)]}
    ).json()
    assert [row["code"] for row in told["rejected"]] == ["time_out_of_reach"]
    for path in ("screen", "incidents", "public", "supplies/demand"):
        refused(server.client.get(f"/v1/{path}", params={"at": far}), 400, "time_out_of_reach")


def test_a_question_that_is_wrong_before_it_is_torn_is_told(server: Server) -> None:
    refused(server.client.post("/v1/trace/contacts", content=b"[1"), 400, "bad_question")
    torn = b'{"items": [{"id": "t", "type": "ReportCount", "hazard": 5, "count": 1e999}]}'
    assert (
        server.client.post("/v1/commands", content=torn).json()["rejected"][0]["code"]
        == "bad_field"
    )


def test_a_route_that_is_not_there_has_a_code_too(server: Server) -> None:
    refused(server.client.get("/v1/nowhere"), 404, "no_route")
    refused(server.client.delete("/v1/commands"), 405, "no_route")

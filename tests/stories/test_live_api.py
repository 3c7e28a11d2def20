"""A running server as a screen sees it: the log by offset, the live stream that goes on, any
instant.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from helpers.cities import COMMUNITY, HUANGPU
from helpers.server import Server


def case(number: int, hazard: str = "epidemic") -> dict[str, Any]:
    name = f"{hazard}-{number}"
    return {
        "id": name,
        "type": "ReportCase",
        "case": name,
        "subject": name,
        "hazard": hazard,
        "area": COMMUNITY,
        "status": "confirmed",
    }


def read_stream(server: Server, wanted: int, **ask: Any) -> list[dict[str, Any]]:
    """The next events of the live stream."""
    found: list[dict[str, Any]] = []
    with httpx.stream("GET", f"{server.url}/v1/events", timeout=60, **ask) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("data: "):
                found.append(msgspec.json.decode(line[6:]))
                if len(found) == wanted:
                    break
    return found


@pytest.fixture(scope="module", autouse=True)
def story(server: Server) -> Iterator[None]:
    server.send([case(n) for n in range(3)])
    server.wait_idle()
    yield


def test_the_log_is_read_page_by_page_without_gap_or_repeat(server: Server) -> None:
    pages, after = [], 0
    while (page := server.get("/v1/events", after=after, limit=7))["items"]:
        pages += page["items"]
        after = page["next"]
    assert [event["seq"] for event in pages] == list(range(1, len(pages) + 1))
    assert pages == server.events()


def test_the_stream_goes_on_after_the_last_event_that_was_seen(server: Server) -> None:
    known = server.events()
    assert read_stream(server, 5, params={"follow": "true"}) == known[:5]
    headers = {"accept": "text/event-stream", "last-event-id": str(known[4]["seq"])}
    assert read_stream(server, 4, headers=headers) == known[5:9]


@pytest.mark.parametrize("seen", ["9" * 30, "\u00b2", "x", "-1"])
def test_a_strange_last_event_id_breaks_nothing(server: Server, seen: str) -> None:
    response = server.client.get("/v1/events", headers={"last-event-id": seen.encode()})
    assert response.status_code == 200


def test_what_happens_while_the_stream_is_open_arrives_by_itself(server: Server) -> None:
    last = server.events()[-1]["seq"]
    got: list[dict[str, Any]] = []
    reader = threading.Thread(
        target=lambda: got.extend(read_stream(server, 3, params={"follow": "true", "after": last}))
    )
    reader.start()
    server.send([case(1, "epidemic/live")])
    reader.join(timeout=60)
    assert [event["seq"] for event in got] == [last + 1, last + 2, last + 3]
    assert got[0]["type"] == "CaseReported"


def test_the_stream_shows_nothing_of_a_person(server: Server) -> None:
    reports = [event for event in server.events() if event["type"] == "CaseReported"]
    assert reports
    assert all(
        not {"subject", "case", "place", "onset"} & event["fact"].keys() for event in reports
    )


def test_any_view_can_be_asked_as_of_an_instant(server: Server) -> None:
    before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    now = datetime.now(UTC).isoformat()
    for path in ("/v1/incidents", "/v1/tasks"):
        assert server.get(path, at=before)["items"] == []
        assert server.get(path, at=now)["items"]
    assert server.get("/v1/overview", at=before)["new_total"] == 0
    assert server.get("/v1/overview", at=now)["incidents"]["open"] >= 1


def test_the_description_names_every_command_and_the_one_form_of_errors(server: Server) -> None:
    document = server.get("/openapi.json")
    assert {"ReportCase", "CompleteTask", "SetThreshold"} <= document["components"][
        "schemas"
    ].keys()
    assert document["paths"]["/v1/commands"]["post"]["requestBody"]
    refusal = document["paths"]["/v1/incidents"]["get"]["responses"]["400"]["content"]
    assert set(refusal) == {"application/problem+json"}
    error = document["components"]["schemas"]["Problem"]
    assert {"type", "title", "status", "detail", "code", "advice"} <= set(error["required"])


def test_a_reading_over_http_floods_a_street_by_itself(server: Server) -> None:
    told = {
        "id": "t",
        "type": "SetThreshold",
        "hazard": "flood",
        "figure": "water_depth_m",
        "at_least": 0.15,
        "unit": "m",
    }
    server.send([told])
    item = {
        "source_id": "1",
        "type": "water_depth",
        "occurred_at": datetime.now(UTC).isoformat(),
        "subject": "g",
        "area": COMMUNITY,
        "value": 0.4,
        "unit": "m",
    }
    assert (
        server.client.post("/v1/observations", json={"source": "gauges", "items": [item]}).json()[
            "stored"
        ]
        == 1
    )

    def floods() -> list[Any]:
        return [
            row
            for row in server.get("/v1/incidents")["items"]
            if row["hazard"] == "flood" and row["level"]
        ]

    (incident,) = server.wait_for(floods)
    assert (incident["area"], incident["level"]) == (HUANGPU, "III")
    server.wait_idle()
    orders = server.get("/v1/tasks", incident=incident["id"], status="ordered")["items"]
    assert {order["department"] for order in orders} >= {"transport", "information"}

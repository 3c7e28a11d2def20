"""Questions about movement over HTTP: refused in peacetime, answered and recorded under an
activation, typed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from helpers.moving import NOW, make_moving_city
from twinward.api.main import make_api
from twinward.core.messages import Request
from twinward.service.access.activations import list_activations, open_activation
from twinward.service.platform import Platform, local_admin
from twinward.twins.emergency import messages as m

DISC = {
    "type": "Feature",
    "properties": {"code": "risk", "radius_m": 3000},
    "geometry": {"type": "Point", "coordinates": [0.0, 0.0]},
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "contacts": {"subject": "s7"},
    "backward": {"subject": "s7", "onset": NOW.isoformat()},
    "companions": {"subject": "s7"},
    "visited": {"areas": DISC, "days": 3},
    "dwell": {"areas": DISC},
    "file": {"subject": "s7"},
    "chain": {"incident": "none"},
}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    found, _ = make_moving_city(tmp_path_factory.mktemp("trace") / "w")
    yield found
    found.close()


@pytest.fixture
def client(platform: Platform) -> Iterator[TestClient]:
    with TestClient(make_api(platform), "http://127.0.0.1") as found:
        yield found


def activate(platform: Platform) -> str:
    """The one activation of this module, opened when first needed."""
    for known in list_activations(platform):
        return known.id
    return open_activation(
        platform,
        local_admin(),
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=7,
        by="duty officer",
        basis="law on infectious diseases",
    )


def ask(platform: Platform, command: Any) -> None:
    platform.store.write(
        lambda tx: platform.loop.twins.ask_one(tx, Request(command=command, actor="tester"))
    )
    platform.loop.catch_up()


def looks(platform: Platform) -> int:
    with platform.store.read() as rows:
        return sum(
            event.type in ("LookRecorded", "ListingRecorded")
            for event in rows.events_after(0, 10_000)
        )


@pytest.mark.parametrize("question", QUESTIONS)
def test_in_peacetime_no_question_about_persons_is_answered(
    client: TestClient, question: str
) -> None:
    found = client.post(f"/v1/trace/{question}", json=QUESTIONS[question])
    assert (found.status_code, found.json()["code"]) == (403, "peacetime")


def test_drawn_areas_are_refused_in_peacetime_for_flows_too(client: TestClient) -> None:
    found = client.post("/v1/trace/flows", json={"areas": DISC, "view": "hub", "per": "hour"})
    assert (found.status_code, found.json()["code"]) == (403, "peacetime")


def test_under_an_activation_flows_are_counted_and_on_record(
    client: TestClient, platform: Platform
) -> None:
    name = activate(platform)
    before = looks(platform)
    found = client.post("/v1/trace/flows", json={"areas": DISC, "view": "hub", "per": "hour"})
    assert found.status_code == 200 and found.json()["activation"] == name
    counts = [row["count"] for row in found.json()["rows"]]
    assert counts and all(count >= 5 for count in counts)
    assert looks(platform) == before + 1


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "chain"])
def test_an_answer_names_its_activation_and_leaves_a_record(
    client: TestClient, platform: Platform, question: str
) -> None:
    name = activate(platform)
    before = looks(platform)
    found = client.post(f"/v1/trace/{question}", json=QUESTIONS[question])
    assert found.status_code == 200, found.text
    assert found.json()["activation"] == name
    assert looks(platform) > before


@pytest.mark.parametrize(
    ("question", "body", "code"),
    [
        ("contacts", {}, "bad_question"),
        ("contacts", {"subject": "s7", "radius": 5}, "bad_question"),
        ("contacts", {"subject": "s7", "from": "2022-04-01T00:00:00"}, "time_without_zone"),
        ("contacts", {"subject": "s7", "from": "2002-04-01T00:00:00Z"}, "window_too_long"),
        ("contacts", {"subject": "nobody"}, "subject_unknown"),
        ("visited", {"areas": {"type": "Polygon"}, "days": 1}, "bad_areas"),
        ("flows", {"level": "district"}, "no_city"),
        ("chain", {"incident": "none"}, "not_found"),
    ],
)
def test_what_cannot_be_asked_is_said_clearly(
    client: TestClient, platform: Platform, question: str, body: dict[str, Any], code: str
) -> None:
    activate(platform)
    found = client.post(f"/v1/trace/{question}", json=body)
    assert found.status_code in (400, 403, 404)
    assert found.json()["code"] == code
    assert found.json()["advice"]


def test_the_chain_of_an_incident_says_what_is_stated(
    client: TestClient, platform: Platform
) -> None:
    activate(platform)
    for number, days in ((1, 9), (2, 5), (3, 4)):
        report = m.ReportCase(
            id=f"r-{number}",
            case=f"c-{number}",
            subject=f"p-{number}",
            hazard="epidemic",
            area="city",
            status="confirmed",
            found_in="community",
            onset=(NOW - timedelta(days=days)).date(),
            occurred_at=NOW - timedelta(days=1),
        )
        platform.store.write(
            lambda tx, report=report: platform.loop.twins.ask_one(
                tx, Request(command=report, actor="t")
            )
        )
    platform.loop.catch_up()
    named = m.NameContact(
        id="n-1",
        contact="k-1",
        case="c-1",
        subject="p-2",
        area="city",
        setting="household",
        occurred_at=NOW,
    )
    ask(platform, named)
    with platform.store.read() as rows:
        (incident,) = rows.list_rows("incidents")
    answer = client.post("/v1/trace/chain", json={"incident": incident.id}).json()
    assert [person["case"] for person in answer["people"]] == ["c-1", "c-2", "c-3"]
    stated = {(link["infector"], link["infectee"]) for link in answer["links"] if link["stated"]}
    assert stated == {("c-1", "c-2")}


def test_the_document_types_every_answer(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for question in QUESTIONS:
        told = document["paths"][f"/v1/trace/{question}"]["post"]
        assert told["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert "$ref" in str(told["responses"]["200"])
    assert "Asked" in document["components"]["schemas"]

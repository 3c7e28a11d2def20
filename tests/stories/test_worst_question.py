"""The worst questions that are allowed, and worse ones, while others go on with their work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from helpers.cities import PUDONG_COMMUNITY, make_city
from helpers.server import Server
from twinward.app import compose
from twinward.app.workspace import init_workspace

PEOPLE, FIXES = 2_000, 100
NOW = datetime.now(UTC).replace(microsecond=0)
BEARABLE_S = 1.0  # of the 99th percentile of others' calls
BUSY = 5.0  # times what a call takes with no question, where the machine itself is busy
SIMPLE = ("/v1/incidents", "/health")
LAW = "Law on infectious diseases, article 42"


def movement() -> Any:
    """Five days of people who sleep, work and shop around the centre."""
    chance = np.random.default_rng(1)
    who = np.repeat(np.arange(PEOPLE), FIXES)
    first_us = int((NOW - timedelta(days=5)).timestamp()) * 1_000_000
    time_us = first_us + np.tile(np.linspace(0, 5 * 86_400e6 - 1, FIXES).astype(np.int64), PEOPLE)
    home = chance.normal(0, 0.05, (PEOPLE, 2))[who]
    away = np.tile(np.arange(FIXES) // 10 % 3, PEOPLE) * 0.01
    columns = {
        "time_us": time_us,
        "lon": 121.48 + home[:, 0] + away + chance.normal(0, 1e-4, len(who)),
        "lat": 31.23 + home[:, 1] + away + chance.normal(0, 1e-4, len(who)),
    }
    return pa.table({"subject": pa.array([f"s{n}" for n in who]), **columns})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    workspace: Path = tmp_path_factory.mktemp("worst") / "ws"
    init_workspace(workspace)
    make_city(workspace, "310101", "310115")
    compose.open_lake(workspace).append([movement()], NOW)
    found = Server(workspace)
    asked = {"hazard": "epidemic", "areas": ["all"], "purposes": ["trace"], "days": 7, "basis": LAW}
    assert found.client.post("/v1/activations", json=asked).status_code == 201
    for path, body in (TAKEN["flows"], TAKEN["contacts"]):  # kernels are loaded
        found.client.post(path, json=body)
    yield found
    found.stop()


def discs(count: int, radius_m: float, step: float = 1e-6) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [121.48 + n * step, 31.23]},
            "properties": {"code": f"d{n}", "radius_m": radius_m},
        }
        for n in range(count)
    ]
    return {"type": "FeatureCollection", "features": features}


def counts(number: int) -> dict[str, Any]:
    items = [
        {
            "id": f"n{n}",
            "type": "ReportCount",
            "hazard": "epidemic",
            "area": PUDONG_COMMUNITY,
            "day": f"{2020 + n // 336}-{1 + n // 28 % 12:02}-{1 + n % 28:02}",
            "status": "confirmed",
            "found_in": "community",
            "count": n % 7,
        }
        for n in range(number)
    ]
    return {"items": items, "source": "bureau"}


TAKEN: dict[str, tuple[str, Any]] = {
    "flows": ("/v1/trace/flows", {"areas": discs(60, 50_000), "view": "highway"}),
    "visited": ("/v1/trace/visited", {"areas": discs(1_000, 300, 5e-4), "days": 5, "limit": 0}),
    "contacts": ("/v1/trace/contacts", {"subject": "s5", "radius_m": 50_000, "minutes": 10_080}),
    "companions": (
        "/v1/trace/companions",
        {"subject": "s5", "radius_m": 50_000, "min_places": 1, "min_minutes": 0, "limit": 5_000},
    ),
    "counts": ("/v1/commands", counts(1_000)),
}
REFUSED: dict[str, tuple[str, Any]] = {
    "500 discs on one spot": ("/v1/trace/flows", {"areas": discs(500, 50_000)}),
    "3,000 discs on one spot": ("/v1/trace/flows", {"areas": discs(3_000, 50_000)}),
}


def take_call(server: Server, path: str) -> float:
    """Seconds of one simple call."""
    started = time.perf_counter()
    assert server.client.get(path).status_code == 200
    return time.perf_counter() - started


def bearable_s(server: Server) -> float:
    """What is bearable now: on a busy machine a call takes long with no question too."""
    return max(BEARABLE_S, BUSY * max(take_call(server, path) for path in SIMPLE * 5))


def others_meanwhile(server: Server, path: str, body: Any) -> tuple[Any, list[float]]:
    """(the answer, seconds of others' calls while it was awaited)."""
    answers: list[Any] = []

    def ask() -> None:
        with httpx.Client(base_url=server.url, timeout=120) as client:
            answers.append(client.post(path, json=body))

    asking = threading.Thread(target=ask)
    took: list[float] = []
    asking.start()
    while asking.is_alive() or len(took) < 4:
        took += [take_call(server, simple) for simple in SIMPLE]
        time.sleep(0.01)
    return answers[0], took


@pytest.mark.parametrize("question", sorted(TAKEN))
def test_a_hard_question_is_answered_and_nobody_waits_for_it(server: Server, question: str) -> None:
    bearable = bearable_s(server)
    answer, took = others_meanwhile(server, *TAKEN[question])
    assert answer.status_code == 200, answer.text
    assert float(np.quantile(took, 0.99)) < bearable, sorted(took)[-5:]


@pytest.mark.parametrize("question", sorted(REFUSED))
def test_a_question_beyond_the_limit_is_refused_at_once(server: Server, question: str) -> None:
    bearable = bearable_s(server)
    answer, took = others_meanwhile(server, *REFUSED[question])
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "too_much_work")
    assert told["params"]["work"] > told["params"]["limit"]
    assert max(took) < 5 * bearable


def test_a_batch_in_parts_is_accounted_for_as_one(server: Server) -> None:
    body = counts(1_000)
    body["items"][450] = {"id": "bad", "type": "NoSuchCommand"}
    account = server.client.post("/v1/commands", json=body).json()
    server.client.post("/v1/commands", json=counts(1_000))
    again = server.client.post("/v1/commands", json=body).json()
    assert account["received"] == 1_000 and [one["index"] for one in account["rejected"]] == [450]
    assert (again["stored"], again["duplicate"]) == (0, 999)


def test_a_client_that_goes_leaves_no_question_behind(server: Server) -> None:
    path, body = TAKEN["flows"]
    for _ in range(12):  # more than may wait at once: each place is free again
        with pytest.raises(httpx.ReadTimeout), httpx.Client(base_url=server.url) as client:
            client.post(path, json=body, timeout=httpx.Timeout(60, read=0.05))
        time.sleep(0.4)
    answer = server.client.post("/v1/trace/contacts", json={"subject": "s5"})
    assert answer.status_code == 200, answer.text

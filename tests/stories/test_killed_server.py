"""SIGKILL in mid-flow: nothing acknowledged is lost, nothing is repeated, and the restart goes
on where it was.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from helpers.cities import COMMUNITY, NEIGHBOUR, PUDONG_COMMUNITY
from helpers.server import Server

AREAS = (COMMUNITY, NEIGHBOUR, PUDONG_COMMUNITY)


class Flow:
    """Sends batches of cases and readings until the server dies; remembers what was
    acknowledged, and what was sent.
    """

    def __init__(self, server: Server, name: str) -> None:
        self.name = name
        self.commands: set[str] = set()
        self.readings = 0
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._client = httpx.Client(base_url=server.url, timeout=30)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        batch = 0
        try:
            while True:
                ids = [f"{self.name}-{batch}-{n}" for n in range(5)]
                cases = [
                    {
                        "id": one,
                        "type": "ReportCase",
                        "case": one,
                        "subject": one,
                        "hazard": "epidemic",
                        "area": AREAS[n % 3],
                        "status": "confirmed",
                        "found_in": "control",
                    }
                    for n, one in enumerate(ids)
                ]
                self._send("/v1/commands", {"source": "cases", "items": cases})
                self.commands |= set(ids)
                readings = [
                    {
                        "source_id": f"{self.name}-{batch}-{n}",
                        "type": "water_depth",
                        "subject": f"g-{n}",
                        "unit": "m",
                        "occurred_at": "2022-03-01T08:00:00Z",
                        "area": AREAS[n % 3],
                        "value": batch * 0.01 + n * 1e-4,
                    }
                    for n in range(50)
                ]
                self._send("/v1/observations", {"source": "gauges", "items": readings})
                self.readings += 50
                batch += 1
        except httpx.TransportError:
            return

    def _send(self, path: str, body: dict[str, Any]) -> None:
        self.sent.append((path, body))
        response = self._client.post(path, content=msgspec.json.encode(body))
        assert response.status_code == 200, response.text

    def join(self) -> None:
        self._thread.join()
        self._client.close()


def check(server: Server, flows: list[Flow]) -> None:
    """All that was acknowledged is there; sending all of it again changes nothing; no effect is
    there twice.
    """
    server.wait_idle()
    done = {
        event["id"].rpartition(".")[0]
        for event in server.events()
        if event["type"] == "CaseReported"
    }
    for flow in flows:
        assert flow.commands <= done
    before = [event["id"] for event in server.events()]
    assert len(before) == len(set(before))
    for flow in flows:
        for path, body in flow.sent[
            :-1
        ]:  # the last was not acknowledged: it is there whole or not at all
            answer = server.client.post(path, content=msgspec.json.encode(body)).json()
            assert (answer["stored"], answer["duplicate"]) == (0, len(body["items"]))
        last = server.client.post(
            flow.sent[-1][0], content=msgspec.json.encode(flow.sent[-1][1])
        ).json()
        assert (last["stored"] == 0) != (last["duplicate"] == 0)
    incidents = server.get("/v1/incidents")["items"]
    assert len({(row["hazard"], row["area"]) for row in incidents}) == len(incidents)
    keys = [
        (t["incident"], t["key"], t["area"], t["contact"])
        for t in server.get("/v1/tasks", limit=10_000)["items"]
        if t["key"] != "case"
    ]
    assert len(keys) == len(set(keys))
    shown = server.get("/v1/sources")
    assert shown["differences"] == []
    stored = {row["source"]: row["stored"] for row in shown["items"]}
    assert stored["gauges"] >= sum(flow.readings for flow in flows)
    assert server.get("/health")["status"] == "ok"


def kill_repeatedly(server: Server, kills: int, seed: int) -> list[Flow]:
    chance, flows = random.Random(seed), []
    server.send(
        [
            {
                "id": "t",
                "type": "SetThreshold",
                "hazard": "flood",
                "figure": "water_depth_m",
                "at_least": 0.15,
                "unit": "m",
            }
        ]
    )
    for n in range(kills):
        flows.append(Flow(server, f"f{n}"))
        time.sleep(chance.uniform(0.05, 1.0))
        server.kill()
        flows[-1].join()
        server.start()
    return flows


def test_a_killed_server_goes_on_where_it_was(serve: Callable[..., Server]) -> None:
    server = serve()
    check(server, kill_repeatedly(server, 2, seed=1))
    assert {row["hazard"] for row in server.get("/v1/incidents")["items"]} >= {"epidemic"}


def test_a_server_asked_to_stop_stops_in_order(serve: Callable[..., Server]) -> None:
    server = serve()
    assert (server.workspace / "server.json").exists()
    server.process.terminate()
    assert server.process.wait(timeout=60) == 0
    assert not (server.workspace / "server.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_hundred_kills_on_both_databases(
    serve: Callable[..., Server], database: str, request: pytest.FixtureRequest
) -> None:
    settings = ""
    if database == "postgresql":
        settings = f'[storage]\nurl = "{request.getfixturevalue("new_database")}"\n'
    server = serve(settings)
    check(server, kill_repeatedly(server, 100, seed=2))

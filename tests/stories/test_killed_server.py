"""SIGKILL in mid-flow: nothing acknowledged is lost, nothing is repeated, and the restart goes
on where it was.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from helpers.cities import COMMUNITY, NEIGHBOUR, PUDONG_COMMUNITY
from helpers.server import Server

AREAS = (COMMUNITY, NEIGHBOUR, PUDONG_COMMUNITY)


LAW = "Law on infectious diseases, article 42"


def of_every_kind(one: str, n: int) -> list[dict[str, Any]]:
    """What others than hospitals send: contacts and their steps, counts, hazards, places, stocks,
    requests; each once.
    """
    area = AREAS[n % 3]
    day = f"2021-{1 + n // 28 % 12:02}-{1 + n % 28:02}"
    place = {"place": f"pl-{one}", "name": "market hall", "area": area, "day": day}
    stock = {"holder": f"h-{one}", "kind": "masks", "unit": "pieces", "area": area}
    told = [
        {"type": "NameContact", "contact": f"k-{one}", "case": one, "subject": f"s-{one}"}
        | {"area": area},
        {"type": "UpdateContact", "contact": f"k-{one}", "step": "located"},
        {"type": "ReportCount", "hazard": "epidemic", "area": area, "day": day}
        | {"status": "confirmed", "found_in": "control", "count": n % 5, "source": one},
        {
            "type": "ReportHazard",
            "hazard": "flood",
            "area": area,
            "figure": "water_depth_m",
            "value": 0.2,
            "unit": "m",
        },
        {"type": "ReportAffectedPlace", "hazard": "epidemic", **place},
        {"type": "SetStock", "quantity": 100.0 + n, **stock},
    ]
    return [{"id": f"{one}-{number}", **item} for number, item in enumerate(told)]


class Flow:
    """Sends batches of everything that may be sent until the server dies; remembers what was
    acknowledged, and what was sent.
    """

    def __init__(self, server: Server, name: str) -> None:
        self.name = name
        self.commands: set[str] = set()
        self.others: set[str] = set()  # ids of other commands that were stored
        self.activations: set[str] = set()
        self.changes: set[str] = set()
        self.fixes = 0
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
                self._send_others(ids[0], batch)
                self._send_fixes(batch)
                self._keep(batch)
                batch += 1
        except httpx.TransportError:
            return

    def _send_others(self, case: str, batch: int) -> None:
        items = of_every_kind(case, batch)
        account = self._send("/v1/commands", {"source": "others", "items": items})
        assert account["rejected"] == []
        self.others |= {item["id"] for item in items}

    def _send_fixes(self, batch: int) -> None:
        """Movement of ten people, which goes into the lake."""
        fixes = [
            {
                "source_id": f"{self.name}-{batch}-{n}",
                "type": "position",
                "subject": f"{self.name}-{n}",
                "occurred_at": f"2022-03-01T{batch // 60 % 24:02}:{batch % 60:02}:00Z",
                "lon": 121.48 + n * 1e-3,
                "lat": 31.23,
            }
            for n in range(10)
        ]
        self._send("/v1/observations", {"source": "phones", "items": fixes})
        self.fixes += 10

    def _keep(self, batch: int) -> None:
        """What is no batch: an activation opened, a change proposed."""
        asked = {"hazard": "epidemic", "areas": [AREAS[batch % 3]], "purposes": ["trace"]}
        answer = self._client.post("/v1/activations", json=asked | {"days": 3, "basis": LAW})
        assert answer.status_code == 201, answer.text
        self.activations.add(answer.json()["id"])
        until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        change = {"kind": "status", "area": AREAS[0], "subject": self.name, "value": "observed"}
        change |= {"reason": "close contact", "basis": LAW, "until": until}
        answer = self._client.post("/v1/changes", json=change)
        assert answer.status_code == 201, answer.text
        self.changes.add(answer.json()["id"])

    def _send(self, path: str, body: dict[str, Any]) -> Any:
        self.sent.append((path, body))
        response = self._client.post(path, content=msgspec.json.encode(body))
        assert response.status_code == 200, response.text
        return response.json()

    def join(self) -> None:
        self._thread.join()
        self._client.close()


def count_lost(server: Server, flows: list[Flow]) -> int:
    """How much of what was acknowledged is not there."""
    events = server.events()
    cases = {e["id"].rpartition(".")[0] for e in events if e["type"] == "CaseReported"}
    stored = {event["id"].rpartition(".")[0] for event in events}
    opened = {one["id"] for one in server.get("/v1/activations", limit=10_000)["items"]}
    lost = 0
    for flow in flows:
        lost += len(flow.commands - cases) + len(flow.others - stored)
        lost += len(flow.activations - opened)
        asked = [server.client.get(f"/v1/changes/{one}") for one in flow.changes]
        lost += sum(answer.status_code != 200 for answer in asked)
    by_source = {row["source"]: row["stored"] for row in server.get("/v1/sources")["items"]}
    lost += max(0, sum(flow.readings for flow in flows) - by_source.get("gauges", 0))
    return lost + max(0, sum(flow.fixes for flow in flows) - by_source.get("phones", 0))


def count_doubled(server: Server, flows: list[Flow]) -> int:
    """How much is there twice: by its id, by its effect, or when everything is sent once more."""
    ids = [event["id"] for event in server.events()]
    doubled = len(ids) - len(set(ids))
    for flow in flows:
        for path, body in flow.sent[:-1]:
            again = server.client.post(path, content=msgspec.json.encode(body)).json()
            assert again["rejected"] == []
            doubled += again["stored"]
        # the last was not acknowledged: it is there whole or not at all
        path, body = flow.sent[-1]
        last = server.client.post(path, content=msgspec.json.encode(body)).json()
        doubled += min(last["stored"], last["duplicate"])
    server.wait_idle()
    incidents = [(row["hazard"], row["area"]) for row in server.get("/v1/incidents")["items"]]
    keys = [
        (t["incident"], t["key"], t["area"], t["contact"])
        for t in server.get("/v1/tasks", limit=10_000)["items"]
        if t["key"] != "case"
    ]
    return doubled + sum(len(some) - len(set(some)) for some in (incidents, keys))


def check(server: Server, flows: list[Flow]) -> None:
    """All that was acknowledged is there; sending all of it again changes nothing; no effect is
    there twice.
    """
    server.wait_idle()
    lost, doubled = count_lost(server, flows), count_doubled(server, flows)
    sent = {
        kind: sum(len(getattr(flow, kind)) for flow in flows)
        for kind in ("commands", "others", "activations", "changes")
    }
    observed = sum(flow.readings + flow.fixes for flow in flows)
    sys.stdout.write(f"{len(flows)} kills: {sent}, {observed} observations, {lost=}, {doubled=}\n")
    assert (lost, doubled) == (0, 0)
    assert server.get("/v1/sources")["differences"] == []
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
        time.sleep(chance.uniform(0.05, 2.0))
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
    """Under every kind of traffic; TWINWARD_TEST_KILLS sets another number."""
    settings = ""
    if database == "postgresql":
        settings = f'[storage]\nurl = "{request.getfixturevalue("new_database")}"\n'
    server = serve(settings)
    flows = kill_repeatedly(server, int(os.environ.get("TWINWARD_TEST_KILLS", "100")), seed=2)
    check(server, flows)
    least = max(1, len(flows) // 10)  # a busy machine dies early in its round
    for kind in ("commands", "others", "activations", "changes"):
        assert sum(len(getattr(flow, kind)) for flow in flows) >= least, kind
    assert sum(flow.fixes for flow in flows) >= least

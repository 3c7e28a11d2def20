"""Observations over HTTP: every item accounted for, bad bodies refused clearly, sensors read
back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from helpers.cities import COMMUNITY, Desk
from helpers.loops import run_apart
from twinward.api.routes.observations import AT_ONCE, BACKLOG_BYTES
from twinward.service.incidents import queries
from twinward.service.intake import observations
from twinward.service.intake.commands import BatchAccount


def reading(number: int, **fields: Any) -> dict[str, Any]:
    common = {
        "source_id": f"r-{number}",
        "type": "temperature",
        "occurred_at": "2022-03-01T15:30:00+08:00",
    }
    return {**common, "area": COMMUNITY, "value": float(number), **fields}


def post(client: TestClient, *items: Any, source: str = "lab") -> Any:
    return client.post("/v1/observations", content=json.dumps({"source": source, "items": items}))


def test_every_item_is_accounted_for(client: TestClient, desk: Desk) -> None:
    found = post(
        client,
        reading(1),
        reading(2, occurred_at="2022-03-01T15:30:00"),
        reading(1),
        reading(3, area="9"),
    )
    assert found.status_code == 200
    answer = found.json()
    assert {key: answer[key] for key in ("received", "stored", "duplicate")} == {
        "received": 4,
        "stored": 1,
        "duplicate": 1,
    }
    assert [(item["index"], item["code"]) for item in answer["rejected"]] == [
        (1, "time_without_zone"),
        (3, "unknown_area"),
    ]
    assert post(client, reading(1)).json()["duplicate"] == 1
    (source,) = [row for row in queries.list_sources(desk.platform) if row.source == "lab"]
    assert (source.received, source.stored, source.duplicate, source.rejected) == (
        5,
        1,
        2,
        2,
    )
    assert source.balanced


def test_an_id_that_comes_again_with_something_else_is_a_duplicate_that_is_named(
    client: TestClient,
) -> None:
    assert "conflicts" not in post(client, reading(1), reading(2)).json()
    answer = post(client, reading(3, area="9"), reading(1), reading(2, value=7.0)).json()
    assert (answer["duplicate"], answer["conflicts"]) == (2, [2])


def test_ten_thousand_duplicates_are_counted(client: TestClient) -> None:
    answer = post(client, *[reading(7)] * 10_000).json()
    assert (answer["stored"], answer["duplicate"], answer["rejected"]) == (1, 9_999, [])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad_json"),
        (b"[1]", "bad_batch"),
        (b'{"source": "lab"}', "bad_batch"),
        (b"\xff", "bad_json"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_with_advice(
    client: TestClient, body: bytes, code: str
) -> None:
    found = client.post("/v1/observations", content=body)
    assert (found.status_code, found.json()["code"]) == (400, code)
    assert found.json()["advice"]


def test_a_body_of_200_mb_is_refused_before_it_is_read(client: TestClient) -> None:
    read = 0

    def parts() -> Iterator[bytes]:
        nonlocal read
        for _ in range(200):
            read += 1
            yield bytes(1_000_000)

    found = client.post("/v1/observations", headers={"content-length": "200000000"}, content=b"{")
    assert (found.status_code, found.json()["code"]) == (413, "body_too_large")
    found = client.post("/v1/observations", content=parts())
    assert found.status_code == 413


def test_sensors_are_read_back_latest_and_by_hour(client: TestClient) -> None:
    post(
        client,
        reading(1, value=10.0),
        reading(2, value=20.0, occurred_at="2022-03-01T15:45:00+08:00"),
    )
    post(client, reading(3, value=30.0, occurred_at="2022-03-01T14:00:00+08:00"))
    found = client.get("/v1/sensors").json()
    assert found["total"] == 1
    assert found["items"][0]["sensor"] == f"temperature:{COMMUNITY}"
    assert found["items"][0]["value"] == 20.0
    window = {"from": "2022-03-01T00:00:00Z", "to": "2022-03-02T00:00:00Z"}
    hours = client.get(f"/v1/sensors/temperature:{COMMUNITY}/hours", params=window).json()["items"]
    assert [(hour["hour"][11:13], hour["count"], hour["mean"]) for hour in hours] == [
        ("06", 1, 30.0),
        ("07", 2, 15.0),
    ]
    assert client.get("/v1/sensors/temperature:none/hours", params=window).status_code == 404


def test_movement_reaches_the_lake_once(client: TestClient, desk: Desk) -> None:
    from twinward.app import compose

    move = {
        "source_id": "m-1",
        "type": "position",
        "occurred_at": "2022-03-01T07:00:00Z",
        "subject": "p-1",
    }
    answer = post(
        client, {**move, "lon": 121.47, "lat": 31.23}, {**move, "lon": 31.23, "lat": 121.47}
    ).json()
    assert (answer["stored"], [item["code"] for item in answer["rejected"]]) == (
        1,
        ["bad_coordinates"],
    )
    desk.platform.intake.open().drain()  # type: ignore[attr-defined]
    desk.clock.advance(timedelta(minutes=1))
    fixes = compose.open_lake(desk.workspace).snapshot()
    assert sum(part.rows for part in fixes.manifest.parts_of("subject")) == 1


def test_an_alarm_overtakes_the_backlogs_of_many_edges(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven edges send what they kept for days, and none of it is on the disk yet."""
    kept = BatchAccount(received=1, stored=1, duplicate=0, rejected=[])
    slow: list[Future[BatchAccount]] = []

    def submit(platform: Any, caller: Any, checks: Any, body: bytes) -> Future[BatchAccount]:
        future: Future[BatchAccount] = Future()
        if len(body) > BACKLOG_BYTES:
            slow.append(future)
        else:
            future.set_result(kept)
        return future

    monkeypatch.setattr(observations, "submit", submit)

    async def send() -> tuple[int, int, list[int]]:
        transport = httpx.ASGITransport(client.app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as line:
            backlog = b" " * (BACKLOG_BYTES + 1)
            sent = [
                asyncio.create_task(line.post("/v1/observations", content=backlog))
                for _ in range(AT_ONCE + 3)
            ]
            while len(slow) < AT_ONCE:
                await asyncio.sleep(0.01)
            alarm = await line.post("/v1/observations", content=b"an alarm")
            under_way = len(slow)
            while not all(one.done() for one in sent):
                for one in slow:
                    if not one.done():
                        one.set_result(kept)
                await asyncio.sleep(0.01)
            return alarm.status_code, under_way, [one.result().status_code for one in sent]

    alarm, under_way, all_of_them = run_apart(asyncio.wait_for(send(), 60))
    assert (alarm, under_way, all_of_them) == (200, AT_ONCE, [200] * (AT_ONCE + 3))

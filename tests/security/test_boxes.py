"""The account of a box in the field: everything that an edge tells and asks, and nothing more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from twinward.core.clock import format_time
from twinward.edge.agent.wire import EdgeStanding, OrderReceipt, SyncRequest, ToldClaim
from twinward.service.devices.registry import digest

STANDING = EdgeStanding(
    backlog=0,
    oldest_s=0.0,
    disk_bytes=1,
    disk_bound=100,
    lost=0,
    duplicate=0,
    stored=0,
    rejected=0,
    alarms_open=0,
    config_version="",
)


def post(world: Any, who: str, path: str, body: Any) -> Any:
    return world.client.post(
        path,
        content=msgspec.json.encode(body),
        headers=world.headers(who) | {"content-type": "application/json"},
    )


def sync(world: Any, **said: Any) -> Any:
    answer = post(
        world, "box", "/v1/edges/sync", SyncRequest(edge="gate", standing=STANDING, **said)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_account_of_the_role_edge_does_all_that_an_edge_does(world: Any) -> None:
    device = {"device": "siren-1", "edge": "gate", "profile": "door-sensor", "area": "31-a"}
    code = post(world, "xu", "/v1/devices", device | {"claim": True}).json()["claim_code"]
    now = world.clock.now()
    told = {"device": "siren-1", "action": "sound", "until": format_time(now + timedelta(hours=1))}
    order = post(world, "li", "/v1/device-orders", told).json()["id"]
    assert [one["order"] for one in sync(world)["orders"]] == [order]
    receipt = OrderReceipt(order=order, device="siren-1", state="done", at=now)
    claim = ToldClaim(device="siren-1", claim=digest(code), key=digest("key"), at=now)
    answer = sync(world, receipts=(receipt,), claims=(claim,))
    assert answer["settled"] == [order] and answer["claims"][0]["taken"]
    reading = {"source_id": "1", "type": "temperature", "subject": "siren-1", "area": "31-a"}
    reading |= {"occurred_at": format_time(now), "value": 20.0}
    done = post(world, "box", "/v1/observations", {"source": "gate", "items": [reading]})
    assert done.json()["stored"] == 1, done.text
    for path in ("/v1/devices", "/v1/edges", "/v1/deliveries", "/v1/events", "/v1/cases"):
        answer = world.client.get(path, headers=world.headers("box"))
        assert answer.status_code == 403, path

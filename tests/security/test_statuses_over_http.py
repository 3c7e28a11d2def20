"""Statuses and objections over HTTP: two persons, jurisdictions, receipts, public counts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from twinward.core.clock import format_time


def status(world: Any, care: str, **fields: Any) -> dict[str, Any]:
    return {
        "subject": "s-9",
        "area": "31-a",
        "value": "restricted",
        "reason_code": "close_contact",
        "reason": "shared a room with a case",
        "source": "c-31-a-0",
        "activation": care,
        "until": format_time(world.clock.now() + timedelta(days=5)),
    } | fields


def test_a_status_is_set_by_two_and_contested_over_http(world: Any) -> None:
    world.report_cases(per_leaf=1)
    care = world.open_activation(purposes=("care", "trace"))
    made = world.post("wang", "/v1/statuses", status(world, care))
    assert (made.status_code, made.json()["state"]) == (201, "proposed"), made.text
    name = made.json()["id"]
    path = f"/v1/statuses/{name}/answer"
    assert world.post("wang", path, {"act": "confirm"}).status_code == 403
    assert world.post("li", path, {"act": "confirm"}).json()["state"] == "in_force"
    shown = world.get("wang", f"/v1/statuses/{name}").json()
    assert shown["confirmed_by"] == "li" and "object" in shown["statement"]["en"]
    listed = world.get("wang", "/v1/statuses?limit=1").json()
    assert listed.get("total") == 1, listed
    assert listed["next"] is None
    receipt = world.post("zhao", "/v1/objections", {"sms": f"OBJECT {name} I was at home"})
    assert receipt.status_code == 201 and receipt.json()["channel"] == "sms"
    answer = f"/v1/objections/{receipt.json()['receipt']}/answer"
    refused = world.post("li", answer, {"upheld": False, "because": "as it was"})
    assert refused.json()["code"] == "second_person_needed"
    assert world.get("zhao", "/v1/objections").json()["items"][0]["decision"] == "open"
    assert world.get("hu", "/v1/statuses/statistics").json()["restricted"] is None


def test_nobody_sets_or_sees_a_status_elsewhere(world: Any) -> None:
    world.report_cases(per_leaf=1)
    care = world.open_activation(purposes=("care", "trace"))
    elsewhere = world.post("wang", "/v1/statuses", status(world, care, area="310-a"))
    assert elsewhere.status_code in (403, 404)
    made = world.post("li", "/v1/statuses", status(world, care, area="310-a")).json()
    assert world.get("wang", f"/v1/statuses/{made['id']}").status_code in (403, 404)
    assert world.get("wang", "/v1/statuses").json()["items"] == []
    for who in ("hu", "ma", "wu", "sun"):
        assert world.get(who, "/v1/statuses").status_code == 403
        assert world.post(who, "/v1/passes", {"kind": "gate", "area": "31-a"}).status_code == 403
    without = world.post("zhao", "/v1/passes", {"kind": "gate", "area": "31-a"})
    assert without.status_code == 404 and "pass keys" in without.text


def test_a_place_code_and_a_visit_over_http(world: Any) -> None:
    """The street office signs the code; the visitor's record goes to tracing by consent alone."""
    from twinward.service.passes.keys import open_store, run_ceremony
    from twinward.service.passes.place_codes import check_in

    folder = world.platform.workspace / "passes"
    place = {"place": "hall-7", "area": "31-a", "name": "Hall", "lon": 121.48, "lat": 31.23}
    assert world.post("zhao", "/v1/place-codes", place).status_code == 404, "no keys yet"
    now = world.clock.now()
    run_ceremony(folder, "init", root=folder.parent / "root.pem", at=now, issuer="Test city")
    assert world.post("hu", "/v1/place-codes", place).status_code == 403
    made = world.post("zhao", "/v1/place-codes", place)
    assert (made.status_code, made.json()["version"]) == (201, 1), made.text
    assert world.post("zhao", "/v1/place-codes", place | {"lat": 99}).status_code in (400, 422)
    line = check_in(made.json()["code"], open_store(folder).trust_file(), now)
    record = [json.loads(line)]
    asked = {"subject": "s-9", "record": record}
    refused = world.post("zhao", "/v1/visits", asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "peacetime"), refused.text
    weeks = {"consent": True, "record": record * 80}  # a record is longer than other bodies may be
    done = world.post("zhao", "/v1/visits", asked | weeks)
    assert done.status_code == 201, done.text
    assert done.json()["taken"]["stored"] > 0 and done.json()["visits"][0]["place"] == "hall-7"
    closed = world.post(
        "zhao", "/v1/place-codes", {"place": "hall-7", "area": "31-a", "close": True}
    )
    assert closed.json()["closed"] and closed.json()["code"] == ""

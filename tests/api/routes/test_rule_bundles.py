"""The routes of rules for the edges and of alarms of devices."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from helpers.supervised import supervised_city
from twinward.api.main import make_api

WARM = {"id": "warm", "type": "temperature", "above": 8.0}


def test_a_bundle_is_kept_rolled_out_and_back(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        client = TestClient(make_api(city.platform), "http://127.0.0.1")
        path, why = "/v1/rule-bundles", {"because": "order 12"}
        asked = why | {"bundle": "v1", "modules": ["cold-chain"], "rules": [WARM]}
        kept = client.post(path, json=asked)
        assert kept.status_code == 201 and kept.json()["state"] == "kept"
        ids = {one["id"] for one in kept.json()["rules"]}
        assert {"warm", "cold-chain.too-warm"} <= ids
        wrong = (
            ({"bundle": "v2", "rules": []}, "bad_bundle"),
            ({"bundle": "v2", "rules": [WARM | {"above": None}]}, "bad_rule"),
            ({"bundle": "v2", "modules": ["none"]}, "unknown_module"),
            ({"bundle": "v1", "rules": [WARM]}, "version_taken"),
        )
        for said, code in wrong:
            assert client.post(path, json=why | said).json()["code"] == code
        assert client.post(path, json=asked | {"odd": 1}).status_code in (400, 422)
        roll = {"act": "roll", "edges": ["gate-1"]}
        assert client.post(f"{path}/v9/answer", json=why | roll).status_code == 404
        staged = client.post(f"{path}/v1/answer", json=why | roll).json()
        assert (staged["state"], staged["edges"]) == ("staged", ["gate-1"])
        back = client.post(f"{path}/v1/answer", json=why | {"act": "back"}).json()
        assert back["state"] == "kept"
        page = client.get(f"{path}?limit=1").json()
        assert [one["bundle"] for one in page["items"]] == ["v1"] and page["next"] is None
        assert client.get(f"{path}/v1").json()["digest"] == kept.json()["digest"]
        assert client.get("/v1/device-alarms?every=true").json()["items"] == []
        assert client.get("/v1/device-alarms?odd=1").status_code == 422

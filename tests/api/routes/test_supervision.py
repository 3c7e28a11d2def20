"""The routes of supervision: modules, coverage and defects in the reader's language."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from helpers.supervised import supervised_city
from twinward.api.main import make_api


def test_the_routes_answer_in_the_readers_language(tmp_path: Path) -> None:
    with supervised_city(tmp_path) as city:
        for n in (1, 2, 3):
            city.put("cold-chain", "freezer", f"store-{n}", name="Harbour")
        city.check("store-1", "swabs", taken=9, positive=2)
        client = TestClient(make_api(city.platform), "http://127.0.0.1")
        asked = {"accept-language": "zh"}
        modules = client.get("/v1/modules", headers=asked).json()
        assert [one["id"] for one in modules["items"]][:3] == [
            "quarantine-hotels",
            "medical-institutions",
            "cold-chain",
        ]
        assert modules["items"][0]["title"] == "隔离酒店"
        found = client.get("/v1/modules/cold-chain/coverage?limit=2", headers=asked).json()
        assert len(found["items"]) == 2 and found["next"] and found["module"]["objects"] == 3
        (defect,) = client.get("/v1/defects", headers=asked).json()["items"]
        assert (defect["title"], defect["kind"]) == ("采样阳性", "positive-swab")
        tasks = client.get("/v1/tasks", headers=asked).json()["items"]
        assert [one["title"] for one in tasks] == ["封存、消毒并复采 · Harbour"]
        form = client.get("/v1/modules/cold-chain", headers=asked).json()
        assert form["checks"][0]["fields"][0]["title"] == "货物冻结完好"
        for path in ("/v1/modules/none", "/v1/modules/none/coverage", "/v1/defects?module=none"):
            assert client.get(path, headers=asked).json()["code"] == "unknown_module"
        assert client.get("/v1/defects?status=odd", headers=asked).status_code == 400
        assert client.get("/v1/defects?odd=1", headers=asked).status_code == 422

"""The commands of the guide on contactless delivery, in their order."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpers.cities import COMMUNITY, Desk
from twinward.cli.main import main


def test_the_guide_of_deliveries_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Desk(tmp_path / "ws").close()
    ledger, manifest, receipts = (tmp_path / name for name in ("c.db", "m.json", "r.jsonl"))

    def do(words: str, *more: str, workspace: bool = True) -> dict[str, object]:
        line = ["delivery", *words.split(), *more, "--json"]
        line += ["--workspace", str(tmp_path / "ws")] if workspace else ["--store", str(ledger)]
        assert main(line) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])  # type: ignore[no-any-return]

    depot = str(do("holder depot")["depot"])
    made = do("cabinet init --holder cab-3 --place gate-3 --depot", depot, workspace=False)
    key = str(made["key"])
    do(f"holder add cab-3 --kind cabinet --area {COMMUNITY} --place gate-3 --key", key)
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    sent = do(
        f"send P1 --subject p-1 --goods food --area {COMMUNITY} --place gate-3 --until", until
    )
    assert (sent["status"], sent["round"]) == ("waiting", 1)
    do("slip P1 --out", str(tmp_path / "slip.pdf"))
    code = str(do("code P1")["code"])
    assert len(code.replace(" ", "")) == 10  # the one answer that is meant to hand out a secret
    do("manifest cab-3 --out", str(manifest))
    do("cabinet accept", str(manifest), workspace=False)
    do("cabinet deposit P1 --box 4", workspace=False)
    assert main(["delivery", "cabinet", "open", "P1", "--code", "1", "--store", str(ledger)]) == 2
    assert do("cabinet open P1 --code", code, workspace=False)["kind"] == "handed"
    assert main(["delivery", "cabinet", "open", "P1", "--code", code, "--store", str(ledger)]) == 2
    assert do("cabinet receipts --out", str(receipts), workspace=False)["receipts"] == 2
    taken = do("receipts", str(receipts))
    assert (taken["stored"], taken["acknowledged"]) == (2, {"cab-3": 2})
    do("cabinet acknowledge 2", workspace=False)
    assert do("cabinet status", workspace=False)["unsent"] == 0
    shown = do("show P1")
    assert shown["parcel"]["status"] == "handed"  # type: ignore[index]
    assert do("list --status open")["parcels"] == []

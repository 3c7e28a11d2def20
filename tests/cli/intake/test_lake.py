"""`twinward lake`: what is past its retention goes when two clocks agree, and an ingest never fails of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.cli.main import main
from twinward.core.clock import to_us


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_movement_goes_on_its_day_and_only_when_the_clock_is_confirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = tmp_path / "ws"
    init_workspace(workspace)
    here = ("--workspace", str(workspace))
    long_ago = datetime.now(UTC) - timedelta(days=45)
    old = {"subject": ["p-1"], "time_us": [to_us(long_ago - timedelta(hours=1))]}
    rows = pa.table(old | {"lon": [121.48], "lat": [31.23], "error_m": [5.0], "place": [""]})
    compose.open_lake(workspace).append([rows], long_ago)
    file = tmp_path / "m.csv"
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    file.write_text(f"subject,time,lon,lat\np-2,{at},121.48,31.23\n", "utf-8")
    assert ask(capsys, "lake", "ingest", str(file), *here)["stored"] == 1
    assert ask(capsys, "lake", "expire", *here)["deleted"] == 0
    assert ask(capsys, "lake", "expire", "--confirm-clock", *here)["deleted"] == 1

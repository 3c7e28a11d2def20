"""SIGKILL in the middle of a search or a comparison: the same line goes on and ends with the
same answer.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

LINES = {
    "compare": (
        "none",
        "--generate",
        "3",
        "--replicates",
        "12",
        "--residents",
        "60000",
        "--infected",
        "2000",
    ),
    "search": ("--trials", "14", "--replicates", "8", "--residents", "60000", "--infected", "2000"),
}


def start(act: str, file: Path) -> subprocess.Popen[bytes]:
    words = ("plan", act, *LINES[act], "--workers", "2", "--resume", str(file), "--json")
    return subprocess.Popen(
        [sys.executable, "-m", "twinward.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def answer_of(running: subprocess.Popen[bytes]) -> Any:
    out, _ = running.communicate(timeout=300)
    assert running.returncode == 0
    return {k: v for k, v in json.loads(out.splitlines()[-1]).items() if k != "resumed"}


@pytest.mark.slow
@pytest.mark.parametrize("act", ["compare", "search"])
def test_it_goes_on_after_sigkill(act: str, tmp_path: Path) -> None:
    straight = answer_of(start(act, tmp_path / "straight.jsonl"))
    file = tmp_path / "killed.jsonl"
    for rows in (3, 7):  # killed twice, each time a little further
        killed = start(act, file)
        while killed.poll() is None and (
            not file.exists() or file.read_bytes().count(b"\n") <= rows
        ):
            time.sleep(0.002)
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
        killed.stdout.close()  # type: ignore[union-attr]
    kept = file.read_bytes()
    assert kept.count(b"\n") < (tmp_path / "straight.jsonl").read_bytes().count(b"\n")
    assert answer_of(start(act, file)) == straight
    assert file.read_bytes().startswith(kept[: kept.rindex(b"\n") + 1])

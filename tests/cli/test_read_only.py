"""A workspace on a disk that cannot be written is read by every verb that only reads; whatever
writes is refused in plain words.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helpers.cities import Desk

READING = (
    "incident list",
    "task list",
    "activation list",
    "audit verify",
    "doctor",
    "retention kinds",
    "as-of 2022-03-01T09:00:00Z incident list",
)


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Path]:
    """A workspace with a case, whose folder nobody can write."""
    desk = Desk(tmp_path / "ws")
    desk.case(1)
    desk.close()
    folder = str(desk.workspace)
    mounted = os.geteuid() == 0
    if mounted:
        done = subprocess.run(["mount", "--bind", folder, folder], check=False, capture_output=True)
        if done.returncode:
            pytest.skip("this user may not mount")
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
    else:
        for path in (desk.workspace, *desk.workspace.rglob("*")):
            path.chmod(0o500 if path.is_dir() else 0o400)
    yield desk.workspace
    if mounted:
        subprocess.run(["umount", folder], check=True)
    else:
        for path in (desk.workspace, *desk.workspace.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)


def run(words: str, workspace: Path) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "twinward.cli.main", *words.split(), "--workspace", workspace]
        + ["--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, msgspec.json.decode(done.stdout.splitlines()[-1]), done.stderr


def test_reading_verbs_read_and_writing_verbs_refuse(shut: Path, tmp_path: Path) -> None:
    for words in READING:
        code, answer, said = run(words, shut)
        assert "Traceback" not in said, (words, said)
        assert code == 0 or words == "doctor", (words, answer)
    assert run("incident list", shut)[1]["incidents"]
    code, _, said = run(f"backup {tmp_path / 'copy'}", shut)
    assert code == 0, said
    rows = tmp_path / "c.csv"
    rows.write_text("case,subject,hazard,area,status\nc9,p9,epidemic,310101,confirmed\n")
    code, answer, said = run(f"case report {rows}", shut)
    assert code != 0
    assert answer["error"]["code"] == "not_writable"
    assert "Traceback" not in said

"""A writer killed at any instant leaves a readable lake with whole appends only; readers survive
compaction.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from reference.movement import START, as_batch, random_fixes
from twinward.storage.lake.lake import Lake, describe

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from reference.movement import START, as_batch, random_fixes
from twinward.storage.lake.lake import Lake
lake = Lake(Path(sys.argv[1]))
first = int(sys.argv[3])
for number in range(first, 1000):
    lake.append([as_batch(random_fixes(number, 1000, 20))], START)
    if number % 7 == 6:
        lake.compact()
    print(number, flush=True)
"""


def run_and_kill(folder: Path, first: int, wait_s: float) -> int:
    """The number of the last append that was acknowledged before the kill, or -1."""
    tests = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", WRITER, str(folder), str(tests), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()  # compiled and under way
        time.sleep(wait_s)
        os.kill(process.pid, signal.SIGKILL)
        lines = [line, *process.stdout.read().split("\n")]
    return max([int(text) for text in lines if text.strip().isdigit()], default=-1)


def check(folder: Path, acknowledged: int, first: int) -> int:
    status = describe(Lake(folder).snapshot().manifest)
    assert status["fixes"] % 1000 == 0, "half a batch"
    assert status["fixes"] // 1000 >= acknowledged + 1, "an acknowledged append is gone"
    return status["fixes"] // 1000


def test_a_kill_leaves_whole_appends(tmp_path: Path) -> None:
    first = 0
    for wait_s in (0.01, 0.137):
        acknowledged = run_and_kill(tmp_path, first, wait_s)
        first = check(tmp_path, acknowledged, first)
    assert first > 1


@pytest.mark.slow
def test_fifty_kills_leave_whole_appends(tmp_path: Path) -> None:
    random, first = np.random.default_rng(3), 0
    for _ in range(50):
        acknowledged = run_and_kill(tmp_path, first, float(random.random() * 0.5))
        first = check(tmp_path, acknowledged, first)


def test_a_reader_keeps_its_picture_while_parts_are_retired(tmp_path: Path) -> None:
    writer, reader = Lake(tmp_path), Lake(tmp_path)
    for seed in range(3):
        writer.append([as_batch(random_fixes(seed, 500, 5))], START)
    before = reader.snapshot()
    assert writer.compact() > 0
    assert sum(len(part.read_all()) for part in before.parts.values()) == 3_000
    assert (
        reader.ask(lambda lake: sum(len(part.read_all()) for part in lake.parts.values())) == 3_000
    )
    assert len(reader.snapshot().parts) == 6

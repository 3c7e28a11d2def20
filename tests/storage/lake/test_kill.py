"""A writer killed at any instant leaves a readable lake with whole appends only; readers survive
compaction.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from reference.movement import START, as_batch, random_fixes
from twinward.storage.lake.lake import Lake, describe
from twinward.storage.lake.parts import BY_SUBJECT, concat_fixes

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
    lake.tidy()
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
    kills = int(os.environ.get("TWINWARD_TEST_KILLS", "50"))
    for _ in range(kills):
        acknowledged = run_and_kill(tmp_path, first, float(random.random() * 0.5))
        first = check(tmp_path, acknowledged, first)
    sys.stdout.write(f"{kills} kills of a writer that appends and merges: {first} whole appends\n")


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


@contextmanager
def killed_at(number: int) -> Iterator[list[int]]:
    """The process ends at its so manyth sync, rename or deletion; how many there were."""
    done: list[int] = []

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*told: Any, **more: Any) -> Any:
            done.append(1)
            if len(done) == number:
                raise Killed
            return real(*told, **more)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", counting(os.fsync))
        patch.setattr(os, "replace", counting(os.replace))
        patch.setattr(Path, "unlink", counting(Path.unlink))
        yield done


def bit(number: int) -> pa.Table:
    """One of the small batches, with ids of its own."""
    key = np.arange(number * 100 + 1, number * 100 + 101, dtype=np.int64)
    return as_batch(random_fixes(number, 100, 9)).append_column("source_key", pa.array(key))


def fixes(folder: Path) -> list[tuple[Any, ...]]:
    """Every row that the lake gives, in order, with those that it gives twice."""
    lake = Lake(folder).snapshot()
    found = concat_fixes(
        [lake.parts[part.name].read_all() for part in lake.manifest.parts_of(BY_SUBJECT)]
    )
    names = lake.name_subjects(found.subject)
    return sorted(
        zip(names, found.time_us.tolist(), found.lon.tolist(), found.lat.tolist(), strict=True)
    )


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 29])
def test_a_kill_at_every_step_of_a_merge_loses_and_doubles_nothing(
    tmp_path: Path, every: int
) -> None:
    """The eighth small batch, with whose append the pieces are merged; sent again after the kill."""
    seven, whole = tmp_path / "seven", tmp_path / "whole"
    for folder, count in ((seven, 7), (whole, 8)):
        for number in range(count):
            Lake(folder).append([bit(number)], START)
    before, after = fixes(seven), fixes(whole)
    assert len(before) == 700 and len(after) == 800
    for number in itertools.count(1, every):
        folder, appended = tmp_path / f"at-{number}", False
        shutil.copytree(seven, folder)
        with killed_at(number) as done:
            try:
                Lake(folder).append([bit(7)], START)
                appended = True
                merged = Lake(folder).tidy()
            except Killed:
                merged = 0
        assert fixes(folder) == after if appended else fixes(folder) in (before, after)
        again = Lake(folder).append([bit(7)], START)
        assert again.stored + again.duplicate == 100 and (again.duplicate == 100 or not appended)
        Lake(folder).tidy()
        assert fixes(folder) == after
        if len(done) < number:
            break
        shutil.rmtree(folder)
    assert merged > 0 and number > 30


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

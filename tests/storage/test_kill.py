"""Killed at any point, a writer loses nothing acknowledged, doubles nothing, and goes on where
it was.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from twinward.core.messages import Counts
from twinward.storage.log.audit import verify_chain
from twinward.storage.log.store import SqlStore
from twinward.storage.observations.intake import DurableIntake

APPENDER = Path(__file__).with_name("appender.py")


def kill_often(mode: str, place: str, kills: int, seed: int) -> dict[str, int]:
    run = [sys.executable, str(APPENDER), mode, place, str(kills), str(seed)]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    assert found["useful"] >= kills // 2
    return found


def check_commands(place: str, open_at: Callable[..., SqlStore], kills: int) -> None:
    acknowledged = kill_often("commands", place, kills, 11)["acknowledged"]
    store = open_at(place)
    with store.read() as reader:
        ids = [event.id for event in reader.events_after(0, limit=1_000_000)]
        levels = sum(row.level for row in reader.list_rows("incidents"))
        now = reader.as_of("incidents", reader.events_after(0, limit=1)[0].occurred_at)
        current = reader.list_rows("incidents")
        offset, counts = reader.get_offset("loop"), reader.counts()["kill"]
    assert len(ids) > acknowledged
    assert ids == [f"cmd-{number}.1" for number in range(len(ids))]
    assert levels == len(ids) == offset
    assert counts == Counts(received=len(ids), stored=len(ids))
    assert now == current
    found = verify_chain(store.database)
    assert (found.ok, found.entries) == (True, len(ids))


def check_observations(root: Path, words: Any, clock: Any, kills: int) -> None:
    acknowledged = kill_often("observations", str(root), kills, 12)["acknowledged"]
    intake = DurableIntake(root, clock, None)
    try:
        counts = intake.counts()["kill"]
        end = words.START + timedelta(days=400)
        settled = [intake.hourly(f"reading:s-{n}", words.START, end) for n in range(10)]
        intake.drain()
        again = [intake.hourly(f"reading:s-{n}", words.START, end) for n in range(10)]
    finally:
        intake.close()
    assert counts.balanced
    assert counts.stored % 10 == 0
    assert counts.stored // 10 > acknowledged
    assert [int(hours.count.sum()) for hours in settled] == [counts.stored // 10] * 10
    assert [int(hours.count.sum()) for hours in again] == [counts.stored // 10] * 10


def test_commands_survive_a_few_kills(place: str, open_at: Any) -> None:
    check_commands(place, open_at, 5)


def test_observations_survive_a_few_kills(tmp_path: Path, words: Any, clock: Any) -> None:
    check_observations(tmp_path / "observations", words, clock, 5)


@pytest.mark.slow
def test_commands_survive_a_hundred_kills(place: str, open_at: Any) -> None:
    check_commands(place, open_at, 100)


@pytest.mark.slow
def test_observations_survive_a_hundred_kills(tmp_path: Path, words: Any, clock: Any) -> None:
    check_observations(tmp_path / "observations", words, clock, 100)

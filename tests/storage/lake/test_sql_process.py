"""A free question ends by time and by memory, also inside one call that heeds no interruption."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from twinward.core.errors import InputError
from twinward.storage.lake import sql_process
from twinward.storage.lake.lake import Lake

START = datetime(2022, 3, 1, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    found = Lake(tmp_path)
    time_us = [int(START.timestamp()) * 1_000_000 + n for n in range(3)]
    fixes = {"subject": ["a", "b", "a"], "time_us": time_us, "lon": [121.4] * 3, "lat": [31.2] * 3}
    found.append([pa.table(fixes)], START)
    return found


def ask(lake: Lake, sql: str) -> object:
    return lake.sql(sql, START, START + timedelta(days=1))["rows"]


def test_a_question_in_its_own_process_is_answered_as_before(lake: Lake) -> None:
    assert ask(lake, "SELECT subject, count(*) FROM fixes GROUP BY 1 ORDER BY 1") == [
        ["a", 2],
        ["b", 1],
    ]
    with pytest.raises(InputError, match="there is no 'x' to ask"):
        ask(lake, "SELECT * FROM x")


def test_one_call_that_takes_for_ever_is_ended(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_process, "LONGEST_S", 1.0)
    monkeypatch.setattr(sql_process, "STARTING_S", 3.0)
    started = time.monotonic()
    with pytest.raises(InputError, match="took longer than 1 s"):
        ask(lake, "SELECT length(repeat('x', 3000000000))")
    assert time.monotonic() - started < 40


@pytest.mark.parametrize(
    "sql", ["SELECT list_sum(range(2000000000))", "SELECT length(lpad('x', 2000000000, 'yz'))"]
)
def test_one_value_that_needs_all_memory_is_refused(
    lake: Lake, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_process, "LONGEST_S", 3.0)
    monkeypatch.setattr(sql_process, "STARTING_S", 3.0)
    with pytest.raises(InputError) as told:
        ask(lake, sql)
    assert told.value.code == "bad_sql"

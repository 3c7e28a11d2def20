"""Files of our own encoder are Parquet to all others: Arrow and DuckDB read back every value,
and the statistics.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from twinward.storage.lake.delta_file import write_delta_file

NAMES = ["subject", "time", "lon", "lat", "flag"]
LEAST, MOST = np.iinfo(np.int32).min, np.iinfo(np.int32).max


def words_of(rows: int) -> Any:
    """Sorted, random, and of the widest differences that wrap around."""
    random = np.random.default_rng(rows)
    words = np.empty((rows, len(NAMES)), np.int32)
    words[:, 0] = np.sort(random.integers(0, 1_000, rows))
    words[:, 1] = random.integers(0, 86_400, rows)
    words[:, 2] = random.choice(np.array([LEAST, -1, 0, 1, MOST]), rows)
    words[:, 3] = random.integers(LEAST, MOST, rows, endpoint=True)
    words[:, 4] = random.random(rows) < 0.01
    return words


@pytest.mark.parametrize("rows", [1, 2, 32, 33, 34, 129, 130, 256, 257, 300, 20_000])
def test_others_read_back_every_value(tmp_path: Path, rows: int) -> None:
    words, path = words_of(rows), tmp_path / "a.parquet"
    blocks = [words[start : start + 4 * 256] for start in range(0, rows, 4 * 256)]
    write_delta_file(path, blocks, NAMES, 256)
    by_arrow = pq.read_table(path)
    by_duckdb = duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchnumpy()
    assert by_arrow.column_names == NAMES and not any(field.nullable for field in by_arrow.schema)
    for at, name in enumerate(NAMES):
        np.testing.assert_array_equal(by_arrow.column(name).to_numpy(), words[:, at])
        np.testing.assert_array_equal(by_duckdb[name], words[:, at])


def test_every_row_group_can_be_read_by_itself_and_says_what_it_holds(tmp_path: Path) -> None:
    words, path = words_of(2_000), tmp_path / "a.parquet"
    write_delta_file(path, [words], NAMES, 256)
    with pq.ParquetFile(path) as file:
        assert file.metadata.num_row_groups == 8 and file.metadata.num_rows == 2_000
        for group in range(8):
            some = words[256 * group : 256 * (group + 1)]
            table = file.read_row_group(group)
            for at, name in enumerate(NAMES):
                np.testing.assert_array_equal(table.column(name).to_numpy(), some[:, at])
                chunk = file.metadata.row_group(group).column(at)
                found = (
                    chunk.statistics.min,
                    chunk.statistics.max,
                    chunk.statistics.null_count,
                    chunk.num_values,
                )
                assert found == (some[:, at].min(), some[:, at].max(), 0, len(some))
    wanted = int(words[777, 3])
    found = duckdb.sql(
        f"SELECT count(*) FROM read_parquet('{path}') WHERE lat = {wanted}"
    ).fetchall()
    assert found == [((words[:, 3] == wanted).sum(),)]


def test_a_file_without_rows_is_a_file(tmp_path: Path) -> None:
    write_delta_file(tmp_path / "a.parquet", [], NAMES, 256)
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 0
    assert duckdb.sql(
        f"SELECT count(*) FROM read_parquet('{tmp_path / 'a.parquet'}')"
    ).fetchall() == [(0,)]

"""Data frames in and out: pandas, polars, Arrow, mappings, rows and files say the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twinward.faces.arguments import ArgumentError
from twinward.faces.frames import Table, as_text, read_columns, require_columns

ROWS = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]
COLUMNS = {"id": ["a", "b"], "n": [1, 2]}


def test_every_kind_of_table_gives_the_same_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table(COLUMNS), tmp_path / "t.parquet")
    given = [ROWS, COLUMNS, pd.DataFrame(COLUMNS), pa.table(COLUMNS), tmp_path / "t.parquet"]
    for one in given:
        assert read_columns("data", one) == COLUMNS


def test_polars_comes_in_and_goes_out() -> None:
    polars = pytest.importorskip("polars")
    assert read_columns("data", polars.DataFrame(COLUMNS)) == COLUMNS
    assert Table("rows", ROWS).to_polars().to_dicts() == ROWS


def test_a_csv_file_is_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,n\na,1\nb,2\n", "utf-8")
    assert read_columns("data", str(tmp_path / "t.csv")) == {"id": ["a", "b"], "n": ["1", "2"]}


def test_what_is_no_table_is_refused_by_its_argument(tmp_path: Path) -> None:
    for one in (5, ["a", "b"], tmp_path / "absent.csv"):
        with pytest.raises(ArgumentError, match="linelist") as raised:
            read_columns("linelist", one)
        assert raised.value.argument == "linelist"
    with pytest.raises(ArgumentError, match=r"has no column 'x'. its columns are id, n"):
        require_columns("linelist", COLUMNS, ["id", "x"])


def test_cells_become_text_as_a_person_writes_them() -> None:
    cells = [
        None,
        float("nan"),
        pd.NaT,
        3.0,
        3.5,
        7,
        date(2020, 3, 1),
        datetime(2020, 3, 1, 5, tzinfo=UTC),
    ]
    assert [as_text(cell) for cell in cells] == ["", "", "", "3", "3.5", "7", *["2020-03-01"] * 2]


def test_a_table_of_rows_is_a_frame_and_shows_itself() -> None:
    table = Table("rows", [*ROWS, {"id": "c", "extra": 1.5}])
    assert list(table.to_frame().columns) == ["id", "n", "extra"]
    assert table.to_arrow().num_rows == len(table) == 3
    assert repr(table) == "<Table: table rows, rows 3>"
    assert "<td>3</td>" in table._repr_html_()
    with pytest.raises(ArgumentError, match="table must be one of 'rows', got 'other'"):
        table.to_frame("other")

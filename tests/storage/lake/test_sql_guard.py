"""Free questions name the views and their own parts, nothing else: no file, setting, catalogue
or second statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from twinward.core.errors import InputError
from twinward.storage.lake.sql import MOST_ROWS, first_rows
from twinward.storage.lake.sql_guard import check_question


@pytest.fixture(scope="module")
def db() -> Iterator[Any]:
    found = duckdb.connect()
    yield found
    found.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM fixes",
        "WITH a AS (SELECT * FROM visits), b AS (SELECT * FROM a) SELECT max(start) FROM b JOIN "
        "fixes USING (subject)",
        "SELECT * FROM (SELECT subject FROM Fixes WHERE subject IN (SELECT subject FROM visits)) "
        "t, range(3)",
        "SELECT subject, count(*) OVER (PARTITION BY place) FROM fixes QUALIFY row_number() OVER "
        "() < 3",
        "TABLE places",
    ],
)
def test_questions_over_the_views_are_let_through(db: Any, sql: str) -> None:
    check_question(db, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM numbered_subjects",
        'SELECT * FROM "numbered_subjects"',
        "SELECT * FROM memory.main.fixes",
        "SELECT * FROM fixes WHERE subject IN (SELECT name FROM numbered_subjects)",
        "WITH numbered_subjects AS (SELECT 1) SELECT * FROM numbered_subjects",
        "SELECT * FROM (WITH \"/etc/passwd\" AS (SELECT 1) SELECT 1), '/etc/passwd'",
        "SELECT * FROM 'place-1-00000001.parquet'",
        "SELECT * FROM read_parquet('place-1-00000001.parquet')",
        "SELECT (SELECT count(*) FROM read_csv('/etc/passwd'))",
        "SELECT * FROM fixes, LATERAL (SELECT * FROM glob('/*'))",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM pg_catalog.pg_views",
        "SELECT * FROM duckdb_settings()",
        "SELECT current_setting('allowed_directories')",
        "SELECT write_log('x')",
        "SELECT twinward_shown('s1', 121.4, 31.2, false)",
        "SELECT list_transform([1], x -> Twinward_Shown('s1', 121.4, 31.2, true))",
        "SHOW TABLES",
        "DESCRIBE fixes",
        "SELECT 1; SELECT 2",
        "COPY fixes TO '/tmp/never'",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "nonsense",
        "",
    ],
)
def test_everything_else_is_refused(db: Any, sql: str) -> None:
    with pytest.raises(InputError) as error:
        check_question(db, sql)
    assert error.value.code == "bad_sql" and error.value.advice


def test_an_answer_is_held_only_as_far_as_a_server_may(db: Any) -> None:
    """Ten thousand rows of a hundred kilobytes each would stand in the memory of who asks."""
    with pytest.raises(ValueError, match="more than 64 MB"):
        first_rows(db.sql("SELECT repeat('x', 100000) FROM range(10000)"), MOST_ROWS)
    assert len(first_rows(db.sql("SELECT range FROM range(20000)"), MOST_ROWS)) == MOST_ROWS

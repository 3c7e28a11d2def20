"""Free questions in SQL over the lake's files: DuckDB, read only, without files, network or
extensions.
"""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from twinward.core.clock import DAY_US
from twinward.core.errors import InputError
from twinward.core.ports import MovePoints
from twinward.storage.lake.manifest import LakeManifest, Part
from twinward.storage.lake.parts import BY_SUBJECT
from twinward.storage.lake.sql_guard import check_question

MOST_ROWS = 10_000
MOST_BYTES = 64 << 20  # of the answer, which the asking server holds
LONGEST_S = 60.0
NO_VISITS = """(SELECT 0 AS subject, 0 AS start_s, 0 AS end_s, 0 AS lon, 0 AS lat, 0 AS fixes, 0::FLOAT AS error_m,
    0 AS place WHERE false)"""
NO_FIXES = """SELECT NULL::INTEGER AS subject_no, NULL::BIGINT AS time_us, NULL::DOUBLE AS lon, NULL::DOUBLE AS lat,
    NULL::FLOAT AS error_m, NULL::INTEGER AS place_no, NULL::UTINYINT AS flag WHERE false"""


def run_sql(
    root: Path,
    manifest: LakeManifest,
    sql: str,
    window_us: tuple[int, int],
    move: MovePoints | None = None,
    limit: int = MOST_ROWS,
) -> dict[str, object]:
    """Columns and rows of one SELECT over the views `fixes`, `visits`, `subjects`, `places`.

    Only data inside `window_us` exist for it, and only points that `move` has moved, unless a place
    is named: what a question makes of a point cannot be moved afterwards. The connection can read
    the lake's own files and nothing else; the question is held against its syntax tree and ends
    after a minute.
    """
    db = duckdb.connect()
    alarm = threading.Timer(LONGEST_S, db.interrupt)
    try:
        for setting in (
            "autoinstall_known_extensions",
            "autoload_known_extensions",
            "python_enable_replacements",
        ):
            db.execute(f"SET {setting} = false")
        db.execute("SET threads = 2; SET memory_limit = '4GB'; SET TimeZone = 'UTC'")
        create_shown(db, move)
        create_views(db, root, manifest, window_us)
        db.execute(f"SET allowed_directories = ['{root}']")
        db.execute("SET enable_external_access = false; SET lock_configuration = true")
        check_question(db, sql)
        alarm.start()
        found = db.sql(sql)
        names = list(found.columns)
        rows = first_rows(found, limit + 1)
    except (duckdb.Error, OverflowError, ValueError) as error:
        raise InputError(
            f"the question failed: {str(error).splitlines()[0][:300]}",
            "ask the views fixes, visits, subjects, places in DuckDB's SQL",
            code="bad_sql",
        ) from error
    finally:
        alarm.cancel()
        db.close()
    return {"columns": names, "rows": [list(row) for row in rows[:limit]], "cut": len(rows) > limit}


def first_rows(found: duckdb.DuckDBPyRelation, most: int) -> list[tuple[object, ...]]:
    """The first rows of a result as Python values; ValueError where they are too large."""
    rows: list[tuple[object, ...]] = []
    held = 0
    for batch in found.to_arrow_reader(1 << 10):
        held += batch.nbytes
        if held > MOST_BYTES:
            raise ValueError(f"the answer has more than {MOST_BYTES >> 20} MB")
        rows += zip(*(column.to_pylist() for column in batch.columns), strict=True)
        if len(rows) >= most:
            break
    return rows[:most]


def create_shown(db: duckdb.DuckDBPyConnection, move: MovePoints | None) -> None:
    """The function `twinward_shown` of the views: the point of a person as it may be shown."""
    point = duckdb.struct_type({"lon": "DOUBLE", "lat": "DOUBLE"})

    def shown(
        subject: pa.ChunkedArray,
        lon: pa.ChunkedArray,
        lat: pa.ChunkedArray,
        public: pa.ChunkedArray,
    ) -> pa.StructArray:
        x, y, stays = (
            np.array(column.to_numpy(zero_copy_only=False)) for column in (lon, lat, public)
        )
        stays = stays.astype(np.bool_)
        if move is not None and not stays.all():
            names = pa.chunked_array([subject]).combine_chunks().dictionary_encode()
            who = names.indices.to_numpy()[~stays]
            x[~stays], y[~stays] = move(names.dictionary.to_pylist(), who, x[~stays], y[~stays])
        return pa.StructArray.from_arrays([pa.array(x), pa.array(y)], ["lon", "lat"])

    db.create_function(
        "twinward_shown", shown, ["VARCHAR", "DOUBLE", "DOUBLE", "BOOLEAN"], point, type="arrow"
    )


def create_views(
    db: duckdb.DuckDBPyConnection, root: Path, manifest: LakeManifest, window_us: tuple[int, int]
) -> None:
    """Views with text pseudonyms, times and shown points; rows outside the window are left out.

    They read the order by subject: the cells of one person lie together, so that few points are
    worked out anew.
    """
    for name, pieces in (
        ("numbered_subjects", manifest.subjects),
        ("numbered_places", manifest.places),
    ):
        create_names(db, root, name, [piece.name for piece in pieces])
    low, high = window_us
    fixes = (
        " UNION ALL ".join(select_fixes(root, part) for part in manifest.parts_of(BY_SUBJECT))
        or NO_FIXES
    )
    db.execute(
        f"""CREATE VIEW fixes AS SELECT subject, time, shown.lon AS lon, shown.lat AS lat, error_m, place, flagged
        FROM (SELECT s.name AS subject, make_timestamptz(f.time_us) AS time,
        twinward_shown(s.name, f.lon, f.lat, p.name IS NOT NULL) AS shown, f.error_m,
        p.name AS place, coalesce(f.flag, 0) > 0 AS flagged FROM ({fixes}) f
        JOIN numbered_subjects s ON s.number = f.subject_no
        LEFT JOIN numbered_places p ON p.number = f.place_no WHERE f.time_us >= {low} AND f.time_us < {high})"""
    )
    files = [f"'{root / side.name}'" for side in manifest.visits if side.rows]
    visits = f"read_parquet([{', '.join(files)}])" if files else NO_VISITS
    db.execute(
        f"""CREATE VIEW visits AS SELECT subject, start, "end", shown.lon AS lon, shown.lat AS lat, fixes, error_m,
        place FROM (SELECT s.name AS subject, make_timestamptz(v.start_s::BIGINT * 1000000) AS start,
        make_timestamptz(v.end_s::BIGINT * 1000000) AS "end",
        twinward_shown(s.name, v.lon / 1e7, v.lat / 1e7, p.name IS NOT NULL) AS shown, v.fixes,
        v.error_m, p.name AS place FROM {visits} v JOIN numbered_subjects s ON s.number = v.subject
        LEFT JOIN numbered_places p ON p.number = v.place
        WHERE v.end_s >= {low // 1_000_000} AND v.start_s < {high // 1_000_000})"""
    )
    db.execute("CREATE VIEW subjects AS SELECT DISTINCT subject FROM fixes")
    db.execute("CREATE VIEW places AS SELECT DISTINCT place FROM fixes WHERE place IS NOT NULL")


def create_names(db: duckdb.DuckDBPyConnection, root: Path, table: str, files: list[str]) -> None:
    """A table (number, name) of names from their pieces."""
    pieces = []
    for name in files:
        with pa.memory_map(str(root / name)) as source:
            pieces.append(pa.ipc.open_file(source).read_all().column(0).combine_chunks())
    column = pa.chunked_array(pieces, type=pa.string())
    db.register(
        "pieces", pa.table({"number": np.arange(len(column), dtype=np.int32), "name": column})
    )
    db.execute(f"CREATE TABLE {table} AS SELECT * FROM pieces")
    db.unregister("pieces")


def select_fixes(root: Path, part: Part) -> str:
    """One part in the form of the view."""
    has = set(part.extras)
    scale = " / 1e7" if part.coords == "e7" else "::DOUBLE"
    return (
        f"SELECT subject AS subject_no, {part.day * DAY_US} + time::BIGINT * {part.unit_us} AS "
        f"time_us, "
        f"lon{scale} AS lon, lat{scale} AS lat, "
        f"{'error_m' if 'error_m' in has else 'NULL::FLOAT'} AS error_m, "
        f"{'place' if 'place' in has else 'NULL::INTEGER'} AS place_no, "
        f"{'flag' if 'flag' in has else 'NULL::UTINYINT'} AS flag FROM "
        f"read_parquet('{root / part.name}')"
    )

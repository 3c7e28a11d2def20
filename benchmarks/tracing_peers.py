"""The same questions asked of DuckDB and of PostGIS, on the same data, to be compared by count
and by time.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg

from twinward.core.clock import DAY_US

EARTH_RADIUS_M = 6_371_008.8
HAVERSINE = (
    f"2 * {EARTH_RADIUS_M} * asin(sqrt(pow(sin(radians(o.lat - c.lat) / 2), 2) + "
    "cos(radians(c.lat)) * cos(radians(o.lat)) * pow(sin(radians(o.lon - c.lon) / 2), 2)))"
)
CELL = 1 / 1024  # degrees; larger than 50 m everywhere below 60 degrees


class Duck:
    """DuckDB on the lake's own Parquet files, one thread; two ways of asking, the better counts."""

    def __init__(self, lake: Path, manifest: Any) -> None:
        self.db = duckdb.connect()
        self.db.execute("SET threads = 1")
        views = []
        for part in manifest.parts_of("place"):
            views.append(
                f"SELECT subject, {part.day * DAY_US} + time::BIGINT * {part.unit_us} AS time_us, "
                f"lon / 1e7 AS lon, lat / 1e7 AS lat, lon AS lon7, lat AS lat7 FROM "
                f"'{lake / part.name}'"
            )
        self.db.execute("CREATE VIEW fixes AS " + " UNION ALL ".join(views))

    def contacts(
        self, case: Any, who: int, radius_m: float, within_us: int, way: str
    ) -> tuple[int, int, float]:
        """(raw pairs, distinct others, CPU seconds)."""
        import pyarrow as pa

        rows = pa.table({"time_us": case.time_us, "lon": case.lon, "lat": case.lat})
        self.db.register("casefixes", rows)
        started = time.process_time()
        if way == "cells":
            source = f"""(SELECT *, floor(lon / {CELL})::INT AS x, floor(lat / {CELL})::INT AS y FROM fixes) o
                JOIN (SELECT *, floor(lon / {CELL})::INT + dx AS x, floor(lat / {CELL})::INT + dy AS y FROM casefixes,
                (VALUES (-1), (0), (1)) a(dx), (VALUES (-1), (0), (1)) b(dy)) c ON o.x = c.x AND o.y = c.y"""
        else:
            source = (
                f"(SELECT * FROM fixes WHERE {self._boxes(case, radius_m, within_us)}) o, "
                f"casefixes c"
            )
        sql = f"""SELECT count(*), count(DISTINCT o.subject) FROM {source}
            WHERE abs(o.time_us - c.time_us) <= {within_us} AND o.subject <> {who} AND {HAVERSINE} <= {radius_m}"""
        pairs, others = self.db.execute(sql).fetchall()[0]
        return int(pairs), int(others), time.process_time() - started

    @staticmethod
    def _boxes(case: Any, radius_m: float, within_us: int) -> str:
        """Rectangles around the case's places, as plain conditions that zone maps can use."""
        reach = np.degrees(radius_m / EARTH_RADIUS_M) * 1.01
        wide = reach / np.cos(np.radians(case.lat.max())) * 1.01
        cells = np.unique(
            np.stack([np.floor(case.lon / 0.004), np.floor(case.lat / 0.004)], axis=1), axis=0
        )
        words = []
        for x, y in cells:
            inside = (np.floor(case.lon / 0.004) == x) & (np.floor(case.lat / 0.004) == y)
            west, east = case.lon[inside].min() - wide, case.lon[inside].max() + wide
            south, north = case.lat[inside].min() - reach, case.lat[inside].max() + reach
            words.append(
                f"(lon7 BETWEEN {int(west * 1e7)} AND {int(east * 1e7) + 1} AND "
                f"lat7 BETWEEN {int(south * 1e7)} AND {int(north * 1e7) + 1})"
            )
        return "(" + " OR ".join(words) + ")"


class PostGis:
    """A PostgreSQL of its own for the run, with visits as rows and a GiST index on point and
    time.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-postgis-", dir="/var/tmp"))
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user, self.user)
        self._run("initdb", "-D", "data", "-A", "trust", "-U", "postgres", "--no-sync")
        options = (
            f"-k {self.folder} -c listen_addresses='' -c shared_buffers=1GB -c "
            f"work_mem=256MB -c fsync=off"
        )
        options += " -c max_parallel_workers_per_gather=0 -c maintenance_work_mem=1GB -c jit=off"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
        self.db = psycopg.connect(
            f"host={self.folder} user=postgres dbname=postgres", autocommit=True
        )
        self.db.execute("CREATE EXTENSION postgis")
        self.db.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")

    def _run(self, tool: str, *arguments: str) -> None:
        command = [f"/usr/lib/postgresql/15/bin/{tool}", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def load(self, visits: Any) -> float:
        """COPY all visits and index them; seconds."""
        started = time.perf_counter()
        self.db.execute(
            "CREATE UNLOGGED TABLE visits (subject int, lon float8, lat float8, during int8range, "
            "at geometry(Point))"
        )
        with self.db.cursor().copy("COPY visits (subject, lon, lat, during) FROM STDIN") as copy:
            columns = (visits.subject, visits.lon, visits.lat, visits.start_us, visits.end_us)
            for who, lon, lat, start, end in zip(*(c.tolist() for c in columns), strict=True):
                copy.write_row((who, lon, lat, f"[{start},{end}]"))
        self.db.execute("UPDATE visits SET at = ST_MakePoint(lon, lat)")
        self.db.execute("CREATE INDEX ON visits USING gist (at, during)")
        self.db.execute("CREATE INDEX ON visits (subject)")
        self.db.execute("VACUUM ANALYZE visits")
        return time.perf_counter() - started

    def contacts(
        self, who: int, span: tuple[int, int], radius_m: float, least_us: int
    ) -> tuple[int, int, float]:
        """(overlaps, distinct others, seconds) of stays within the radius that overlap by at
        least `least_us`.
        """
        reach = float(np.degrees(radius_m / EARTH_RADIUS_M) * 1.001)
        sql = f"""SELECT count(*), count(DISTINCT o.subject) FROM visits c JOIN visits o
            ON o.at && ST_Expand(c.at, {reach} / cos(radians(c.lat)), {reach}) AND o.during && c.during
            WHERE c.subject = {who} AND o.subject <> {who} AND c.during && int8range({span[0]}, {span[1]})
            AND least(upper(o.during), upper(c.during)) - greatest(lower(o.during), lower(c.during)) - 1 >= {least_us}
            AND {HAVERSINE} <= {radius_m}"""
        started = time.perf_counter()
        row = self.db.execute(sql).fetchone()
        assert row is not None
        return int(row[0]), int(row[1]), time.perf_counter() - started

    def close(self) -> None:
        self.db.close()
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

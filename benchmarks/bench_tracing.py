"""Tracing measured: ingest, contact queries on fixes and visits, travel history; DuckDB and PostGIS in the same run."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq

from benchmarks import city_movement
from benchmarks.tracing_peers import Duck, PostGis
from twinward.core.clock import from_us
from twinward.core.scope import Scope
from twinward.decision.tracing.areas import read_areas
from twinward.decision.tracing.companions import meet_at_stays
from twinward.decision.tracing.contacts import ContactQuestion, list_contacts, meet
from twinward.decision.tracing.flows import list_flows
from twinward.decision.tracing.opened import OpenedLake
from twinward.decision.tracing.presence import list_dwells, list_visited
from twinward.decision.tracing.settings import Settings
from twinward.decision.tracing.warm import warm_up
from twinward.edge.feeds.movement import MovementFile
from twinward.storage.lake.lake import Lake, describe

START = from_us(city_movement.START_US)
DAYS = 14
RADIUS_M, WITHIN_US, LEAST_US = 50.0, 15 * 60_000_000, 15 * 60_000_000
SCOPE_PARTS: dict[str, Any] = {
    "activation": "bench",
    "holder": "bench",
    "purposes": frozenset({"trace"}),
    "areas": ("all",),
    "data_from": START - timedelta(days=1),
    "data_to": START + timedelta(days=DAYS + 1),
}


def fill(folder: Path, residents: int) -> tuple[Lake, dict[str, Any]]:
    """Write the days as Parquet files, then ingest them in one append; generation is not counted."""
    source = folder / "source"
    source.mkdir()
    for day, table in enumerate(city_movement.days(residents, DAYS)):
        pq.write_table(table, source / f"{day:02}.parquet", row_group_size=1 << 20, use_dictionary=False)
    lake = Lake(folder / "lake")
    small = Lake(folder / "warm")  # compile before timing
    small.append([city_batch(city_movement.day_table(50, 0))], START)
    shutil.rmtree(folder / "warm")
    files = [MovementFile(path) for path in sorted(source.iterdir())]
    wall, cpu = time.perf_counter(), time.process_time()
    done = lake.append((batch for file in files for batch in file.batches()), START)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    shutil.rmtree(source)
    return lake, {
        "fixes": done.stored,
        "fixes_per_s": round(done.stored / wall),
        "fixes_per_cpu_s": round(done.stored / cpu),
        "bytes_a_fix": round(done.bytes / done.stored, 2),
        "visits": done.visits,
        "visit_bytes": done.visit_bytes,
    }


def city_batch(table: Any) -> Any:
    """A generated day as the lake's `append` takes it."""
    return (
        table.rename_columns(["subject", "time_us", "lon", "lat"])
        .set_column(1, "time_us", table.column("time").cast("int64"))
        .set_column(0, "subject", table.column("subject").combine_chunks().dictionary_encode())
    )


def timed(work: Any, repeats: int = 3) -> tuple[Any, float]:
    """The answer, and the median CPU seconds of some repeats after one that is not counted (the core may be shared)."""
    answer, times = work(), []
    for _ in range(repeats):
        started = time.process_time()
        answer = work()
        times.append(time.process_time() - started)
    return answer, statistics.median(times)


def ask_fixes(opened: OpenedLake, who: int) -> tuple[int, int]:
    a, b = opened.from_us, opened.to_us
    case = opened.subject_fixes(who, a, b)
    raw, distinct, _ = meet(opened, who, case, opened.subject_visits(who, a, b), RADIUS_M, WITHIN_US)
    return raw, distinct


def ask_visits(opened: OpenedLake, who: int) -> tuple[int, int]:
    table, _, distinct = meet_at_stays(opened, who, opened.from_us, opened.to_us, RADIUS_M, LEAST_US)
    return len(table), distinct


def discs(count: int) -> Any:
    random = np.random.default_rng(3)
    points = random.normal(0, 0.08, (count, 2)) + [121.47, 31.2]
    return read_areas(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"code": f"d{i}", "radius_m": 300},
                    "geometry": {"type": "Point", "coordinates": [float(x), float(y)]},
                }
                for i, (x, y) in enumerate(points)
            ],
        }
    )


def measure(folder: Path, residents: int, cases: int, peers: bool) -> dict[str, Any]:
    """All questions at one size."""
    lake, out = fill(folder, residents)
    snapshot = lake.snapshot()
    started = time.perf_counter()
    warm_up(snapshot)
    out["open_and_warm_s"] = round(time.perf_counter() - started, 2)
    opened = OpenedLake(snapshot, Scope(**SCOPE_PARTS))
    chosen = np.random.default_rng(5).choice(snapshot.subject_count(), cases, replace=False)
    rows: dict[str, list[float]] = {name: [] for name in ("fixes", "answer", "visits")}
    counts = []
    for who in chosen.tolist():
        on_fixes, seconds = timed(lambda who=who: ask_fixes(opened, who))
        rows["fixes"].append(seconds)
        name = snapshot.name_subjects(np.array([who]))[0]
        question = ContactQuestion(subject=name, start=START, end=START + timedelta(days=DAYS))
        rows["answer"].append(timed(lambda q=question: list_contacts(opened, q, Settings()))[1])
        on_visits, seconds = timed(lambda who=who: ask_visits(opened, who))
        rows["visits"].append(seconds)
        counts.append((who, on_fixes, on_visits))
    for name, seconds_ in rows.items():
        out[f"contacts_{name}_ms"] = {
            "median": round(statistics.median(seconds_) * 1e3, 2),
            "worst": round(max(seconds_) * 1e3, 2),
        }
    out |= crowds(snapshot, opened)
    if peers:
        out["duckdb"] = against_duckdb(lake, opened, counts, rows["fixes"])
    if peers and residents <= 25_000:
        out["postgis"] = against_postgis(opened, counts)
    out["lake"] = describe(snapshot.manifest)
    out["peak_rss_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    return out


def crowds(snapshot: Any, opened: OpenedLake) -> dict[str, Any]:
    """Travel history of everyone against 200 discs, long stays, flows between 64 areas."""
    areas, end = discs(200), START + timedelta(days=DAYS)
    people = snapshot.subject_count()
    answer, both = timed(lambda: list_visited(opened, areas, START, end, None, 0), 2)
    windows = np.tile(np.array([[opened.from_us, opened.to_us - 1]]), (len(areas.boxes), 1))

    def stayed() -> int:
        visits = opened.visits_in(areas.boxes, windows)
        return len(np.unique(visits.subject[areas.find_inside(visits.lon, visits.lat)[0]]))

    def passed() -> int:
        fixes = opened.fixes_in(areas.boxes, windows)
        marks = np.zeros(people, np.bool_)
        marks[fixes.subject[areas.find_inside(fixes.lon, fixes.lat)[0]]] = True
        return int(marks.sum())

    n_passed, on_fixes = timed(passed, 2)
    n_stayed, on_visits = timed(stayed, 2)
    assert (n_passed, n_stayed) == (answer.passed_through, answer.stayed)
    _, dwell = timed(lambda: list_dwells(opened, areas, START, end, 2.0, 100), 2)
    _, flow = timed(lambda: list_flows(snapshot, discs(64), START, end), 1)
    return {
        "history_people": people,
        "history_passed": n_passed,
        "history_stayed": n_stayed,
        "history_fixes_people_per_s": round(people / on_fixes),
        "history_visits_people_per_s": round(people / on_visits),
        "visited_ms": round(both * 1e3, 1),
        "dwell_ms": round(dwell * 1e3, 1),
        "flows_64x64_hours_ms": round(flow * 1e3, 1),
    }


def against_duckdb(lake: Lake, opened: OpenedLake, counts: list[Any], ours: list[float]) -> dict[str, Any]:
    """The contact question in SQL; the better of two ways for each case."""
    duck = Duck(lake.root, lake.snapshot().manifest)
    ratios, times = [], []
    for (who, mine, _), seconds in list(zip(counts, ours, strict=True))[:6]:
        case = opened.subject_fixes(who, opened.from_us, opened.to_us)
        best = None
        for way in ("cells", "boxes"):
            duck.contacts(case, who, RADIUS_M, WITHIN_US, way)
            pairs, others, took = duck.contacts(case, who, RADIUS_M, WITHIN_US, way)
            assert (pairs, others) == mine, f"{way}: {pairs, others} against {mine}"
            best = took if best is None else min(best, took)
        assert best is not None
        times.append(best)
        ratios.append(best / seconds)
    return {
        "equal_counts": True,
        "median_ms": round(statistics.median(times) * 1e3, 1),
        "ratio_median": round(statistics.median(ratios), 1),
    }


def against_postgis(opened: OpenedLake, counts: list[Any]) -> dict[str, Any]:
    """The question on visits in SQL with a GiST index on point and time."""
    server = PostGis()
    try:
        load_s = server.load(opened.visits_between(opened.from_us, opened.to_us))
        ratios, times = [], []
        for who, _, mine in counts:
            took, seconds = [], []
            for _ in range(7):  # wall time on both sides, the best of seven: the server is another process
                pairs, others, wall = server.contacts(who, (opened.from_us, opened.to_us), RADIUS_M, LEAST_US)
                assert (pairs, others) == mine, f"{pairs, others} against {mine}"
                took.append(wall)
                started = time.perf_counter()
                ask_visits(opened, who)
                seconds.append(time.perf_counter() - started)
            times.append(min(took))
            ratios.append(min(took) / min(seconds))
    finally:
        server.close()
    return {
        "equal_counts": True,
        "load_s": round(load_s, 1),
        "median_ms": round(statistics.median(times) * 1e3, 1),
        "ratio_median": round(statistics.median(ratios), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--fixes", type=float, nargs="+", default=[1e7, 1e8], help="sizes; 1e8 takes about 2 GB of disk"
    )
    parser.add_argument("--cases", type=int, default=15)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--folder", type=Path, help="scratch; default a temporary folder")
    options = parser.parse_args()
    for size in options.fixes:
        residents = round(size / DAYS / city_movement.FIXES_A_DAY)
        folder = Path(tempfile.mkdtemp(prefix="bench-tracing-", dir=options.folder))
        try:
            result = measure(folder, residents, options.cases, not options.no_peers)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(json.dumps({"size": size, "at": datetime.now(UTC).isoformat(), **msgspec.to_builtins(result)}, indent=1))


if __name__ == "__main__":
    main()

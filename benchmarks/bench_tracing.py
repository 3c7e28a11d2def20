"""Tracing measured in parts: ingest, contacts, travel history, a case to its tasks; DuckDB,
PostGIS, Dask beside.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq

from benchmarks import city_movement
from benchmarks.tracing_case import from_case_to_tasks
from benchmarks.tracing_dask import against_dask
from benchmarks.tracing_peers import Duck, PostGis
from twinward.core.clock import from_us
from twinward.core.scope import Scope
from twinward.decision.tracing.contacts.companions import meet_at_stays
from twinward.decision.tracing.contacts.search import ContactQuestion, list_contacts, meet
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.presence.areas import read_areas
from twinward.decision.tracing.presence.crowds import KINDS, count_crowds
from twinward.decision.tracing.presence.flows import list_flows
from twinward.decision.tracing.presence.visited import list_dwells, list_visited
from twinward.decision.tracing.scoped_lake import ScopedLake
from twinward.decision.tracing.warm import warm_up
from twinward.edge.feeds.movement import MovementFile
from twinward.storage.lake.lake import Lake, describe

START = from_us(city_movement.START_US)
DAYS = 14
MOST_IN_ONE_APPEND = 250_000  # residents
RADIUS_M, WITHIN_US, LEAST_US = 50.0, 15 * 60_000_000, 15 * 60_000_000
SCOPE_PARTS: dict[str, Any] = {
    "activation": "bench",
    "holder": "bench",
    "purposes": frozenset({"trace"}),
    "areas": ("all",),
    "data_from": START - timedelta(days=1),
    "data_to": START + timedelta(days=DAYS + 1),
}


def lake_of(folder: Path, residents: int, out: dict[str, Any]) -> Lake:
    """The lake in `folder`: the one that is there, or a new one, with what its ingest took in
    `out`.
    """
    lake = Lake(folder / "lake")
    if not lake.has_data():
        out["ingest"] = (ingest if residents <= MOST_IN_ONE_APPEND else grow)(
            lake, folder, residents
        )
    return lake


def ingest(lake: Lake, folder: Path, residents: int) -> dict[str, Any]:
    """Write the days as Parquet files, then ingest them in one append; generation is not
    counted.
    """
    source = folder / "source"
    source.mkdir(parents=True)
    for day, table in enumerate(city_movement.days(residents, DAYS)):
        pq.write_table(
            table, source / f"{day:02}.parquet", row_group_size=1 << 20, use_dictionary=False
        )
    small = Lake(folder / "warm")  # compile before timing
    small.append([city_batch(city_movement.day_table(50, 0))], START)
    shutil.rmtree(folder / "warm")
    files = [MovementFile(path) for path in sorted(source.iterdir())]
    wall, cpu, user = time.perf_counter(), time.process_time(), user_s()
    done = lake.append((batch for file in files for batch in file.batches()), START)
    wall, cpu, user = time.perf_counter() - wall, time.process_time() - cpu, user_s() - user
    shutil.rmtree(source)
    return {
        "fixes": done.stored,
        "fixes_per_s": round(done.stored / wall),
        "fixes_per_cpu_s": round(done.stored / cpu),
        "fixes_per_user_s": round(done.stored / user),
        "bytes_a_fix": round(done.bytes / done.stored, 2),
        "visits": done.visits,
        "visit_bytes": done.visit_bytes,
    }


def user_s() -> float:
    """CPU seconds of this process but for the system's share, most of which is handing out fresh
    memory.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def grow(lake: Lake, folder: Path, residents: int) -> dict[str, Any]:
    """A day an append, straight from the generator: for sizes whose source files would be as
    large as the lake.
    """
    cpu, stored, size = 0.0, 0, 0
    made = [0.0]  # CPU seconds of the generator, which are not the lake's

    def batches(day: int) -> Iterator[Any]:
        pieces = city_movement.day_in_pieces(residents, day)
        while True:
            began = time.process_time()
            table = next(pieces, None)
            batch = city_batch(table) if table is not None else None
            made[0] += time.process_time() - began
            if batch is None:
                return
            yield batch

    for day in range(DAYS):
        began = time.process_time()
        done = lake.append(
            batches(day), START, memory_rows=2 * residents * city_movement.FIXES_A_DAY
        )
        cpu, stored, size = (
            cpu + time.process_time() - began,
            stored + done.stored,
            size + done.bytes,
        )
    cpu -= made[0]
    return {
        "fixes": stored,
        "fixes_per_cpu_s": round(stored / cpu),
        "bytes_a_fix": round(size / stored, 2),
    }


def city_batch(table: Any) -> Any:
    """A generated day as the lake's `append` takes it."""
    return (
        table.rename_columns(["subject", "time_us", "lon", "lat"])
        .set_column(1, "time_us", table.column("time").cast("int64"))
        .set_column(0, "subject", table.column("subject").combine_chunks().dictionary_encode())
    )


def timed(work: Any, repeats: int = 3) -> tuple[Any, float]:
    """The answer, and the median CPU seconds of some repeats after one that is not counted (the
    core may be shared).
    """
    answer, times = work(), []
    for _ in range(repeats):
        started = time.process_time()
        answer = work()
        times.append(time.process_time() - started)
    return answer, statistics.median(times)


def ask_fixes(opened: ScopedLake, who: int) -> tuple[int, int]:
    a, b = opened.from_us, opened.to_us
    case = opened.subject_fixes(who, a, b)
    raw, distinct, _ = meet(
        opened, who, case, opened.subject_visits(who, a, b), RADIUS_M, WITHIN_US
    )
    return raw, distinct


def ask_visits(opened: ScopedLake, who: int) -> tuple[int, int]:
    table, _, distinct = meet_at_stays(
        opened, who, opened.from_us, opened.to_us, RADIUS_M, LEAST_US
    )
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


def choose(lake: Lake, count: int) -> tuple[ScopedLake, list[int]]:
    """The lake through an open scope, and the cases that are asked about."""
    snapshot = lake.snapshot()
    cases = np.random.default_rng(5).choice(snapshot.subject_count(), count, replace=False)
    return ScopedLake(snapshot, Scope(**SCOPE_PARTS)), cases.tolist()


def contacts(lake: Lake, options: argparse.Namespace) -> dict[str, Any]:
    """The contact question on fixes and on visits, the whole answer, and DuckDB on the same
    files.
    """
    opened, cases = choose(lake, options.cases)
    rows: dict[str, list[float]] = {name: [] for name in ("fixes", "answer", "visits")}
    counts = []
    for who in cases:
        on_fixes, seconds = timed(lambda who=who: ask_fixes(opened, who))
        rows["fixes"].append(seconds)
        name = opened.lake.name_subjects(np.array([who]))[0]
        question = ContactQuestion(subject=name, start=START, end=START + timedelta(days=DAYS))
        rows["answer"].append(timed(lambda q=question: list_contacts(opened, q, VenueRules()))[1])
        rows["visits"].append(timed(lambda who=who: ask_visits(opened, who))[1])
        counts.append((who, on_fixes))
    out: dict[str, Any] = {f"contacts_{name}_ms": middle(seconds) for name, seconds in rows.items()}
    if not options.no_peers:
        out["duckdb"] = against_duckdb(lake, opened, counts, rows["fixes"])
    return out


def middle(seconds: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(seconds) * 1e3, 3),
        "worst": round(max(seconds) * 1e3, 3),
    }


def visited(lake: Lake, options: argparse.Namespace) -> dict[str, Any]:
    """Travel history of everyone against 200 discs, long stays, flows between 64 areas."""
    opened, _ = choose(lake, 1)
    areas, end = discs(200), START + timedelta(days=DAYS)
    people = opened.lake.subject_count()
    answer, both = timed(lambda: list_visited(opened, areas, START, end, None, 0))
    (passed, on_fixes), (stayed, on_visits) = (
        timed(
            lambda kind=kind: count_crowds(
                opened, areas, opened.from_us, opened.to_us, frozenset({kind})
            )
        )
        for kind in KINDS
    )
    assert (passed[0][0], stayed[1][0]) == (answer.passed_through, answer.stayed)
    _, dwell = timed(lambda: list_dwells(opened, areas, START, end, 2.0, 100), 2)
    _, flow = timed(lambda: list_flows(opened.lake, discs(64), START, end), 1)
    return {
        "history_people": people,
        "history_passed": answer.passed_through,
        "history_stayed": answer.stayed,
        "history_fixes_people_per_s": round(people / on_fixes),
        "history_visits_people_per_s": round(people / on_visits),
        "visited_ms": round(both * 1e3, 1),
        "dwell_ms": round(dwell * 1e3, 1),
        "flows_64x64_hours_ms": round(flow * 1e3, 1),
    }


def against_duckdb(
    lake: Lake, opened: ScopedLake, counts: list[Any], ours: list[float]
) -> dict[str, Any]:
    """The contact question in SQL; the better of two ways for each case."""
    duck = Duck(lake.root, lake.snapshot().manifest)
    ratios, times = [], []
    for (who, mine), seconds in list(zip(counts, ours, strict=True))[:6]:
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


def postgis(lake: Lake, options: argparse.Namespace) -> dict[str, Any]:
    """The question on visits in SQL with a GiST index on point and time; up to 1e7 fixes."""
    opened, cases = choose(lake, options.cases)
    if options.no_peers or opened.lake.subject_count() > 25_000:
        return {"left_out": "larger than 1e7, or no peers asked for"}
    server = PostGis()
    try:
        load_s = server.load(opened.visits_between(opened.from_us, opened.to_us))
        ratios, times = [], []
        for who in cases:
            mine, took, seconds = ask_visits(opened, who), [], []
            for _ in range(
                7
            ):  # wall time on both sides, the best of seven: the server is another process
                pairs, others, wall = server.contacts(
                    who, (opened.from_us, opened.to_us), RADIUS_M, LEAST_US
                )
                assert (pairs, others) == mine, f"{pairs, others} against {mine}"
                took.append(wall)
            for _ in range(7):
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
        "median_ms": round(statistics.median(times) * 1e3, 2),
        "ratio_median": round(statistics.median(ratios), 1),
    }


def case(lake: Lake, options: argparse.Namespace) -> dict[str, Any]:
    """From a confirmed case to its contacts on the communities' task lists, in all of Shanghai."""
    return from_case_to_tasks(lake.root, options.cases, options.city)


def dask(lake: Lake, options: argparse.Namespace) -> dict[str, Any]:
    """The contact question over the same Parquet files on an existing engine, with the same
    counts.
    """
    opened, cases = choose(lake, 3)
    counts = [(who, ask_fixes(opened, who)) for who in cases]
    ours = [timed(lambda who=who: ask_fixes(opened, who))[1] for who in cases]
    return against_dask(lake, opened, counts, ours)


PARTS = {"contacts": contacts, "visited": visited, "postgis": postgis, "case": case, "dask": dask}


def measure(folder: Path, residents: int, options: argparse.Namespace) -> dict[str, Any]:
    """The parts asked for, at one size."""
    out: dict[str, Any] = {}
    lake = lake_of(folder, residents, out)
    if set(options.only) <= {"ingest"}:
        return out
    began = time.process_time()
    lake.snapshot()
    out["open_s"] = round(time.process_time() - began, 2)
    warm_up(lake.snapshot())
    out["open_and_ready_s"] = round(time.process_time() - began, 2)
    wanted = {"contacts"} if "growth" in options.only else set(options.only) or set(PARTS)
    for name, part in PARTS.items():
        if name in wanted:
            out[name] = part(lake, options)
    out["lake"] = describe(lake.snapshot().manifest)
    out["peak_rss_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = "sizes; 1e8 takes some 3 GB of disk while it is filled, 5e8 some 11 GB"
    parser.add_argument("--fixes", type=float, nargs="+", default=[1e7, 1e8], help=sizes)
    parser.add_argument(
        "--only", nargs="+", default=[], choices=[*PARTS, "ingest", "growth"], help="default: all"
    )
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument(
        "--keep", type=Path, help="a folder in which lakes stay and are found again"
    )
    parser.add_argument(
        "--city", type=Path, help="city.toml of --only case; default the reference city"
    )
    options = parser.parse_args()
    for size in options.fixes:
        residents = round(size / DAYS / city_movement.FIXES_A_DAY)
        folder = (
            options.keep / f"{size:.0e}"
            if options.keep
            else Path(tempfile.mkdtemp(prefix="bench-tracing-"))
        )
        try:
            result = measure(folder, residents, options)
        finally:
            if not options.keep:
                shutil.rmtree(folder, ignore_errors=True)
        told = {"size": size, "at": datetime.now(UTC).isoformat(), **msgspec.to_builtins(result)}
        print(json.dumps(told, indent=1), flush=True)


if __name__ == "__main__":
    main()

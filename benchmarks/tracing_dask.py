"""The contact question over the lake's own Parquet files on Dask: the same counts, and what the
engine costs.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from twinward.core.clock import DAY_US
from twinward.core.geography import distance_m

CELL = 1 / 1024  # degrees; larger than 50 m everywhere below 60 degrees
RADIUS_M, WITHIN_US = 50.0, 15 * 60_000_000
COLUMNS = ["subject", "time", "lon", "lat"]


def pairs_of(fixes: Any, case: Any, who: int, day_us: int, unit_us: int) -> Any:
    """Pairs of one day: an equal join on neighbouring cells, then distance and time exactly."""
    near = (fixes.lon >= case.lon7.min() - 10_000) & (fixes.lon <= case.lon7.max() + 10_000)
    near &= (fixes.lat >= case.lat7.min() - 10_000) & (fixes.lat <= case.lat7.max() + 10_000)
    fixes = fixes[near & (fixes.subject != who)]
    fixes = fixes.assign(
        x=np.floor(fixes.lon / 1e7 / CELL).astype(int),
        y=np.floor(fixes.lat / 1e7 / CELL).astype(int),
    )
    met = fixes.merge(case, on=["x", "y"])
    late = (met.time.astype("int64") * unit_us + day_us - met.time_us).abs() <= WITHIN_US
    met = met[late]
    return met[distance_m(met.lon / 1e7, met.lat / 1e7, met.case_lon, met.case_lat) <= RADIUS_M][
        ["subject"]
    ]


def case_cells(case: Any) -> Any:
    """Every fix of the case in its own cell and the eight around it."""
    import pandas as pd

    one = pd.DataFrame({"time_us": case.time_us, "case_lon": case.lon, "case_lat": case.lat})
    one = one.assign(lon7=(case.lon * 1e7).astype("int64"), lat7=(case.lat * 1e7).astype("int64"))
    x, y = np.floor(one.case_lon / CELL).astype(int), np.floor(one.case_lat / CELL).astype(int)
    return pd.concat([one.assign(x=x + dx, y=y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)])


def ask(lake: Any, case: Any, who: int) -> tuple[int, int]:
    """(raw pairs, distinct others)."""
    import dask
    import dask.dataframe as dd
    import pandas as pd

    cells = case_cells(case)
    empty = pd.DataFrame({"subject": np.empty(0, np.int32)})
    frames = []
    for part in lake.snapshot().manifest.parts_of("place"):
        fixes = dd.read_parquet(str(lake.root / part.name), columns=COLUMNS, split_row_groups=200)
        told = (cells, who, part.day * DAY_US, part.unit_us)
        frames.append(fixes.map_partitions(pairs_of, *told, meta=empty))
    met = dd.concat(frames)
    pairs, others = dask.compute(met.subject.size, met.subject.nunique())
    return int(pairs), int(others)


def against_dask(lake: Any, opened: Any, counts: list[Any], ours: list[float]) -> dict[str, Any]:
    """Two workers of one thread each in processes of their own; wall seconds beside our CPU
    seconds.
    """
    from distributed import Client, LocalCluster

    started = time.perf_counter()
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=40
        ) as cluster,
        Client(cluster),
    ):
        start_s = time.perf_counter() - started
        times = []
        for who, mine in counts:
            case = opened.subject_fixes(who, opened.from_us, opened.to_us)
            began = time.perf_counter()
            found = ask(lake, case, who)
            times.append(time.perf_counter() - began)
            assert found == mine, f"{found} against {mine}"
    return {
        "equal_counts": True,
        "cluster_start_s": round(start_s, 2),
        "median_s": round(statistics.median(times), 2),
        "ours_ms": round(statistics.median(ours) * 1e3, 1),
        "times_ours": round(statistics.median(times) / statistics.median(ours), 1),
    }

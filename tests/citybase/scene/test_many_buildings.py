"""Half a million buildings become a scene in bounded memory: sources are read in pieces and
triangles made tile by tile.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

MANY = 500_000
MOST_MB, MOST_CPU_S = 1_500, 240
CHILD = """
import json, resource, sys, time
from pathlib import Path
from twinward.citybase.scene.build import build_scene
report = build_scene(Path(sys.argv[2]), city=Path(sys.argv[1]))
used = resource.getrusage(resource.RUSAGE_SELF)
told = {"mb": used.ru_maxrss / 1024, "cpu_s": used.ru_utime + used.ru_stime}
print(json.dumps(told | {k: report[k] for k in ("objects_in", "objects_out", "tiles", "bytes", "triangles")}))
"""


def write_city(folder: Path, count: int) -> None:
    """Buildings of 12 by 9 m in rows, with terrain of one slope under them."""
    side = int(np.sqrt(count))
    n = np.arange(count)
    west, south = 7.0 + n % side * 3e-4, 43.0 + n // side * 2e-4
    outlines = shapely.to_wkb(shapely.box(west, south, west + 1.5e-4, south + 0.8e-4))
    columns = {
        "osm_id": n,
        "kind": np.where(n % 3, "house", "apartments"),
        "levels": 1.0 + n % 9,
        "levels_stated": n % 2 == 0,
        "outline": outlines.tolist(),
    }
    pq.write_table(pa.table(columns), folder / "buildings.parquet")
    values = np.add.outer(np.arange(300.0), np.arange(300.0)).astype(np.float32)
    values[100:110, 100:110] = np.nan
    frame = np.array([6.99, 43.0 + side * 2e-4 + 0.01, 0.001, -0.001])
    np.savez_compressed(folder / "terrain.npz", values=values, frame=frame, crs=np.array(""))


@pytest.mark.slow
def test_half_a_million_buildings_are_built_in_bounded_memory(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    write_city(tmp_path, MANY)
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(tmp_path / "scene")]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    record_property("told", told)
    assert told["objects_in"] == told["objects_out"] == MANY
    assert told["triangles"] == MANY * 10
    assert told["mb"] < MOST_MB and told["cpu_s"] < MOST_CPU_S, told

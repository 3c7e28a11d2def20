"""Real public GPS traces through the feed and the stay detector; where the file has no times, by
a clock we make up.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from twinward.core.clock import to_us
from twinward.storage.lake.lake import Lake

START = datetime(2022, 4, 1, 8, tzinfo=UTC)


def read_tracks(path: Path) -> tuple[Any, Any, Any]:
    """(track, lon, lat) of a CSV, packed or not, with TrackID, Latitude, Longitude in the order
    of recording.
    """
    table = pc.read_csv(path)
    return tuple(table.column(name).to_numpy() for name in ("TrackID", "Longitude", "Latitude"))


def through(path: Path, every_s: int) -> dict[str, Any]:
    """One track is one subject; its n-th point is `every_s` x n seconds after the start: shapes
    are real, times not.
    """
    track, lon, lat = read_tracks(path)
    order = np.argsort(track, kind="stable")
    track, lon, lat = track[order], lon[order], lat[order]
    first = np.searchsorted(track, track, "left")
    time_us = to_us(START) + (np.arange(len(track)) - first) * every_s * 1_000_000
    columns = {"subject": pa.array(track.astype(str)), "time_us": time_us, "lon": lon, "lat": lat}
    with tempfile.TemporaryDirectory() as folder:
        done = Lake(Path(folder)).append([pa.table(columns)], START)
    return {
        "synthetic_interval_s": every_s,
        "tracks": len(np.unique(track)),
        "points": len(track),
        "stored": done.stored,
        "duplicate": done.duplicate,
        "flagged": done.flagged,
        "visits": done.visits,
        "bytes_a_fix": round(done.bytes / done.stored, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="CSV or CSV.gz with TrackID, Latitude, Longitude")
    parser.add_argument("--every-s", type=int, nargs="+", default=[1, 5, 30])
    options = parser.parse_args()
    for every_s in options.every_s:
        print(json.dumps(through(options.file, every_s)))


if __name__ == "__main__":
    main()

"""Asks every question of tracing about a small made-up crowd once, and checks every hazard model,
so that the first real one waits for no compiler.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from twinward.cli.main import main as twinward

PERSONS, FIXES_A_DAY, DAYS = 400, 180, 2  # more rows a day than what small appends are sorted by
START = (datetime.now(UTC) - timedelta(days=4)).replace(hour=0, minute=0, second=0, microsecond=0)
HAZARDS = ("flood", "fire", "chemical", "earthquake")
DISC = {
    "type": "Feature",
    "properties": {"code": "disc", "radius_m": 500},
    "geometry": {"type": "Point", "coordinates": [121.47, 31.2]},
}


def crowd(persons: int, decimals: int = 7) -> dict[str, Any]:
    """Everybody stays near one point, each with a jump or two that is flagged."""
    random, rows = np.random.default_rng(1), persons * FIXES_A_DAY * DAYS
    seconds = np.sort(random.integers(0, DAYS * 86_400, rows))
    lon, lat = (np.round(random.normal(middle, 0.002, rows), decimals) for middle in (121.47, 31.2))
    lon[:: rows // 3] += 20
    time = pa.array(
        int(START.timestamp()) * 1_000_000 + seconds * 1_000_000, pa.timestamp("us", tz="UTC")
    )
    return {"subject": random.integers(0, persons, rows), "time": time, "lon": lon, "lat": lat}


def write_files(folder: Path) -> list[str]:
    """Movement in the forms that have kernels of their own: numbers, text, errors, places,
    fractions.
    """
    plain, fine = crowd(PERSONS), crowd(20, 12)
    pa.parquet.write_table(pa.table(plain), folder / "plain.parquet")
    fine["subject"] = pa.array([f"p{who}" for who in fine["subject"]])
    later = pa.compute.add(fine["time"].cast(pa.int64()), 1_234).cast(pa.timestamp("us", tz="UTC"))
    rows = len(later)
    more = {
        "error_m": np.full(rows, 20.0),
        "place": ["gate"] * rows,
        "source": ["s"] * rows,
        "source_id": range(rows),
    }
    pa.csv.write_csv(pa.table(fine | {"time": later} | more), folder / "fine.csv")
    text = [(START + timedelta(seconds=60 * n)).isoformat() for n in range(300)]
    again = {
        "subject": ["7"] * 300,
        "time": text,
        "lon": [121.47] * 300,
        "lat": [31.2] * 300,
        "error_m": [9.0] * 300,
    }
    pa.csv.write_csv(pa.table(again), folder / "again.csv")
    (folder / "areas.geojson").write_text(json.dumps(DISC))
    lines = [f"c{n},2022-01-{n + 1:02},2022-01-{n + 2:02},{n // 3}" for n in range(12)]
    (folder / "cases.csv").write_text("\n".join(["id,onset,confirmed,household", *lines]))
    return [str(folder / name) for name in ("plain.parquet", "fine.csv", "again.csv")]


def questions(folder: Path) -> list[list[str]]:
    """The verbs, in the order in which they can be asked."""
    space, areas = ["--workspace", str(folder / "w"), "--json"], str(folder / "areas.geojson")
    case = ["--subject", "7"]
    onset = (START + timedelta(days=1, hours=12)).isoformat()
    of_crowds = [["visited", "--days", "3", "--areas", areas], ["dwell", "--areas", areas]]
    asked = [
        ["contacts", *case],
        ["contacts", *case, "--second-order"],
        ["backward", *case, "--onset", onset],
        ["companions", *case],
        ["file", *case],
        ["flows", "--areas", areas],
        [*of_crowds[0], "--all"],
        [*of_crowds[0], *case],
        [*of_crowds[0], "--all", "--limit", "5"],
        of_crowds[1],
    ]
    opening = [
        "activation",
        "open",
        "--hazard",
        "drill",
        "--areas",
        "all",
        "--purposes",
        "trace",
        "--days",
        "1",
    ]
    named = "id=id,onset=onset,confirmed=confirmed,household=household"
    return [
        ["init", str(folder / "w")],
        *(["lake", "ingest", file, *space] for file in write_files(folder)),
        ["lake", "compact", *space],
        [*opening, "--by", "setup", "--basis", "compiling", *space],
        *(["trace", *words, *space] for words in asked),
        ["trace", "chain", "--linelist", str(folder / "cases.csv"), "--map", named, "--json"],
        *(["model", "check", hazard, "--json"] for hazard in HAZARDS),
    ]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="twinward-compile-") as folder:
        for words in questions(Path(folder)):
            told = io.StringIO()
            with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
                code = twinward(words)
            if code:
                sys.exit(f"setup: twinward {' '.join(words)} failed:\n{told.getvalue()}")


if __name__ == "__main__":
    main()

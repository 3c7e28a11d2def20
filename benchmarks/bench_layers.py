"""A layer of 100,000 sensors: its latest, the whole of it at a past instant, one sensor's track."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from twinward.core.clock import SetClock, from_us, to_us
from twinward.core.messages import OBSERVATION_COLUMNS
from twinward.storage.observations.intake import DurableIntake

SCHEMA = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in OBSERVATION_COLUMNS.items()])
START_US = 1_646_553_600_000_000


def fill(intake: DurableIntake, sensors: int, rounds: int, step_s: int) -> None:
    """`rounds` readings of every sensor, each with its place."""
    random = np.random.default_rng(1)
    lon, lat = 121 + random.random(sensors), 31 + random.random(sensors)
    names = [f"s-{n}" for n in range(sensors)]
    for turn in range(rounds):
        columns = {
            "source_id": [f"{turn}-{n}" for n in range(sensors)],
            "type": ["traffic"] * sensors,
            "time_us": np.full(sensors, START_US + turn * step_s * 1_000_000),
            "place": names,
            "lon": lon,
            "lat": lat,
            "value": random.random(sensors) * 60,
        }
        arrays = [
            pa.array(columns[field.name], field.type)
            if field.name in columns
            else pa.nulls(sensors, field.type)
            for field in SCHEMA
        ]
        intake.accept("bench", pa.record_batch(arrays, schema=SCHEMA), 0).result()
        intake.drain()


def timed(act: Callable[[], object], times: int = 7) -> dict[str, float]:
    """Least and middle of seconds by the clock and of CPU."""
    wall, cpu = [], []
    for _ in range(times):
        a, b = time.perf_counter(), time.process_time()
        act()
        wall.append(time.perf_counter() - a)
        cpu.append(time.process_time() - b)
    return {"wall_s": float(np.median(wall)), "cpu_s": float(np.median(cpu)), "least_s": min(wall)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--step", type=int, default=3600, help="seconds between readings")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        intake = DurableIntake(Path(folder), SetClock(from_us(START_US + 10**13)), None)
        fill(intake, options.sensors, options.rounds, options.step)
        at = from_us(START_US + options.rounds // 2 * options.step * 1_000_000)
        day = timedelta(days=1)
        assert len(intake.sensors_at(at, at - day, "traffic:").name) == options.sensors
        found = {
            "readings": options.sensors * options.rounds,
            "latest": timed(intake.sensors),
            "whole layer at an instant": timed(lambda: intake.sensors_at(at, at - day, "traffic:")),
            "track of one sensor": timed(lambda: intake.track("traffic:s-7", at - day, at)),
        }
        assert to_us(at) > START_US
        intake.close()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

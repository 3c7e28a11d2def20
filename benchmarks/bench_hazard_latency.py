"""From a gauge's reading over its threshold to the forecast that an officer's screen asks for: `python -m benchmarks.bench_hazard_latency --city FOLDER`.

FOLDER is a built city (`twinward city build`); it is only read. The first reading warms the city
and the kernels, the others are measured: seconds of wall time and of CPU from the reading's arrival
to the map as the API answers it, with the incident's warning on record.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.core.clock import SetClock, format_time
from twinward.service.hazards.forecast_store import get_forecast, list_forecasts
from twinward.service.intake import commands, observations
from twinward.service.platform import local_admin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--city", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "ws"
        init_workspace(workspace)
        (workspace / "city").mkdir(exist_ok=True)
        for file in options.city.iterdir():
            (workspace / "city" / file.name).symlink_to(file.resolve())
        clock = SetClock(datetime(2026, 7, 20, 6, tzinfo=UTC))
        platform = compose.open_platform(workspace, clock)
        threshold = {"hazard": "flood", "figure": "rain_mm_h", "at_least": 16.0, "unit": "mm/h"}
        item = {"id": "t-1", "type": "SetThreshold", "observed": "rainfall", **threshold}
        commands.submit_objects(platform, local_admin(), [item], "bench")
        platform.loop.catch_up()
        leaf = max(platform.reference.areas.by_code, key=len)
        spent = []
        for number in range(options.rounds + 1):
            clock.advance(timedelta(minutes=30))
            at = format_time(clock.now())
            told = {
                "source_id": at,
                "type": "rainfall",
                "occurred_at": at,
                "subject": f"gauge-{number}",
                "value": 40.0 + number,
                "area": leaf,
                "unit": "mm/h",
            }
            body = msgspec.json.encode({"source": "gauges", "items": [told]})
            wall, cpu = time.perf_counter(), time.process_time()
            checks = observations.checks_of(platform)
            observations.submit(platform, local_admin(), checks, body).result()
            platform.watch.settle()
            platform.loop.catch_up()
            lines = list_forecasts(workspace)
            assert len(lines) == number + 1, "a forecast was made"
            size = len(msgspec.json.encode(get_forecast(workspace, lines[0].id).map))
            spent.append((time.perf_counter() - wall, time.process_time() - cpu))
            print(f"reading {number}: {spent[-1][0]:.2f} s, CPU {spent[-1][1]:.2f} s, map {size:,}")
        warm = spent[1:]
        middle = [statistics.median(one[n] for one in warm) for n in (0, 1)]
        print(f"warm, median of {len(warm)}: {middle[0]:.2f} s, CPU {middle[1]:.2f} s")
        platform.close()


if __name__ == "__main__":
    main()

"""The table of cases at 300,000 rows: one page with its total, for each filter and order that the
console's table can ask for. Run as `python -m benchmarks.bench_case_table`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.bench_trust import START, make_tree
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.core.clock import SetClock
from twinward.service.access import activations
from twinward.service.access.person_listing import ListWish, list_persons
from twinward.service.platform import Platform, local_admin
from twinward.twins.emergency.reports.rows import Case

STATUSES = ("confirmed", "asymptomatic", "suspected", "recovered", "dead")
SHARES = (60, 25, 9, 5, 1)
ROUNDS = 15


def fill(platform: Platform, leaves: list[str], rows: int) -> None:
    """Cases over the communities and twenty days, each sealed under its person's key."""
    chance = random.Random(3)

    def work(first: int, last: int) -> Callable[[Any], None]:
        def put(tx: Any) -> None:
            for n in range(first, last):
                at = START - timedelta(seconds=chance.randrange(20 * 86_400))
                case = Case(
                    id=f"c{n:07d}",
                    subject=f"p-{n:07d}",
                    hazard="epidemic",
                    area=chance.choice(leaves),
                    status=chance.choices(STATUSES, SHARES)[0],
                    found_in="community",
                    place=None,
                    onset=None,
                    reported_at=at,
                    source="x",
                    synthetic=True,
                )
                tx.put("cases", case, at)

        return put

    for first in range(0, rows, 10_000):
        platform.store.write(work(first, min(first + 10_000, rows)))


def measure(platform: Platform, district: str) -> dict[str, float]:
    """The slowest and the median time of each wish in ms of processor time."""
    week = START - timedelta(days=7)
    asked: dict[str, tuple[dict[str, str], ListWish, int]] = {
        "newest first": ({}, ListWish(), 0),
        "by status": ({}, ListWish(order="status"), 0),
        "by area, backwards": ({}, ListWish(order="-area"), 0),
        "by id": ({}, ListWish(order="id"), 0),
        "confirmed, oldest first": ({"status": "confirmed"}, ListWish(order="reported_at"), 0),
        "dead, by area": ({"status": "dead"}, ListWish(order="area"), 0),
        "dead of a district": ({"status": "dead"}, ListWish(area=district), 0),
        "district, by status": ({}, ListWish(area=district, order="-status"), 0),
        "this week, by area": ({}, ListWish(since=week, order="area"), 0),
        "suspected this week, by id": (
            {"status": "suspected"},
            ListWish(since=week, order="id"),
            0,
        ),
        "id begins with c01234": ({}, ListWish(search="c01234"), 0),
        "newest first, page 1,000": ({}, ListWish(), 50_000),
        "confirmed, page 1,000": ({"status": "confirmed"}, ListWish(), 50_000),
    }
    found: dict[str, float] = {}
    for name, (filters, wish, offset) in asked.items():
        times = []
        for _ in range(ROUNDS):
            began = time.process_time()
            list_persons(platform, local_admin(), "cases", offset=offset, wish=wish, **filters)
            times.append(1e3 * (time.process_time() - began))
        found[name] = statistics.median(times)
        print(f"{name:<32} median {found[name]:8.1f} ms   slowest {max(times):8.1f} ms")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=300_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="twinward-bench-table-"))
    tree = make_tree()
    compose.open_areas = lambda workspace: tree
    try:
        init_workspace(folder / "w")
        platform = compose.open_platform(folder / "w", SetClock(START))
        leaves = [code for code, area in tree.by_code.items() if area.level == "community"]
        fill(platform, leaves, options.rows)
        activations.open_activation(
            platform,
            local_admin(),
            hazard="epidemic",
            areas=["all"],
            purposes=["trace", "care"],
            days=7,
            by="b",
            basis="bench",
        )
        result = measure(platform, leaves[0][:4])
        platform.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"rows": options.rows, **result}))


if __name__ == "__main__":
    main()

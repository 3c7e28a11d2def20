"""Memory of a server under steady load: commands of seven kinds, movement, readings and reads at
fixed rates.

    python -m benchmarks.bench_memory [--minutes 60] [--speed 1] [--out FILE.csv]

`--speed 4` sends four times as much in the same time: good for finding what grows. What counts is
the resident memory of the server after ten minutes and at the end; private memory (anonymous pages)
and mapped files are told apart, for the system may take mapped pages back.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from twinward.app.workspace import init_workspace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.cities import list_areas, make_city
from helpers.server import Server

COMMANDS_A_S, OBSERVATIONS_A_S, READS_A_S = 24, 950, 2.3
PEOPLE, GAUGES = 20_000, 2_000
FIGURES = ("VmRSS", "RssAnon", "RssFile", "Threads")
READS = (
    "/v1/incidents",
    "/v1/tasks?limit=100",
    "/v1/events?limit=200",
    "/v1/sensors?limit=200",
    "/v1/status",
    "/v1/sources",
    "/v1/cases?limit=50",
    "/health",
)


class Load:
    """Sends at fixed rates until stopped; what was sent, refused and failed is counted."""

    def __init__(self, url: str, speed: float, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.stopped = threading.Event()
        self._speed = speed
        self._chance = random.Random(seed)
        self._client = httpx.Client(base_url=url, timeout=60)
        self._leaves = [a.code for a in list_areas("310101", "310115") if a.level == "community"]
        self._batch = 0
        self._threads = [
            threading.Thread(target=self._pace, args=(what, every / speed))
            for what, every in (
                (self._send_commands, 1.0),
                (self._send_movement, 1.0),
                (self._send_readings, 1.0),
                (self._read, 1 / READS_A_S),
            )
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.stopped.set()
        for thread in self._threads:
            thread.join()

    def _pace(self, what: Callable[[int], None], every_s: float) -> None:
        due, number = time.monotonic(), 0
        while not self.stopped.wait(max(0.0, due - time.monotonic())):
            try:
                what(number)
            except httpx.HTTPError as error:
                self.counts[type(error).__name__] += 1
            number += 1
            due = max(due + every_s, time.monotonic() - 5.0)

    def _post(self, path: str, source: str, items: list[dict[str, Any]]) -> None:
        answer = self._client.post(path, json={"source": source, "items": items})
        if answer.status_code != 200:
            self.counts[f"{path} {answer.status_code}"] += 1
            return
        account = answer.json()
        for word in ("stored", "duplicate"):
            self.counts[f"{path} {word}"] += account[word]
        for one in account["rejected"]:
            self.counts[f"{path} {one['code']}"] += 1

    def _send_commands(self, batch: int) -> None:
        items = [one for n in range(3) for one in self._case(f"{batch}-{n}")]
        self._post("/v1/commands", "hospital", [*items, *self._others(str(batch))])

    def _case(self, one: str) -> list[dict[str, Any]]:
        area = self._chance.choice(self._leaves)
        person = {
            "name": f"Person {one}",
            "document": f"D{one}",
            "phone": f"1390000{hash(one) % 10_000:04}",
        }
        return [
            {"id": f"r-{one}", "type": "ReportCase", "case": f"c-{one}", "hazard": "epidemic"}
            | {"area": area, "status": "confirmed", "person": person},
            {"id": f"n-{one}", "type": "NameContact", "contact": f"k-{one}", "case": f"c-{one}"}
            | {"subject": f"k-{one}", "area": area},
            {"id": f"u-{one}", "type": "UpdateContact", "contact": f"k-{one}", "step": "located"},
        ]

    def _others(self, one: str) -> list[dict[str, Any]]:
        area, day = self._chance.choice(self._leaves), datetime.now(UTC).date().isoformat()
        found = []
        for n in range(5):
            flood = {"type": "ReportHazard", "hazard": "flood", "area": area, "unit": "m"}
            found.append(flood | {"id": f"h-{one}-{n}", "figure": "water_depth_m", "value": 0.1})
        for n in range(4):
            count = {"type": "ReportCount", "hazard": "epidemic", "area": area[:6], "day": day}
            found.append(count | {"id": f"z-{one}-{n}", "status": "confirmed", "count": 1})
        for n in range(4):
            stock = {"type": "SetStock", "holder": f"h{n}", "kind": "masks", "unit": "pieces"}
            found.append(stock | {"id": f"s-{one}-{n}", "area": area, "quantity": 5.0 + n})
        mall = {"type": "ReportAffectedPlace", "hazard": "epidemic", "name": "hall", "day": day}
        mall |= {"area": self._leaves[0], "place": "hall"}
        return [*found, *(mall | {"id": f"m-{one}-{n}"} for n in range(2))]

    def _send_movement(self, batch: int) -> None:
        now, chance = datetime.now(UTC).isoformat(), self._chance
        items = [
            {"source_id": f"{batch}-{n}", "type": "position", "occurred_at": now}
            | {"subject": f"p-{chance.randrange(PEOPLE):020x}"}
            | {"lon": chance.uniform(121.4, 121.5), "lat": chance.uniform(31.2, 31.3)}
            for n in range(OBSERVATIONS_A_S // 2)
        ]
        self._post("/v1/observations", "phones", items)

    def _send_readings(self, batch: int) -> None:
        now, chance = datetime.now(UTC).isoformat(), self._chance
        items = [
            {"source_id": f"{batch}-{n}", "type": "temperature", "occurred_at": now, "unit": "Cel"}
            | {"place": f"g-{chance.randrange(GAUGES)}", "area": chance.choice(self._leaves)}
            | {"value": round(chance.uniform(5, 25), 2)}
            for n in range(OBSERVATIONS_A_S // 2)
        ]
        self._post("/v1/observations", "gauges", items)

    def _read(self, number: int) -> None:
        answer = self._client.get(READS[number % len(READS)])
        self.counts[f"GET {answer.status_code}"] += 1


def measure(pid: int) -> dict[str, float]:
    """Resident memory of a process in MB, and its threads."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    told = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(FIGURES)}
    return {key: value if key == "Threads" else value * 1024 / 1e6 for key, value in told.items()}


def run(minutes: float, speed: float, out: Path | None, folder: Path) -> dict[str, Any]:
    """One run on a new workspace; the figures of every ten seconds go to `out`."""
    init_workspace(folder)
    make_city(folder, "310101", "310115")
    server = Server(folder)
    load = Load(server.url, speed, seed=1)
    rows: list[dict[str, float]] = []
    began = time.monotonic()
    try:
        load.start()
        while (passed := time.monotonic() - began) < minutes * 60:
            rows.append({"minute": round(passed / 60, 2)} | measure(server.process.pid))
            if out is not None:
                told = rows[-1] | {"commands": load.counts["/v1/commands stored"]}
                with out.open("a") as file:
                    file.write(json.dumps(told | {"seen": load.counts["/v1/observations stored"]}))
                    file.write("\n")
            time.sleep(10)
    finally:
        load.stop()
        health = server.client.get("/health").json()
        server.stop()
    return {"health": health.get("status"), "counts": dict(load.counts), **compare(rows)}


def compare(rows: list[dict[str, float]]) -> dict[str, Any]:
    """The medians of two minutes from the tenth on and of the last two."""
    end = rows[-1]["minute"]
    found: dict[str, Any] = {"minutes": end}
    for figure in ("VmRSS", "RssAnon"):
        at_ten = [row[figure] for row in rows if 10 <= row["minute"] < 12]
        last = [row[figure] for row in rows if row["minute"] >= end - 2]
        if at_ten:
            first = statistics.median(at_ten)
            found[figure] = [round(first, 1), round(statistics.median(last), 1)]
            found[f"{figure}_grew_percent"] = round(100 * (found[figure][1] / first - 1), 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path, help="the workspace, kept afterwards")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp(prefix="twinward-memory-")) / "ws"
    try:
        found = run(args.minutes, args.speed, args.out, folder)
    finally:
        if args.keep is None:
            shutil.rmtree(folder.parent, ignore_errors=True)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

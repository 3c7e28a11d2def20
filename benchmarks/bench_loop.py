"""The loop over real HTTP: commands with their projections, and from a case report to all its
orders under load.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec

from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.citybase.columns import CityManifest, write_manifest
from twinward.citybase.schema import Area
from twinward.core.clock import SystemClock
from twinward.twins.emergency.tasks.rows import Task

DISTRICTS, STREETS, BATCH = 200, 10, 1000
HAZARD = "epidemic"
# under load, before the first trigger: a million rows written at once have their history sealed
# first
SETTLE_S = 30.0


def make_workspace(folder: Path) -> None:
    """200 districts of ten streets: as many triggers as the p99 needs."""
    init_workspace(folder)
    areas = [
        Area(
            code=f"{100 + d}",
            name=f"district {d}",
            level="district",
            parent=None,
            lon=121.0,
            lat=31.0,
        )
        for d in range(DISTRICTS)
    ]
    areas += [
        Area(
            code=f"{a.code}{s:02d}",
            name=f"street {s}",
            level="street",
            parent=a.code,
            lon=121.0,
            lat=31.0,
        )
        for a in list(areas)
        for s in range(STREETS)
    ]
    (folder / "city").mkdir()
    manifest = CityManifest(
        schema_version=1,
        name="bench",
        timezone="UTC",
        sha256="",
        lengths={},
        leaf_codes=[],
        areas=areas,
        report={},
        fidelity={},
    )
    write_manifest(manifest, folder / "city")


def fill(folder: Path, rows: int) -> None:
    """`rows` open tasks of other incidents, written straight into the projection."""
    platform = compose.open_platform(folder)
    now = datetime.now(UTC)
    for start in range(0, rows, 20_000):

        def work(tx: object, start: int = start) -> None:
            for n in range(start, min(start + 20_000, rows)):
                task = Task(
                    id=f"old-{n}",
                    incident=f"old-{n // 50}",
                    key="old",
                    title="an open task",
                    department="transport",
                    area=f"{100 + n % DISTRICTS}",
                    status="acknowledged",
                    after=(),
                    deadline_h=1e6,
                    created_at=now,
                )
                tx.put("tasks", task, now)  # type: ignore[attr-defined]

        platform.store.write(work)
    platform.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "twinward.cli.main",
        "serve",
        "--workspace",
        str(folder),
        "--port",
        str(port),
    ]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/health", timeout=1)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=60)


def case(name: str, area: str) -> dict[str, str]:
    return {
        "id": name,
        "type": "ReportCase",
        "case": name,
        "subject": f"p-{name}",
        "hazard": HAZARD,
        "area": area,
        "status": "confirmed",
        "found_in": "community",
    }


def stock(name: str, n: int) -> dict[str, object]:
    return {
        "id": name,
        "type": "SetStock",
        "kind": f"kind {n % 50}",
        "area": f"{100 + n % DISTRICTS}",
        "quantity": n,
        "unit": "boxes",
    }


def bench_commands(url: str, seconds: float) -> dict[str, float]:
    """Acknowledged commands a second, in batches of 1,000 and one by one on eight connections."""
    with httpx.Client(base_url=url, timeout=120) as client:
        bodies = [
            msgspec.json.encode({"items": [stock(f"b{b}-{n}", n * 7 + b) for n in range(BATCH)]})
            for b in range(60)
        ]
        client.post("/v1/commands", content=bodies[0])
        began, done = time.perf_counter(), 0
        for body in bodies[1:]:
            answer = client.post("/v1/commands", content=body).json()
            assert answer["stored"] == BATCH, answer
            done += BATCH
            if time.perf_counter() - began > seconds:
                break
        batches = done / (time.perf_counter() - began)
    return {"batches_per_s": batches, "single_per_s": bench_singles(url, seconds)}


def bench_singles(url: str, seconds: float, connections: int = 8) -> float:
    """Posts of one command each; plain sockets, so that the client leaves the server a core."""
    counts = [0] * connections
    host, port = url.removeprefix("http://").split(":")
    end = time.perf_counter() + seconds

    def post(lane: int) -> None:
        wire = http.client.HTTPConnection(host, int(port), timeout=60)
        while time.perf_counter() < end:
            body = msgspec.json.encode({"items": [stock(f"s{lane}-{counts[lane]}", counts[lane])]})
            wire.request("POST", "/v1/commands", body, {"content-type": "application/json"})
            assert wire.getresponse().read().startswith(b"{")
            counts[lane] += 1

    lanes = [threading.Thread(target=post, args=(lane,)) for lane in range(connections)]
    began = time.perf_counter()
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return sum(counts) / (time.perf_counter() - began)


LOAD = """
import sys, time, httpx, msgspec
url, observations, commands = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = httpx.Client(base_url=url, timeout=60)
began, n = time.perf_counter(), 0
while True:
    for part in range(observations // 1000):
        items = [{"source_id": f"{n}-{part}-{i}", "type": "reading", "occurred_at": "2022-04-13T08:00:00Z",
                  "subject": f"sensor-{i}", "value": float(i)} for i in range(1000)]
        client.post("/v1/observations", content=msgspec.json.encode({"source": "load", "items": items}))
        if part % 2 == 0:
            share = commands // max(1, observations // 2000)
            items = [{"id": f"load-{n}-{part}-{i}", "type": "SetStock", "kind": f"k{i}", "area": str(100 + i % 200),
                      "quantity": n + part + i / 1000, "unit": "boxes"} for i in range(share)]
            client.post("/v1/commands", content=msgspec.json.encode({"items": items}))
        ahead = n + (part + 1) / (observations // 1000) - (time.perf_counter() - began)
        if ahead > 0:
            time.sleep(ahead)
    n += 1
"""


def bench_trigger(url: str, triggers: int, observations: int, commands: int) -> dict[str, float]:
    """Milliseconds from posting a case to the moment when all orders of its plan can be read."""
    load = subprocess.Popen([sys.executable, "-c", LOAD, url, str(observations), str(commands)])
    took: list[float] = []
    try:
        time.sleep(SETTLE_S)
        with httpx.Client(base_url=url, timeout=60) as client:
            client.get("/v1/tasks", params={"area": "100"})
            for n in range(triggers):
                area = f"{100 + n}01"
                began = time.perf_counter()
                client.post(
                    "/v1/commands", content=msgspec.json.encode({"items": [case(f"t{n}", area)]})
                )
                while True:
                    query = {"area": f"{100 + n}", "status": "ordered", "limit": 100}
                    items = client.get("/v1/tasks", params=query).json()["items"]
                    if len(items) >= 3:  # investigate, beds, and the interview of this case
                        break
                    time.sleep(0.001)
                took.append((time.perf_counter() - began) * 1000)
                time.sleep(0.05)
    finally:
        load.kill()
        load.wait()
    took.sort()
    return {
        "n": len(took),
        "p50_ms": statistics.median(took),
        "p99_ms": took[int(len(took) * 0.99)],
        "max_ms": took[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--triggers", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "ws"
        make_workspace(workspace)
        with served(workspace) as url:
            result: dict[str, object] = {"commands": bench_commands(url, options.seconds)}
        print(json.dumps(result), flush=True)
        fill(workspace, options.rows)
        with served(workspace) as url:
            result["trigger_under_load"] = bench_trigger(url, options.triggers, 20_000, 500)
        print(json.dumps(result))


if __name__ == "__main__":
    main()

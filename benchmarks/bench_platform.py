"""The platform's numbers: observations over HTTP, commands, the past, the latest, one sensor by
hour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pyarrow as pa

from twinward.core.clock import SystemClock, to_us
from twinward.core.messages import Command, Draft, Fact, Request
from twinward.core.ports import Table
from twinward.storage.files.frames import schema
from twinward.storage.log.store import SqlStore, open_store
from twinward.storage.observations.intake import DurableIntake

START = datetime(2022, 3, 6, tzinfo=UTC)
BATCH = 1000


class Line(msgspec.Struct, frozen=True):
    """One row of the table: what was measured beside what must be and what is aimed at."""

    what: str
    must: str
    aim: str
    measured: str


class Report(Command, frozen=True, kw_only=True):
    pass


class Reported(Fact, frozen=True, kw_only=True):
    place: str
    count: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    area: str
    state: str
    count: int
    note: str = ""


TABLES = (
    Table(name="places", row=Place, columns=("state", "count"), indexes=(("state", "area"),)),
)


# observations over HTTP
# ----------------------------------------------------------------------------------------------


def bodies(first: int, count: int) -> list[bytes]:
    """Requests of 1,000 readings each, from a hundred thousand sensors, as they go over the
    wire.
    """
    made = []
    for number in range(first, first + count):
        items = [
            {
                "source_id": f"{number}-{n}",
                "type": "reading",
                "occurred_at": "2022-04-13T08:00:00Z",
                "subject": f"sensor-{(number * BATCH + n) % 100_000}",
                "area": "310101",
                "value": n * 0.5,
            }
            for n in range(BATCH)
        ]
        body = json.dumps({"source": "bench", "items": items}).encode()
        head = f"POST /v1/observations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        made.append(head + body)
    return made


async def post_all(port: int, requests: list[bytes], connections: int) -> None:
    """Sends every request and reads every answer, over a few connections at once."""
    left = iter(requests)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in left:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            answer = json.loads(await reader.readexactly(size))
            assert answer["received"] == BATCH == answer["stored"] + answer["duplicate"], answer
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))


def measure_observations(root: Path, batches: int) -> list[Line]:
    """A real server in its own process; one client; then the same again, all duplicates."""
    workspace = root / "served"
    twinward = [sys.executable, "-m", "twinward.cli.main"]
    subprocess.run([*twinward, "init", str(workspace)], check=True, stdout=subprocess.DEVNULL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = [*twinward, "serve", "--workspace", str(workspace), "--port", str(port)]
    server = subprocess.Popen(serve, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        asyncio.run(post_all(port, bodies(10**6, 50), 4))
        process = psutil.Process(server.pid)
        requests = bodies(0, batches)
        found = []
        for _ in range(2):
            cpu, wall = process.cpu_times(), time.perf_counter()
            asyncio.run(post_all(port, requests, 4))
            wall = time.perf_counter() - wall
            after = process.cpu_times()
            used = after.user + after.system - cpu.user - cpu.system
            found.append((batches * BATCH / wall, batches * BATCH / used))
    finally:
        server.terminate()
        server.wait()
    return [
        Line(
            "observations by HTTP, new, /s",
            "100,000",
            "500,000",
            f"{found[0][0]:,.0f} ({found[0][1]:,.0f} a CPU s)",
        ),
        Line(
            "the same again, all duplicates, /s",
            "",
            "",
            f"{found[1][0]:,.0f} ({found[1][1]:,.0f} a CPU s)",
        ),
    ]


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server did not come up")


# commands
# --------------------------------------------------------------------------------------------------


def report(number: int) -> Callable[[Any], None]:
    """One command as a twin does it: seen?, find, append, put."""

    def work(tx: Any) -> None:
        command = Report(id=f"cmd-{number:09d}")
        if tx.seen(command.id):
            return
        key = f"place-{number % 50_000:06d}"
        before = tx.find("places", key)
        area = f"3101{number % 200:03d}"
        fact = Reported(place=key, count=1)
        tx.append(Request(command=command, actor="bench"), [Draft(fact=fact, area=area)], START)
        count = before.count + 1 if before else 1
        tx.put(
            "places",
            Place(id=key, area=before.area if before else area, state="open", count=count),
            START,
        )

    return work


def measure_commands(root: Path) -> list[Line]:
    with open_store(root / "commands.db", TABLES, (Reported,), SystemClock()) as store:
        batched, next_number = [], 0
        for _ in range(30):
            works = [report(next_number + n) for n in range(BATCH)]
            batched.append(
                BATCH
                / seconds(lambda works=works: store.write(lambda tx: [work(tx) for work in works]))
            )
            next_number += BATCH
        alone, synced = [], []
        for _ in range(1000):
            alone.append(seconds(lambda n=next_number: store.write(report(n))))
            next_number += 1
    handle = os.open(root / "sync", os.O_WRONLY | os.O_CREAT)
    for _ in range(300):
        synced.append(seconds(lambda: (os.write(handle, bytes(8192)), os.fdatasync(handle))))
    os.close(handle)
    single = (
        f"{1 / statistics.mean(alone):,.0f} (one 8 KiB append and fdatasync alone: "
        f"{1 / statistics.mean(synced):,.0f})"
    )
    return [
        Line(
            "commands with projections, batches of 1,000, /s",
            "5,000",
            "15,000",
            f"{statistics.median(batched):,.0f}",
        ),
        Line("commands one by one, /s", "1,000", "3,000", single),
    ]


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# the past
# --------------------------------------------------------------------------------------------------


def fill_history(store: SqlStore, entities: int, versions: int) -> None:
    """`versions` versions of each entity, a day apart, in areas of 10,000; written as the store
    itself would have.
    """
    connection = store.database.connect(write=True)
    connection.execute("PRAGMA synchronous=OFF")
    text = store.statements.insert("places_history").text
    encode = msgspec.msgpack.Encoder().encode
    for area in range(0, entities, 10_000):
        connection.execute("BEGIN")
        rows = []
        for n in range(area, min(area + 10_000, entities)):
            for version in range(versions):
                us = to_us(START) + version * 86_400_000_000
                code = f"area-{n // 10_000:04d}"
                body = encode(Place(id=f"p-{n:07d}", area=code, state="open", count=version))
                rows.append((code, f"p-{n:07d}", version * entities + n + 1, us, us, None, body))
        connection.executemany(text, rows)
        connection.execute("COMMIT")
    connection.execute("UPDATE head SET version = ?", (entities * versions,))
    connection.close()


def measure_past(root: Path, entities: int) -> list[Line]:
    with open_store(
        root / "past.db", TABLES, (Reported,), SystemClock(), sealed=root / "sealed"
    ) as store:
        fill_history(store, entities, 10)
        at = START + timedelta(days=4, hours=12)
        with store.read() as reader:
            rows = median_ms(lambda: reader.as_of("places", at, area="area-0003"), 9)
            expected = reader.as_of_columns("places", at, area="area-0003").sort_by("key")
        sealing_s = seconds(store.seal_history)
        store.write(
            lambda tx: tx.put(
                "places", Place(id="new", area="area-0003", state="open", count=1), at
            )
        )
        with store.read() as reader:
            assert (
                reader.as_of_columns(
                    "places", START + timedelta(days=4, hours=11), area="area-0003"
                )
                == expected
            )
            sealed_rows = median_ms(lambda: reader.as_of("places", at, area="area-0003"), 15)
            columns = median_ms(lambda: reader.as_of_columns("places", at, area="area-0003"), 15)
            whole = median_ms(lambda: reader.as_of_columns("places", at), 7)
            assert reader.as_of_columns("places", at).num_rows == entities + 1
        size = sum(path.stat().st_size for path in (root / "sealed").iterdir()) / entities / 10
    n = f"{entities:,} x 10"
    return [
        Line(f"as_of, {n}, area of 10,000, columns, ms", "50", "10", f"{columns:.1f}"),
        Line(
            "the same as 10,000 rows, ms", "50", "10", f"{sealed_rows:.1f} (not sealed {rows:.1f})"
        ),
        Line(f"as_of, {n}, all, as columns, ms", "2,000", "300", f"{whole:.0f}"),
        Line("sealing all of it", "", "", f"{sealing_s:.0f} s, {size:.0f} bytes a version"),
    ]


def median_ms(work: Callable[[], Any], times: int) -> float:
    work()
    return 1000 * statistics.median(seconds(work) for _ in range(times))


# sensors
# --------------------------------------------------------------------------------------------------


def readings(first: int, count: int, sensors: list[str], times: Any) -> Any:
    nothing = pa.nulls(count)
    columns = {
        "source_id": pa.array([f"{first + n}" for n in range(count)]),
        "type": pa.array(["reading"] * count),
        "time_us": pa.array(times, pa.int64()),
        "subject": pa.array(sensors),
        "value": pa.array(np.arange(count) * 0.5),
    }
    arrays = [columns.get(field.name, nothing).cast(field.type) for field in schema()]
    return pa.record_batch(arrays, schema=schema())


def measure_sensors(root: Path, sensors: int) -> list[Line]:
    start_us, step = to_us(START), 50_000
    intake = DurableIntake(root / "observations", SystemClock(), None)
    for first in range(0, sensors, step):
        names = [f"sensor-{n}" for n in range(first, first + step)]
        intake.accept("bench", readings(first, step, names, np.full(step, start_us)), 0).result()
    for part in range(10):  # one sensor, a reading a minute for a week
        times = start_us + (np.arange(1000) + 1000 * part) * 60_000_000
        intake.accept("minutes", readings(part * 1000, 1000, ["one"] * 1000, times), 0).result()
    end = START + timedelta(days=8)
    latest = median_ms(intake.sensors, 15)
    fresh = median_ms(lambda: intake.hourly("reading:one", START, end), 15)
    intake.drain()
    settled = median_ms(lambda: intake.hourly("reading:one", START, end), 15)
    intake.close()
    return [
        Line(f"latest of {sensors:,} sensors, ms", "200", "10", f"{latest:.1f}"),
        Line(
            "10,000 readings of one by hour, ms",
            "50",
            "5",
            f"{settled:.1f} (not drained {fresh:.1f})",
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=2000, help="of 1,000 observations by HTTP")
    parser.add_argument("--entities", type=int, default=1_000_000, help="with ten versions each")
    parser.add_argument("--only", choices=["observations", "commands", "past", "sensors"])
    options = parser.parse_args()
    parts: dict[str, Callable[[Path], list[Line]]] = {
        "observations": lambda root: measure_observations(root, options.batches),
        "commands": measure_commands,
        "past": lambda root: measure_past(root, options.entities),
        "sensors": lambda root: measure_sensors(root, 1_000_000),
    }
    for name, measure in parts.items():
        if options.only not in (None, name):
            continue
        root = Path(tempfile.mkdtemp(prefix="twinward-bench-"))
        try:
            for line in measure(root):
                print(
                    f"{line.what:58} must {line.must:>8}  aim {line.aim:>8}  measured "
                    f"{line.measured}",
                    flush=True,
                )
        finally:
            shutil.rmtree(root)


if __name__ == "__main__":
    main()

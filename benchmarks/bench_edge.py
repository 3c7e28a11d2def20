"""The edge: durable messages a second and memory with many devices, reading to local action with
the core stopped, a backlog drained while alarms go on, MQTT through the agent into the twin, and
MQTT straight into the twin through the centre's own door.

Run: python benchmarks/bench_edge.py durable|local|drain|twin|straight [--devices N] [--readings N]
[--list N]. Needs Debian's mosquitto. The agent, the broker, the centre and the sender of `straight`
and `durable` are processes of their own; other senders run in this one. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

AREA = "310101"
CONFIG = """
[edge]
id = "bench"
listen = "127.0.0.1:{port}"
core = "{core}"
disk_mb = 20000
[mqtt]
host = "127.0.0.1"
port = {broker}
{straight}
"""
RULES = """
[[rules]]
id = "too-warm"
type = "temperature"
above = 30.0
action = "siren"
[[actions]]
name = "siren"
kind = "mqtt"
target = "siren"
text = "{{device}} {{time}}"
most_per_hour = 3600
authorised_by = "the bench"
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    """A folder with a broker and an agent of `devices` thermometers."""

    def __init__(
        self, folder: Path, devices: int, core: str = "", *, straight: bool = False
    ) -> None:
        self.folder, self.devices = folder, devices
        self.broker_port, self.port = free_port(), free_port()
        text = CONFIG.format(
            port=self.port,
            core=core,
            broker=self.broker_port,
            straight="straight = true" if straight else "",
        )
        text += "" if straight else RULES.format()
        text += "".join(
            f'[[devices]]\nid = "d{n}"\nprofile = "thermometer"\narea = "{AREA}"\n'
            for n in range(devices)
        )
        (folder / "edge.toml").write_text(text)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_queued_messages 0\nmax_inflight_messages 0\n"
        )
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.broker = subprocess.Popen(
            ["mosquitto", "-c", str(folder / "mosquitto.conf")],
            **quiet,  # type: ignore[call-overload]
        )
        self.agent: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "twinward.edge.agent", "run", "--config"]
        self.agent = subprocess.Popen(
            [*command, str(self.folder / "edge.toml")], stderr=subprocess.DEVNULL
        )
        wait_for(lambda: self.health() is not None, pause_s=0.1)
        time.sleep(1.0)  # its session at the broker

    def health(self) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as got:
                return dict(json.loads(got.read()))
        except OSError:
            return None

    def stored(self) -> int:
        return int((self.health() or {"stored": 0})["stored"])

    def peak_mb(self) -> float:
        assert self.agent is not None
        status = Path(f"/proc/{self.agent.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) * 1024 / 1e6 if found else float("nan")

    def cpu_s(self) -> float:
        assert self.agent is not None
        return cpu_of(self.agent.pid)

    def client(self, name: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5)
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(0)
        client.connect("127.0.0.1", self.broker_port)
        client.loop_start()
        return client

    def close(self) -> None:
        for process in (self.agent, self.broker):
            if process is not None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)


def wait_for(holds: Callable[[], bool], seconds: float = 120.0, pause_s: float = 1.0) -> float:
    """Seconds until it held."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise SystemExit("it never came to that")
        time.sleep(pause_s)
    return time.monotonic() - begun


def reading(seq: int, value: float = 20.0, at: datetime | None = None) -> dict[str, Any]:
    when = (at or datetime.now(UTC)).isoformat()
    return {"boot": "b", "seq": seq, "type": "temperature", "occurred_at": when, "value": value}


def run_durable(bench: Bench, readings: int) -> dict[str, Any]:
    """Single readings at QoS 1 from a broker; and batches of 100 over HTTP."""
    bench.start()
    sender, _ = start_sender(bench, readings, 1, once=True)
    begun, cpu = time.monotonic(), bench.cpu_s()
    go(sender)
    wait_for(lambda: bench.stored() >= readings, 600, 0.2)
    single_s, single_cpu = time.monotonic() - begun, bench.cpu_s() - cpu
    begun, cpu = time.monotonic(), bench.cpu_s()
    threads = [threading.Thread(target=post_batches, args=(bench, k, readings)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batch_s, batch_cpu = time.monotonic() - begun, bench.cpu_s() - cpu
    assert bench.stored() == 2 * readings
    sender.communicate()
    return {
        "mqtt_messages_per_s": round(readings / single_s),
        "mqtt_messages_per_cpu_s": round(readings / single_cpu),
        "http_readings_per_s": round(readings / batch_s),
        "http_readings_per_cpu_s": round(readings / batch_cpu),
        "peak_rss_mb": round(bench.peak_mb(), 1),
    }


def post_batches(bench: Bench, part: int, readings: int) -> None:
    for batch in range(part, readings // 100, 4):
        items = [reading(10**6 + batch * 100 + k) for k in range(100)]
        body = json.dumps({"device": f"d{batch % bench.devices}", "items": items}).encode()
        address = f"http://127.0.0.1:{bench.port}/v1/readings"
        headers = {"content-type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as got:
            assert json.loads(got.read())["stored"] == 100


def run_local(bench: Bench, samples: int) -> dict[str, Any]:
    """From publishing a reading to the siren's message; nobody answers at the core's address."""
    bench.start()
    heard: dict[str, float] = {}
    listener = bench.client("siren")
    listener.on_message = lambda _c, _d, message: heard.setdefault(
        message.payload.decode().split()[0], time.monotonic()
    )
    listener.subscribe("siren", qos=1)
    client, sent = bench.client("sender"), {}
    time.sleep(0.5)
    begun = time.monotonic()
    for n in range(samples):
        for other in range(10):  # what else goes on
            topic = f"twinward/bench/d{(n + 1 + other) % bench.devices}/temperature"
            client.publish(topic, json.dumps(reading(10**6 + n * 10 + other)), qos=1)
        sent[f"d{n % bench.devices}"] = time.monotonic()
        topic = f"twinward/bench/d{n % bench.devices}/temperature"
        client.publish(topic, json.dumps(reading(10**8 + n, 31.0)), qos=1)
        time.sleep(0.02)
    rate = 11 * samples / (time.monotonic() - begun)
    wait_for(lambda: len(heard) == len(sent), 60)
    late = [1000 * (heard[name] - at) for name, at in sent.items()]
    client.loop_stop()
    listener.loop_stop()
    return {
        "samples": len(late),
        "readings_per_s_meanwhile": round(rate),
        "p50_ms": round(percentile(late, 0.5), 1),
        "p99_ms": round(percentile(late, 0.99), 1),
        "max_ms": round(max(late), 1),
    }


class Centre:
    """`twinward serve` on a workspace of one city of names."""

    def __init__(self, folder: Path) -> None:
        from twinward.app.workspace import init_workspace
        from twinward.citybase.columns import CityManifest, write_manifest
        from twinward.citybase.schema import SCHEMA_VERSION, Area

        self.folder, self.port = folder, free_port()
        init_workspace(folder)
        (folder / "city").mkdir(exist_ok=True)
        area = Area(code=AREA, name="Huangpu", level="district", parent=None, lon=121.5, lat=31.2)
        manifest = CityManifest(
            schema_version=SCHEMA_VERSION,
            name="bench",
            timezone="Asia/Shanghai",
            sha256="",
            lengths={},
            leaf_codes=[],
            areas=[area],
            report={},
            fidelity={},
        )
        write_manifest(manifest, folder / "city")
        command = [sys.executable, "-m", "twinward.cli.main", "serve", "--workspace", str(folder)]
        with (folder / "serve.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)], stdout=log, stderr=log
            )
        wait_for(lambda: self.ask("/health") is not None, 180)

    def ask(self, path: str) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as got:
                return dict(json.loads(got.read()))
        except OSError:
            return None

    def warm_up(self) -> None:
        """What the first batch compiles is no part of the measure."""
        items = [
            {"source_id": f"w{k}", "subject": "w", "area": AREA} | reading(k) for k in range(5000)
        ]
        for one in items:
            del one["boot"], one["seq"]
        body = json.dumps({"source": "warm", "items": items}).encode()
        headers = {"content-type": "application/json"}
        address = f"http://127.0.0.1:{self.port}/v1/observations"
        with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as got:
            assert json.loads(got.read())["stored"] == 5000

    def account(self) -> dict[str, int]:
        found = (self.ask("/v1/sources") or {"items": []})["items"]
        one = next((row for row in found if row["source"] == "bench"), None)
        return one or {"received": 0, "stored": 0, "duplicate": 0, "rejected": 0}

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def run_drain(bench: Bench, centre: Centre, readings: int) -> dict[str, Any]:
    """A backlog written into the agent's store as its keeper writes it, drained by its forwarder;
    meanwhile ten alarms a second, each timed until the centre has it.
    """
    centre.warm_up()
    filled_s, size = fill(bench, readings)
    begun = time.monotonic()
    bench.start()
    start_s = time.monotonic() - begun
    late: list[tuple[float, float]] = []  # when it was sent, how long it took
    over = threading.Event()
    watcher = threading.Thread(target=send_alarms, args=(bench, centre, late, over))
    watcher.start()
    begun = time.monotonic()
    wait_for(lambda: int((bench.health() or {"backlog": 1})["backlog"]) == 0, 3600)
    drained_s = time.monotonic() - begun
    over.set()
    watcher.join()
    account = centre.account()
    return {
        "readings": readings,
        "filled_per_s": round(readings / filled_s),
        "store_mb": round(size / 1e6, 1),
        "start_with_backlog_s": round(start_s, 1),
        "drained_s": round(drained_s, 1),
        "drained_per_s": round(readings / drained_s),
        "minutes_for_72h_of_2000": round(72 * 60 * 2000 / (readings / drained_s) / 60, 1),
        **tell_alarms(late, begun),
        "centre": {name: account[name] for name in ("received", "stored", "duplicate", "rejected")},
        "peak_rss_mb": round(bench.peak_mb(), 1),
    }


def tell_alarms(late: list[tuple[float, float]], begun: float) -> dict[str, Any]:
    """How long alarms took, and when in the drain the slowest were sent."""
    took = [seconds for _, seconds in late]
    slowest = sorted(late, key=lambda one: -one[1])[:8]
    return {
        "alarms": len(late),
        "alarm_p50_s": round(percentile(took, 0.5), 2) if took else None,
        "alarm_p99_s": round(percentile(took, 0.99), 2) if took else None,
        "slowest_alarms": [
            {"sent_at_s": round(at - begun, 1), "took_s": round(s, 2)} for at, s in slowest
        ],
    }


def fill(bench: Bench, readings: int) -> tuple[float, int]:
    """One reading a minute from each device, in lists of half an hour, the oldest first."""
    from twinward.core.clock import SystemClock
    from twinward.edge.agent.config import load_config
    from twinward.edge.agent.keeper import Keeper
    from twinward.edge.agent.store import EdgeStore

    config = load_config(bench.folder / "edge.toml")
    store = EdgeStore(config.path(config.edge.store))
    keeper = Keeper(config, store, SystemClock())
    keeper.start()
    rounds = readings // bench.devices
    first = datetime.now(UTC) - timedelta(minutes=rounds)
    begun = time.monotonic()
    for start in range(0, rounds, 30):
        raws = [
            json.dumps(reading(number, 20.0, first + timedelta(minutes=number))).encode()
            for number in range(start, min(start + 30, rounds))
        ]
        jobs = [keeper.submit_items(f"d{n}", raws) for n in range(bench.devices)]
        for job in jobs:
            job.result(timeout=120)
    seconds = time.monotonic() - begun
    keeper.stop()
    size = store.used_bytes()
    store.close()
    return seconds, size


def send_alarms(
    bench: Bench, centre: Centre, late: list[tuple[float, float]], over: threading.Event
) -> None:
    """A reading above the bound becomes an alarm; the centre's list of sensors shows it."""
    client = bench.client("alarms")
    number = 0
    while not over.is_set() and number < bench.devices:
        name, sent = f"d{number}", time.monotonic()
        topic = f"twinward/bench/{name}/temperature"
        client.publish(topic, json.dumps(reading(10**8 + number, 31.0)), qos=1)
        sensor = f"alarm:too-warm:{name}"
        window = "from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
        while centre.ask(f"/v1/sensors/{sensor}/hours?{window}") is None:
            if time.monotonic() - sent > 60:
                break
            time.sleep(0.05)
        late.append((sent, time.monotonic() - sent))
        number += 1
        time.sleep(0.2)
    client.loop_stop()


def run_twin(bench: Bench, centre: Centre, readings: int) -> dict[str, Any]:
    """Payloads of 100 readings at QoS 1, every tenth sent twice, through the agent into the
    centre: observations a second until the centre has all of them.
    """
    bench.start()
    client = bench.client("sender")
    payloads = []
    for batch in range(readings // 100):
        items = json.dumps([reading(batch * 100 + k) for k in range(100)])
        payloads += [(f"twinward/bench/d{batch % bench.devices}/temperature", items)] * (
            2 if batch % 10 == 0 else 1
        )
    begun = time.monotonic()
    for topic, payload in payloads:
        client.publish(topic, payload, qos=1)
    wait_for(lambda: bench.stored() >= readings, 900)
    kept_s = time.monotonic() - begun
    wait_for(lambda: int((bench.health() or {"backlog": 1})["backlog"]) == 0, 900)
    arrived_s = time.monotonic() - begun
    health, account = bench.health() or {}, centre.account()
    client.loop_stop()
    return {
        "observations": readings,
        "kept_per_s": round(readings / kept_s),
        "into_the_twin_per_s": round(readings / arrived_s),
        "agent": {name: health.get(name) for name in ("received", "stored", "duplicate")},
        "centre": {name: account[name] for name in ("received", "stored", "duplicate", "rejected")},
        "peak_rss_mb": round(bench.peak_mb(), 1),
    }


def run_straight(bench: Bench, centre: Centre, readings: int, many: int) -> dict[str, Any]:
    """Messages of `many` readings at QoS 1, every tenth sent twice, from a process of its own,
    through the centre's door into the twin: until the centre has all of them and the broker none.
    """
    bench.start()
    centre.warm_up()
    sender, twice = start_sender(bench, readings, many)
    assert bench.agent is not None
    pids = {
        "door": bench.agent.pid,
        "centre": centre.process.pid,
        "broker": bench.broker.pid,
        "sender": sender.pid,
    }
    before = {name: cpu_of(pid) for name, pid in pids.items()}
    begun = time.monotonic()
    go(sender)
    wait_for(lambda: centre.account()["received"] >= readings + twice, 900, 0.2)
    seconds = time.monotonic() - begun
    cpu = {name: cpu_of(pid) - before[name] for name, pid in pids.items() if name != "sender"}
    sender.communicate()
    wait_for(lambda: bench.stored() >= readings, 60)
    health, account = bench.health() or {}, centre.account()
    assert account["stored"] == readings and account["duplicate"] == twice, account
    return {
        "readings_a_message": many,
        "observations": readings,
        "sent_twice": twice,
        "into_the_twin_per_s": round(readings / seconds),
        "received_per_s": round((readings + twice) / seconds),
        **{
            f"received_per_cpu_s_of_{name}": round((readings + twice) / s)
            for name, s in cpu.items()
        },
        "door": {name: health.get(name) for name in ("received", "stored", "duplicate")},
        "centre": {name: account[name] for name in ("received", "stored", "duplicate", "rejected")},
        "peak_rss_mb": round(bench.peak_mb(), 1),
    }


def start_sender(
    bench: Bench, readings: int, many: int, *, once: bool = False
) -> tuple[subprocess.Popen[bytes], int]:
    """A process that has made all its packets, and how many readings it will send twice."""
    command = [sys.executable, __file__, "send", "--devices", str(bench.devices)]
    command += ["--readings", str(readings), "--list", str(many), *(["--once"] if once else [])]
    sender = subprocess.Popen(
        [*command, "--port", str(bench.broker_port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert sender.stdout is not None
    return sender, int(sender.stdout.readline())


def go(sender: subprocess.Popen[bytes]) -> None:
    assert sender.stdin is not None
    sender.stdin.write(b"go\n")
    sender.stdin.flush()


def send(port: int, devices: int, readings: int, many: int, *, once: bool) -> None:
    """Makes the packets, says how many readings it will send twice, and waits to be told to go."""
    from twinward.edge.mqtt import packets

    messages: list[bytes] = []
    twice = 0
    for batch in range(readings // many):
        items = [reading(batch * many + k) for k in range(many)]
        body = json.dumps(items if many > 1 else items[0]).encode()
        topic = f"twinward/bench/d{batch % devices}/temperature"
        again = batch % 10 == 0 and not once
        twice += many * again
        for _ in range(1 + again):
            mid = len(messages) % 65_535 + 1
            messages.append(packets.publish_packet(mid, topic, body, "3.1.1"))
    line = socket.create_connection(("127.0.0.1", port))
    line.sendall(packets.connect_packet("sender", "3.1.1", keep_alive_s=600, most_under_way=65_535))
    line.recv(4)
    sys.stdout.write(f"{twice}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    reader = threading.Thread(target=read_bytes, args=(line, 4 * len(messages)))
    reader.start()
    step = max(1, 200 // many)
    for at in range(0, len(messages), step):
        line.sendall(b"".join(messages[at : at + step]))
    reader.join()


def read_bytes(line: socket.socket, size: int) -> None:
    """The broker's acknowledgements."""
    while size > 0:
        size -= len(line.recv(65_536))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("durable", "local", "drain", "twin", "straight", "send"))
    parser.add_argument("--devices", type=int, default=2000)
    parser.add_argument("--readings", type=int, default=20_000)
    parser.add_argument("--list", type=int, default=1, help="readings in a message of `straight`")
    parser.add_argument("--once", action="store_true", help="no message twice, for `send`")
    parser.add_argument("--port", type=int, default=0, help="of the broker, for `send`")
    options = parser.parse_args()
    if options.what == "send":
        send(options.port, options.devices, options.readings, options.list, once=options.once)
        return
    with tempfile.TemporaryDirectory() as folder:
        centre = None
        if options.what in ("drain", "twin", "straight"):
            Path(folder, "centre").mkdir()
            centre = Centre(Path(folder, "centre"))
        # nobody listens at port 9 of this machine: the core is stopped
        core = f"http://127.0.0.1:{centre.port}" if centre else "http://127.0.0.1:9"
        bench = Bench(Path(folder), options.devices, core, straight=options.what == "straight")
        try:
            if centre is not None and options.what == "straight":
                found = run_straight(bench, centre, options.readings, options.list)
            elif centre is not None:
                run = run_drain if options.what == "drain" else run_twin
                found = run(bench, centre, options.readings)
            elif options.what == "durable":
                found = run_durable(bench, options.readings)
            else:
                found = run_local(bench, min(options.readings, bench.devices))
        finally:
            bench.close()
            if centre is not None:
                centre.close()
    told = {"what": options.what, "devices": options.devices, "load": os.getloadavg()[0]} | found
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()

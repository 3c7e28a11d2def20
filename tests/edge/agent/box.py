"""A centre that counts exactly, an agent as a process of its own that can be killed, and a device
that sends again what was not acknowledged.
"""

from __future__ import annotations

import http.client
import http.server
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CONFIG = """
[edge]
id = "gate-1"
listen = "127.0.0.1:{port}"
core = "http://127.0.0.1:{core}"
disk_mb = 200
{more}
"""
FRIDGE = """
[[devices]]
id = "fridge"
profile = "cold-chain-logger"
area = "0101"
place = "store-7"
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Centre:
    """Keeps every item once, as the centre does, and is as unkind as a network is."""

    def __init__(self, seed: int = 0, unkind: float = 0.0, slow_s: float = 0.0) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.arrivals: Counter[str] = Counter()
        self.first_at: dict[str, float] = {}
        self.order: list[str] = []
        self.conflicts = 0  # names that came again with another body
        self.chance, self.unkind, self.away = random.Random(seed), unkind, False
        self.orders: list[dict[str, Any]] = []
        self.receipts: list[tuple[str, str]] = []
        self.registry: list[dict[str, Any]] | None = None  # devices as `RegisteredDevice`
        self.slow_s = slow_s  # the longest that an answer takes
        self.lock = threading.Lock()
        centre = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                centre.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a line broke
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["content-length"])))
        with self.lock:
            luck = self.chance.random()
            before = luck < self.unkind / 2
            after = self.unkind / 2 <= luck < self.unkind
            pause = self.chance.uniform(0, self.slow_s)
        time.sleep(pause)
        if self.away or before:
            request.close_connection = True
            request.connection.close()
            return
        account = self.sync(body) if request.path.endswith("/sync") else self.keep(body["items"])
        if after:  # kept, and the answer is lost on its way
            request.close_connection = True
            request.connection.close()
            return
        told = json.dumps(account).encode()
        request.send_response(200)
        request.send_header("content-length", str(len(told)))
        request.end_headers()
        request.wfile.write(told)

    def sync(self, said: dict[str, Any]) -> dict[str, Any]:
        """Tells its orders until somebody says what became of them."""
        with self.lock:
            for one in said.get("receipts", ()):
                self.receipts.append((one["order"], one["state"]))
            over = {name for name, state in self.receipts if state in ("done", "refused")}
            wanted = [one for one in self.orders if one["order"] not in over]
            settled = [one["order"] for one in said.get("receipts", ())]
        version = str(hash(json.dumps(self.registry))) if self.registry is not None else ""
        news = None if said.get("registry") == version else self.registry
        return {"registry": version, "devices": news, "orders": wanted, "settled": settled}

    def keep(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        stored = duplicate = 0
        conflicts: list[int] = []
        with self.lock:
            for index, item in enumerate(items):
                name = item["source_id"]
                self.arrivals[name] += 1
                if name in self.bodies:
                    duplicate += 1
                    if self.bodies[name] != item:
                        conflicts.append(index)
                        self.conflicts += 1
                else:
                    self.bodies[name] = item
                    self.first_at[name] = time.monotonic()
                    stored += 1
        return {
            "received": len(items),
            "stored": stored,
            "duplicate": duplicate,
            "rejected": [],
            "conflicts": conflicts,
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def registered(device: str, profile: str, area: str, *, may_speak: bool = True) -> dict[str, Any]:
    """A device as the centre's registry tells of it."""
    said = {"device": device, "profile": profile, "area": area, "place": ""}
    return said | {"may_speak": may_speak}


class Broker:
    """Debian's mosquitto, with the limits that the how-to page names."""

    def __init__(self, folder: Path, more: str = "", *, anonymous: bool = True) -> None:
        self.port = free_port()
        path = folder / "mosquitto.conf"
        path.write_text(
            f"listener {self.port} 127.0.0.1\n{more}allow_anonymous {str(anonymous).lower()}\n"
            "persistence false\nmax_queued_messages 0\nmax_inflight_messages 0\n"
        )
        command = ["/usr/sbin/mosquitto", "-c", str(path)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        wait_until(self.answers, 10)

    def answers(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def publish(port: int, topic: str, lines: list[str], *options: str) -> None:
    """With a foreign client, at QoS 1."""
    command = ["/usr/bin/mosquitto_pub", "-p", str(port), "-t", topic, "-q", "1", "-l", *options]
    subprocess.run(command, input="\n".join(lines).encode() + b"\n", check=True)


class AgentProcess:
    """`twinward edge run` in a process of its own."""

    def __init__(
        self,
        folder: Path,
        core: int,
        more: str = "",
        *,
        jumping: bool = False,
        devices: str = FRIDGE,
    ) -> None:
        self.folder, self.port, self.jumping = folder, free_port(), jumping
        text = CONFIG.format(port=self.port, core=core, more=devices + more)
        (folder / "edge.toml").write_text(text)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "twinward.edge.agent", "run", "--config"]
        if self.jumping:  # on a clock that the test moves
            command = [sys.executable, str(Path(__file__).with_name("jumping_agent.py"))]
        with open(self.folder / "agent.log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, str(self.folder / "edge.toml")], stderr=log, env=dict(os.environ)
            )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=1).read()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "agent.log").read_text())

    def fill_disk(self, full: bool) -> None:
        """No file of the agent may grow any more, as on a full disk; or there is room again."""
        assert self.process is not None
        most = 4096 if full else resource.RLIM_INFINITY
        limits = (most, resource.RLIM_INFINITY)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, limits)

    def set_clock(self, seconds: float) -> None:
        """The agent's clock is so far ahead of ours (behind, where it is less than 0)."""
        (self.folder / "jump.txt").write_text(str(seconds))

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=60)

    def send(self, items: list[dict[str, Any]], device: str = "fridge") -> dict[str, Any] | None:
        """The account; None when nobody answered."""
        body = json.dumps({"device": device, "items": items}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/readings",
            body,
            {"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                found: dict[str, Any] = json.loads(response.read())
                return found
        except urllib.error.HTTPError as error:
            error.close()
            return None
        except (OSError, http.client.HTTPException):  # cut in the midst of an answer
            return None

    def status(self) -> dict[str, Any]:
        """From the agent itself, which costs no process each time it is asked; an agent that has
        ended by itself is a fault.
        """
        assert self.process is not None and self.process.poll() is None, "the agent has ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=20) as got:
                found: dict[str, Any] = json.loads(got.read())
        except urllib.error.HTTPError as error:  # it says what troubles it
            found = json.loads(error.read())
            error.close()
        return found

    def told_status(self) -> dict[str, Any]:
        """As `twinward edge status` says it."""
        done = subprocess.run(
            [sys.executable, "-m", "twinward.edge.agent", "status", "--json", "--config"]
            + [str(self.folder / "edge.toml")],
            capture_output=True,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def reading(seq: int, value: float = 4.0, kind: str = "temperature", **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    told = {"boot": "b1", "seq": seq, "type": kind, "occurred_at": at, "value": value}
    return told | more


def wait_until(holds: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)

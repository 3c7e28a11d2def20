"""A real `twinward serve` in a process of its own, so that it can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 120.0


class Server:
    """Serves one workspace on a free port of the loopback until it is stopped or killed."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE_S)
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "twinward.cli.main",
            "serve",
            "--workspace",
            str(self.workspace),
        ]
        with (self.workspace / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)], stdout=log, stderr=log, env=environment()
            )
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                if self.client.get("/health").status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, (self.workspace / "server.log").read_text()
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=PATIENCE_S)

    def get(self, path: str, **query: Any) -> Any:
        response = self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def send(self, items: Iterable[dict[str, Any]], source: str = "test") -> Any:
        response = self.client.post("/v1/commands", json={"items": list(items), "source": source})
        assert response.status_code == 200, response.text
        return response.json()

    def wait_idle(self) -> None:
        """Until the loop has answered the whole log."""
        deadline = time.monotonic() + PATIENCE_S
        while (status := self.get("/v1/status"))["loop_seq"] < status["last_seq"]:
            assert time.monotonic() < deadline, "the loop does not catch up"
            time.sleep(0.01)

    def wait_for(self, look: Any) -> Any:
        """What `look` returns, as soon as it is something."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := look()):
            assert time.monotonic() < deadline, "it does not come"
            time.sleep(0.05)
        return found

    def events(self) -> list[Any]:
        found: list[Any] = []
        while page := self.get("/v1/events", after=found[-1]["seq"] if found else 0, limit=10_000)[
            "items"
        ]:
            found += page
        return found


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TWINWARD_")}

"""The agent's login at the centre: a file that `twinward login` wrote, renewed when it runs out."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import httpx


class TokenKeeper:
    """One for all that send: a refresh token is spent once, by one of them."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()

    def read(self) -> str:
        """The access token; empty where the centre knows this machine by itself."""
        if self.path is None:
            return ""
        if not self.path.exists():
            raise FileNotFoundError(
                f"the login {self.path.name} is not there: make it at the centre with `twinward "
                f"login NAME --token-file {self.path.name}` and carry it here, or leave "
                "edge.token_file out on the centre's own machine"
            )
        return self.path.read_text("ascii").strip().partition("\n")[0].strip()

    def renew(self, client: httpx.Client, stale: str) -> str:
        """A token that is not `stale`; the same where there is nothing to renew it with."""
        if self.path is None:
            return stale
        with self._lock:
            access, _, refresh = self.path.read_text("ascii").strip().partition("\n")
            if access.strip() != stale or not refresh.strip():
                return access.strip()
            answer = client.post("/v1/sessions/refresh", json={"refresh": refresh.strip()})
            if not answer.is_success:
                return stale
            fresh = answer.json()
            write_secret(self.path, f"{fresh['access']}\n{fresh['refresh']}\n")
            return str(fresh["access"])


def write_secret(path: Path, text: str) -> None:
    """Readable by its owner alone, in place at once."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)

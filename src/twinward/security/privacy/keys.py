"""One key for each subject and retention day: what must be deleted can be, by destroying its
key.
"""

from __future__ import annotations

import os
import threading
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

import twinward.core.errors as errors

KEY_BYTES = 16
NONCE = bytes(
    12
    # AES-GCM-SIV (RFC 8452) tolerates a fixed nonce: equal plain texts of one person and day look
    # equal
)


class Keyring:
    """Keys in an append-only file beside the log, never inside a backup of it.

    A line is `subject TAB day TAB key in hex`; a destroyed key's line is written over with zeros,
    in place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._keys: dict[tuple[str, str], bytes] = {}
        self._pending: list[bytes] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        self._read = 0
        # touched at each destruction, so that other processes forget what they hold in memory
        self._destroyed = path.with_name(path.name + ".destroyed")
        self._destroyed.touch(mode=0o600, exist_ok=True)
        self._destroyed_at = self._destroyed.stat().st_mtime_ns
        self._load()

    def _load(self) -> None:
        """Read what this or another process has appended since."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].splitlines():
            if line.startswith(b"\0"):
                continue
            subject, day, key = line.decode().split("\t")
            self._keys[subject, day] = bytes.fromhex(key)
        self._read += whole

    def _key(self, subject: str, day: date, *, make: bool) -> bytes | None:
        name = (subject, day.isoformat())
        with self._lock:
            self._forget_destroyed()
            key = self._keys.get(name)
            if key is None:
                self._load()
                key = self._keys.get(name)
            if key is None and make:
                if "\t" in subject or "\n" in subject:
                    raise errors.InputError(
                        "a subject holds no tabs or newlines", code="bad_subject"
                    )
                key = self._keys[name] = os.urandom(KEY_BYTES)
                self._pending.append(f"{subject}\t{name[1]}\t{key.hex()}\n".encode())
            return key

    def seal(self, subject: str, day: date, plain: bytes) -> bytes:
        """Authenticated ciphertext of `plain`; a key is made when the subject has none for that
        day.
        """
        key = self._key(subject, day, make=True)
        assert key is not None
        return AESGCMSIV(key).encrypt(NONCE, plain, None)

    def open(self, subject: str, day: date, sealed: bytes) -> bytes | None:
        """The plain bytes, or None when the key has been destroyed."""
        key = self._key(subject, day, make=False)
        if key is None:
            return None
        try:
            return AESGCMSIV(key).decrypt(NONCE, sealed, None)
        except InvalidTag:
            return None

    def _forget_destroyed(self) -> None:
        """Read all anew when another process has destroyed keys; what is not yet written is
        kept.
        """
        at = self._destroyed.stat().st_mtime_ns
        if at != self._destroyed_at:
            self._destroyed_at, self._read = at, 0
            held = [line.decode().rstrip("\n").split("\t") for line in self._pending]
            self._keys = {(who, day): bytes.fromhex(key) for who, day, key in held}
            self._load()

    def list_keys(self) -> list[tuple[str, date]]:
        """Every (subject, day) that can still be opened."""
        with self._lock:
            self._forget_destroyed()
            self._load()
            return [(who, date.fromisoformat(day)) for who, day in self._keys]

    def flush(self) -> None:
        """Append the new keys and make them durable; called before the commit of what they
        sealed.
        """
        with self._lock:
            if not self._pending:
                return
            try:
                with self.path.open("ab") as file:
                    file.write(b"".join(self._pending))
                    file.flush()
                    os.fdatasync(file.fileno())
            except OSError as error:
                raise errors.StorageError(
                    f"keys cannot be written: {error}", "free space, then start again"
                ) from error
            self._pending.clear()

    def destroy_all(self, keys: set[tuple[str, date]]) -> int:
        """Destroy exactly these keys; how many there were."""
        named = {(who, day.isoformat()) for who, day in keys}
        with self._lock:
            self.flush()
            data = bytearray(self.path.read_bytes())
            destroyed, start = 0, 0
            for line in bytes(data).splitlines(keepends=True):
                end = start + len(line)
                if not line.startswith(b"\0"):
                    who, day, _ = line.decode().split("\t")
                    if (who, day) in named:
                        data[start : end - 1] = bytes(len(line) - 1)
                        self._keys.pop((who, day), None)
                        destroyed += 1
                start = end
            with self.path.open("r+b") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if destroyed:
                os.utime(self._destroyed)
                self._destroyed_at = self._destroyed.stat().st_mtime_ns
            return destroyed

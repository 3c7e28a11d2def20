"""One key for each subject and retention day: what must be deleted can be, by destroying its
key.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from contextlib import suppress
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

import twinward.core.errors as errors
from twinward.security.privacy import key_file
from twinward.security.privacy.key_table import KEY_BYTES, WORD, KeyTable, word_of_key

LOG = logging.getLogger("twinward.keys")
READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
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
        self._keys = KeyTable()  # several of one subject and day only after a line was torn
        self._pending: list[key_file.Key] = []
        self._read = 0
        self.bad_lines = 0  # that could not be read: what they opened is lost, nothing else
        # touched at each destruction, so that other processes forget what they hold in memory
        self._destroyed = path.with_name(path.name + ".destroyed")
        self._make_files()
        self._destroyed_at = self._last_destruction()
        self._load()

    def _make_files(self) -> None:
        """Both files, and a whole last line; where nothing can be written, what is there is read
        all the same.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for file in (self.path, self._destroyed):
                file.touch(mode=0o600, exist_ok=True)
            with key_file.alone(self.path):
                pass
        except OSError as error:
            if error.errno not in READ_ONLY:
                raise

    def _last_destruction(self) -> int:
        return self._destroyed.stat().st_mtime_ns if self._destroyed.exists() else 0

    def _load(self) -> None:
        """Read what this or another process has appended since."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            if (
                file.seek(0, os.SEEK_END) < self._read
            ):  # another process took back what it could not write
                self._read = 0
            file.seek(max(0, self._read - 1))
            if self._read and file.read(1) != b"\n":
                self._read = 0
                file.seek(0)
            data = file.read()
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].splitlines():
            found = key_file.read_line(line)
            if not found and line and not line.startswith(b"\0"):
                self.bad_lines += 1
                LOG.error("%s: a line cannot be read and was skipped", self.path.name)
            for subject, day, key in found:
                self._hold(subject, day, key)
        self._read += whole

    def _hold(self, subject: str, day: str, key: bytes) -> None:
        ordinal = date.fromisoformat(day).toordinal()
        if key not in self._keys.get(subject, ordinal):
            self._keys.add(subject, ordinal, key)

    def name(self, subject: str, day: date) -> str:
        """What stands in the database in place of a subject: a word that hangs on the key of that
        day, and that nobody can compute or read once the key is destroyed.
        """
        found = self._find(subject, day)
        return word_of_key(found[0] if found else self._make(subject, day))

    def subject_of(self, word: str) -> str | None:
        """Whom a word of the database stands for: itself where it is none of ours, None when its
        key was destroyed.
        """
        if not word.startswith(WORD):
            return word
        with self._lock:
            self._forget_destroyed()
            found = self._keys.subject_of(word)
            if found is None:
                self._load()
                found = self._keys.subject_of(word)
            return found

    def names_of(self, subject: str) -> list[str]:
        """Every word that stands for a subject."""
        with self._lock:
            self._forget_destroyed()
            self._load()
            return self._keys.words_of(subject)

    def _find(self, subject: str, day: date) -> list[bytes]:
        with self._lock:
            self._forget_destroyed()
            found = self._keys.get(subject, day.toordinal())
            if not found:
                self._load()
                found = self._keys.get(subject, day.toordinal())
            return found

    def _make(self, subject: str, day: date) -> bytes:
        if "\t" in subject or len(subject.splitlines()) != 1 or subject.startswith("\0"):
            raise errors.InputError("a subject holds no tabs or newlines", code="bad_subject")
        key = os.urandom(KEY_BYTES)
        with self._lock:
            self._keys.end(subject, day.toordinal())
            self._keys.add(subject, day.toordinal(), key)
            self._pending.append((subject, day.isoformat(), key))
        return key

    def pending(self) -> int:
        """How many keys were made and are not yet in the file."""
        return len(self._pending)

    def drop(self, keep: int) -> None:
        """Forget the keys made after the first `keep` that are not yet in the file: what they
        sealed was undone.
        """
        with self._lock:
            for subject, day, _ in self._pending[keep:]:
                self._keys.end(subject, date.fromisoformat(day).toordinal())
            del self._pending[keep:]
            if self._keys.is_worn():
                self._keys = self._keys.anew()

    def seal(self, subject: str, day: date, plain: bytes) -> bytes:
        """Authenticated ciphertext of `plain`; a key is made when the subject has none for that
        day.
        """
        found = self._find(subject, day)
        return AESGCMSIV(found[0] if found else self._make(subject, day)).encrypt(
            NONCE, plain, None
        )

    def open(self, subject: str, day: date, sealed: bytes) -> bytes | None:
        """The plain bytes, or None when the key has been destroyed."""
        for key in self._find(subject, day):
            with suppress(InvalidTag):
                return AESGCMSIV(key).decrypt(NONCE, sealed, None)
        return None

    def _forget_destroyed(self) -> None:
        """Read all anew when another process has destroyed keys; what is not yet written is
        kept.
        """
        at = self._last_destruction()
        if at != self._destroyed_at:
            self._destroyed_at, self._read, self.bad_lines = at, 0, 0
            self._keys = KeyTable()
            for who, day, key in self._pending:
                self._keys.add(who, date.fromisoformat(day).toordinal(), key)
            self._load()

    def list_keys(self) -> list[tuple[str, date]]:
        """Every (subject, day) that can still be opened."""
        with self._lock:
            self._forget_destroyed()
            self._load()
            named = dict.fromkeys((who, day) for who, day, _ in self._keys.items())
            return [(who, date.fromordinal(day)) for who, day in named]

    def flush(self) -> None:
        """Append the new keys and make them durable; called before the commit of what they
        sealed.
        """
        with self._lock:
            if not self._pending:
                return
            lines = [
                f"{subject}\t{day}\t{key.hex()}\n".encode() for subject, day, key in self._pending
            ]
            try:
                key_file.append(self.path, b"".join(lines))
            except OSError as error:
                raise errors.StorageError(
                    f"keys cannot be written: {error.strerror or error}",
                    "free space, then send again",
                    code="disk_full"
                    if error.errno in (errno.ENOSPC, errno.EDQUOT)
                    else "keys_not_written",
                ) from error
            self._pending.clear()

    def destroy_all(self, keys: set[tuple[str, date]]) -> int:
        """Destroy exactly these keys; how many there were."""
        named = {(who, day.isoformat()) for who, day in keys}
        with self._lock:
            self.flush()
            destroyed = 0
            with key_file.alone(self.path) as file:
                file.seek(0)
                data, start = bytearray(file.read()), 0
                for line in bytes(data).splitlines(keepends=True):
                    end = start + len(line)
                    ended = [
                        (who, day)
                        for who, day, _ in key_file.read_line(line[:-1])
                        if (who, day) in named
                    ]
                    if ended:
                        data[start : end - 1] = bytes(len(line) - 1)
                        destroyed += 1
                    for who, day in ended:
                        self._keys.end(who, date.fromisoformat(day).toordinal())
                    start = end
                file.seek(0)
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                os.fsync(file.fileno())
            self._keys = self._keys.anew()  # nothing of them stays in memory
            if destroyed:
                os.utime(self._destroyed)
                self._destroyed_at = self._last_destruction()
            return destroyed

"""The identity vault: the only place that maps a pseudonym to a person, encrypted at rest."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from twinward.core.errors import AbsentError, InputError
from twinward.security.privacy.masking import PointMask

PSEUDONYM_CHARACTERS = 20


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person as they are known at the border. At least one of document, phone, name is needed."""

    name: str | None = None
    document: str | None = None
    phone: str | None = None
    address: str | None = None


class Vault:
    """Pseudonyms are keyed hashes, so that the same person is the same subject in every feed, and
    nobody can compute them without the key file. The database holds ciphertext only; the key
    file stands beside it with mode 0600.
    """

    def __init__(self, folder: Path, key_file: Path | None = None) -> None:
        """`key_file` may lie on another disk than the database, so that neither alone opens
        anything.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._key_file = key_file or folder / "vault.key"
        self._secret = read_or_make(folder / "pseudonym.key", lambda: os.urandom(32))
        read_or_make(self._key_file, Fernet.generate_key)
        self._lock = threading.Lock()
        self._read_keys()
        self._db = sqlite3.connect(
            folder / "vault.sqlite", isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS identities (subject TEXT PRIMARY KEY, sealed BLOB NOT NULL)"
        )
        if "unneeded" not in {row[1] for row in self._db.execute("PRAGMA table_info(identities)")}:
            self._db.execute(
                "ALTER TABLE identities ADD COLUMN unneeded INTEGER NOT NULL DEFAULT 0"
            )

    def pseudonym(self, person: Identity) -> str:
        """The subject of a person: by document, else phone, else name and address."""
        known = (
            person.document
            or person.phone
            or (person.name and f"{person.name}|{person.address or ''}")
        )
        if not known:
            raise InputError(
                "a person needs a document, a phone or a name",
                "add one of them",
                code="no_identity",
            )
        digest = hmac.new(
            self._secret, known.strip().casefold().encode(), hashlib.sha256
        ).hexdigest()
        return "p-" + digest[:PSEUDONYM_CHARACTERS]

    def keep(self, person: Identity) -> str:
        """Put a person in the vault, or renew what is known; returns the subject."""
        subject = self.pseudonym(person)
        plain = msgspec.json.encode(person)
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:  # the key is looked at inside: nobody can turn it between here and the commit
                if self._key_file.stat().st_mtime_ns != self._keys_at:
                    self._read_keys()
                self._db.execute(
                    "INSERT OR REPLACE INTO identities (subject, sealed) VALUES (?, ?)",
                    (subject, self._fernet.encrypt(plain)),
                )
            finally:
                self._db.execute("COMMIT")
        return subject

    def point_mask(self) -> PointMask:
        """Moves persons' points by a secret of this vault, the same at every read and in every
        process.
        """
        return PointMask(hmac.new(self._secret, b"points of persons", hashlib.sha256).digest())

    def open(self, subject: str) -> Identity:
        """The person behind a subject. Callers record the look first; absent and forbidden
        answer alike.
        """
        row = self._db.execute(
            "SELECT sealed FROM identities WHERE subject = ?", (subject,)
        ).fetchone()
        if row is None:
            raise AbsentError(
                "there is no such person", "check the subject, your areas and the activation"
            )
        try:
            plain = self._fernet.decrypt(row[0])
        except InvalidToken:
            self._read_keys()  # another process has rotated them
            plain = self._fernet.decrypt(row[0])
        return msgspec.json.decode(plain, type=Identity)

    def forget_all_but(self, living: set[str], at_once: set[str]) -> int:
        """Delete the identities of subjects that are not `living`; how many. Their bytes are
        written over.

        One not in `at_once` is only marked first, and goes at the next run: its report may be on
        the way to the log.
        """
        with self._lock:
            found = self._db.execute("SELECT subject, unneeded FROM identities").fetchall()
            gone = [
                (who,) for who, marked in found if who not in living and (marked or who in at_once)
            ]
            marked = [(who not in living, who) for who, _ in found]
            self._db.execute("PRAGMA secure_delete=ON")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("UPDATE identities SET unneeded = ? WHERE subject = ?", marked)
            self._db.executemany("DELETE FROM identities WHERE subject = ? AND unneeded", gone)
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return len(gone)

    def _read_keys(self) -> None:
        """The keys, newest first: one, but for the time of a rotation."""
        self._keys_at = self._key_file.stat().st_mtime_ns
        self._keys = self._key_file.read_bytes().split()
        self._fernet = MultiFernet([Fernet(key) for key in self._keys])

    def rotate(self) -> int:
        """Seal everything under a new key, then destroy the old. A crash leaves both keys, and
        nothing unreadable.
        """
        with self._lock:
            fresh = Fernet.generate_key()
            write_key(self._key_file, b"\n".join([fresh, *self._keys]))
            self._read_keys()
            self._db.execute("BEGIN IMMEDIATE")
            rows = self._db.execute("SELECT subject, sealed FROM identities").fetchall()
            self._db.executemany(
                "UPDATE identities SET sealed = ? WHERE subject = ?",
                [(self._fernet.rotate(sealed), subject) for subject, sealed in rows],
            )
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            write_key(self._key_file, fresh)
            self._read_keys()
            return len(rows)

    def close(self) -> None:
        self._db.close()


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """The key in `path`, made once with mode 0600."""
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(make())
            os.fsync(file.fileno())
    return path.read_bytes()


def write_key(path: Path, content: bytes) -> None:
    """Put a key file in place at once, mode 0600."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    os.replace(fresh, path)

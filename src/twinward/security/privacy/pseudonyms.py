"""Which pseudonym a person has: made by chance, kept like a key, deleted with the person."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Collection
from pathlib import Path

from twinward.core.coding.ids import random_id
from twinward.security.side_database import connect_beside

CHARACTERS = 20


class Pseudonyms:
    """A pseudonym is a random word, so that nobody can compute it again once its line is gone.

    The file is a key: mode 0600, in no backup. A person is found in it by a keyed hash of what they
    are known by; what is deleted is written over.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        self._lock = threading.Lock()
        self._unsettled = False
        self._db = connect_beside(path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS pseudonyms "
            "(lookup TEXT PRIMARY KEY, subject TEXT NOT NULL, unneeded INTEGER NOT NULL DEFAULT "
            "0) WITHOUT ROWID"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS secrets "
            "(name BLOB PRIMARY KEY, subject TEXT NOT NULL, key BLOB NOT NULL) WITHOUT ROWID"
        )

    def make_secret(self, subject: str) -> tuple[bytes, bytes]:
        """(name, key) under which what is said of a person is sealed; durable after `settle`."""
        with self._lock:
            name, key = secrets.token_bytes(8), secrets.token_bytes(16)
            self._db.execute("INSERT INTO secrets VALUES (?, ?, ?)", (name, subject, key))
            self._unsettled = True
            return name, key

    def find_secret(self, name: bytes) -> bytes | None:
        """The key of that name; None when it was destroyed with the person."""
        row = self._db.execute("SELECT key FROM secrets WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def find_or_make(self, lookup: str) -> str:
        """The pseudonym of whom `lookup` stands for; the same in every process, and durable
        after `settle`.
        """
        with self._lock:
            found = self._db.execute(
                "SELECT subject FROM pseudonyms WHERE lookup = ?", (lookup,)
            ).fetchone()
            if found is None:
                fresh = "p-" + random_id(CHARACTERS)
                insert = (
                    "INSERT INTO pseudonyms (lookup, subject) VALUES (?, ?) ON CONFLICT DO NOTHING"
                )
                self._db.execute(
                    insert, (lookup, fresh)
                )  # another process may have been faster: its word counts
                found = self._db.execute(
                    "SELECT subject FROM pseudonyms WHERE lookup = ?", (lookup,)
                ).fetchone()
            return str(found[0])

    def settle(self, subjects: Collection[str] = ()) -> None:
        """Make all that was made so far durable; `subjects` are needed from now on."""
        with self._lock:
            if not (subjects or self._unsettled):
                return
            self._unsettled = False
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "UPDATE pseudonyms SET unneeded = 0 WHERE subject = ?",
                [(subject,) for subject in subjects],
            )
            self._db.execute(
                "INSERT INTO pseudonyms VALUES ('', '', 0) ON CONFLICT DO UPDATE SET unneeded = 0"
            )
            self._db.execute(
                "COMMIT"
            )  # the write-ahead log reaches the disk, and what was made before is in it
            self._db.execute("PRAGMA synchronous=NORMAL")

    def forget_all_but(self, living: Collection[str], at_once: Collection[str]) -> int:
        """Delete the pseudonyms that nothing is kept under; one not `at_once` is marked first
        and goes the next time.
        """
        with self._lock:
            rows = self._db.execute(
                "SELECT lookup, subject, unneeded FROM pseudonyms WHERE lookup <> ''"
            ).fetchall()
            gone = [
                (key,)
                for key, who, marked in rows
                if who not in living and (marked or who in at_once)
            ]
            marks = [(who not in living, key) for key, who, _ in rows]
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("UPDATE pseudonyms SET unneeded = ? WHERE lookup = ?", marks)
            self._db.executemany("DELETE FROM pseudonyms WHERE lookup = ?", gone)
            known = self._db.execute("SELECT DISTINCT subject FROM secrets").fetchall()
            ended = [(who,) for (who,) in known if who not in living]
            self._db.executemany("DELETE FROM secrets WHERE subject = ?", ended)
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return len(gone)

    def close(self) -> None:
        self._db.close()

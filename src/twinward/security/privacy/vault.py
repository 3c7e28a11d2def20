"""The identity vault: the only place that maps a pseudonym to a person, encrypted at rest."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from twinward.core.errors import AbsentError, InputError
from twinward.security.privacy.masking import PointMask
from twinward.security.privacy.pseudonyms import CHARACTERS, Pseudonyms

MOST_STATED = 20  # different statements of who one person is


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person as they are known at the border. At least one of document, phone, name is needed."""

    name: str | None = None
    document: str | None = None
    phone: str | None = None
    address: str | None = None


class KnownIdentity(Identity, frozen=True, kw_only=True):
    """Who a person was first said to be, and `also` what others said differently: nothing is
    written over.
    """

    also: tuple[Identity, ...] = ()


class Vault:
    """Pseudonyms are words made by chance, the same for a person in every feed for as long as
    anything is kept of them. The database holds ciphertext only; the key files stand beside it
    with mode 0600.
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
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS other_identities "
            "(place INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, sealed BLOB NOT NULL)"
        )
        self._db.execute(
            "CREATE INDEX IF NOT EXISTS others_by_subject ON other_identities (subject)"
        )
        self._pseudonyms = Pseudonyms(folder / "pseudonyms.key")

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
        plain = known.strip().casefold().encode()
        # releases before this one computed it: a person whom they have kept goes on under the same
        # word
        earlier = "p-" + hmac.new(self._secret, plain, hashlib.sha256).hexdigest()[:CHARACTERS]
        if self._db.execute("SELECT 1 FROM identities WHERE subject = ?", (earlier,)).fetchone():
            return earlier
        return self._pseudonyms.find_or_make(
            hmac.new(self._secret, b"lookup|" + plain, hashlib.sha256).hexdigest()
        )

    def settle(self) -> None:
        """Make the pseudonyms given so far durable: before the log tells of them."""
        self._pseudonyms.settle()

    def keep(self, person: Identity) -> str:
        """Put a person in the vault; returns the subject. What is known of them stays, and is
        shown first.
        """
        return self.keep_all([person])[0]

    def keep_all(self, persons: Sequence[Identity], *, anew: bool = True) -> list[str]:
        """Put persons in the vault at one stroke; their subjects. What is said otherwise than
        before stands beside it; without `anew` it is left out.
        """
        if not persons:
            return []
        subjects = [self.pseudonym(person) for person in persons]
        self._pseudonyms.settle(set(subjects))
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:  # the key is looked at inside: nobody can turn it between here and the commit
                if self._key_file.stat().st_mtime_ns != self._keys_at:
                    self._read_keys()
                for who, person in zip(subjects, persons, strict=True):
                    self._keep_one(who, person, anew)
            finally:
                self._db.execute("COMMIT")
        return subjects

    def _keep_one(self, subject: str, person: Identity, anew: bool) -> None:
        known = [self._unseal(sealed) for sealed in self._list_sealed(subject)]
        if person in known or (known and not anew):
            return
        sealed = self._fernet.encrypt(msgspec.json.encode(person))
        table = "other_identities" if known else "identities"
        self._db.execute(f"INSERT INTO {table} (subject, sealed) VALUES (?, ?)", (subject, sealed))
        if len(known) >= MOST_STATED:  # the first stays, and the newest
            oldest = "SELECT min(place) FROM other_identities WHERE subject = ?"
            self._db.execute(f"DELETE FROM other_identities WHERE place = ({oldest})", (subject,))

    def point_mask(self) -> PointMask:
        """Moves persons' points by a secret of this vault, the same at every read and in every
        process.
        """
        return PointMask(hmac.new(self._secret, b"points of persons", hashlib.sha256).digest())

    def open(self, subject: str) -> KnownIdentity:
        """The person behind a subject, and what others said of them. Callers record the look first;
        absent and forbidden answer alike.
        """
        sealed = self._list_sealed(subject)
        if not sealed:
            raise AbsentError(
                "there is no such person", "check the subject, your areas and the activation"
            )
        try:
            first, *also = [self._unseal(one) for one in sealed]
        except InvalidToken:
            self._read_keys()  # another process has rotated them
            first, *also = [self._unseal(one) for one in sealed]
        return KnownIdentity(**msgspec.structs.asdict(first), also=tuple(also))

    def _list_sealed(self, subject: str) -> list[bytes]:
        """What is known of a person, the first statement first."""
        rows = self._db.execute(
            "SELECT sealed FROM identities WHERE subject = ?", (subject,)
        ).fetchall()
        others = "SELECT sealed FROM other_identities WHERE subject = ? ORDER BY place"
        return [sealed for (sealed,) in [*rows, *self._db.execute(others, (subject,))]]

    def _unseal(self, sealed: bytes) -> Identity:
        return msgspec.json.decode(self._fernet.decrypt(sealed), type=Identity)

    def forget_all_but(self, living: set[str], at_once: set[str]) -> int:
        """Delete the identities of subjects that are not `living`, and their pseudonyms; how many
        identities. Their bytes are written over.

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
            self._db.execute(
                "DELETE FROM other_identities WHERE subject NOT IN (SELECT subject FROM identities)"
            )
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            known = {who for (who,) in self._db.execute("SELECT subject FROM identities")}
            self._pseudonyms.forget_all_but(living | known, at_once)
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
            for table, key in (("identities", "subject"), ("other_identities", "place")):
                sealed = self._db.execute(f"SELECT {key}, sealed FROM {table}").fetchall()
                anew = [(self._fernet.rotate(one), name) for name, one in sealed]
                self._db.executemany(f"UPDATE {table} SET sealed = ? WHERE {key} = ?", anew)
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            write_key(self._key_file, fresh)
            self._read_keys()
            return len(rows)

    def close(self) -> None:
        self._db.close()
        self._pseudonyms.close()


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

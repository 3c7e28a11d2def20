"""The identity vault: the only place that maps a pseudonym to a person, encrypted at rest."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.security.privacy.masking import PointMask
from twinward.security.privacy.matching import Facts, Identity, facts_of, word_of
from twinward.security.privacy.names import compare_names
from twinward.security.privacy.person_index import Arriving, Double, PersonIndex, PersonMatch
from twinward.security.privacy.phones import Dialling
from twinward.security.privacy.pseudonyms import Pseudonyms
from twinward.security.side_database import connect_beside

__all__ = ["Arriving", "Double", "Identity", "Vault", "read_or_make"]

OWN_KEY = b"\x01"  # what is sealed under the person's own key, too; earlier releases had none
MOST_STATED = 20  # different statements of who one person is


class KnownIdentity(Identity, frozen=True, kw_only=True):
    """Who a person was first said to be, and `also` what others said differently: nothing is
    written over.
    """

    also: tuple[Identity, ...] = ()


class Vault:
    """Pseudonyms are words made by chance, the same for a person in every feed for as long as
    anything is kept of them. The database holds ciphertext and keyed hashes only; the key files
    stand beside it with mode 0600.
    """

    def __init__(
        self, folder: Path, key_file: Path | None = None, dialling: Dialling | None = None
    ) -> None:
        """`key_file` may lie on another disk than the database, so that neither alone opens
        anything. `dialling`: how telephone numbers are written at home.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._key_file = key_file or folder / "vault.key"
        self._secret = read_or_make(folder / "pseudonym.key", lambda: os.urandom(32))
        read_or_make(self._key_file, Fernet.generate_key)
        self._lock = threading.Lock()
        self._read_keys()
        self._db = connect_beside(folder / "vault.sqlite")
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
        self._dialling = dialling or Dialling()
        self._index = PersonIndex(self._db, self._secret, self._facts)
        if self._index.fresh:
            self._index_all()

    def _index_all(self) -> None:
        """Persons whom an earlier release has kept can be found as well."""
        for (subject,) in self._db.execute("SELECT subject FROM identities").fetchall():
            for facts in self._facts(subject):
                self._index.note(subject, facts, ())

    def facts(self, person: Identity) -> Facts:
        """The forms in which a person is compared; InputError where that is nobody."""
        return facts_of(person, self._dialling)

    def _facts(self, subject: str) -> list[Facts]:
        found = []
        try:
            said = self._statements(subject)
        except AbsentError:  # the person's own key is destroyed
            return []
        for person in said:
            try:
                found.append(self.facts(person))
            except InputError:
                continue  # an earlier release kept it; it names nobody
        return found

    def _statements(self, subject: str) -> list[Identity]:
        """What was said of a subject, the first statement first."""
        sealed = self._list_sealed(subject)
        try:
            return [self._unseal(one) for one in sealed]
        except InvalidToken:
            self._read_keys()  # another process has rotated them
            return [self._unseal(one) for one in sealed]

    def pseudonym(self, person: Identity, arriving: Arriving | None = None) -> str:
        """The subject of a person: one whom the vault knows, else a new one.

        `arriving` are the others of a batch that is not stored yet; nothing is written here.
        """
        facts = self.facts(person)
        found = self._index.find(facts, arriving)
        subject = found.subject or self._new_subject(facts, found)
        if arriving is not None:
            arriving.add(subject, facts, self._index.hashed(facts))
        return subject

    def _new_subject(self, facts: Facts, found: PersonMatch) -> str:
        """A subject that nobody has: whoever is likely, but not certainly, the same has another."""
        taken = {who for who, _ in found.likely}
        word = word_of(facts, apart=bool(taken))
        while (subject := self._name(word)) in taken:
            word += "|"
        return subject

    def _name(self, word: str) -> str:
        lookup = hmac.new(self._secret, b"lookup|" + word.encode(), hashlib.sha256).hexdigest()
        return self._pseudonyms.find_or_make(lookup)

    def settle(self) -> None:
        """Make the pseudonyms given so far durable: before the log tells of them."""
        self._pseudonyms.settle()

    def fingerprint(self, person: Identity) -> str:
        """The same for every spelling of one statement, and of no use to whoever has no key.

        It hangs on the person's pseudonym, so that with it nobody can compute it any more.
        """
        facts = self.facts(person)
        found = self._index.find(facts)
        subject = found.subject or self._new_subject(facts, found)
        told = f"statement|{subject}|".encode() + msgspec.json.encode(facts)
        return hmac.new(self._secret, told, hashlib.sha256).hexdigest()

    def keep(self, person: Identity, subject: str | None = None, *, anew: bool = True) -> str:
        """Put a person in the vault; returns the subject. What is known of them stays, and is
        shown first. `subject`: as whom a report of them was stored. Without `anew` only whoever is
        not known yet is kept.
        """
        facts = self.facts(person)
        with self._lock:
            found = self._index.find(facts)
            subject = subject or found.subject or self._new_subject(facts, found)
            if not anew and self._list_sealed(subject):
                return subject
            self._db.execute("BEGIN IMMEDIATE")
            try:  # the key is looked at inside: nobody can turn it between here and the commit
                if self._key_file.stat().st_mtime_ns != self._keys_at:
                    self._read_keys()
                own = found.own or subject  # so that an undone merge leaves each what was said
                own = own if self._index.follow(own) == self._index.follow(subject) else subject
                self._keep_one(own, person)
                self._index.note(own, facts, [one for one in found.likely if one[0] != subject])
            finally:
                self._db.execute("COMMIT")
        return subject

    def _keep_one(self, subject: str, person: Identity) -> None:
        """The first statement is the person; what differs from it is kept beside it."""
        known = [self._unseal(sealed) for sealed in self._list_sealed(subject)]
        if person in known or len(known) >= MOST_STATED:
            return
        name, key = self._pseudonyms.make_secret(subject)
        self._pseudonyms.settle({subject})
        inner = AESGCMSIV(key).encrypt(name + bytes(4), msgspec.json.encode(person), None)
        sealed = self._fernet.encrypt(OWN_KEY + name + inner)
        table = "other_identities" if known else "identities"
        self._db.execute(f"INSERT INTO {table} (subject, sealed) VALUES (?, ?)", (subject, sealed))

    def list_doubles(self, state: str | None = "open") -> list[Double]:
        """Pairs of subjects who may be one person, for somebody to decide."""
        return self._index.list_doubles(state)

    def merge(self, subject: str, into: str, why: str) -> None:
        """From now on reports of either are reports of `into`; ConflictError where they are one."""
        self.open(subject), self.open(into)
        with self._lock:
            root = self._index.follow(into)
            if subject in self._index.list_merged(root):
                raise ConflictError(
                    f"{subject} and {into} are one person already", "nothing was changed",
                    code="already_merged",
                )  # fmt: skip
            self._index.merge(self._index.follow(subject), root, why)
            self._index.settle(subject, into, "merged", why)

    def unmerge(self, subject: str, why: str) -> str:
        """Two persons after all; the subject that it had been merged into."""
        with self._lock:
            into = self._index.unmerge(subject)
            if into is None:
                raise ConflictError(
                    f"{subject} was merged into nobody", "nothing was changed", code="not_merged"
                )
            self._index.settle(subject, into, "apart", why)
        return into

    def keep_apart(self, one: str, other: str, why: str) -> None:
        """A likely double is two persons: it is not offered again."""
        with self._lock:
            self._index.settle(one, other, "apart", why)

    def point_mask(self) -> PointMask:
        """Moves persons' points by a secret of this vault, the same at every read and in every
        process.
        """
        return PointMask(hmac.new(self._secret, b"points of persons", hashlib.sha256).digest())

    def open(self, subject: str) -> KnownIdentity:
        """The person behind a subject, and what others said of them. Callers record the look first;
        absent and forbidden answer alike.
        """
        said: list[Identity] = []
        for who in self._index.list_merged(subject):
            with suppress(AbsentError):  # one of those who were merged may be deleted already
                said += self._statements(who)
        if not said:
            raise AbsentError(
                "there is no such person", "check the subject, your areas and the activation"
            )
        first, *also = said
        fuller = next((one.name for one in also if extends(one.name, first.name)), first.name)
        shown = msgspec.structs.asdict(first) | {"name": fuller}
        others = [first, *also] if fuller != first.name else also
        differing = tuple(one for one in others if msgspec.structs.asdict(one) != shown)
        return KnownIdentity(**shown, also=differing)

    def _list_sealed(self, subject: str) -> list[bytes]:
        """What is known of a person, the first statement first."""
        rows = self._db.execute(
            "SELECT sealed FROM identities WHERE subject = ?", (subject,)
        ).fetchall()
        others = "SELECT sealed FROM other_identities WHERE subject = ? ORDER BY place"
        return [sealed for (sealed,) in [*rows, *self._db.execute(others, (subject,))]]

    def _unseal(self, sealed: bytes) -> Identity:
        """What was said of a person. Beside the vault's key it takes the person's own, which is
        destroyed with the person and in no backup.
        """
        plain = self._fernet.decrypt(sealed)
        if plain.startswith(OWN_KEY):
            name = plain[len(OWN_KEY) : len(OWN_KEY) + 8]
            key = self._pseudonyms.find_secret(name)
            if key is None:
                raise AbsentError(
                    "there is no such person", "check the subject, your areas and the activation"
                )
            inner = plain[len(OWN_KEY) + 8 :]
            plain = AESGCMSIV(key).decrypt(name + bytes(4), inner, None)
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
            self._db.execute(
                "DELETE FROM other_identities WHERE subject NOT IN (SELECT subject FROM identities)"
            )
            self._index.forget_gone()
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


def extends(name: str | None, short: str | None) -> bool:
    """Whether a name says more of the same name."""
    if not name or not short or len(name) <= len(short):
        return False
    return compare_names(name, short) in ("bare", "alike")


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

"""Accounts: a password (argon2id), a second factor (TOTP), a lock after failures; one-time
secrets, never defaults.
"""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from twinward.core.clock import from_us, to_us
from twinward.core.errors import (
    AbsentError,
    ConflictError,
    InputError,
    RefusedError,
    UnknownCallerError,
)
from twinward.security.identity.people import Caller
from twinward.security.identity.tries import Tries
from twinward.security.privacy.vault import read_or_make
from twinward.security.side_database import changes, connect_beside

LEAST_LENGTH = 12
MOST_LENGTH = 200
SECRET_LASTS = timedelta(hours=24)
STEP_S = 30
NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}")
COMMON = ("password", "passwort", "twinward", "123456", "qwerty", "letmein", "welcome", "admin")

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, department TEXT, areas TEXT NOT NULL, password TEXT NOT NULL,
  state TEXT NOT NULL, factor BLOB, needs_factor INTEGER NOT NULL, last_step INTEGER NOT NULL,
  failures INTEGER NOT NULL, locked_until INTEGER NOT NULL, secret_until INTEGER NOT NULL, added_at INTEGER NOT NULL,
  last_login INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, device TEXT NOT NULL, refresh TEXT NOT NULL, spent TEXT NOT NULL,
  opened_at INTEGER NOT NULL, used_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, revoked INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_account ON sessions (account);
"""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What may be told of an account. `state` is new (its one-time secret waits), open or
    locked.
    """

    name: str
    role: str
    department: str | None
    areas: tuple[str, ...]
    state: str
    second_factor: bool
    added_at: datetime
    last_login: datetime | None

    def caller(self, session: str) -> Caller:
        return Caller(
            name=self.name,
            role=self.role,
            department=self.department,
            areas=self.areas,
            session=session,
        )


class Accounts:
    """Kept in a database of its own beside the keys, never in the log: a password's hash can be
    deleted.
    """

    def __init__(self, folder: Path, hasher: PasswordHasher | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._hasher = hasher or PasswordHasher()
        self._seal = Fernet(read_or_make(folder / "accounts.key", Fernet.generate_key))
        path = folder / "accounts.sqlite"
        self.db = connect_beside(path, timeout_s=10)
        with suppress(OSError):  # a disk that cannot be written
            os.chmod(path, 0o600)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.executescript(SCHEMA)
        self.tries = Tries(self.db)
        self._nobody = ""

    # keeping them
    # ----------------------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        role: str,
        now: datetime,
        *,
        department: str | None,
        areas: tuple[str, ...],
        factor: bool,
    ) -> str:
        """A new account; returns the one-time secret that its owner exchanges for a password."""
        require_account_name(name)
        secret = secrets.token_urlsafe(18)
        row = (
            name,
            role,
            department,
            msgspec.json.encode(areas).decode(),
            self._hasher.hash(secret),
            "new",
            None,
            int(factor),
            0,
            0,
            0,
            to_us(now + SECRET_LASTS),
            to_us(now),
            None,
        )
        try:
            self.db.execute(f"INSERT INTO accounts VALUES ({','.join('?' * len(row))})", row)
        except sqlite3.IntegrityError as error:
            raise ConflictError(
                f"there is an account {name}", "take another name", code="exists"
            ) from error
        return secret

    def change_role(
        self, name: str, role: str, *, department: str | None, areas: tuple[str, ...]
    ) -> None:
        """Another role; the sessions opened with the old one are gone at once."""
        self.get(name)
        told = (role, department, msgspec.json.encode(areas).decode(), name)
        self.db.execute("UPDATE accounts SET role=?, department=?, areas=? WHERE name=?", told)
        self.db.execute("UPDATE sessions SET revoked=1 WHERE account=?", (name,))

    def reset(self, name: str, now: datetime) -> str:
        """A new one-time secret; the old password, second factor and sessions are gone at once."""
        self.get(name)
        secret = secrets.token_urlsafe(18)
        self.db.execute(
            "UPDATE accounts SET password=?, state='new', factor=NULL, secret_until=? WHERE name=?",
            (self._hasher.hash(secret), to_us(now + SECRET_LASTS), name),
        )
        self.tries.forget(name)
        self.db.execute("UPDATE sessions SET revoked=1 WHERE account=?", (name,))
        return secret

    def lock(self, name: str, *, locked: bool) -> None:
        """Shut an account with all its sessions, or open it again."""
        found = self.get(name)
        if locked == (found.state == "locked"):
            raise ConflictError(
                f"{name} is {found.state}", "nothing was changed", code="already_so"
            )
        # an account whose secret was never exchanged is new again, with the secret's own end
        after = (
            "'locked'"
            if locked
            else "CASE WHEN secret_until > 0 AND last_login IS NULL THEN 'new' ELSE 'open' END"
        )
        self.db.execute(f"UPDATE accounts SET state={after} WHERE name=?", (name,))
        self.tries.forget(name)
        if locked:
            self.db.execute("UPDATE sessions SET revoked=1 WHERE account=?", (name,))

    def list_accounts(self) -> list[Account]:
        return [_account(row) for row in self._rows("1=1 ORDER BY name")]

    def get(self, name: str) -> Account:
        found = self._rows("name=?", name)
        if not found:
            raise AbsentError(
                f"there is no account {name}", "list them with `twinward account list`"
            )
        return _account(found[0])

    def _rows(self, where: str, *values: object) -> list[sqlite3.Row]:
        cursor = self.db.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(f"SELECT * FROM accounts WHERE {where}", values).fetchall()

    # proving who one is
    # ------------------------------------------------------------------------------------------

    def exchange(
        self, name: str, secret: str, password: str, now: datetime, address: str = ""
    ) -> str | None:
        """Burn the one-time secret for a password; returns the new second factor's secret, None
        when none is needed.
        """
        row = self._check(name, secret, now, address, state="new")
        if row["secret_until"] <= to_us(now):
            raise _no_entry()
        require_password(password, name)
        key = os.urandom(20) if row["needs_factor"] else None
        sealed = self._seal.encrypt(key) if key else None
        changed = changes(
            self.db,
            "UPDATE accounts SET password=?, state='open', factor=?, last_step=0, secret_until=0 "
            "WHERE name=? AND state='new' AND password=?",
            (self._hasher.hash(password), sealed, name, row["password"]),
        )
        if not changed:  # somebody was quicker: the secret is good once
            raise _no_entry()
        return make_totp(key).get_provisioning_uri(name, "Twinward") if key else None

    def enter(
        self, name: str, password: str, code: str | None, now: datetime, address: str = ""
    ) -> Account:
        """The account that these prove, or RefusedError `bad_login` that does not tell which
        part was wrong. `address` is where it is asked from: tries are counted for each.
        """
        row = self._check(name, password, now, address, state="open")
        if row["factor"] is not None and not self._check_code(row, code or "", now):
            self.tries.fail(name, address, now)
            raise _no_entry()
        self.db.execute("UPDATE accounts SET last_login=? WHERE name=?", (to_us(now), name))
        self.tries.enter(name, address, now)
        return self.get(name)

    def change_password(
        self, name: str, old: str, new: str, now: datetime, *, session: str, address: str = ""
    ) -> None:
        """Another password for who knows the present one; every other session ends."""
        row = self._check(name, old, now, address, state="open")
        require_password(new, name)
        changed = changes(
            self.db,
            "UPDATE accounts SET password=? WHERE name=? AND state='open' AND password=?",
            (self._hasher.hash(new), name, row["password"]),
        )
        if not changed:  # it was changed, reset or locked meanwhile
            raise _no_entry()
        self.db.execute("UPDATE sessions SET revoked=1 WHERE account=? AND id<>?", (name, session))

    def _check(
        self, name: str, password: str, now: datetime, address: str, *, state: str
    ) -> sqlite3.Row:
        found = self._rows("name=?", name)
        if not found:
            self._verify(self._dummy(), password)  # an unknown name takes as long as a known one
            raise _no_entry()
        row = found[0]
        fits = self._verify(row["password"], password[:MOST_LENGTH])
        if row["state"] != state or self.tries.is_locked(name, address, now):
            raise _no_entry()
        if not fits:
            self.tries.fail(name, address, now)
            raise _no_entry()
        return row

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return bool(self._hasher.verify(hashed, password))
        except (Argon2Error, InvalidHashError):
            return False

    def _dummy(self) -> str:
        self._nobody = self._nobody or self._hasher.hash(secrets.token_urlsafe(18))
        return self._nobody

    def _check_code(self, row: sqlite3.Row, code: str, now: datetime) -> bool:
        """A code of this step or a neighbour's, each at most once."""
        totp = make_totp(self._seal.decrypt(row["factor"]))
        step = int(now.timestamp()) // STEP_S
        for one in (step, step - 1, step + 1):
            if one > row["last_step"]:
                try:
                    totp.verify(code.encode(), one * STEP_S)
                except InvalidToken:
                    continue
                return changes(  # of two logins at once with one code, one
                    self.db,
                    "UPDATE accounts SET last_step=? WHERE name=? AND last_step<?",
                    (one, row["name"], one),
                )
        return False

    def close(self) -> None:
        self.db.close()


def require_account_name(name: str) -> None:
    """InputError unless an account may be called so."""
    if not NAME.fullmatch(name) or name == "local-admin":
        raise InputError(
            f"{name!r} is no account name",
            "2 to 40 of a-z 0-9 . _ - and a letter first",
            code="bad_name",
        )


def make_totp(key: bytes) -> TOTP:
    """RFC 6238 with the values every authenticator app takes: SHA-1, six digits, 30 s."""
    return TOTP(key, 6, SHA1(), STEP_S)


def require_password(password: str, name: str) -> None:
    """InputError unless it is long and not among the first that anybody would try (NIST SP
    800-63B 5.1.1.2).
    """
    plain = password.casefold()
    why = None
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        why = f"it has {len(password)} characters, not {LEAST_LENGTH} to {MOST_LENGTH}"
    elif len(set(plain)) < 6:
        why = "it repeats few characters"
    elif name in plain or any(plain.startswith(word) for word in COMMON):
        why = "it begins like those that are tried first"
    if why:
        raise InputError(
            f"this password will not do: {why}",
            "take a sentence of four words",
            code="weak_password",
        )


def _no_entry() -> RefusedError:
    return UnknownCallerError(
        "name, password or code do not fit", "try again, or ask for a reset", code="bad_login"
    )


def _account(row: sqlite3.Row) -> Account:
    return Account(
        name=row["name"],
        role=row["role"],
        department=row["department"],
        areas=tuple(msgspec.json.decode(row["areas"])),
        state=row["state"],
        second_factor=row["factor"] is not None,
        added_at=from_us(row["added_at"]),
        last_login=from_us(row["last_login"]) if row["last_login"] is not None else None,
    )

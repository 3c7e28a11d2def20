"""Refused tries on an account, counted for each address apart: a stranger who guesses shuts out
nobody but themselves.
"""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime, timedelta

from twinward.core.clock import to_us

MAX_FAILURES = 5  # of one address on one account
MOST_ELSEWHERE = 50  # on one account, of all addresses from which it was never entered
LOCKED_FOR = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=90)
MOST_KNOWN = 20  # addresses of one account
ELSEWHERE = "*"

SCHEMA = """
CREATE TABLE IF NOT EXISTS tries (
  account TEXT NOT NULL, address TEXT NOT NULL, known INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL,
  locked_until INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, address)
) WITHOUT ROWID;
"""
FAIL = """
INSERT INTO tries (account, address, failures, at, locked_until)
VALUES (:account, :address, 1, :now, CASE WHEN :most <= 1 THEN :until ELSE 0 END)
ON CONFLICT (account, address) DO UPDATE SET
  failures = CASE WHEN at <= :before THEN 1 WHEN failures + 1 >= :most THEN 0 ELSE failures + 1 END,
  locked_until =
    CASE WHEN at > :before AND failures + 1 >= :most THEN :until ELSE locked_until END,
  at = :now
"""


class Tries:
    """Kept in the database of the accounts: of an address there stands only a hash."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(SCHEMA)

    def is_known(self, account: str, address: str) -> bool:
        """Whether the account was entered from there before, not too long ago."""
        return bool(self._one(account, _digest(address))[0])

    def is_locked(self, account: str, address: str, now: datetime) -> bool:
        """Whether this address must wait: for its own failures, or, where the account was never
        entered from it, for those of all such addresses.
        """
        known, locked_until = self._one(account, _digest(address))
        if not known:
            locked_until = max(locked_until, self._one(account, ELSEWHERE)[1])
        return locked_until > to_us(now)

    def _one(self, account: str, address: str) -> tuple[int, int]:
        """(known, locked_until) of an address."""
        found = self._db.execute(
            "SELECT known, locked_until FROM tries WHERE account=? AND address=?",
            (account, address),
        ).fetchone()
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def fail(self, account: str, address: str, now: datetime) -> None:
        """Count one refused try; by the database, so that tries at once count each."""
        told = {"account": account, "now": to_us(now), "until": to_us(now + LOCKED_FOR)}
        told["before"] = to_us(now - LOCKED_FOR)
        self._db.execute(FAIL, told | {"address": _digest(address), "most": MAX_FAILURES})
        if not self.is_known(account, address):
            self._db.execute(FAIL, told | {"address": ELSEWHERE, "most": MOST_ELSEWHERE})
        self._db.execute(
            "DELETE FROM tries WHERE known=0 AND at < ? AND locked_until < ?",
            (told["before"], told["now"]),
        )

    def enter(self, account: str, address: str, now: datetime) -> None:
        """The account was entered from there: its failures are forgotten, and it is known."""
        self._db.execute(
            "INSERT INTO tries (account, address, known, at) VALUES (?, ?, 1, ?) "
            "ON CONFLICT (account, address) DO UPDATE SET known=1, failures=0, locked_until=0, "
            "at=excluded.at",
            (account, _digest(address), to_us(now)),
        )
        self._db.execute(
            "DELETE FROM tries WHERE account=? AND known=1 AND (at < ? OR address NOT IN (SELECT "
            "address FROM tries WHERE account=? AND known=1 ORDER BY at DESC LIMIT ?))",
            (account, to_us(now - KNOWN_FOR), account, MOST_KNOWN),
        )

    def forget(self, account: str) -> None:
        """An administrator has looked at it: nobody waits, and no address is known."""
        self._db.execute("DELETE FROM tries WHERE account=?", (account,))


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]

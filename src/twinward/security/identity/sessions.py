"""Sessions: a short-lived token to act with, a refresh that rotates, revocation that holds from
the next request.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from twinward.core.clock import from_us, to_us
from twinward.core.errors import AbsentError, RefusedError, UnknownCallerError
from twinward.security.identity.accounts import Account, Accounts
from twinward.security.identity.people import Caller, Identities
from twinward.security.side_database import changes

TOKEN_LASTS = timedelta(minutes=15)
SESSION_LASTS = timedelta(hours=12)


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a login or a refresh gives: `access` to act with until `expires_at`, `refresh` to
    spend once.
    """

    access: str
    refresh: str
    session: str
    expires_at: datetime


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One device of one account, as its owner sees it."""

    id: str
    account: str
    device: str
    opened_at: datetime
    used_at: datetime
    ends_at: datetime
    revoked: bool


class Sessions:
    """Opens, rotates, lists and revokes; the database is that of the accounts, so other
    processes see it at once.
    """

    def __init__(self, accounts: Accounts, identities: Identities) -> None:
        self._db = accounts.db
        self._accounts = accounts
        self._identities = identities
        identities.is_live = self.is_live

    def open(self, account: Account, device: str, now: datetime) -> Tokens:
        session, refresh = secrets.token_hex(12), secrets.token_urlsafe(32)
        ends = now + SESSION_LASTS
        row = (
            session,
            account.name,
            device,
            _digest(refresh),
            "",
            to_us(now),
            to_us(now),
            to_us(ends),
            0,
        )
        self._db.execute("INSERT INTO sessions VALUES (?,?,?,?,?,?,?,?,?)", row)
        return self._tokens(account.caller(session), refresh, now)

    def _tokens(self, caller: Caller, refresh: str, now: datetime) -> Tokens:
        access = self._identities.sign(caller, now, TOKEN_LASTS)
        return Tokens(
            access=access,
            refresh=f"{caller.session}.{refresh}",
            session=str(caller.session),
            expires_at=now + TOKEN_LASTS,
        )

    def refresh(self, token: str, now: datetime) -> Tokens:
        """New tokens for one refresh token. One that was spent before was stolen: the whole
        session is shut.
        """
        session, _, secret = token.strip().partition(".")
        found = self._db.execute(
            "SELECT account, refresh, spent, ends_at, revoked FROM sessions WHERE id=?", (session,)
        ).fetchone()
        if found is None:
            raise _bad()
        account, current, spent, ends_at, revoked = found
        digest = _digest(secret)
        if revoked or ends_at <= to_us(now) or self._accounts.get(account).state != "open":
            raise _bad()
        if not secrets.compare_digest(digest, current):
            if digest in spent.split():
                self._db.execute("UPDATE sessions SET revoked=1 WHERE id=?", (session,))
            raise _bad()
        fresh = secrets.token_urlsafe(32)
        done = changes(
            self._db,
            "UPDATE sessions SET refresh=?, spent=spent||' '||?, used_at=? WHERE id=? AND "
            "refresh=? AND revoked=0",
            (_digest(fresh), current, to_us(now), session, current),
        )
        if not done:
            raise _bad()
        return self._tokens(self._accounts.get(account).caller(session), fresh, now)

    def is_live(self, session: str, now: datetime) -> bool:
        """Whether the session is neither revoked nor over."""
        found = self._db.execute(
            "SELECT ends_at, revoked FROM sessions WHERE id=?", (session,)
        ).fetchone()
        return found is not None and not found[1] and found[0] > to_us(now)

    def list_of(self, account: str) -> list[Session]:
        rows = self._db.execute(
            "SELECT id, account, device, opened_at, used_at, ends_at, revoked FROM sessions WHERE "
            "account=? "
            "ORDER BY opened_at DESC LIMIT 200",
            (account,),
        )
        return [
            Session(
                id=row[0],
                account=row[1],
                device=row[2],
                opened_at=from_us(row[3]),
                used_at=from_us(row[4]),
                ends_at=from_us(row[5]),
                revoked=bool(row[6]),
            )
            for row in rows
        ]

    def forget_before(self, day: date) -> int:
        """Delete sessions that ended before a day; how many."""
        at = to_us(datetime.combine(day, time(), UTC))
        return int(self._db.execute("DELETE FROM sessions WHERE ends_at < ?", (at,)).rowcount)

    def revoke(self, session: str, account: str) -> None:
        """Shut one of an account's own sessions; another's answers like one that is not there."""
        if not changes(
            self._db, "UPDATE sessions SET revoked=1 WHERE id=? AND account=?", (session, account)
        ):
            raise AbsentError(f"there is no session {session}", "list them with GET /v1/sessions")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _bad() -> RefusedError:
    return UnknownCallerError("this session is over", "log in again")

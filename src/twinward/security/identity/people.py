"""Who asks: the local administrator of a workspace, or the bearer of a signed token."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import RefusedError, UnknownCallerError
from twinward.core.lazy import LazyModule
from twinward.security.privacy.vault import read_or_make

if TYPE_CHECKING:
    from joserfc import errors, jwk, jwt
else:
    jwt = LazyModule("joserfc.jwt")
    jwk = LazyModule("joserfc.jwk")
    errors = LazyModule("joserfc.errors")

LOCAL_ADMIN = "local-admin"
CLOCK_SKEW_S = 60


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """One who asks: a name for the record, the department they answer for, if any, and the areas
    they look after. `rehearsal`: the one inside which alone they speak; empty outside of any.
    """

    name: str
    role: str
    department: str | None = None
    areas: tuple[str, ...] = ("all",)
    session: str | None = None
    rehearsal: str = ""


class Identities:
    """Signs and reads tokens with the workspace's own key (HS256)."""

    def __init__(self, folder: Path, *, managed: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._managed = managed
        self.is_live: Callable[[str, datetime], bool] = lambda session, now: False
        self._secret = read_or_make(folder / "token.key", lambda: os.urandom(32))

    @cached_property
    def _key(self) -> jwk.OctKey:
        return jwk.OctKey.import_key(self._secret)

    def sign(self, caller: Caller, now: datetime, lasts: timedelta) -> str:
        claims = {
            "sub": caller.name,
            "role": caller.role,
            "department": caller.department,
            "areas": list(caller.areas),
            "sid": caller.session,
            **({"reh": caller.rehearsal} if caller.rehearsal else {}),
            "iat": int(now.timestamp()),
            "exp": int((now + lasts).timestamp()),
        }
        return str(jwt.encode({"alg": "HS256"}, claims, self._key))

    def read(self, token: str, now: datetime) -> Caller:
        """The caller a token speaks for, or RefusedError `bad_token`."""
        try:
            claims = jwt.decode(token.strip(), self._key, algorithms=["HS256"]).claims
            issued, expires = int(claims["iat"]), int(claims["exp"])
            caller = msgspec.convert(
                {
                    "name": claims["sub"],
                    "role": claims["role"],
                    "department": claims.get("department"),
                    "areas": claims.get("areas") or ("all",),
                    "session": claims.get("sid"),
                    "rehearsal": claims.get("reh", ""),
                },
                Caller,
            )
        except (
            errors.JoseError,
            ValueError,
            KeyError,
            TypeError,
            msgspec.ValidationError,
        ) as error:
            raise UnknownCallerError("the token cannot be used", "ask for a new one") from error
        if expires <= now.timestamp():
            raise UnknownCallerError("the token has expired", "ask for a new one")
        if issued > now.timestamp() + CLOCK_SKEW_S:
            raise UnknownCallerError("the token was issued in the future", "set the clocks right")
        if caller.session is None and self._managed:
            raise UnknownCallerError("the token belongs to no session", "log in")
        if caller.session is not None and not self.is_live(caller.session, now):
            raise UnknownCallerError("this session is over", "log in again")
        return caller


def require_outside(caller: Caller) -> None:
    """RefusedError `in_rehearsal` for who speaks inside a rehearsal: nothing of it may leave it."""
    if caller.rehearsal:
        raise RefusedError(
            f"{caller.name} speaks inside rehearsal {caller.rehearsal}: nothing of it reaches "
            f"anybody",
            "end the rehearsal, then say it in earnest",
            code="in_rehearsal",
        )


def anybody() -> Caller:
    """One who has not said who they are."""
    return Caller(name="anybody", role="public")


def local_admin() -> Caller:
    """The operating-system user who made the workspace."""
    return Caller(name=LOCAL_ADMIN, role="administrator")

"""The signed trust list: which signers a root vouches for, from when to when, in which state."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.coding.texts import read_object
from twinward.core.errors import InputError
from twinward.security.passes import jws
from twinward.security.passes.keys import Key, read_jwk, read_key_file, write_jwk
from twinward.security.passes.status_list import second

TYPE = "twinward-trust+jwt"
STATES = ("active", "retired", "compromised")
MARK = "twinward_trust"


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """One signer: its public key as JWK, its window in seconds since 1970, its state."""

    jwk: dict[str, str]
    not_before: int
    not_after: int
    state: str = "active"

    @property
    def kid(self) -> str:
        return self.jwk["kid"]


class TrustList(msgspec.Struct, frozen=True, kw_only=True):
    """The keys a verifier believes. `version` only grows; `own` when our root signed the list.

    A plain file of foreign keys has neither version nor time.
    """

    keys: tuple[Key, ...]
    issuer: str = ""
    version: int = 0
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    own: bool = False
    root: bytes = b""

    def is_stale(self, at: datetime) -> bool:
        return self.expires_at is not None and at >= self.expires_at


def write_trust(
    root: ec.EllipticCurvePrivateKey,
    issuer: str,
    signers: tuple[Signer, ...],
    *,
    version: int,
    at: datetime,
    lasts_s: int,
) -> bytes:
    """The file that every verifier gets: the root's public key and the list it signed."""
    now = int(at.timestamp())
    payload = {
        "iss": issuer,
        "iat": now,
        "exp": now + lasts_s,
        "version": version,
        "signers": [msgspec.to_builtins(one) for one in signers],
    }
    public = write_jwk(root.public_key())
    header = {"kid": public["kid"], "typ": TYPE}
    signed = jws.write_jws(root, header, msgspec.json.encode(payload))
    return json.dumps({MARK: 1, "root": public, "list": signed}, indent=1).encode() + b"\n"


def read_trust(data: bytes) -> TrustList:
    """Our signed list, or any file of foreign keys; InputError for a list its root did not sign."""
    text = data.strip()
    if MARK.encode() not in text or text[:1] != b"{":
        return TrustList(keys=tuple(read_key_file(data)))
    found = read_object(text)
    root, signed = found.get("root"), found.get("list")
    if not isinstance(root, dict) or not isinstance(signed, str):
        raise _bad("its root or its list is missing")
    anchor = read_jwk(root)
    token = jws.read_jws(signed)
    if token.header.get("typ") != TYPE or jws.find_signer(token, [anchor])[1] is None:
        raise _bad("its root did not sign it")
    return _read_list(read_object(token.payload), anchor.kid)


def _read_list(payload: dict[str, object], root: bytes) -> TrustList:
    signers, version = payload.get("signers"), payload.get("version")
    if not isinstance(signers, list) or type(version) is not int or version < 1:
        raise _bad("it has no signers or no version")
    try:
        rows = tuple(msgspec.convert(one, Signer) for one in signers)
    except msgspec.ValidationError as error:
        raise _bad(str(error)) from error
    keys = tuple(_key_of(row, str(payload.get("iss") or "")) for row in rows)
    if len({key.kid for key in keys}) != len(keys):
        raise _bad("two signers have one kid")
    return TrustList(
        keys=keys,
        issuer=str(payload.get("iss") or ""),
        version=version,
        issued_at=second(payload.get("iat")),
        expires_at=second(payload.get("exp")),
        own=True,
        root=root,
    )


def _key_of(row: Signer, issuer: str) -> Key:
    if row.state not in STATES:
        raise _bad(f"state {row.state!r} is not {', '.join(STATES)}")
    return msgspec.structs.replace(
        read_jwk(dict(row.jwk)),
        issuer=issuer,
        not_before=datetime.fromtimestamp(row.not_before, UTC),
        not_after=datetime.fromtimestamp(row.not_after, UTC),
        state=row.state,
    )


def _bad(why: str) -> InputError:
    return InputError(
        f"the trust list cannot be used: {why}", "fetch it from its issuer again", code="bad_trust"
    )


def require_newer(seen: TrustList | None, fresh: TrustList) -> TrustList:
    """The fresh list; InputError when an older version, or one of another root, comes after."""
    if seen is not None and seen.own:
        if fresh.root != seen.root:
            raise _bad("another root signed it")
        if fresh.version < seen.version:
            raise _bad(f"version {fresh.version} is older than {seen.version}, which was seen")
    return fresh

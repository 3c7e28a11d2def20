"""JWS in compact form (RFC 7515): asymmetric algorithms only, no key that the token brings."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.coding.texts import from_base64url, read_object, to_base64url
from twinward.core.errors import InputError
from twinward.security.passes import signatures
from twinward.security.passes.keys import Key, find_keys

MAX_TOKEN = 4 << 20


class Jws(msgspec.Struct, frozen=True, kw_only=True):
    """A signed text, not yet verified."""

    header: dict[str, object]
    payload: bytes
    signed: bytes
    signature: bytes

    @property
    def alg(self) -> str:
        return str(self.header.get("alg"))

    @property
    def kid(self) -> bytes | None:
        found = self.header.get("kid")
        return str(found).encode() if isinstance(found, str | int) else None


def bad_jws(why: str) -> InputError:
    return InputError(f"the signed text cannot be read: {why}", "scan it again", code="bad_jws")


def read_jws(text: str) -> Jws:
    """The three parts; InputError for another form, an unknown critical header, no algorithm."""
    parts = text.split(".")
    if len(text) > MAX_TOKEN or len(parts) != 3 or not text.isascii():
        raise bad_jws("it has not three parts")
    header = read_object(from_base64url(parts[0]))
    if not isinstance(header.get("alg"), str):
        raise bad_jws("it names no algorithm")
    if "crit" in header or "b64" in header:
        raise bad_jws("it demands a header that is unknown here")
    if "kid" in header and type(header["kid"]) not in (str, int):  # RFC 9901's own cases have 42
        raise bad_jws("its kid is no text")
    return Jws(
        header=header,
        payload=from_base64url(parts[1]),
        signed=f"{parts[0]}.{parts[1]}".encode(),
        signature=from_base64url(parts[2]),
    )


def find_signer(message: Jws, keys: Iterable[Key]) -> tuple[list[Key], Key | None]:
    """The keys that the token may have meant, and the one among them that signed it. A token
    without kid may mean any key.
    """
    keys = list(keys)
    known = keys if message.kid is None else find_keys(keys, message.kid)
    for key in known:
        if message.alg in key.algs and signatures.verify(
            message.alg, key.public, message.signed, message.signature
        ):
            return known, key
    return known, None


def write_jws(key: ec.EllipticCurvePrivateKey, header: dict[str, str], payload: bytes) -> str:
    """A compact JWS with ES256."""
    head = msgspec.json.encode({"alg": "ES256", **header})
    signed = f"{to_base64url(head)}.{to_base64url(payload)}"
    return f"{signed}.{to_base64url(signatures.sign(key, signed.encode()))}"

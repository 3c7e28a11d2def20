"""COSE_Sign1 (RFC 9052) and CWT (RFC 8392): read strictly, written deterministically."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.coding import cbor
from twinward.core.errors import InputError
from twinward.security.passes import signatures
from twinward.security.passes.keys import Key, find_keys

ALGS = {-7: "ES256", -35: "ES384", -36: "ES512", -8: "EdDSA", -37: "PS256"}
ALG, CRIT, KID, TYPE = 1, 2, 4, 16
SIGN1, CWT = 18, 61
UNDERSTOOD = {ALG, 3, KID, 11, TYPE}  # 3 content type, 11 nonce-like partial IV: harmless
MAX_TOKEN = 64 * 1024


class Sign1(msgspec.Struct, frozen=True, kw_only=True):
    """A signed message, not yet verified: nothing in it is to be believed."""

    protected: bytes
    header: dict[object, object]
    outside: dict[object, object]
    payload: bytes
    signature: bytes

    @property
    def alg(self) -> str | None:
        """Of the protected header only."""
        number = self.header.get(ALG)
        return ALGS.get(number) if type(number) is int else None

    @property
    def kid(self) -> bytes | None:
        """Of the protected header; of the other when that has none."""
        found = self.header.get(KID, self.outside.get(KID))
        return found if isinstance(found, bytes) else None

    @property
    def signed(self) -> bytes:
        return cbor.encode(["Signature1", self.protected, b"", self.payload])


def bad_cose(why: str) -> InputError:
    return InputError(f"the signed message cannot be read: {why}", "scan it again", code="bad_cose")


def read_sign1(data: bytes, *, own: bool = False) -> Sign1:
    """The parts of a COSE_Sign1. `own` demands the one spelling that we write."""
    if len(data) > MAX_TOKEN * (64 if not own else 1):
        raise bad_cose(f"{len(data):,} bytes are too many")
    value = cbor.decode(data, deterministic=own)
    tags = 0
    while isinstance(value, cbor.Tag) and value.number in (SIGN1, CWT) and tags < 2:
        value, tags = value.value, tags + 1
    if own and tags != 1:
        raise bad_cose("it is not tagged once")
    if not isinstance(value, list) or len(value) != 4:
        raise bad_cose("it has not its four parts")
    protected, outside, payload, signature = value
    if not (
        isinstance(protected, bytes)
        and isinstance(outside, dict)
        and isinstance(payload, bytes)
        and isinstance(signature, bytes)
    ):
        raise bad_cose("a part is of another kind")
    header = cbor.decode(protected, deterministic=own) if protected else {}
    if not isinstance(header, dict):
        raise bad_cose("its protected header is no map")
    if CRIT in header or CRIT in outside:
        raise bad_cose("it demands a header that is unknown here")
    if own and (outside or set(header) - UNDERSTOOD):
        raise bad_cose("it has headers that we do not write")
    return Sign1(
        protected=protected,
        header=header,
        outside=outside,
        payload=payload,
        signature=signature,
    )


def find_signer(message: Sign1, keys: Iterable[Key]) -> tuple[list[Key], Key | None]:
    """The keys that the token may have meant, and the one among them that signed it."""
    known = find_keys(keys, message.kid)
    for key in known:
        alg = message.alg
        if alg in key.algs and signatures.verify(
            alg, key.public, message.signed, message.signature
        ):
            return known, key
    return known, None


def write_sign1(key: ec.EllipticCurvePrivateKey, kid: bytes, payload: bytes, kind: str) -> bytes:
    """A tagged COSE_Sign1 with ES256, kid and type (RFC 9596) in the protected header."""
    protected = cbor.encode({ALG: -7, KID: kid, TYPE: kind})
    signed = cbor.encode(["Signature1", protected, b"", payload])
    return cbor.encode(cbor.Tag(SIGN1, [protected, {}, payload, signatures.sign(key, signed)]))


def read_claims(message: Sign1, *, own: bool = False) -> dict[object, object]:
    """The claims of a CWT."""
    claims = cbor.decode(message.payload, deterministic=own)
    if isinstance(claims, cbor.Tag) and claims.number == CWT and not own:
        claims = claims.value
    if not isinstance(claims, dict):
        raise bad_cose("its claims are no map")
    return claims

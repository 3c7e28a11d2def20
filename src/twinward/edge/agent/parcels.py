"""What a depot and a holder of parcels (cabinet, courier, vehicle, drone) give each other: a signed
manifest of parcels with verifiers of their codes, and signed receipts in a chain.

A code is nine digits that nobody can guess and one that finds a slip of the finger. A manifest
holds none: only a slow hash of each, bound to the parcel, its place and the code's round.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)

from twinward.core.coding.texts import from_base64url, to_base64url
from twinward.core.errors import UNREADABLE, InputError
from twinward.core.messages import Instant

CODE_DIGITS = 10
FIRST_CODE = 10 ** (CODE_DIGITS - 2)  # and its check digit
MOST_ATTEMPTS = 5  # wrong codes for one parcel; then it takes a new code
SCRYPT = {"n": 2**13, "r": 8, "p": 1}  # about 30 ms: a stolen manifest is no list of codes
MOST_LINES = 5000
# Damm's quasigroup of order 10 (H. M. Damm, 2004): finds every wrong digit and every swap of two
DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
Kind = Literal["loaded", "deposited", "handed", "withdrawn", "returned", "refused", "locked"]
HolderKind = Literal["cabinet", "courier", "vehicle", "drone"]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Digest = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]


class ManifestLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One parcel: where it goes, until when, and what its code is checked against."""

    parcel: Word
    place: Word
    round: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    expires_at: Instant
    salt: Digest
    verifier: Digest
    withheld: bool = False  # it goes elsewhere now: nobody gets it here


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a holder may hold; a newer one (`number`) takes the place of an older."""

    holder: Word
    number: Annotated[int, msgspec.Meta(ge=0)]
    made_at: Instant
    lines: Annotated[tuple[ManifestLine, ...], msgspec.Meta(max_length=MOST_LINES)]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a holder did with a parcel: who, when, where; at most the hash of a picture of the
    parcel. `before` is the digest of the holder's receipt before this one; `proof` that who signed
    a handing over was told the code.
    """

    holder: Word
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    before: Digest
    kind: Kind
    parcel: Word
    place: Word
    round: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    at: Instant
    photo_sha256: Digest = ""
    because: Annotated[str, msgspec.Meta(max_length=200)] = ""
    proof: Digest = ""


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body as text, and the Ed25519 signature over its bytes."""

    body: Annotated[str, msgspec.Meta(max_length=4_000_000)]
    signature: Annotated[str, msgspec.Meta(min_length=86, max_length=86)]


SIGNED = msgspec.json.Decoder(Signed)
MANIFEST = msgspec.json.Decoder(Manifest)
RECEIPT = msgspec.json.Decoder(Receipt)


def check_digit(digits: str) -> str:
    """Damm's check digit of a row of digits."""
    row = 0
    for digit in digits:
        row = int(DAMM[row][int(digit)])
    return str(row)


def make_code(secret: bytes, parcel: str, place: str, round_: int) -> str:
    """The code of a parcel at a place in a round: another place or round has another code. It never
    begins with 0: what does is read as a telephone number, and hidden on its way to the receiver.
    """
    told = "\x1f".join(("code", parcel, place, str(round_))).encode()
    number = int.from_bytes(hmac.new(secret, told, hashlib.sha256).digest()[:16], "big")
    digits = str(FIRST_CODE + number % (9 * FIRST_CODE))
    return digits + check_digit(digits)


def show_code(code: str) -> str:
    """In groups that are read aloud: 123 456 7890."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def read_code(text: str) -> str:
    """What somebody typed, as digits; InputError `mistyped_code` for a slip of the finger, which
    costs no attempt.
    """
    plain = re.sub(r"[\s\-.·]", "", text.translate(FULL_WIDTH))
    right = len(plain) == CODE_DIGITS and plain.isascii() and plain.isdigit()
    if not right or check_digit(plain) != "0":
        raise InputError(
            f"a code has {CODE_DIGITS} digits, and one of these is not right",
            "type it again; this was not counted as an attempt",
            code="mistyped_code",
        )
    return plain


def salt_of(holder: str, parcel: str, place: str, round_: int) -> str:
    told = "\x1f".join(("salt", holder, parcel, place, str(round_)))
    return hashlib.sha256(told.encode()).hexdigest()


def verifier_of(code: str, salt: str) -> str:
    """The slow hash of a code (RFC 7914)."""
    found = hashlib.scrypt(code.encode(), salt=bytes.fromhex(salt), dklen=32, **SCRYPT)
    return found.hex()


def proof_of(code: str, holder: str, parcel: str, round_: int, seq: int) -> str:
    """Made from the code itself, which a manifest does not hold, and of use for one receipt alone:
    the centre can make it too, and so knows that the receiver has told the code.
    """
    told = "\x1f".join(("proof", holder, parcel, str(round_), str(seq)))
    return hmac.new(code.encode(), told.encode(), hashlib.sha256).hexdigest()


def is_code_of(line: ManifestLine, code: str) -> bool:
    return hmac.compare_digest(verifier_of(code, line.salt), line.verifier)


def sign(key: Ed25519PrivateKey, message: msgspec.Struct) -> bytes:
    """A manifest, a receipt or an edge's rules as they are sent."""
    body = msgspec.json.encode(message)
    signature = to_base64url(key.sign(body))
    return msgspec.json.encode(Signed(body=body.decode(), signature=signature))


def read_signed(raw: bytes, public: str) -> bytes:
    """The body of what this key has signed; InputError `bad_signature`."""
    try:
        signed = SIGNED.decode(raw)
        key = Ed25519PublicKey.from_public_bytes(from_base64url(public))
        key.verify(from_base64url(signed.signature), signed.body.encode())
    except (InvalidSignature, InputError, ValueError, *UNREADABLE) as error:
        raise InputError(
            "the signature is not of the key that is known",
            "it was changed on the way, or comes from somebody else",
            code="bad_signature",
        ) from error
    return signed.body.encode()


def read_manifest(raw: bytes, public: str) -> Manifest:
    try:
        return MANIFEST.decode(read_signed(raw, public))
    except msgspec.ValidationError as error:
        raise InputError(f"not a manifest: {error}", code="bad_manifest") from error


def read_receipt(raw: bytes, public: str) -> Receipt:
    try:
        return RECEIPT.decode(read_signed(raw, public))
    except msgspec.ValidationError as error:
        raise InputError(f"not a receipt: {error}", code="bad_receipt") from error


def holder_of(raw: bytes) -> str:
    """Whose receipt this says to be, before its signature is checked; InputError."""
    try:
        return RECEIPT.decode(SIGNED.decode(raw).body).holder
    except (msgspec.ValidationError, *UNREADABLE) as error:
        raise InputError(f"not a receipt: {error}", code="bad_receipt") from error


def digest_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def public_of(key: Ed25519PrivateKey) -> str:
    """The public key as it is told to others: 43 characters."""
    return to_base64url(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def is_due(line: ManifestLine, at: datetime) -> bool:
    return at < line.expires_at

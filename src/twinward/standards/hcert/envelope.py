"""The envelope of an HCERT: prefix, base45, zlib, around a signed message."""

from __future__ import annotations

import zlib

from twinward.core.coding import base45
from twinward.core.coding.texts import inflate
from twinward.core.errors import InputError

PREFIX = "HC1:"
MOST_BYTES = 256 * 1024
CERTIFICATES, VERSION_1 = -260, 1  # the claim of the certificates, the key of the first schema


def read_envelope(text: str) -> bytes:
    """The signed message in the text of a QR code."""
    if not text.startswith(PREFIX):
        raise InputError(f"it does not begin with {PREFIX}", "scan it again", code="bad_hcert")
    return inflate(base45.decode(text.removeprefix(PREFIX)), most=MOST_BYTES)


def write_envelope(message: bytes) -> str:
    return PREFIX + base45.encode(zlib.compress(message, 9))


def read_certificate(claims: dict[object, object]) -> dict[object, object]:
    """The certificate among the claims of a CWT."""
    found = claims.get(CERTIFICATES)
    certificate = found.get(VERSION_1) if isinstance(found, dict) else None
    if not isinstance(certificate, dict):
        raise InputError("there is no certificate in it", "scan it again", code="bad_hcert")
    return certificate

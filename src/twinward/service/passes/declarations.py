"""Statements that a person signs with a key of their own, and the city seals as a pass."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.coding.texts import from_base64url, read_object, to_base64url
from twinward.core.errors import InputError
from twinward.security.passes import jws
from twinward.security.passes.ceremony import replace_file
from twinward.security.passes.keys import read_jwk, write_jwk

TYPE = "twinward-declaration+jwt"
LONGEST = 1_800
FRESH = timedelta(hours=24)


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A statement whose signature is its signer's own: `key` is the thumbprint of their key."""

    text: str
    signed_at: datetime
    key: str
    digest: str

    @property
    def content(self) -> str:
        """What the sealed pass says: the words, and which signature they were given under."""
        return f"{self.text}\n#{self.key[:16]}.{self.digest[:16]}"


def declare(text: str, key_file: Path, at: datetime) -> str:
    """The signed statement; the person's key is made when there is none."""
    if not 1 <= len(text.strip()) <= LONGEST:
        raise InputError(f"a statement has 1 to {LONGEST:,} characters", "say it", code="bad_text")
    key = open_key(key_file)
    payload = msgspec.json.encode({"text": text.strip(), "iat": int(at.timestamp())})
    public = write_jwk(key.public_key())
    head = {"typ": TYPE, "kid": public["kid"]}
    return jws.write_jws(key, head, payload) + "~" + to_base64url(msgspec.json.encode(public))


def open_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The person's own key, readable by its owner alone."""
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        replace_file(path, pem, 0o600)
        return made
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path.name} holds no key that can be opened", code="bad_key") from error
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise InputError(f"{path.name} holds another kind of key", code="bad_key")
    return found


def read_declaration(text: str, at: datetime) -> Declaration:
    """What was signed, by whose key, today; InputError when the signature is not over it."""
    token, _, key = text.strip().partition("~")
    message = jws.read_jws(token)
    public = read_jwk(read_object(from_base64url(key)))
    if message.header.get("typ") != TYPE or jws.find_signer(message, [public])[1] is None:
        raise InputError(
            "the statement is not signed by the key it names", "sign it again", code="bad_signature"
        )
    said = read_object(message.payload)
    words, signed = said.get("text"), said.get("iat")
    if not isinstance(words, str) or type(signed) is not int or not 1 <= len(words) <= LONGEST:
        raise InputError("the statement has no text or no time", "sign it again", code="bad_text")
    try:
        signed_at = datetime.fromtimestamp(signed, at.tzinfo)
    except (ValueError, OverflowError, OSError) as error:
        raise InputError("the statement's time is none", code="bad_time") from error
    if not at - FRESH <= signed_at <= at + timedelta(minutes=5):
        raise InputError("the statement was not signed today", "sign it again", code="too_old")
    return Declaration(
        text=words,
        signed_at=signed_at,
        key=public.kid.decode(),
        digest=hashlib.sha256(token.encode()).hexdigest(),
    )

"""Public keys of issuers, read from JWK sets, PEM, certificates and lists of them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import cast

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtensionOID

from twinward.core.coding.texts import from_base64url, to_base64url
from twinward.core.errors import InputError
from twinward.security.passes.signatures import Public, fits

JWK_CURVES: dict[str, tuple[ec.EllipticCurve, str]] = {
    "P-256": (ec.SECP256R1(), "ES256"),
    "P-384": (ec.SECP384R1(), "ES384"),
    "P-521": (ec.SECP521R1(), "ES512"),
}
# extended key usages of the EU certificates: test, vaccination, recovery (and their older numbers)
USAGES = {
    f"{root}.{number}": kind
    for root in ("1.3.6.1.4.1.1847.2021.1", "1.3.6.1.4.1.0.1847.2021.1")
    for number, kind in (("1", "test"), ("2", "vaccination"), ("3", "recovery"))
}


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A public key with what it may sign. `algs` are its algorithms; `kinds` empty means any."""

    kid: bytes
    public: Public
    algs: tuple[str, ...]
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    kinds: tuple[str, ...] = ()
    state: str = "active"  # active, retired, compromised
    certificate: bool = False


def make_key(public: Public, kid: bytes = b"", **more: object) -> Key:
    """A key with the algorithms that its kind can have."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        algs = tuple(alg for _, alg in JWK_CURVES.values() if fits(alg, public))
    elif isinstance(public, rsa.RSAPublicKey):
        algs = ("PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
    else:
        algs = ("EdDSA",)
    if not algs or not any(fits(alg, public) for alg in algs):
        raise bad_key("its curve or length is not one that is trusted")
    return msgspec.structs.replace(Key(kid=kid, public=public, algs=algs), **more)


def bad_key(why: str) -> InputError:
    return InputError(
        f"the trust file has a key that cannot be used: {why}",
        "give a JWK set, PEM keys or certificates, or a list signed by `twinward pass keys`",
        code="bad_key",
    )


def read_jwk(jwk: dict[str, object]) -> Key:
    """A public key; a private part is ignored, a symmetric key or one for encryption refused."""
    ops = jwk.get("key_ops")
    if jwk.get("use", "sig") != "sig" or (
        ops is not None and not {"sign", "verify"} & {str(one) for one in _list(ops)}
    ):
        raise bad_key("it is not for signatures")
    try:
        public = _public(jwk)
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise bad_key(f"the JWK is incomplete or wrong ({error})") from error
    key = make_key(public, str(jwk.get("kid") or "").encode())
    alg = jwk.get("alg")
    if alg is not None:
        known = tuple(one for one in key.algs if one == alg)
        if not known:
            raise bad_key(f"algorithm {alg!r} does not go with it")
        key = msgspec.structs.replace(key, algs=known)
    return msgspec.structs.replace(key, issuer=str(jwk.get("iss") or jwk.get("issuer") or ""))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _public(jwk: dict[str, object]) -> Public:
    def number(name: str) -> int:
        return int.from_bytes(from_base64url(str(jwk[name])), "big")

    if jwk.get("kty") == "EC":
        curve = JWK_CURVES[str(jwk["crv"])][0]
        return ec.EllipticCurvePublicNumbers(number("x"), number("y"), curve).public_key()
    if jwk.get("kty") == "RSA":
        return rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
    if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(from_base64url(str(jwk["x"])))
    raise ValueError(f"kty {jwk.get('kty')!r}")


def write_jwk(public: ec.EllipticCurvePublicKey, kid: str = "") -> dict[str, str]:
    """A P-256 key as a JWK; its kid is its thumbprint (RFC 7638) unless given."""
    numbers = public.public_numbers()
    x, y = (to_base64url(part.to_bytes(32, "big")) for part in (numbers.x, numbers.y))
    return {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
        "kid": kid or thumbprint(x, y),
        "x": x,
        "y": y,
    }


def thumbprint(x: str, y: str) -> str:
    text = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return to_base64url(hashlib.sha256(text.encode()).digest())


def read_certificate(found: x509.Certificate, kid: bytes = b"") -> Key:
    """The key of a signer's certificate: its window, its usages; kid as the EU counts it."""
    public = found.public_key()
    if not isinstance(
        public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
    ):
        raise bad_key("its certificate has another kind of key")
    digest = hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).digest()
    try:
        named = found.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
        kinds = {USAGES.get(one.dotted_string, "") for one in cast(x509.ExtendedKeyUsage, named)}
    except x509.ExtensionNotFound:
        kinds = set()
    return make_key(
        public,
        kid or digest[:8],
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        kinds=tuple(sorted(kinds - {""})),
        certificate=True,
    )


def read_pem(data: bytes) -> list[Key]:
    """Every public key and certificate of a PEM file."""
    found = []
    for block in data.split(b"-----END ")[:-1]:
        start = block.index(b"-----BEGIN ") if b"-----BEGIN " in block else 0
        name = block[start:].splitlines()[0].strip(b"- ").removeprefix(b"BEGIN ").strip()
        whole = block[start:] + b"-----END " + name + b"-----\n"
        try:
            if name == b"CERTIFICATE":
                found.append(read_certificate(x509.load_pem_x509_certificate(whole)))
            else:
                found.append(make_key(cast(Public, serialization.load_pem_public_key(whole))))
        except ValueError as error:
            raise bad_key(f"a PEM block {name.decode(errors='replace')!r} is broken") from error
    return found


def read_der(data: bytes, kid: bytes = b"") -> Key:
    """A certificate or a public key in DER."""
    try:
        return read_certificate(x509.load_der_x509_certificate(data), kid)
    except ValueError:
        pass
    try:
        return make_key(cast(Public, serialization.load_der_public_key(data)), kid)
    except (ValueError, TypeError) as error:
        raise bad_key("it is neither certificate nor public key") from error


def read_keys(value: object, kid: bytes = b"") -> Iterator[Key]:
    """The keys of a JWK, a JWK set, a list, a map of kid to key, or one as text."""
    if isinstance(value, str):
        if "-----BEGIN" in value:
            for key in read_pem(value.encode()):
                yield msgspec.structs.replace(key, kid=kid) if kid else key
            return
        try:
            yield read_der(base64.b64decode(value.strip(), validate=True), kid)
        except binascii.Error as error:
            raise bad_key("it is neither PEM nor base64") from error
    elif isinstance(value, list):
        for one in value:
            yield from read_keys(one, kid)
    elif isinstance(value, dict):
        yield from _keys_of(value, kid)
    else:
        raise bad_key(f"{type(value).__name__} is no key")


def _keys_of(value: dict[str, object], kid: bytes) -> Iterator[Key]:
    if "kty" in value:
        key = read_jwk(value)
        yield key if key.kid or not kid else msgspec.structs.replace(key, kid=kid)
        return
    for name in ("keys", "certificates"):
        if isinstance(value.get(name), list):
            issuer = value.get("issuer", value.get("iss"))
            issuer = issuer.get("iss") if isinstance(issuer, dict) else issuer
            for key in read_keys(value[name], kid):
                unbound = isinstance(issuer, str) and not key.issuer
                yield msgspec.structs.replace(key, issuer=issuer) if unbound else key
            return
    for name in ("rawData", "certificate", "CERTIFICATE", "publicKeyPem", "publicKey"):
        if isinstance(value.get(name), str):
            own = value.get("kid")
            yield from read_keys(value[name], named_kid(own) if isinstance(own, str) else kid)
            return
    for name, one in value.items():
        yield from read_keys(one, named_kid(name))


def named_kid(text: str) -> bytes:
    """A kid written in base64 as the bytes that a COSE header holds; else its own letters."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def read_key_file(data: bytes) -> list[Key]:
    """The keys of a file in any of the forms above; InputError when there is none."""
    text = data.strip()
    if b"-----BEGIN" in text and text[:1] not in (b"{", b"["):
        found = read_pem(text)
    elif text[:1] in (b"{", b"["):
        try:
            found = list(read_keys(json.loads(text)))
        except (ValueError, RecursionError) as error:
            raise bad_key("the JSON cannot be read") from error
    elif text[:1] == b"\x30":
        found = [read_der(data)]
    else:
        found = list(read_keys(text.decode("ascii", "replace")))
    if not found:
        raise bad_key("there is none in it")
    return found


def find_keys(keys: Iterable[Key], kid: bytes | None) -> list[Key]:
    """The keys a token may have meant: those of its kid, in bytes or as text; keys that the
    trust file gives no kid are tried for every token.
    """
    return [
        key
        for key in keys
        if not key.kid
        or (kid is not None and (key.kid == kid or named_kid(key.kid.decode("latin-1")) == kid))
    ]

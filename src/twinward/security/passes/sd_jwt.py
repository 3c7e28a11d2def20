"""SD-JWT (RFC 9901): what the issuer signed as digests, the holder disclosed and may have bound."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from twinward.core.coding.texts import from_base64url, read_object, to_base64url
from twinward.core.errors import InputError
from twinward.security.passes import jws
from twinward.security.passes.keys import Key, read_jwk

MAX_DEPTH = 32
HASHES: dict[str, Callable[[bytes], bytes]] = {
    "sha-256": lambda data: hashlib.sha256(data).digest(),
    "sha-384": lambda data: hashlib.sha384(data).digest(),
    "sha-512": lambda data: hashlib.sha512(data).digest(),
}


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What the key-binding JWT of a presentation must say."""

    audience: str | None = None
    nonce: str | None = None


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """An SD-JWT split into its parts, nothing verified."""

    token: jws.Jws
    disclosures: tuple[str, ...]
    bound: str | None
    compact: str


def bad_sd(why: str) -> InputError:
    return InputError(f"the SD-JWT cannot be read: {why}", "ask for it again", code="bad_sd_jwt")


def split(text: str) -> Presented:
    """Compact, or JSON (flattened or general) as RFC 9901 writes it."""
    if text.startswith("{"):
        text = _from_json(read_object(text.encode()))
    token, *rest = text.split("~")
    if not rest:
        raise bad_sd("no ~ follows the signed part")
    *disclosures, bound = rest
    return Presented(
        token=jws.read_jws(token),
        disclosures=tuple(disclosures),
        bound=bound or None,
        compact=text,
    )


def _from_json(found: dict[str, object]) -> str:
    signed = found.get("signatures")
    first = signed[0] if isinstance(signed, list) and signed else found
    if not isinstance(first, dict):
        raise bad_sd("its signatures are no objects")
    header = first.get("header")
    header = header if isinstance(header, dict) else {}
    disclosures = header.get("disclosures", [])
    if not isinstance(disclosures, list):
        raise bad_sd("its disclosures are no list")
    parts = (first.get("protected"), found.get("payload"), first.get("signature"))
    if not all(isinstance(part, str) for part in parts):
        raise bad_sd("a part is missing")
    token = ".".join(str(part) for part in parts)
    return "~".join([token, *map(str, disclosures), str(header.get("kb_jwt") or "")])


def read_claims(shown: Presented) -> dict[str, object]:
    """The claims as the verifier sees them: each digest replaced by what was disclosed, the rest
    gone. InputError when a disclosure is used twice, or is of no use at all.
    """
    claims = read_object(shown.token.payload)
    name = claims.pop("_sd_alg", "sha-256")
    if name not in HASHES:
        raise bad_sd(f"hash {name!r} is not known")
    found: dict[str, list[object]] = {}
    for text in shown.disclosures:
        digest = to_base64url(HASHES[str(name)](text.encode()))
        if digest in found:
            raise bad_sd("a disclosure stands twice")
        found[digest] = _disclosure(text)
    opener = _Opener(found)
    opened = opener.open(claims, 0)
    if len(opener.used) != len(found):
        raise bad_sd("a disclosure belongs to no digest")
    assert isinstance(opened, dict)
    return opened


def _disclosure(text: str) -> list[object]:
    try:
        found = json.loads(from_base64url(text))
    except (ValueError, RecursionError) as error:
        raise bad_sd("a disclosure is broken") from error
    if not isinstance(found, list) or len(found) not in (2, 3) or not isinstance(found[0], str):
        raise bad_sd("a disclosure has not two or three parts")
    if len(found) == 3 and (not isinstance(found[1], str) or found[1] in ("_sd", "...")):
        raise bad_sd("a disclosure names no claim")
    return found


class _Opener:
    """Puts disclosed claims in the place of their digests."""

    def __init__(self, found: dict[str, list[object]]) -> None:
        self.found, self.used, self.seen = found, set[str](), set[str]()

    def take(self, digest: object, parts: int) -> list[object] | None:
        if not isinstance(digest, str) or digest in self.seen:
            raise bad_sd("a digest stands twice, or is no text")
        self.seen.add(digest)
        one = self.found.get(digest)
        if one is None:
            return None
        if len(one) != parts:
            raise bad_sd("a disclosure stands in the wrong kind of place")
        self.used.add(digest)
        return one

    def open(self, value: object, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise bad_sd(f"it is nested deeper than {MAX_DEPTH}")
        if isinstance(value, list):
            return self.items(value, depth)
        if not isinstance(value, dict):
            return value
        opened = {
            key: self.open(one, depth + 1) for key, one in value.items() if key not in ("_sd",)
        }
        if "..." in opened:
            raise bad_sd("a digest of a list stands in an object")
        digests = value.get("_sd", [])
        if not isinstance(digests, list):
            raise bad_sd("its digests are no list")
        for digest in digests:
            one = self.take(digest, 3)
            if one is not None:
                if one[1] in opened:
                    raise bad_sd("a claim stands twice")
                opened[str(one[1])] = self.open(one[2], depth + 1)
        return opened

    def items(self, value: list[object], depth: int) -> list[object]:
        found = []
        for one in value:
            if isinstance(one, dict) and set(one) == {"..."}:
                disclosed = self.take(one["..."], 2)
                if disclosed is not None:
                    found.append(self.open(disclosed[1], depth + 1))
            else:
                found.append(self.open(one, depth + 1))
        return found


def check_binding(shown: Presented, claims: dict[str, object], wanted: Binding | None) -> None:
    """InputError unless the key-binding JWT, when there or wanted, is the holder's, over just
    these bytes, for this verifier and question.
    """
    if shown.bound is None:
        if wanted is not None:
            raise bad_sd("the holder did not bind it")
        return
    confirmed = claims.get("cnf")
    jwk = confirmed.get("jwk") if isinstance(confirmed, dict) else None
    if not isinstance(jwk, dict):
        raise bad_sd("it names no key of the holder")
    token = jws.read_jws(shown.bound)
    key = msgspec.structs.replace(read_jwk(jwk), kid=b"")
    said = read_object(token.payload)
    hashed = to_base64url(HASHES["sha-256"](shown.compact[: -len(shown.bound)].encode()))
    if (
        token.header.get("typ") != "kb+jwt"
        or jws.find_signer(token, [key])[1] is None
        or said.get("sd_hash") != hashed
        or not isinstance(said.get("iat"), int | float)
    ):
        raise bad_sd("the holder's signature is not over this")
    if wanted is not None and (
        (wanted.audience is not None and said.get("aud") != wanted.audience)
        or (wanted.nonce is not None and said.get("nonce") != wanted.nonce)
    ):
        raise bad_sd("it was bound for another verifier or question")


def verify(
    text: str, keys: Iterable[Key], wanted: Binding | None = None
) -> tuple[Key | None, dict[str, object]]:
    """The key that signed it (None: no key did) and the claims shown."""
    shown = split(text)
    _, signer = jws.find_signer(shown.token, keys)
    claims = read_claims(shown)
    if signer is not None:
        check_binding(shown, claims, wanted)
    return signer, claims


def issue(
    key: ec.EllipticCurvePrivateKey,
    kid: str,
    plain: dict[str, object],
    hidden: dict[str, object],
    holder: dict[str, str] | None = None,
) -> tuple[str, dict[str, str]]:
    """The signed part and, by claim, the disclosure of each of `hidden`."""
    disclosures = {
        name: to_base64url(
            json.dumps([secrets.token_urlsafe(16), name, value], ensure_ascii=False).encode()
        )
        for name, value in hidden.items()
    }
    digests = sorted(
        to_base64url(hashlib.sha256(text.encode()).digest()) for text in disclosures.values()
    )
    payload: dict[str, object] = {**plain, "_sd": digests, "_sd_alg": "sha-256"}
    if holder is not None:
        payload["cnf"] = {"jwk": holder}
    token = jws.write_jws(key, {"kid": kid, "typ": "dc+sd-jwt"}, msgspec.json.encode(payload))
    return token, disclosures


def present(token: str, disclosures: Iterable[str]) -> str:
    return "~".join([token, *disclosures, ""])

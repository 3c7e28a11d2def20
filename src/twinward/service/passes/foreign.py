"""Foreign tokens: EU certificates, SMART Health Cards, plain CWT, JWT and SD-JWT."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime

from twinward.core.coding.texts import read_object
from twinward.core.errors import InputError
from twinward.security.passes import cose, jws, sd_jwt, tokens
from twinward.security.passes.keys import Key
from twinward.security.passes.verifier import PassVerdict, Times, Verifier
from twinward.standards.hcert import certificates, envelope
from twinward.standards.health_cards import cards, codes

CARDS = re.compile(r'"verifiableCredential"')
MOST_LETTERS = 4_000  # the name of the cards stands at the head of their file
SENSIBLE = 32_503_680_000  # the year 3000: what is later was written in milliseconds


def bad_claim(why: str) -> InputError:
    return InputError(f"the claims cannot be used: {why}", code="bad_claims")


def instant(value: object, name: str, *, fraction: bool = False) -> datetime | None:
    """A NumericDate; None when absent. Milliseconds, bignums and texts are refused."""
    if value is None:
        return None
    if type(value) is not int and not (fraction and isinstance(value, float)):
        raise bad_claim(f"{name} is no time in seconds")
    number = float(str(value))
    if not 0 <= number <= SENSIBLE:
        raise bad_claim(f"{name} {value} is no time in seconds")
    return datetime.fromtimestamp(number, UTC)


def verify_hcert(verifier: Verifier, text: str, at: datetime) -> PassVerdict:
    """An EU certificate: signed, inside the signer's window and usages, of the schema."""
    message = cose.read_sign1(envelope.read_envelope(text))
    claims = cose.read_claims(message)
    statement = certificates.read_statement(envelope.read_certificate(claims))
    known, signer = cose.find_signer(message, verifier.trust.keys)
    if signer is None:
        return verifier.unsigned(bool(known), at)
    if signer.kinds and statement.kind not in signer.kinds:
        return verifier.say("not_ok", "usage", at, kind=statement.kind)
    until = instant(claims.get(4), "exp", fraction=True)
    issued = instant(claims.get(6), "iat", fraction=True)
    if until is None or (issued is not None and until <= issued):
        raise bad_claim("exp is missing, or before iat")
    if statement.until is not None:
        until = min(until, statement.until)
    # the statement is good from its own day; a card printed ahead of it is not yet
    start = statement.valid_from if statement.kind == "recovery" else None
    times = Times(issued_at=issued, valid_from=start, until=until)
    verdict = _judge(verifier, signer, times, statement.kind, claims.get(65_535), at)
    if verdict.answer == "ok" and statement.positive:
        return verifier.say("ask_a_person", "positive", at, kind=statement.kind, until=until)
    return verdict


def verify_card(verifier: Verifier, text: str, at: datetime) -> PassVerdict:
    """A SMART Health Card as digits, as JWS, or the cards of a file: the worst answer of them."""
    if text.startswith(codes.PREFIX):
        return _verify_card(verifier, codes.read_code(text), at)
    if text.startswith("{") and not CARDS.search(text[:MOST_LETTERS]):
        return verify_unsigned(verifier, text, at)
    if text.startswith("{"):
        found = [_verify_card(verifier, one, at) for one in codes.read_card_file(text.encode())]
        return next((one for one in found if one.answer != "ok"), found[0])
    return _verify_card(verifier, text, at)


def verify_unsigned(verifier: Verifier, text: str, at: datetime) -> PassVerdict:
    """The claims or the bundle of a card without its signature: of the right form it is for a
    person to judge, never ok.
    """
    claims = read_object(text.encode())
    if "vc" not in claims:
        cards.check_bundle(claims)
        return verifier.say("ask_a_person", "unsigned", at)
    card = cards.read_card(claims)
    return verifier.say("ask_a_person", "unsigned", at, kind=card.kind, until=card.until)


def _verify_card(verifier: Verifier, token: str, at: datetime) -> PassVerdict:
    message = jws.read_jws(token)
    if message.alg != "ES256" or message.header.get("zip") != "DEF" or message.kid is None:
        raise bad_claim("its header has not alg ES256, zip DEF and a kid")
    card = cards.read_card(cards.read_payload(message.payload))
    known, signer = jws.find_signer(message, verifier.trust.keys)
    if signer is not None and signer.issuer and signer.issuer != card.issuer:
        return verifier.say("not_ok", "issuer", at, kind=card.kind)
    if signer is None:
        return verifier.unsigned(bool(known), at)
    times = Times(issued_at=None, valid_from=card.valid_from, until=card.until)
    return verifier.judge(signer, times, card.kind, None, None, at)


def verify_cwt(verifier: Verifier, text: str, at: datetime) -> PassVerdict:
    """A CWT: our own pass strictly; any other by its times and its status."""
    data = tokens.read_text(text) if text.startswith(tokens.PREFIX) else raw_bytes(text)
    message = cose.read_sign1(data)
    if message.header.get(cose.TYPE) == tokens.TYPE:
        return verifier.verify(data, at)
    claims = cose.read_claims(message)
    known, signer = cose.find_signer(message, verifier.trust.keys)
    if signer is None:
        return verifier.unsigned(bool(known), at)
    times = Times(
        issued_at=instant(claims.get(6), "iat"),
        valid_from=instant(claims.get(5), "nbf"),
        until=instant(claims.get(4), "exp"),
    )
    return _judge(verifier, signer, times, "cwt", claims.get(65_535), at)


def verify_jwt(verifier: Verifier, text: str, at: datetime) -> PassVerdict:
    """A JWT in compact form."""
    message = jws.read_jws(text)
    known, signer = jws.find_signer(message, verifier.trust.keys)
    if signer is None:
        return verifier.unsigned(bool(known), at)
    return _judge_json(verifier, signer, read_object(message.payload), "jwt", at)


def verify_jws(verifier: Verifier, text: str, at: datetime) -> PassVerdict:
    """A signed text whatever it says: only the signature is judged."""
    known, signer = jws.find_signer(jws.read_jws(text), verifier.trust.keys)
    if signer is None:
        return verifier.unsigned(bool(known), at)
    times = Times(issued_at=None, valid_from=None, until=None)
    return verifier.judge(signer, times, "jws", None, None, at)


def verify_sd_jwt(
    verifier: Verifier, text: str, at: datetime, wanted: sd_jwt.Binding | None = None
) -> tuple[PassVerdict, dict[str, object] | None]:
    """An SD-JWT presentation, and the claims that the holder chose to show."""
    signer, claims = sd_jwt.verify(text, verifier.trust.keys, wanted)
    if signer is None:
        known, _ = jws.find_signer(sd_jwt.split(text).token, verifier.trust.keys)
        return verifier.unsigned(bool(known), at), None
    verdict = _judge_json(verifier, signer, claims, str(claims.get("vct", "sd-jwt")), at)
    return verdict, claims


def _judge_json(
    verifier: Verifier, signer: Key, claims: dict[str, object], kind: str, at: datetime
) -> PassVerdict:
    if signer.issuer and claims.get("iss") not in (None, signer.issuer):
        return verifier.say("not_ok", "issuer", at, kind=kind)
    times = Times(
        issued_at=instant(claims.get("iat"), "iat", fraction=True),
        valid_from=instant(claims.get("nbf"), "nbf", fraction=True),
        until=instant(claims.get("exp"), "exp", fraction=True),
    )
    return _judge(verifier, signer, times, kind, claims.get("status"), at)


def _judge(
    verifier: Verifier, signer: Key, times: Times, kind: str, status: object, at: datetime
) -> PassVerdict:
    if times.until is not None and times.issued_at is not None and times.until <= times.issued_at:
        raise bad_claim("exp is before iat")
    place = status.get("status_list") if isinstance(status, dict) else None
    address: str | None = None
    index: int | None = None
    if place is not None:
        found = (place.get("uri"), place.get("idx")) if isinstance(place, dict) else (None, None)
        if not isinstance(found[0], str) or type(found[1]) is not int or found[1] < 0:
            raise bad_claim("its place in a status list is none")
        address, index = found[0], found[1]
    return verifier.judge(signer, times, kind, address, index, at)


def raw_bytes(text: str) -> bytes:
    """A token written in hexadecimal digits or base64."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    try:
        plain = text.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_claim("it is neither hexadecimal nor base64") from error


READERS: dict[str, Callable[[Verifier, str, datetime], PassVerdict]] = {
    "hcert": verify_hcert,
    "shc": verify_card,
    "cwt": verify_cwt,
    "jwt": verify_jwt,
    "jws": verify_jws,
}

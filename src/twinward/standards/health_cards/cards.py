"""What a SMART Health Card must say: issuer, times, types, and a FHIR bundle with short names."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from twinward.core.coding.texts import inflate, read_object
from twinward.core.errors import InputError

CARD = "https://smarthealth.cards#health-card"
KINDS = {
    "https://smarthealth.cards#immunization": "vaccination",
    "https://smarthealth.cards#laboratory": "test",
}
MOST_BYTES = 1 << 20
LAST_SECOND = 253_402_300_799


class HealthCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified card says of itself; `revocable` is its opaque revocation id."""

    issuer: str
    valid_from: datetime
    until: datetime | None
    kind: str
    revocable: str | None


def read_payload(deflated: bytes) -> dict[str, object]:
    """The claims of a card; they are raw deflated JSON."""
    return read_object(inflate(deflated, most=MOST_BYTES, raw=True))


def read_card(claims: dict[str, object]) -> HealthCard:
    """InputError unless the claims are those of a card."""
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer.startswith("https://") or issuer.endswith("/"):
        raise _bad("iss is no https address, or ends with /")
    found = claims.get("vc")
    credential = found if isinstance(found, dict) else {}
    types, subject = credential.get("type"), credential.get("credentialSubject")
    if not isinstance(types, list) or CARD not in types:
        raise _bad("its type is not that of a health card")
    if not isinstance(subject, dict) or not isinstance(subject.get("fhirVersion"), str):
        raise _bad("it has no fhirVersion")
    check_bundle(subject.get("fhirBundle"))
    until = claims.get("exp")
    made = HealthCard(
        issuer=issuer,
        valid_from=_time(claims.get("nbf")),
        until=_time(until) if until is not None else None,
        kind=next((KINDS[one] for one in types if one in KINDS), "certificate"),
        revocable=credential.get("rid") if isinstance(credential.get("rid"), str) else None,
    )
    if made.until is not None and made.until <= made.valid_from:
        raise _bad("it ends before it begins")
    return made


def check_bundle(found: object) -> None:
    """InputError unless it is a collection whose entries are named resource:0, resource:1, …"""
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle":
        raise _bad("it has no fhirBundle")
    entries = found.get("entry")
    if not isinstance(entries, list) or not entries:
        raise _bad("its fhirBundle has no entries")
    names = {f"resource:{number}" for number in range(len(entries))}
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or entry.get("fullUrl") != f"resource:{number}":
            raise _bad(f"entry {number} is not named resource:{number}")
        if not isinstance(entry.get("resource"), dict):
            raise _bad(f"entry {number} has no resource")
        if _has_empty(entry["resource"]):
            raise _bad(f"entry {number} has an empty value, which FHIR forbids")
        _check_references(entry["resource"], names)


def _has_empty(value: object) -> bool:
    """An empty text, list or object (FHIR R4, 2.6.2: properties are never empty)."""
    if isinstance(value, list):
        return not value or any(map(_has_empty, value))
    if isinstance(value, dict):
        return not value or any(map(_has_empty, value.values()))
    return value == ""


def _check_references(value: object, names: set[str]) -> None:
    if isinstance(value, list):
        for one in value:
            _check_references(one, names)
    elif isinstance(value, dict):
        target = value.get("reference")
        if isinstance(target, str) and target not in names:
            raise _bad(f"{target!r} names no entry of it")
        for one in value.values():
            _check_references(one, names)


def _time(value: object) -> datetime:
    """A NumericDate of JSON, which may have a fraction; milliseconds since 1970 are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad("a time in it is none")
    if not 0 <= value <= LAST_SECOND / 10:
        raise _bad(f"{value} is no time in seconds")
    return datetime.fromtimestamp(value, UTC)


def _bad(why: str) -> InputError:
    return InputError(f"not a health card: {why}", code="bad_card")

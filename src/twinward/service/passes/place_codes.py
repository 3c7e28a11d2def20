"""Place codes and check-ins: printed at the door, kept by the visitor, handed over by consent or
by order under an activation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import cos, radians

import msgspec

from twinward.core.errors import InputError, RefusedError
from twinward.security.passes import cose, places
from twinward.security.passes.places import PlaceCode
from twinward.security.passes.trust import read_trust
from twinward.service.access.approvals import note_once
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.access.rows import ACTIVATIONS

ISSUE = "issue_pass"
LASTS = timedelta(days=365)
KEPT = timedelta(days=16)  # as CrowdNotifier keeps visits on the phone
# The error model of a check-in: where, the size of a venue; when one left is often not written
# down, so a stay without an end counts for an hour and is marked as unsure.
ERROR_M = 50.0
STAY = timedelta(hours=1)
LONGEST_STAY = timedelta(hours=12)
MOST_CHECK_INS = 2000


class CheckIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the visitor's own record: the code at the door, in, and out if known."""

    code: str
    at: datetime
    left: datetime | None = None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A check-in as tracing reads it. `sure`: whether when one left is known."""

    subject: str
    place: str
    area: str
    begin: datetime
    end: datetime
    error_m: float
    sure: bool
    version: int


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed over: the visits, and what was left out with the reason."""

    visits: list[Visit]
    left_out: dict[str, int]


def make_place_code(
    platform: Platform,
    caller: Caller,
    *,
    place: str,
    area: str,
    name: str,
    version: int = 1,
    until: datetime | None = None,
) -> str:
    """The text of a place's code; its next version when the place moved or was pasted over."""
    platform.reference.areas.require(area)
    platform.policy.require(caller, ISSUE, area=area)
    at = platform.clock.now().replace(microsecond=0)
    signing = open_store(platform.workspace / FOLDER).signing(at)
    made = PlaceCode(
        place=place,
        area=area,
        version=version,
        name=name,
        issued_at=at,
        until=until or at + LASTS,
    )
    return places.write_place(signing.private, signing.kid, made)


def read_code(text: str, trust_file: bytes, at: datetime) -> PlaceCode:
    """The place of a code that one of our signers signed in its window; InputError for another:
    a code pasted over it by somebody else is one.
    """
    message = cose.read_sign1(places.read_text(text), own=True)
    _, signer = cose.find_signer(message, read_trust(trust_file).keys)
    found = places.read_place(message)
    if signer is None or signer.state == "compromised":
        raise places.bad_place("no signer of the city signed it; it may be pasted over another")
    if signer.not_before is not None and found.issued_at < signer.not_before:
        raise places.bad_place("it was signed outside its signer's time")
    if not found.issued_at - timedelta(minutes=5) <= at < found.until:
        raise places.bad_place(
            "it is not in force at that time; the place may have closed or moved"
        )
    return found


def check_in(text: str, trust_file: bytes, at: datetime) -> bytes:
    """A line for the visitor's record; nothing is sent to anybody."""
    read_code(text, trust_file, at)
    return msgspec.json.encode(CheckIn(code=text, at=at)) + b"\n"


def read_record(data: bytes) -> list[CheckIn]:
    """The visitor's record, a line a visit."""
    try:
        found = msgspec.json.Decoder(CheckIn).decode_lines(data)
    except msgspec.DecodeError as error:
        raise InputError(
            f"the record of visits cannot be read: {error}",
            "a JSON line a visit",
            code="bad_record",
        ) from error
    if len(found) > MOST_CHECK_INS:
        raise InputError(f"{len(found):,} visits at once", f"at most {MOST_CHECK_INS:,}")
    return found


def upload(
    platform: Platform,
    caller: Caller,
    subject: str,
    data: bytes,
    *,
    consent: bool,
    activation: str | None = None,
) -> Upload:
    """Visits of the last 16 days, by the person's consent or by order under an activation that
    opens tracing; on record either way.
    """
    platform.policy.require(caller, "report")
    now = platform.clock.now()
    if not consent:
        require_order(platform, activation, now)
    trust = open_store(platform.workspace / FOLDER).trust_file()
    visits, left_out = convert(read_record(data), subject, trust, now)
    how = "by consent" if consent else f"by order under {activation}"
    note_once(
        platform, caller, "changes_seen", f"{len(visits)} check-ins {how}", subject, how, str(now)
    )
    return Upload(visits=visits, left_out=left_out)


def require_order(platform: Platform, activation: str | None, now: datetime) -> None:
    with platform.store.read() as rows:
        found = rows.find(ACTIVATIONS, activation or "")
    if found is None or not found.is_open(now) or "trace" not in found.purposes:
        raise RefusedError(
            "visits are handed over by consent, or by order under an activation that opens trace",
            "ask the person, or open one",
            code="peacetime",
        )


def convert(
    record: Sequence[CheckIn], subject: str, trust_file: bytes, now: datetime
) -> tuple[list[Visit], dict[str, int]]:
    """Visits that can be so; the others counted by why they are left out."""
    visits: list[Visit] = []
    left_out: dict[str, int] = {}
    seen: set[tuple[str, datetime]] = set()
    for one in record:
        why = ""
        if one.at.tzinfo is None or one.at > now or one.at < now - KEPT:
            why = "outside the last 16 days"
        elif (one.code, one.at) in seen:
            why = "twice"
        elif one.left is not None and not one.at <= one.left <= one.at + LONGEST_STAY:
            why = "left before it came, or stayed past 12 hours"
        seen.add((one.code, one.at))
        place = None
        if not why:
            try:
                place = read_code(one.code, trust_file, one.at)
            except InputError:
                why = "no code of the city, or not in force then"
        if place is None:
            left_out[why] = left_out.get(why, 0) + 1
            continue
        visits.append(
            Visit(
                subject=subject,
                place=place.place,
                area=place.area,
                begin=one.at,
                end=min(one.left or one.at + STAY, now),
                error_m=ERROR_M,
                sure=one.left is not None,
                version=place.version,
            )
        )
    return visits, left_out


def to_rows(visits: Sequence[Visit], points: dict[str, tuple[float, float]]) -> str:
    """CSV for `lake ingest`: a visit as two fixes, in and out, at its place's point with the
    error of a venue; places without a point are left out.
    """
    lines = ["subject,time,lon,lat,error_m,place"]
    for one in visits:
        if one.place not in points:
            continue
        lon, lat = points[one.place]
        if not (-180 <= lon <= 180 and abs(cos(radians(lat))) > 1e-6):
            continue
        for at in (one.begin, one.end):
            lines.append(f"{one.subject},{at.isoformat()},{lon},{lat},{one.error_m:g},{one.place}")
    return "\n".join(lines) + "\n"

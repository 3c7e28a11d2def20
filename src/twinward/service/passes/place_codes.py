"""Place codes: signed, printed, versioned; the visitor writes a check-in and keeps it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import UNREADABLE, InputError
from twinward.core.ports import Rows
from twinward.security.passes import cose, places
from twinward.security.passes.places import PlaceCode
from twinward.security.passes.trust import read_trust
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.passes.names import command_name
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.passes.rows import PLACE_CODES

ISSUE = "issue_pass"
LASTS = timedelta(days=365)
EARLY = timedelta(minutes=5)  # a phone's clock may be slow


class CheckIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the visitor's own record: the code at the door, in, and out if known."""

    code: str
    at: datetime
    left: datetime | None = None


class MadeCode(msgspec.Struct, frozen=True, kw_only=True):
    """A place's code; empty where the place was closed."""

    place: str
    version: int
    until: datetime
    closed: bool
    code: str


def make_place_code(
    platform: Platform,
    caller: Caller,
    *,
    place: str,
    area: str,
    name: str,
    lon: float,
    lat: float,
    radius_m: int = 50,
    until: datetime | None = None,
) -> MadeCode:
    """The place's next code: the first, or another when it moved or its poster was pasted over.
    From now on the one before counts no more.
    """
    platform.reference.areas.require(area)
    platform.policy.require(caller, ISSUE, area=area)
    at = platform.clock.now().replace(microsecond=0)
    signing = open_store(platform.workspace / FOLDER).signing(at)
    made = PlaceCode(
        place=place,
        area=area,
        version=next_version(platform, place),
        name=name,
        issued_at=at,
        until=until or at + LASTS,
        lon=lon,
        lat=lat,
        radius_m=radius_m,
    )
    text = places.write_place(signing.private, signing.kid, made)
    record_version(platform, caller, made.place, area, made.version, made.until, closed=False)
    return MadeCode(place=place, version=made.version, until=made.until, closed=False, code=text)


def close_place(platform: Platform, caller: Caller, *, place: str, area: str) -> MadeCode:
    """No code of the place is in force from now on; what was visited before stays."""
    platform.reference.areas.require(area)
    platform.policy.require(caller, ISSUE, area=area)
    version, now = next_version(platform, place), platform.clock.now()
    record_version(platform, caller, place, area, version, now + LASTS, closed=True)
    return MadeCode(place=place, version=version, until=now, closed=True, code="")


def next_version(platform: Platform, place: str) -> int:
    with platform.store.read() as rows:
        found = rows.list_rows(PLACE_CODES, place=place)
    return max((one.version for one in found), default=0) + 1


def record_version(
    platform: Platform,
    caller: Caller,
    place: str,
    area: str,
    version: int,
    until: datetime,
    *,
    closed: bool,
) -> None:
    command = m.IssuePlaceCode(
        id=command_name("place", str(version)),
        place=place,
        area=area,
        version=version,
        until=until,
        closed=closed,
    )
    ask(platform, caller, command)


def was_in_force(rows: Rows, code: PlaceCode, at: datetime) -> bool:
    """Whether this version was the place's own at that time; a code that is on no record is not."""
    versions = sorted(rows.list_rows(PLACE_CODES, place=code.place), key=lambda one: one.version)
    begun = [one for one in versions if one.issued_at <= at + EARLY]
    mine = [one for one in begun if one.version == code.version and not one.closed]
    later = [one for one in begun if one.version > code.version and one.issued_at <= at]
    return bool(mine) and not later


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
    if not found.issued_at - EARLY <= at < found.until:
        raise places.bad_place(
            "it is not in force at that time; the place may have closed or moved"
        )
    return found


def check_in(text: str, trust_file: bytes, at: datetime) -> bytes:
    """A line for the visitor's record; nothing is sent to anybody."""
    read_code(text, trust_file, at)
    return msgspec.json.encode(CheckIn(code=text, at=at)) + b"\n"


def check_out(record: bytes, at: datetime) -> bytes:
    """The record with the end of its last visit; InputError where none is open."""
    found = read_record(record)
    if not found or found[-1].left is not None or at < found[-1].at:
        raise InputError(
            "the last visit of the record is not open", "check in first", code="bad_record"
        )
    done = (*found[:-1], msgspec.structs.replace(found[-1], left=at))
    return b"".join(msgspec.json.encode(one) + b"\n" for one in done)


MOST_CHECK_INS = 2000


def read_record(data: bytes) -> list[CheckIn]:
    """The visitor's record, a line a visit."""
    try:
        found = msgspec.json.Decoder(CheckIn).decode_lines(data)
    except UNREADABLE as error:
        raise InputError(
            f"the record of visits cannot be read: {error}",
            "a JSON line a visit",
            code="bad_record",
        ) from error
    if len(found) > MOST_CHECK_INS:
        raise InputError(f"{len(found):,} visits at once", f"at most {MOST_CHECK_INS:,}")
    return found

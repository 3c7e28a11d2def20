"""Visits handed over by consent or by order, and how tracing reads them: with their own error.

A check-in says which venue and roughly when, never where in it. So a visit becomes fixes at the
venue's point whose error does not average out: with n fixes each has the venue's radius times the
square root of n, so that the mean of all is as unsure as one. Two who were in one hall at one time
are then likely to be called neighbours as much as contacts, and a status from it stays advice,
unless something else speaks for it. An end that nobody wrote down is the median stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import log, sqrt

import msgspec

from twinward.core.coding.ids import digest_id
from twinward.core.errors import InputError, RefusedError
from twinward.core.ports import Rows
from twinward.security.passes.places import PlaceCode
from twinward.service.access.approvals import note_once
from twinward.service.intake import observations
from twinward.service.intake.commands import BatchAccount
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.passes.place_codes import CheckIn, read_code, read_record, was_in_force
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.access.rows import ACTIVATIONS

KEPT = timedelta(days=16)  # as CrowdNotifier keeps visits on the phone
MEAN_STAY = timedelta(hours=1)  # in shops and canteens (ours); stays fall off exponentially
UNSURE_STAY = MEAN_STAY * log(2)  # half of stays are longer, half shorter
LONGEST_STAY = timedelta(hours=12)
EVERY = timedelta(minutes=5)
SOURCE = "check-in"
TAKEN_S = 60.0


class CheckInVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A check-in as tracing reads it. `sure`: whether when one left is known; `error_m` of the
    visit as a whole.
    """

    subject: str
    place: str
    area: str
    begin: datetime
    end: datetime
    lon: float
    lat: float
    error_m: float
    sure: bool
    version: int


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed over: the visits, what was left out with the reason, and what of it the lake
    took.
    """

    visits: list[CheckInVisit]
    left_out: dict[str, int]
    taken: BatchAccount


def upload(
    platform: Platform,
    caller: Caller,
    subject: str,
    data: bytes,
    *,
    consent: bool,
    activation: str | None = None,
) -> Upload:
    """Visits of the last 16 days into the lake, by the person's consent or by order under an
    activation that opens tracing; on record either way.
    """
    platform.policy.require(caller, "report")
    now = platform.clock.now()
    if not consent:
        require_order(platform, activation, now)
    trust = open_store(platform.workspace / FOLDER).trust_file()
    with platform.store.read() as rows:
        visits, left_out = convert(rows, read_record(data), subject, trust, now)
    how = "by consent" if consent else f"by order under {activation}"
    note_once(
        platform, caller, "changes_seen", f"{len(visits)} check-ins {how}", subject, how, str(now)
    )
    return Upload(visits=visits, left_out=left_out, taken=hand_to_tracing(platform, caller, visits))


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
    rows: Rows, record: Sequence[CheckIn], subject: str, trust_file: bytes, now: datetime
) -> tuple[list[CheckInVisit], dict[str, int]]:
    """Visits that can be so; the others counted by why they are left out."""
    visits: list[CheckInVisit] = []
    left_out: dict[str, int] = {}
    seen: set[tuple[str, datetime]] = set()
    for one in record:
        why = reason_against(one, seen, now)
        seen.add((one.code, one.at))
        place: PlaceCode | None = None
        if not why:
            try:
                place = read_code(one.code, trust_file, one.at)
            except InputError:
                why = "no code of the city, or not in force then"
        if place is not None and not was_in_force(rows, place, one.at):
            why, place = "an older code of the place, or the place was closed", None
        if place is None:
            left_out[why] = left_out.get(why, 0) + 1
        else:
            visits.append(visit_of(one, place, subject, now))
    return visits, left_out


def reason_against(one: CheckIn, seen: set[tuple[str, datetime]], now: datetime) -> str:
    """Why a line cannot have been so; empty where it can."""
    if one.at.tzinfo is None or one.at > now or one.at < now - KEPT:
        return "outside the last 16 days"
    if (one.code, one.at) in seen:
        return "twice"
    if one.left is not None and not (
        one.left.tzinfo is not None and one.at <= one.left <= one.at + LONGEST_STAY
    ):
        return "left before it came, or stayed past 12 hours"
    return ""


def visit_of(one: CheckIn, place: PlaceCode, subject: str, now: datetime) -> CheckInVisit:
    return CheckInVisit(
        subject=subject,
        place=place.place,
        area=place.area,
        begin=one.at,
        end=max(one.at, min(one.left or one.at + UNSURE_STAY, now)),
        lon=place.lon,
        lat=place.lat,
        error_m=float(place.radius_m),
        sure=one.left is not None,
        version=place.version,
    )


def fixes_of(visit: CheckInVisit) -> list[tuple[datetime, float]]:
    """Instants of a visit, each with the error of a fix: n of them together are as unsure as the
    venue is wide. They lie on the full five minutes, so that those of two visitors meet.
    """
    step = EVERY.total_seconds()
    first = -(-visit.begin.timestamp() // step) * step
    inside = [visit.begin.timestamp()]
    while first < visit.end.timestamp():
        inside.append(first)
        first += step
    times = sorted({*inside, visit.end.timestamp()})
    error = visit.error_m * sqrt(len(times))
    return [(datetime.fromtimestamp(at, visit.begin.tzinfo), error) for at in times]


def hand_to_tracing(
    platform: Platform, caller: Caller, visits: Sequence[CheckInVisit]
) -> BatchAccount:
    """The visits as positions, through the same door as all movement; handing the same record over
    again stores nothing twice.
    """
    items = [
        {
            "source_id": name_fix(visit, at),
            "type": "position",
            "occurred_at": at.isoformat(),
            "subject": visit.subject,
            "lon": visit.lon,
            "lat": visit.lat,
            "error_m": round(error, 1),
            "place": visit.place,
        }
        for visit in visits
        for at, error in fixes_of(visit)
    ]
    if not items:
        return BatchAccount(received=0, stored=0, duplicate=0, rejected=[])
    body = msgspec.json.encode({"source": SOURCE, "items": items})
    checks = observations.checks_of(platform)
    return observations.submit(platform, caller, checks, body).result(timeout=TAKEN_S)


def name_fix(visit: CheckInVisit, at: datetime) -> str:
    text = f"{visit.subject}|{visit.place}|{visit.begin.isoformat()}|{at.isoformat()}"
    return digest_id(text.encode(), 24)

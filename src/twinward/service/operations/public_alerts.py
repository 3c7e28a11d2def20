"""Alerts for the public as use cases: drafted, approved by two persons, followed, ended, listed,
written as CAP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypedDict

import msgspec
import shapely

from twinward.core.errors import AbsentError, InputError
from twinward.core.geography import distance_m
from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.core.ports import Rows
from twinward.core.texts import require_reason
from twinward.edge.orders.cap import BoardMember
from twinward.service.deeds import do_in_areas
from twinward.service.platform import Caller, Platform, ask
from twinward.standards.cap.chain import Complaint, check_chain
from twinward.standards.cap.document import (
    CapMessage,
    CapReference,
    CapText,
    Ring,
    read_cap,
    write_cap,
)
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.messages import AlertStatus, AlertStep, AlertText
from twinward.twins.emergency.public_alerts.rows import PUBLIC_ALERTS, PublicAlert

__all__ = ["AlertRequest", "AlertStatus", "AlertStep", "AlertText", "Complaint", "PublicAlertView"]
KINDS = {"alert": "Alert", "update": "Update", "cancel": "Cancel", "all_clear": "Update"}
SENDER = "twinward"
MOST = 2000
FEWEST_POINTS = 4  # of a closed ring
FARTHEST_KM = 200.0  # of a polygon's nearest corner from the points of its areas (ours)


class AlertRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person drafts. Without `alert` it gets an identifier of its own."""

    hazard: str
    areas: tuple[str, ...]
    texts: tuple[AlertText, ...]
    until: datetime
    because: str
    alert: str = ""
    step: str = "alert"
    references: tuple[str, ...] = ()
    status: str = "actual"
    category: str = "Safety"
    urgency: str = "Immediate"
    severity: str = "Severe"
    certainty: str = "Likely"
    polygon: tuple[tuple[float, float], ...] = ()


class PublicAlertView(msgspec.Struct, frozen=True, kw_only=True):
    """An alert with its state now; `may_approve` says whether the caller may be the next to."""

    id: str
    chain: str
    step: str
    references: tuple[str, ...]
    status: str
    state: str
    hazard: str
    category: str
    urgency: str
    severity: str
    certainty: str
    areas: tuple[str, ...]
    area_names: tuple[str, ...]
    texts: tuple[AlertText, ...]
    because: str
    drafted_by: str
    drafted_at: datetime
    approved_by: tuple[str, ...]
    may_approve: bool
    sent_at: datetime | None
    expires_at: datetime
    ended_by: str
    ended_at: datetime | None


class AlertFilter(TypedDict, total=False):
    """Of which chain."""

    chain: str


def require_plain_ring(points: Sequence[tuple[float, float]]) -> None:
    """InputError where a ring crosses itself: receivers draw such a polygon each in its own way."""
    if len(points) < FEWEST_POINTS or points[0] != points[-1]:
        return  # the twin says what is wrong with it
    ring = shapely.LinearRing(points)
    if not ring.is_simple or not shapely.Polygon(ring).area > 0:
        raise InputError(
            "the polygon crosses itself or holds no ground",
            "give its corners in the order in which one walks round it, as lon, lat",
            code="bad_polygon",
        )


def draft(platform: Platform, caller: Caller, asked: AlertRequest) -> PublicAlertView:
    """A draft; in an exercise nothing real can be written."""
    if platform.drill and asked.status == "actual":
        asked = msgspec.structs.replace(asked, status="exercise")
    if platform.reference.library.find_hazard(asked.hazard) is None:
        known = ", ".join(platform.reference.library.hazards)
        raise InputError(
            f"there is no hazard {asked.hazard!r}", f"name one of {known}", code="unknown_hazard"
        )
    for area in asked.areas:
        platform.reference.areas.require(area)
        platform.policy.require(caller, "command_incident", area=area)
    with platform.store.read() as rows:
        drawn = derive_id("alert", caller.name, platform.clock.now().isoformat(), rows.last_seq())
    name = asked.alert or drawn
    fields = {k: v for k, v in msgspec.structs.asdict(asked).items() if k not in ("until", "alert")}
    told = fields | {
        "type": "DraftPublicAlert",
        "id": derive_id("cmd", name, "draft", caller.name, drawn),
        "alert": name,
        "area": common_area(platform, asked.areas),
        "expires_at": asked.until,
        "texts": [msgspec.to_builtins(text) for text in asked.texts],
    }
    try:
        command = msgspec.convert(told, m.DraftPublicAlert)
    except msgspec.ValidationError as error:
        raise InputError(
            f"not an alert: {error}", "see `twinward alert draft --help`", code="bad_alert"
        ) from error
    require_plain_ring(asked.polygon)
    require_near(platform, asked.polygon, asked.areas)

    def check(rows: Rows) -> None:
        for area in areas_touched(rows, asked.references):
            platform.policy.require(caller, "command_incident", area=area)

    ask(platform, caller, command, check=check)
    return get_alert(platform, caller, name)


def require_near(
    platform: Platform, points: Sequence[tuple[float, float]], areas: Sequence[str]
) -> None:
    """InputError where no corner is anywhere near what the alert names, as when the numbers of each
    point are the wrong way round.
    """
    from twinward.service.tracing.city_areas import pointed  # with all that traces

    named = [platform.reference.areas.by_code[code] for code in areas]
    known = [one for one in pointed(named) if one.lon or one.lat]
    if not points or not known:
        return
    nearest_km = min(
        float(distance_m(lon, lat, one.lon, one.lat)) / 1000 for lon, lat in points for one in known
    )
    if nearest_km > FARTHEST_KM:
        raise InputError(
            f"the polygon lies {nearest_km:,.0f} km from {known[0].name}",
            "give its corners as lon, lat, and name the areas in which it lies",
            code="bad_polygon",
        )


def areas_touched(rows: Rows, references: Sequence[str]) -> set[str]:
    """Areas of alerts that a step follows, and of all that stand in their chains: whoever ends or
    changes an alert must be able to give it there.
    """
    named = [row for one in references if (row := rows.find(PUBLIC_ALERTS, one)) is not None]
    members = [
        row
        for chain in {row.chain for row in named}
        for row in rows.list_rows(PUBLIC_ALERTS, chain=chain, decided="sent")
        if not row.ended
    ]
    return {area for row in (*named, *members) for area in row.areas}


def common_area(platform: Platform, areas: Sequence[str]) -> str:
    """The lowest area in which all of them lie."""
    if not areas:
        raise InputError("an alert names its areas", "give --areas", code="no_area")
    return platform.reference.areas.common(areas)


def get_alert(platform: Platform, caller: Caller, alert: str) -> PublicAlertView:
    """One alert; what is elsewhere answers like what is not there."""
    return view_of(platform, caller, find_row(platform, caller, alert))


def find_row(platform: Platform, caller: Caller, alert: str) -> PublicAlert:
    with platform.store.read() as rows:
        row = rows.find(PUBLIC_ALERTS, alert)
    platform.policy.require_thing(
        caller,
        "see_situation",
        f"alert {alert}",
        getattr(row, "area", None),
        "list them with `twinward alert list`",
    )
    if row is None:
        raise AbsentError(f"there is no alert {alert}", "list them with `twinward alert list`")
    return row


def list_alerts(
    platform: Platform, caller: Caller, *, state: str | None = None, chain: str | None = None
) -> list[PublicAlertView]:
    """Those that concern the caller's areas, the newest first."""
    platform.policy.require(caller, "see_situation")
    mine = platform.policy.jurisdiction(caller)
    equals: AlertFilter = {"chain": chain} if chain else {}
    with platform.store.read() as rows:
        found = rows.list_rows(PUBLIC_ALERTS, order="-drafted_at", limit=MOST, **equals)
    shown = [
        view_of(platform, caller, row)
        for row in found
        if any(mine.concerns(area) for area in (row.area, *row.areas))
    ]
    return [one for one in shown if state in (None, "all", one.state)]


def view_of(platform: Platform, caller: Caller, row: PublicAlert) -> PublicAlertView:
    state = row.state_at(platform.clock.now())
    actions = platform.policy.roles.actions_of(caller.role, managed=platform.managed)
    mine = platform.policy.jurisdiction(caller)
    waits = state == "draft" and caller.name not in row.approved_by
    may = waits and "command_incident" in actions and all(map(mine.covers, row.areas))
    if may and row.references:
        with platform.store.read() as rows:
            may = all(map(mine.covers, areas_touched(rows, row.references)))
    names = set(PublicAlertView.__struct_fields__) - {"state", "area_names", "may_approve"}
    return PublicAlertView(
        state=state,
        may_approve=may,
        area_names=tuple(platform.reference.areas.name(code) for code in row.areas),
        **{name: getattr(row, name) for name in names},
    )


def approve(platform: Platform, caller: Caller, alert: str) -> PublicAlertView:
    """One of the two persons' yes; with the second it goes out."""
    return _do(platform, caller, alert, lambda name: m.ApprovePublicAlert(id=name, alert=alert))


def discard(platform: Platform, caller: Caller, alert: str, because: str) -> PublicAlertView:
    """A draft is not sent."""
    require_reason(because)
    return _do(
        platform,
        caller,
        alert,
        lambda name: m.DiscardPublicAlert(id=name, alert=alert, because=because),
    )


def _do(
    platform: Platform, caller: Caller, alert: str, make: Callable[[str], Command]
) -> PublicAlertView:
    row = find_row(platform, caller, alert)
    do_in_areas(
        platform,
        caller,
        alert,
        row.areas,
        make,
        "command_incident",
        lambda rows: areas_touched(rows, row.references),
    )
    return get_alert(platform, caller, alert)


# as CAP ---------------------------------------------------------------------------------------


def write_document(platform: Platform, caller: Caller, alert: str) -> bytes:
    """The CAP 1.2 document of an alert that went out."""
    row = find_row(platform, caller, alert)
    if row.sent_at is None:
        raise AbsentError(f"alert {alert} was not sent", "approve it first")
    return write_cap(cap_of(platform, row, sent_times(platform), SENDER))


def check_documents(documents: Sequence[tuple[str, bytes]]) -> list[Complaint]:
    """What is wrong with each document (by its file's name), and with all of them as a chain."""
    found: list[Complaint] = []
    messages: list[CapMessage] = []
    for name, data in documents:
        try:
            messages.append(read_cap(data))
        except InputError as error:
            found.append(Complaint(identifier=name, code=error.code, message=error.message))
    return [*found, *check_chain(messages)]


def list_members(platform: Platform, sender: str) -> list[BoardMember]:
    """Every alert that went out and may still be shown, for a board."""
    now = platform.clock.now()
    times = sent_times(platform)
    with platform.store.read() as rows:
        found = rows.list_rows(PUBLIC_ALERTS, decided="sent", order="-drafted_at", limit=MOST)
    return [
        BoardMember(
            message=cap_of(platform, row, times, sender),
            state=row.state_at(now),
            ended=bool(row.ended),
        )
        for row in found
        if row.expires_at > now
    ]


def sent_times(platform: Platform) -> dict[str, datetime]:
    with platform.store.read() as rows:
        found = rows.list_rows(PUBLIC_ALERTS, decided="sent", order="-drafted_at", limit=MOST)
    return {row.id: row.sent_at for row in found if row.sent_at is not None}


def cap_of(
    platform: Platform, row: PublicAlert, times: dict[str, datetime], sender: str
) -> CapMessage:
    """An alert as a CAP message; all members that went out before stand in its references."""
    sent = row.sent_at or row.drafted_at
    texts = [cap_text(platform, row, text, sent) for text in row.texts]
    return CapMessage(
        identifier=row.id,
        sender=sender,
        sent=sent,
        status=row.status.capitalize(),
        kind=KINDS[row.step],
        references=tuple(
            CapReference(sender=sender, identifier=one, sent=times.get(one, sent))
            for one in row.references
        ),
        texts=tuple(texts),
    )


def cap_text(platform: Platform, row: PublicAlert, text: AlertText, sent: datetime) -> CapText:
    hazard = platform.reference.library.find_hazard(row.hazard)
    chinese = text.language.startswith("zh")
    title = (hazard.zh if chinese and hazard.zh else hazard.title) if hazard else row.hazard
    areas = platform.reference.areas
    ring: Ring = tuple((lat, lon) for lon, lat in row.polygon)
    return CapText(
        language=text.language,
        event=title,
        category=(row.category,),
        response=("AllClear",) if row.step == "all_clear" else (),
        urgency="Past" if row.step == "all_clear" else row.urgency,
        severity=row.severity,
        certainty=row.certainty,
        effective=sent,
        expires=row.expires_at,
        headline=text.headline,
        description=text.description,
        instruction=text.instruction,
        area=(", " if not chinese else "、").join(areas.name(code) for code in row.areas),
        polygons=(ring,) if ring else (),
        geocodes=tuple(("area", code) for code in row.areas),
    )

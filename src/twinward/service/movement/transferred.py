"""Use case: people transferred to the city and their quarantine, by group and area.

arrived = in quarantine + released + handed on + unaccounted, in every row and in every sum.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from twinward.core.errors import ConflictError
from twinward.core.ids import derive_id
from twinward.service.movement.peacetime import make_veil, total_of
from twinward.service.platform import Caller, Platform, ask, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.movement.rows import ARRIVAL_GROUPS, ArrivalGroup

COUNTED = ("arrived", "in_quarantine", "released", "handed_on", "unaccounted")
GRACE_D = 1  # days in which the quarantine of an arrival has to be told


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """One group; `state` is awaited (no word of its quarantine yet), accounted or missing."""

    group: str
    hazard: str
    area: str
    area_name: str
    origin: str
    gate: str | None
    day: date
    arrived: int | None
    in_quarantine: int | None
    released: int | None
    handed_on: int | None
    unaccounted: int | None
    told: date | None  # the day of the latest word of the quarantine
    due: date | None  # the day on which the quarantine ends
    overdue: bool
    state: str
    alarm: bool
    hidden: bool = False


class AreaGroups(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of one area together, those that are shown."""

    area: str
    area_name: str
    groups: int
    arrived: int
    in_quarantine: int
    released: int
    handed_on: int
    unaccounted: int


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """Groups, alarms first and then the newest; sums by area and of all."""

    as_of: datetime
    items: list[GroupView]
    areas: list[AreaGroups]
    sums: AreaGroups
    alarms: int
    awaited: int
    hidden: int
    notes: list[str]


def list_transferred(
    platform: Platform,
    caller: Caller,
    *,
    area: str | None = None,
    hazard: str | None = None,
    at: datetime | None = None,
) -> Transferred:
    """The groups of the caller's areas, as known at `at`."""
    now = platform.clock.now() if at is None else at
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        veil = make_veil(platform, snapshot, now)
        rows: list[ArrivalGroup] = snapshot.list_rows(ARRIVAL_GROUPS)
    tree = platform.reference.areas
    today = platform.reference.day_of(now)
    views = [
        _view(platform, row, today)
        for row in rows
        if concerns(platform, caller, row.area)
        and (area is None or tree.is_under(row.area, area))
        and hazard in (None, row.hazard)
    ]
    shown, hidden = veil.hide(views, COUNTED)
    shown.sort(key=lambda one: (not one.alarm, -one.day.toordinal(), one.group))
    by_area: dict[str, list[GroupView]] = {}
    for one in shown:
        by_area.setdefault(one.area, []).append(one)
    root = area or tree.root
    return Transferred(
        as_of=now,
        items=shown,
        areas=[_sum(platform, code, found) for code, found in sorted(by_area.items())],
        sums=_sum(platform, root, shown),
        alarms=sum(one.alarm for one in shown),
        awaited=sum(one.state == "awaited" for one in shown),
        hidden=hidden,
        notes=_notes(shown, hidden),
    )


def raise_unaccounted(platform: Platform, caller: Caller) -> list[str]:
    """Raise the groups of whose quarantine nobody has said a word in a day; their names."""
    today = platform.reference.day_of(platform.clock.now())
    with platform.store.read() as reader:
        rows: list[ArrivalGroup] = reader.list_rows(ARRIVAL_GROUPS)
    raised = []
    for row in rows:
        if not is_missing(row, today) or row.unaccounted <= row.alarmed:
            continue
        name = derive_id("cmd", "unaccounted", row.id, row.unaccounted, row.stated_at.isoformat())
        command = m.RaiseUnaccounted(id=name, group=row.id, unaccounted=row.unaccounted)
        try:
            ask(platform, caller, command)
        except ConflictError:  # another server of this log was first
            continue
        raised.append(row.id)
    return raised


def is_missing(row: ArrivalGroup, today: date) -> bool:
    """Whether people of the group are missing: after a word of its quarantine, or a day without."""
    late = today - date.fromisoformat(row.day) > timedelta(days=GRACE_D)
    return row.unaccounted > 0 and (row.quarantined_day is not None or late)


def _view(platform: Platform, row: ArrivalGroup, today: date) -> GroupView:
    day = date.fromisoformat(row.day)
    due = None if row.quarantine_days is None else day + timedelta(days=row.quarantine_days)
    missing = is_missing(row, today)
    told = None if row.quarantined_day is None else date.fromisoformat(row.quarantined_day)
    state = "missing" if missing else "awaited" if row.unaccounted else "accounted"
    return GroupView(
        group=row.id,
        hazard=row.hazard,
        area=row.area,
        area_name=platform.reference.areas.name(row.area),
        origin=row.origin,
        gate=row.gate,
        day=day,
        told=told,
        due=due,
        overdue=due is not None and due < today and row.in_quarantine > 0,
        state=state,
        alarm=missing,
        **{name: getattr(row, name) for name in COUNTED},
    )


def _sum(platform: Platform, area: str, views: list[GroupView]) -> AreaGroups:
    return AreaGroups(
        area=area,
        area_name=platform.reference.areas.name(area),
        groups=len(views),
        **{name: total_of(views, name) for name in COUNTED},
    )


def _notes(views: list[GroupView], hidden: int) -> list[str]:
    notes = [] if views else ["no group has arrived"]
    if hidden:
        notes.append(
            f"{hidden} groups have counts too small to be shown in peacetime; the sums are "
            "without them"
        )
    return notes

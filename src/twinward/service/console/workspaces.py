"""What the other places of the console ask: who I am, my tasks, trust, and what the public may
see.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twinward.library.supplies.resources import list_resources
from twinward.security.privacy.masking import suppress_small
from twinward.service.access.activations import list_activations
from twinward.service.console.basemap import Basemap
from twinward.service.console.dashboard_tables import find_week, new_in_week, sum_days
from twinward.service.incidents.incident_view import TaskRow, show_task
from twinward.service.incidents.queries import list_sources, list_tasks
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.access.rows import ACTIVATIONS
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.notices.rows import NOTICES
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE

if TYPE_CHECKING:
    from twinward.twins.emergency.notices.rows import Notice

TASKS_SHOWN, MESSAGES_SHOWN = 200, 50


class DepartmentName(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    duty: str


class PlanName(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    hazard: str


class SupplyName(msgspec.Struct, frozen=True, kw_only=True):
    """A kind that can be stated, asked for and sent, and what it is counted in."""

    id: str
    unit: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks and for which departments they may answer."""

    name: str
    role: str
    department: str | None
    managed: bool
    kind: str
    areas: list[str]
    home: str  # the code of the first area that the account answers for
    actions: list[str]
    departments: list[DepartmentName]
    plans: list[PlanName]
    supplies: list[SupplyName]


class MyTasks(msgspec.Struct, frozen=True, kw_only=True):
    """Unfinished tasks of one department in one area, by deadline."""

    as_of: datetime
    items: list[TaskRow]
    more: bool


class PublicActivation(msgspec.Struct, frozen=True, kw_only=True):
    """What is open, by whom, on which basis, until when."""

    id: str
    hazard: str
    areas: list[str]
    purposes: list[str]
    by: str
    basis: str
    opened_at: datetime
    ends_at: datetime
    in_force: bool


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One source's account: received = stored + rejected + duplicate."""

    source: str
    received: int
    stored: int
    rejected: int
    duplicate: int
    balanced: bool


class LookRow(msgspec.Struct, frozen=True, kw_only=True):
    """How often persons were looked at for a purpose: counts only, whom and by whom is in the
    audit.
    """

    purpose: str
    looks: int
    lookers: int


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    as_of: datetime
    activations: list[PublicActivation]
    sources: list[SourceRow]
    looks: list[LookRow]
    looks_all: int


class PublicArea(msgspec.Struct, frozen=True, kw_only=True):
    """`new_7d` None is a number too small to publish."""

    code: str
    name: str
    new_7d: int | None
    level: str | None
    restricted: bool


class PublicDay(msgspec.Struct, frozen=True, kw_only=True):
    day: str
    new: int | None
    missing: bool = False  # nobody has reported of that day; else None is a number too small


class PublicMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan in force tells a part of the public; `clause` says which plan and where in it."""

    area_name: str
    audience: str
    channel: str
    text: str
    sent_at: datetime
    clause: str


class PublicPage(msgspec.Struct, frozen=True, kw_only=True):
    """What anybody may see: figures by area without small numbers, measures in force, powers in
    use.

    `to_day` ends the seven days that are counted; `silent` when nothing was reported lately: then
    there is no number of this week.
    """

    as_of: datetime
    to_day: str
    reported_to: str | None
    silent: bool
    city: str
    kind: str
    k: int
    areas: list[PublicArea]
    days: list[PublicDay]
    measures: list[str]
    powers_until: datetime | None
    powers: list[str]
    messages: list[PublicMessage]


def get_me(platform: Platform, caller: Caller, ground: Basemap) -> Me:
    known = platform.reference.library.departments
    return Me(
        name=caller.name,
        role=caller.role,
        department=caller.department,
        managed=platform.managed,
        kind=ground.kind,
        areas=["all"]
        if "all" in caller.areas
        else [ground.areas.name(code) for code in caller.areas],
        home=ground.areas.root if "all" in caller.areas else caller.areas[0],
        actions=sorted(platform.policy.roles.actions_of(caller.role, managed=platform.managed)),
        departments=[DepartmentName(id=d.id, title=d.title, duty=d.duty) for d in known.values()],
        plans=[
            PlanName(id=p.id, title=p.title, hazard=p.hazard)
            for p in platform.reference.library.plans.values()
        ],
        supplies=[SupplyName(id=one.id, unit=one.unit) for one in list_resources().values()],
    )


def get_my_tasks(
    platform: Platform, ground: Basemap, caller: Caller, department: str | None, area: str | None
) -> MyTasks:
    now = platform.clock.now()
    found = list_tasks(
        platform,
        department=department,
        area=area,
        status="at_work",
        limit=TASKS_SHOWN + 1,
        caller=caller,
    )
    rows = [show_task(ground, task, now) for task in found[:TASKS_SHOWN]]
    return MyTasks(as_of=now, items=rows, more=len(found) > TASKS_SHOWN)


def get_trust(platform: Platform) -> Trust:
    names = PublicActivation.__struct_fields__
    opened = [
        PublicActivation(**{name: getattr(one, name) for name in names})
        for one in list_activations(platform)
    ]
    fields = SourceRow.__struct_fields__
    accounts = [msgspec.structs.asdict(one) for one in list_sources(platform)]
    sources = [SourceRow(**{name: one[name] for name in fields}) for one in accounts]
    looks: Counter[str] = Counter()
    lookers: dict[str, set[str]] = {}
    with platform.store.read() as reader:
        after = 0
        while page := reader.events_after(after, types=("LookRecorded", "PersonsListed")):
            after = page[-1].seq
            for event in page:
                purpose = str(getattr(event.fact, "purpose", "deleted"))
                looks[purpose] += len(getattr(event.fact, "subjects", ("one",)))
                lookers.setdefault(purpose, set()).add(event.actor)
    rows = [
        LookRow(purpose=name, looks=n, lookers=len(lookers[name]))
        for name, n in sorted(looks.items())
    ]
    return Trust(
        as_of=platform.clock.now(),
        activations=opened[::-1],
        sources=sources,
        looks=rows,
        looks_all=looks.total(),
    )


class ToldInPublic:
    """What anybody has been told, so that who asks again and again learns of nobody who came
    late: a count that has moved by less than k is told as before.
    """

    def __init__(self, path: Path, k: int, *, keeps: bool) -> None:
        self._path, self._k, self._keeps = path, k, keeps
        self._told: dict[str, dict[str, int]] = {}
        if keeps and path.exists():
            self._told = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, int]])

    def hold(self, table: str, counts: dict[str, int | None]) -> dict[str, int | None]:
        before = self._told.get(table, {})
        held = {
            name: before[name]
            if name in before and count is not None and 0 < abs(count - before[name]) < self._k
            else count
            for name, count in counts.items()
        }
        after = before | {name: count for name, count in held.items() if count is not None}
        if self._keeps and after != before:
            self._told[table] = after
            self._path.parent.mkdir(exist_ok=True)
            beside = self._path.with_name(f"{self._path.name}.new")
            beside.write_bytes(msgspec.json.encode(self._told))
            beside.replace(self._path)
        return held


def count_by_top_area(
    ground: Basemap, incidents: list[Incident], day: date, anchor: date
) -> tuple[dict[str, int], dict[str, str | None]]:
    """New reports of the week to `anchor`, and the level of an open incident, by top area."""
    tops = dict.fromkeys(ground.top, 0)
    levels: dict[str, str | None] = {}
    for row in incidents:
        code = ground.areas.at_depth(row.area, 1)
        tops[code] = tops.get(code, 0) + (new_in_week(sum_days([row], day), anchor) or 0)
        if row.status == "open":
            levels[code] = row.level
    return tops, levels


def get_public(platform: Platform, ground: Basemap, at: datetime | None) -> PublicPage:
    now = at or platform.clock.now()
    day = ground.day_of(now) - timedelta(
        days=1
    )  # whole days only: a number that moves by one tells of one person
    k = platform.settings.k_anonymity
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        incidents = snapshot.list_rows(INCIDENTS)
        limits = snapshot.list_rows(RESTRICTIONS)
        activations = [row for row in snapshot.list_rows(ACTIVATIONS) if row.is_open(now)]
        told = snapshot.list_rows(NOTICES, to_role="public")
        plans = {
            row.id: f"{row.plan} {row.version}: " for row in snapshot.list_rows(PLANS_IN_FORCE)
        }
    curve = sum_days(incidents, day)
    anchor, silent = find_week(curve, day)
    tops, levels = count_by_top_area(ground, incidents, day, anchor)
    keep = ToldInPublic(platform.workspace / "published" / "public.json", k, keeps=at is None)
    shown = keep.hold(anchor.isoformat(), suppress_small(tops, k))
    few = {row.day: None if row.new is None or 0 < row.new < k else row.new for row in curve}
    told_days = keep.hold("days", few)
    restricted = {ground.areas.at_depth(row.area, 1) for row in limits}
    return PublicPage(
        as_of=now,
        to_day=anchor.isoformat(),
        reported_to=max((row.day for row in curve if row.new is not None), default=None),
        silent=silent,
        city=ground.name,
        kind=ground.kind,
        k=k,
        areas=[
            PublicArea(
                code=code,
                name=ground.areas.name(code),
                new_7d=None if silent else shown[code],
                level=levels.get(code),
                restricted=code in restricted,
            )
            for code in sorted(tops)
        ],
        days=[
            PublicDay(
                day=row.day,
                new=told_days[row.day],
                missing=row.new is None,
            )
            for row in curve
        ],
        measures=sorted({row.measure for row in limits}),
        powers_until=max((row.ends_at for row in activations), default=None),
        powers=sorted({purpose for row in activations for purpose in row.purposes}),
        messages=list_messages(
            ground,
            told,
            {
                row.id: plans[row.id]
                for row in incidents
                if row.id in plans and row.status == "open"
            },
        ),
    )


def list_messages(
    ground: Basemap, told: list[Notice], plans: dict[str, str]
) -> list[PublicMessage]:
    """What the plans now in force (by incident, as clauses name them) have told the public, the
    newest first.
    """
    mine = [
        row for row in told if row.incident in plans and row.clause.startswith(plans[row.incident])
    ]
    mine.sort(key=lambda row: row.sent_at, reverse=True)
    names = ("audience", "channel", "text", "sent_at", "clause")
    return [
        PublicMessage(
            area_name=ground.areas.name(row.area), **{name: getattr(row, name) for name in names}
        )
        for row in mine[:MESSAGES_SHOWN]
    ]

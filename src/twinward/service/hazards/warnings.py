"""Graded warnings as use cases: issued, confirmed by a second person, acknowledged, extended,
cancelled, listed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.core.reasons import Reason
from twinward.core.texts import require_reason
from twinward.library.hazards.hazard import LEVELS
from twinward.service.deeds import do_in_areas
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.warnings.rows import WARNINGS, IssuedWarning


class WarningRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person issues. `areas` are codes; `starts_at` is now where it is not given."""

    hazard: str
    grade: str
    areas: tuple[str, ...]
    title: str
    because: str
    until: datetime
    starts_at: datetime | None = None
    advice: str = ""
    chance: float | None = None
    source: str = "person"
    forecast: str = ""
    public: bool = False
    replaces: str = ""


class WarningView(msgspec.Struct, frozen=True, kw_only=True):
    """A warning with its state now, and the names of its areas."""

    id: str
    hazard: str
    grade: str
    areas: tuple[str, ...]
    area_names: tuple[str, ...]
    title: str
    advice: str
    because: str
    state: str
    source: str
    public: bool
    chance: float | None
    forecast: str
    starts_at: datetime
    ends_at: datetime
    proposed_by: str
    proposed_at: datetime
    issued_by: str
    issued_at: datetime | None
    replaces: str
    ended_at: datetime | None
    ended_because: str
    extended: int
    acknowledged: dict[str, datetime]
    title_reasons: tuple[Reason, ...] = ()
    reasons: tuple[Reason, ...] = ()


def issue(platform: Platform, caller: Caller, asked: WarningRequest) -> WarningView:
    """In force at once, or for the public proposed to a second person."""
    areas = platform.reference.areas
    if platform.reference.library.find_hazard(asked.hazard) is None:
        known = ", ".join(platform.reference.library.hazards)
        raise InputError(
            f"there is no hazard {asked.hazard!r}", f"name one of {known}", code="unknown_hazard"
        )
    if asked.grade not in LEVELS:
        raise InputError(
            f"grade must be IV, III, II or I, got {asked.grade!r}",
            "I is the gravest",
            code="bad_grade",
        )
    if not asked.areas:
        raise InputError("a warning names its areas", "give --areas", code="no_area")
    for area in asked.areas:
        areas.require(area)
        platform.policy.require(caller, "command_incident", area=area)
    now = platform.clock.now()
    with platform.store.read() as rows:
        name = derive_id("warn", asked.hazard, caller.name, now.isoformat(), rows.last_seq())
    fields = {
        "hazard": asked.hazard,
        "grade": asked.grade,
        "areas": list(asked.areas),
        "area": platform.reference.areas.common(asked.areas),
        "title": asked.title,
        "advice": asked.advice,
        "because": asked.because,
        "starts_at": asked.starts_at or now,
        "ends_at": asked.until,
        "chance": asked.chance,
        "source": asked.source,
        "forecast": asked.forecast,
        "public": asked.public,
        "replaces": asked.replaces,
    }
    told = {
        "type": "IssueWarning",
        "id": derive_id("cmd", name, "issue"),
        "warning": name,
        **fields,
    }
    try:
        command = msgspec.convert(told, m.IssueWarning)
    except msgspec.ValidationError as error:
        raise InputError(
            f"not a warning: {error}", "see `twinward warning issue --help`", code="bad_warning"
        ) from error
    ask(platform, caller, command)
    return get_warning(platform, caller, name)


def get_warning(platform: Platform, caller: Caller, warning: str) -> WarningView:
    """One warning; what is elsewhere answers like what is not there."""
    with platform.store.read() as rows:
        row = rows.find(WARNINGS, warning)
    platform.policy.require_thing(
        caller,
        "see_situation",
        f"warning {warning}",
        getattr(row, "area", None),
        "list them with `twinward warning list`",
    )
    if row is None:
        raise AbsentError(f"there is no warning {warning}", "list them first")
    return view_of(platform, row)


def view_of(platform: Platform, row: IssuedWarning) -> WarningView:
    names = set(WarningView.__struct_fields__) - {"state", "area_names"}
    return WarningView(
        state=row.state_at(platform.clock.now()),
        area_names=tuple(platform.reference.areas.name(code) for code in row.areas),
        **{name: getattr(row, name) for name in names},
    )


class HazardFilter(TypedDict, total=False):
    """Of which hazard."""

    hazard: str


def list_warnings(
    platform: Platform, caller: Caller, *, state: str | None = None, hazard: str | None = None
) -> list[WarningView]:
    """Those that concern the caller's areas, the newest first."""
    platform.policy.require(caller, "see_situation")
    mine = platform.policy.jurisdiction(caller)
    equals: HazardFilter = {"hazard": hazard} if hazard else {}
    with platform.store.read() as rows:
        found = rows.list_rows(WARNINGS, order="-proposed_at", **equals)
    shown = [
        view_of(platform, row)
        for row in found
        if any(mine.concerns(area) for area in (row.area, *row.areas))
    ]
    return [one for one in shown if state in (None, "all", one.state)]


def _do(
    platform: Platform,
    caller: Caller,
    warning: str,
    make: Callable[[str], Command],
    action: str = "command_incident",
) -> WarningView:
    """One act on a warning, allowed by its area, in one transaction."""
    seen = get_warning(platform, caller, warning)
    do_in_areas(platform, caller, warning, seen.areas, make, action)
    return get_warning(platform, caller, warning)


def confirm(platform: Platform, caller: Caller, warning: str) -> WarningView:
    """The second person's yes."""
    return _do(platform, caller, warning, lambda name: m.ConfirmWarning(id=name, warning=warning))


def refuse(platform: Platform, caller: Caller, warning: str, because: str) -> WarningView:
    reason = require_reason(because)
    return _do(
        platform,
        caller,
        warning,
        lambda name: m.RefuseWarning(id=name, warning=warning, because=reason),
    )


def acknowledge(platform: Platform, caller: Caller, warning: str, office: str) -> WarningView:
    """An office has read it; a department officer's own department where none is named."""
    who = office or caller.department or caller.name
    seen = get_warning(platform, caller, warning)
    platform.policy.require(caller, "see_tasks")
    with platform.store.read() as rows:
        name = derive_id("cmd", warning, who, rows.last_seq())
    ask(platform, caller, m.AcknowledgeWarning(id=name, warning=seen.id, office=who))
    return get_warning(platform, caller, warning)


def extend(
    platform: Platform, caller: Caller, warning: str, until: datetime, because: str
) -> WarningView:
    reason = require_reason(because)
    return _do(
        platform,
        caller,
        warning,
        lambda name: m.ExtendWarning(id=name, warning=warning, until=until, because=reason),
    )


def cancel(platform: Platform, caller: Caller, warning: str, because: str) -> WarningView:
    reason = require_reason(because)
    return _do(
        platform,
        caller,
        warning,
        lambda name: m.CancelWarning(id=name, warning=warning, because=reason),
    )


def until_of(platform: Platform, until: datetime | None, hours: float | None) -> datetime:
    """An end given as an instant, or as hours from now."""
    if (until is None) == (hours is None):
        raise InputError(
            "give --until or --hours, one of the two", "e.g. --hours 6", code="bad_until"
        )
    if until is not None:
        return until
    if hours is None or not 0 < hours <= 336:
        raise InputError(
            f"hours must be above 0 and at most 336, got {hours}", "e.g. 6", code="bad_until"
        )
    return platform.clock.now() + timedelta(hours=hours)

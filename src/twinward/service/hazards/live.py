"""A forecast from the live twins: asked by a person, or made by itself of what a sensor reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from twinward.core.coding.ids import digest_id
from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.reasons import Reason, because_of
from twinward.library.hazards.hazard import LEVELS
from twinward.library.models.card import Driving, list_models
from twinward.library.texts import write_reason, write_reasons
from twinward.loop.context import ACTOR
from twinward.service.hazards.forecast_store import (
    StoredForecast,
    grade_of,
    keep_forecast,
    make_map,
)
from twinward.service.hazards.forecasts import HazardRequest, run_forecast
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.warnings.rows import WARNINGS, share_area

MEMBERS, SEED, CELL_M = 20, 1, 500.0
MOST_WARNED = 200


def make_forecast(
    platform: Platform, caller: Caller, request: HazardRequest, because: str = ""
) -> StoredForecast:
    """Runs the model over the workspace's city, and keeps the answer."""
    platform.policy.require(caller, "plan_ahead")
    asked = msgspec.structs.replace(request, city=platform.workspace / "city", residents=None)
    reason = because or because_of("forecast.asked")
    return run_and_keep(platform, asked, caller.name, reason, platform.clock.now())


def run_and_keep(
    platform: Platform, request: HazardRequest, by: str, because: str | Reason, at: datetime
) -> StoredForecast:
    done = run_forecast(request)
    name = f"fc-{request.hazard}-" + derive_hex(done.answer.fingerprint, at.isoformat())
    names = {code: area.name for code, area in platform.reference.areas.by_code.items()}
    stored = StoredForecast(
        id=name,
        issued_at=at,
        made_by=by,
        because=because if isinstance(because, str) else write_reason(because),
        reasons=() if isinstance(because, str) else (because,),
        answer=done.answer,
        map=make_map(name, at, done.forecast, done.ready.city, done.ready.levels, names),
    )
    keep_forecast(platform.workspace, stored)
    return stored


def derive_hex(*words: str) -> str:
    """Sixteen hexadecimal digits of the words."""
    return digest_id("\0".join(words).encode(), 16)


def forecast_report(platform: Platform, fact: m.HazardReported, event: Event) -> Sequence[Command]:
    """What follows from a report that drives a model: a forecast, and where half its members reach
    a level a warning to who is on duty; a grave one waits for persons.
    """
    family = fact.hazard.partition("/")[0]
    drive = drive_of(family)
    if drive is None or fact.figure != drive.figure or fact.value < drive.at_least:
        return ()
    if not has_residents(platform.workspace):
        return ()
    because = because_of(
        "forecast.reported",
        figure=fact.figure,
        value=fact.value,
        unit=drive.unit,
        source=str(fact.source),
    )
    stored = run_and_keep(
        platform,
        request_of(platform, family, drive, fact, event),
        "loop",
        because,
        event.recorded_at,
    )
    return warning_of(platform, stored, event)


def drive_of(hazard: str) -> Driving | None:
    """What drives the model of a hazard by itself; None where it has none."""
    mine = [one.card.drive for one in list_models() if one.card.hazard == hazard]
    return mine[-1] if mine else None


def has_residents(workspace: Path) -> bool:
    """Whether the workspace has a city with residents, and not only names of areas."""
    return (workspace / "city" / "leaf_lonlat.npy").is_file()


def request_of(
    platform: Platform, hazard: str, drive: Driving, fact: m.HazardReported, event: Event
) -> HazardRequest:
    """The run that a report asks for, at the middle of its area."""
    common = {
        "hazard": hazard,
        "city": platform.workspace / "city",
        "hours": drive.hours,
        "members": MEMBERS,
        "seed": SEED,
        "cell_m": CELL_M,
        "threads": 2,
    }
    if hazard == "flood":
        return HazardRequest(rain=repr(fact.value), **common)  # type: ignore[arg-type]
    forcing = {**drive.taken, drive.figure: fact.value}
    if drive.placed:
        forcing |= at_area(platform, fact.area)
    if drive.by_hour:
        forcing["hour"] = hour_of(platform, event)
    return HazardRequest(given=forcing, **common)  # type: ignore[arg-type]


def hour_of(platform: Platform, event: Event) -> float:
    """The hour of the city's day at which it happened."""
    local = event.occurred_at.astimezone(platform.reference.zone)
    return local.hour + local.minute / 60


def at_area(platform: Platform, area: str) -> dict[str, float]:
    """lon and lat of an area's middle, where it is known."""
    known = platform.reference.areas.by_code.get(area)
    lon, lat = getattr(known, "lon", None), getattr(known, "lat", None)
    return {} if lon is None or lat is None else {"lon": float(lon), "lat": float(lat)}


def warning_of(platform: Platform, stored: StoredForecast, event: Event) -> Sequence[Command]:
    """The warning that a forecast calls for: the gravest level that half the members reach."""
    answer = stored.answer
    grade = grade_of(answer)
    if grade is None:
        return ()
    known = platform.reference.areas
    areas = tuple(
        one.area for one in answer.areas if one.p_level.get(grade, 0.0) >= 0.5 and one.area in known
    )[:MOST_WARNED]
    if not areas:
        return ()
    replaces = find_replaced(platform, answer.hazard, grade, areas)
    if replaces is None:
        return ()
    exposed = next(one for one in answer.exposed if one.level == grade)
    low, middle, high = exposed.people[0], exposed.people[2], exposed.people[4]
    chance = max(one.p_level.get(grade, 0.0) for one in answer.areas)
    title = because_of(
        "forecast.warning",
        middle=middle,
        low=low,
        high=high,
        hours=answer.hours,
    )
    told = because_of("forecast.says", forecast=stored.id)
    reasons = (*stored.reasons, told)
    return (
        m.IssueWarning(
            id=derive_id("cmd", event.id, "warn"),
            warning=derive_id("warn", event.id),
            hazard=answer.hazard,
            grade=grade,  # type: ignore[arg-type]
            area=known.at_depth(areas[0], 1)
            if len({known.at_depth(a, 1) for a in areas}) == 1
            else known.root,
            areas=areas,
            title=write_reason(title),
            title_reasons=(title,),
            because=write_reasons(reasons),
            reasons=reasons,
            starts_at=event.recorded_at,
            ends_at=event.recorded_at + timedelta(hours=answer.hours),
            chance=chance,
            source="forecast",
            forecast=stored.id,
            replaces=replaces,
        ),
    )


def find_replaced(
    platform: Platform, hazard: str, grade: str, areas: tuple[str, ...]
) -> str | None:
    """The loop's own milder warning that a new one takes the place of, or nothing (empty); None
    where one that goes as far, or a person's, is in force there.
    """
    now = platform.clock.now()
    with platform.store.read() as rows:
        known = rows.list_rows(WARNINGS, hazard=hazard)
    for row in known:
        state = row.state_at(now)
        if state not in ("in_force", "proposed") or not share_area(row.areas, areas):
            continue
        as_far = LEVELS.index(row.grade) >= LEVELS.index(grade)  # type: ignore[arg-type]
        if state == "proposed" and row.proposed_by == ACTOR and not as_far:
            continue
        return None if as_far or row.issued_by != ACTOR else str(row.id)
    return ""

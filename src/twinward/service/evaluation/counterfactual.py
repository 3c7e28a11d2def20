"""What if the plan had not been taken: plans run from the state at its adoption, beside what was
then reported.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import TwinwardError
from twinward.core.ids import derive_id
from twinward.decision.planning.comparison import Comparison, Spread
from twinward.loop.context import ACTOR
from twinward.service.console.dashboard_tables import sum_days
from twinward.service.planning.comparison_store import (
    CompareRequest,
    find_comparison,
    keep_comparison,
)
from twinward.service.platform import Platform, snapshot_of
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident

REVIEWS = "reviews"
MOST_D, LEAST_D = 28, 3
REPLICATES, RUNNERS_UP = 5, 3
SHOWN = ("infections", "deaths", "bed_peak", "restricted_days")


class PlanCourse(msgspec.Struct, frozen=True, kw_only=True):
    """What one plan would have come to, simulated: mean and 90 % interval over replicates."""

    plan: str
    title: str
    taken: bool
    place: int
    probability_best: float | None
    figures: dict[str, Spread]


class Counterfactual(msgspec.Struct, frozen=True, kw_only=True):
    """Plans run from the instant of adoption, on the same seeds, beside what was reported in the
    days that followed.

    `implied` infections are the reported ones over the share that reports are taken to find;
    `inside`: they lie in the interval of the plan that was taken. `read`: the sheet that was read
    before adopting, if there was one.
    """

    adopted_at: datetime
    adopted_by: str
    taken: str
    days: int
    replicates: int
    seed: int
    sheet: str
    fingerprint: str
    read: str
    courses: list[PlanCourse]
    reported: int
    reported_deaths: int
    found_share: float
    implied: float
    inside: bool


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """The adoption that is looked back on."""

    event: str
    at: datetime
    by: str
    plan: str
    sheet: str


def evaluate_adoption(
    platform: Platform,
    row: Incident,
    until: datetime,
    *,
    compute: bool,
    at: datetime | None = None,
) -> tuple[Counterfactual | None, str | None]:
    """The comparison for an incident, or why there is none; run now when it is not kept and
    `compute` says so.
    """
    adopted = find_adopted(platform, row.id, until, at)
    if adopted is None:
        return None, f"no plan was in force for {LEAST_D} days"
    days = min(MOST_D, (until - adopted.at).days)
    kept = platform.workspace / REVIEWS / f"{derive_id('what-if', adopted.event, days)}.json"
    sheet = read_kept(platform, kept)
    if sheet is None and not compute:
        return None, f"not yet run: `twinward incident review {row.id}` runs it"
    if sheet is None:
        try:
            sheet = run(platform, row, adopted, days)
        except TwinwardError as error:
            return None, error.message
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(msgspec.json.encode({"sheet": keep_comparison(platform.workspace, sheet)}))
    if sheet.refused:
        return None, sheet.refused
    return against_reported(platform, row, adopted, sheet, at), None


def find_adopted(
    platform: Platform, incident: str, until: datetime, at: datetime | None = None
) -> Adopted | None:
    """The last adoption by a person that had time to show, else the last by the loop."""
    with platform.store.read() as reader:
        events = reader.events_after(0, 1000, types=("PlanAdopted",), incident=incident)
    events = [one for one in events if at is None or one.recorded_at <= at]
    old = [one for one in events if until - one.occurred_at >= timedelta(days=LEAST_D)]
    by_person = [one for one in old if getattr(one.fact, "adopted_by", ACTOR) != ACTOR]
    for event in (by_person or old)[::-1]:
        fact = event.fact
        if not isinstance(fact, m.PlanAdopted):
            continue
        return Adopted(
            event=event.id,
            at=event.recorded_at,
            by=fact.adopted_by,
            plan=fact.plan,
            sheet=fact.forecast,
        )
    return None


def read_kept(platform: Platform, path: Path) -> Comparison | None:
    if not path.is_file():
        return None
    return find_comparison(platform.workspace, msgspec.json.decode(path.read_bytes())["sheet"])


def run(platform: Platform, row: Incident, adopted: Adopted, days: int) -> Comparison:
    """The plan taken and those beside it, from what was known then."""
    from twinward.service.planning.comparison import get_ready, run_ready

    read = find_comparison(platform.workspace, adopted.sheet) if adopted.sheet else None
    request = CompareRequest(
        plans=plans_beside(platform, row, adopted, read),
        at=adopted.at,
        days=days,
        hazard=row.hazard,
        replicates=read.replicates if read is not None else REPLICATES,
        seed=read.seed if read is not None else 1,
        ranked_by="infections",
        doubts=False,
        workers=1,
    )
    return run_ready(get_ready(platform, request))


def plans_beside(
    platform: Platform, row: Incident, adopted: Adopted, read: Comparison | None
) -> tuple[str, ...]:
    """The plan taken, the runners-up of the sheet that was read or else the other plans of its
    level, and none.
    """
    library = platform.reference.library
    taken = library.find(adopted.plan)
    if read is not None:
        others = [one.id for one in read.plans]
    else:
        others = [
            p.id
            for p in library.plans.values()
            if taken and (p.hazard, p.level) == (taken.hazard, taken.level)
        ]
    able = [name for name in others if name != adopted.plan and can_run(platform, name)]
    return (adopted.plan, *able[:RUNNERS_UP], *(() if "none" in able[:RUNNERS_UP] else ("none",)))


def can_run(platform: Platform, name: str) -> bool:
    return (
        name in ("none", "as-now")
        or name.startswith("gen-")
        or platform.reference.library.find(name) is not None
    )


def against_reported(
    platform: Platform,
    row: Incident,
    adopted: Adopted,
    sheet: Comparison,
    at: datetime | None = None,
) -> Counterfactual:
    """The sheet's plans, the one taken first, and what all incidents of the hazard reported in
    those days.
    """
    first = adopted.at.date()
    last = first + timedelta(days=sheet.days)
    with platform.store.read() as reader:
        rows = [
            one
            for one in snapshot_of(platform, reader, at).list_rows(INCIDENTS)
            if one.hazard == row.hazard
        ]
    reported = sum(
        day.new or 0
        for day in sum_days(rows, last)
        if first.isoformat() < day.day <= last.isoformat()
    )
    deaths = sum(
        values.get("dead", 0.0)
        for one in rows
        for day, values in one.days.items()
        if first.isoformat() < day <= last.isoformat()
    )
    share = CompareRequest().found_share
    courses = [
        PlanCourse(
            plan=one.id,
            title=one.title,
            taken=one.id == adopted.plan,
            place=one.place,
            probability_best=one.probability_best,
            figures={name: one.figures[name] for name in SHOWN},
        )
        for one in sorted(sheet.plans, key=lambda one: (one.id != adopted.plan, one.place))
    ]
    expected = courses[0].figures["infections"]
    return Counterfactual(
        adopted_at=adopted.at,
        adopted_by=adopted.by,
        taken=adopted.plan,
        days=sheet.days,
        replicates=sheet.replicates,
        seed=sheet.seed,
        sheet=derive_id("sheet", sheet.fingerprint),
        fingerprint=sheet.fingerprint,
        read=adopted.sheet,
        courses=courses,
        reported=int(reported),
        reported_deaths=int(deaths),
        found_share=share,
        implied=reported / share,
        inside=expected.low <= reported / share <= expected.high,
    )

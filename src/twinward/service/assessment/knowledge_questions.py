"""Questions to the library: from its own knowledge, and with a workspace from what is there
today.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from twinward.decision.assessment.experience import counts_of, weigh_measures
from twinward.library.knowledge.answering import Answer, FoundAnswers, Live, ask
from twinward.library.knowledge.case_records import Like, tell
from twinward.library.knowledge.graph import build_graph
from twinward.library.loading import load_library
from twinward.service.assessment.past_incidents import find_similar
from twinward.service.console.basemap import Basemap
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.drills.rows import DRILLS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.resources.rows import STOCKS
from twinward.twins.emergency.tasks.rows import TASKS

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident
    from twinward.twins.emergency.tasks.rows import Task

MOST_OPEN = 3  # of the open incidents, the newest are held against what is past


def search(
    question: str, platform: Platform | None = None, caller: Caller | None = None
) -> FoundAnswers:
    """The answer with the path of its reasoning, or that there is none."""
    library = platform.reference.library if platform is not None else load_library()
    found = ask(
        build_graph(library), question, live_of(platform, caller) if platform is not None else None
    )
    if platform is None or caller is None or found.asks != "past":
        return found
    alike = list_alike(platform, caller, question, {name.partition(":")[2] for name in found.about})
    return msgspec.structs.replace(found, answered=True, answers=alike, note="") if alike else found


def list_alike(
    platform: Platform, caller: Caller, question: str, hazards: set[str]
) -> tuple[Answer, ...]:
    """Closed incidents that are like the one that is named, else like those that are open; with
    what worked there.
    """
    with platform.store.read() as reader:
        rows = snapshot_of(platform, reader).list_rows(INCIDENTS)
    rows = [row for row in rows if concerns(platform, caller, row.area)]
    named = [row for row in rows if row.id in question]
    is_asked = [
        row
        for row in rows
        if row.status == "open" and (not hazards or row.hazard.partition("/")[0] in hazards)
    ]
    ground = Basemap(platform)
    return tuple(
        alike_answer(row.id, like)
        for row in (named or sorted(is_asked, key=lambda row: row.opened_at)[-MOST_OPEN:])
        for like in find_similar(platform, ground, caller, row.id).like
    )


def alike_answer(this: str, like: Like) -> Answer:
    """One incident that was like another: how much, why, and what worked."""
    because = [
        f"{like.alike:.0%} like {this}",
        *like.because,
        *(f"worked: {one}" for one in like.worked),
    ]
    path: tuple[str, ...] = (
        f"incident:{this}",
        f"is {like.alike:.0%} like",
        f"incident:{like.record}",
    )
    measures = [one.partition(" ")[0] for one in like.worked]
    path += ("growth fell after", *(f"measure:{name}" for name in measures)) if measures else ()
    return Answer(
        id=f"incident:{like.record}",
        kind="incident",
        title=like.title,
        because="; ".join(because),
        path=path,
    )


def worked_in(platform: Platform, row: Incident, done: list[Task]) -> str:
    """The measures of a closed incident after which growth fell; what is alike, `library
    similar` says.
    """
    counts = counts_of(row)
    if row.status != "closed" or not counts:
        return ""
    weighed = weigh_measures(
        done, counts, date.fromisoformat(min(row.days)), ZoneInfo(platform.settings.timezone)
    )
    fell = sorted((one for one in weighed if one.change < 0), key=lambda one: one.change)
    return "; worked: " + "; ".join(tell(one) for one in fell) if fell else ""


def live_of(platform: Platform, caller: Caller | None) -> Live:
    """Stocks, areas and incidents of the workspace that concern the caller."""
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader)
        stocks: dict[str, float] = {}
        for stock in snapshot.list_rows(STOCKS):
            if concerns(platform, caller, stock.area):
                free = stock.quantity - stock.in_use - stock.committed
                stocks[stock.kind] = stocks.get(stock.kind, 0.0) + free
        incidents = []
        for row in snapshot.list_rows(INCIDENTS, status="closed"):  # an open one is no past one
            if concerns(platform, caller, row.area):
                in_force = snapshot.find(PLANS_IN_FORCE, row.id)
                done = [
                    task
                    for task in snapshot.list_rows(TASKS, incident=row.id)
                    if task.status == "done"
                ]
                plan = f"plan {in_force.plan}" if in_force is not None else "no plan"
                measures = sorted({task.measure for task in done if task.measure}) or ["none"]
                said = (
                    f"{row.title}: {row.status}, {plan}, {len(done)} tasks done, measures "
                    f"{', '.join(measures)}"
                )
                said += worked_in(platform, row, done)
                incidents.append((row.id, row.hazard, said))
        drilled = frozenset(plan for drill in snapshot.list_rows(DRILLS) for plan in drill.plans)
    areas = {code: area.name for code, area in platform.reference.areas.by_code.items()}
    return Live(stocks=stocks, areas=areas, incidents=tuple(incidents), drilled=drilled)

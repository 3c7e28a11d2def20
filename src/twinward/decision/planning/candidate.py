"""A plan as the simulator can run it: an id, a title and measures; from the library, a file, or
generated.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of
from twinward.library.hazards.measures import Measure, load_measures, read_measures
from twinward.library.plans.plan import SAME_AS, Plan, order_tasks
from twinward.library.texts import write_reason

NONE, AS_NOW = "none", "as-now"
MOST_PLANS = 64
ROOMS_DEFAULT = 1000


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One plan to be compared. `origin`: library, file, generated, built in. `notes`: what could
    not be simulated.
    """

    id: str
    title: str
    origin: str
    measures: tuple[Measure, ...]
    notes: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()  # authority or law that it would break
    needs: tuple[str, ...] = ()  # whose decision it waits for
    notes_reasons: tuple[Reason, ...] = ()


def is_plan_file(path: Path) -> bool:
    """Whether the file holds a whole plan, and not bare measures."""
    return path.is_file() and bool(
        re.search(r"(?m)^hazard *=", path.read_text("utf-8", errors="replace"))
    )


def from_file(path: Path) -> Candidate:
    """A bare TOML file of [[measures]]."""
    return Candidate(id=path.stem, title=path.stem, origin="file", measures=load_measures(path))


def from_plan(plan: Plan, areas: list[str]) -> Candidate:
    """The measures a plan states, else those of its duties, each from when its order can be carried
    out.

    What it does where the incident is, it does in `areas`.
    """
    if plan.measures:
        origin = "generated" if plan.made else "library"
        return Candidate(
            id=plan.id, title=plan.title, origin=origin, measures=plan.measures_in(areas)
        )
    over_h: dict[str, float] = {}
    entries: list[dict[str, object]] = []
    unknown: list[str] = []
    for task in order_tasks(plan):
        over_h[task.key] = task.deadline_h + max((over_h[key] for key in task.after), default=0.0)
        if task.measure is None:
            continue
        kind = SAME_AS.get(task.measure, task.measure)
        entry: dict[str, object] = {
            "type": kind,
            "name": task.measure,
            "start_day": int(over_h[task.key] // 24),
        }
        entry["areas"] = [] if task.where == "city" else areas
        if kind == "quarantine_facility":
            entry["places"] = int(task.needs.get("quarantine_rooms", ROOMS_DEFAULT))
        try:
            read_measures({"measures": [entry]})
            entries.append(entry)
        except InputError:
            unknown.append(task.measure)
    reasons = (because_of("state.not_simulated", measures=", ".join(unknown)),) if unknown else ()
    measures = read_measures({"measures": entries}) if entries else ()
    return Candidate(
        id=plan.id,
        title=plan.title,
        origin="library",
        measures=measures,
        notes=tuple(map(write_reason, reasons)),
        notes_reasons=reasons,
    )

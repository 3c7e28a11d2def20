"""What may be wrong in a plan that has its form: each fault with its path, code, message and
what to do.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from datetime import datetime

from twinward.core.errors import Route
from twinward.library.hazards.hazard import Hazard
from twinward.library.hazards.measures import KNOWN_MEASURES, Measure, find_wrong
from twinward.library.hazards.protective import load_hazard_measures
from twinward.library.manuals import manual_files
from twinward.library.plans.decode_errors import Complaint
from twinward.library.plans.duty_rules import list_tasks
from twinward.library.plans.plan import AFFECTED, Plan, PlanStart, Quantity
from twinward.library.supplies.resources import list_resources

# an order may also use the word for a lockdown of areas, and those of physical hazards
ORDERED_MEASURES = KNOWN_MEASURES | {"area_lockdown"} | set(load_hazard_measures())
CASE_FIGURES = re.compile(
    r"^(new|new_linked|reclassified|suspected|asymptomatic|confirmed|recovered|dead)_(total|7d)$"
)
# figures that the loop reckons itself: shares of beds in use, reports for each 100,000 residents
BED_FIGURES = ("beds_used_share", "icu_used_share")
RECKONED = ("confirmed_per_100k_7d", "infections_per_100k_7d", "hospital_share", "icu_share")
LONGEST_H = 24.0 * 90
MOST_PER_100K = 100_000.0


def check_times(plan: Plan, now: datetime) -> Iterator[Complaint]:
    if plan.valid_until is not None and plan.valid_until < now.date():
        yield (
            ("valid_until",),
            "past",
            f"the plan was valid until {plan.valid_until}",
            "review it and give a later day",
        )
    for route, task in list_tasks(plan):
        if task.deadline_h > LONGEST_H:
            message = f"task {task.key}: a deadline of {task.deadline_h:g} hours is over 90 days"
            yield (*route, "deadline_h"), "unit", message, "deadline_h is in hours"
        if task.deadline is not None and task.deadline.tzinfo is None:
            yield (
                (*route, "deadline"),
                "no_zone",
                f"task {task.key}: the deadline has no zone",
                "add one: +08:00 or Z",
            )
        elif task.deadline is not None and task.deadline <= now:
            message = f"task {task.key}: the deadline {task.deadline.isoformat()} is past"
            yield (*route, "deadline"), "past", message, "give a later one, or deadline_h alone"


def check_triggers(plan: Plan, hazard: Hazard | None) -> Iterator[Complaint]:
    """Every figure that something waits for or ends by exists, and can be passed and not passed."""
    waiting: list[tuple[Route, PlanStart | None]] = [
        (("triggers", n), start) for n, start in enumerate(plan.triggers)
    ]
    waiting += [((*route, "when"), task.when) for route, task in list_tasks(plan)]
    waiting += [(("messages", n, "when"), message.when) for n, message in enumerate(plan.messages)]
    for route, start in waiting:
        if start is not None:
            yield from check_start(route, start, plan.hazard, hazard)
    for figure in plan.ends.below if plan.ends is not None else ():
        if (
            hazard is not None
            and not is_figure(figure, hazard)
            and figure not in (*BED_FIGURES, *RECKONED)
        ):
            message = f"the plan never ends by it: {plan.hazard} has no figure {figure!r}"
            yield (
                ("ends", "below"),
                "never_fires",
                message,
                "known: " + ", ".join(sorted(figures_of(hazard))),
            )
    for number, measure in enumerate(plan.measures):
        if measure.trigger is not None:
            yield from check_measure_trigger(("measures", number, "trigger"), measure)


def check_start(
    route: Route, start: PlanStart, name: str, hazard: Hazard | None
) -> Iterator[Complaint]:
    known = (
        BED_FIGURES
        if start.source == "beds"
        else (*RECKONED, *(sorted(figures_of(hazard)) if hazard else ()))
    )
    counted = start.source == "reports" and (hazard is None or is_figure(start.figure, hazard))
    if start.source != "sensors" and start.figure not in known and not counted:
        message = f"the trigger never fires: {name} has no figure {start.figure!r}"
        advice = (
            "known: "
            + ", ".join(known)
            + '; a sensor\'s figure has source = "sensors", of beds source = "beds"'
        )
        yield (*route, "figure"), "never_fires", message, advice
    if start.figure.endswith("_share") and start.at_least > 1:
        message = f"the trigger never fires: {start.figure} is not above 1"
        yield (*route, "at_least"), "never_fires", message, "a share is from 0 to 1: 80 % is 0.8"
    if start.at_most is not None and start.at_most < start.at_least:
        message = (
            f"the trigger never fires: nothing is at least {start.at_least:g} and at most "
            f"{start.at_most:g}"
        )
        yield (*route, "at_most"), "never_fires", message, "let at_most be at least at_least"
    if start.at_least < 0 and start.source != "sensors":
        message = f"at_least: {start.figure} is never below 0, and {start.at_least:g} is"
        yield (*route, "at_least"), "negative", message, "give a threshold above 0"
    elif start.at_least <= 0 and start.at_most is None and start.source != "sensors":
        message = f"the trigger always fires: {start.figure} is never below 0"
        yield (*route, "at_least"), "always_fires", message, "give a threshold above 0"


def check_measure_trigger(route: Route, measure: Measure) -> Iterator[Complaint]:
    trigger = measure.trigger
    assert trigger is not None
    most = 1.0 if trigger.figure.endswith("_share") else MOST_PER_100K
    if trigger.start_above >= most:
        message = f"the trigger never fires: {trigger.figure} does not pass {trigger.start_above:g}"
        advice = (
            "a share is from 0 to 1: 80 % is 0.8"
            if most == 1.0
            else "it counts persons for each 100,000 residents"
        )
        yield (*route, "start_above"), "never_fires", message, advice
    if trigger.start_above <= 0:
        message = f"the trigger always fires: any {trigger.figure} is above 0"
        yield (
            (*route, "start_above"),
            "always_fires",
            message,
            "leave the trigger out, or give a threshold above 0",
        )
    if trigger.stop_below > trigger.start_above:
        message = (
            f"the trigger starts above {trigger.start_above:g} and stops below "
            f"{trigger.stop_below:g}"
        )
        yield (
            (*route, "stop_below"),
            "bad_trigger",
            message,
            "let stop_below be at most start_above",
        )


def figures_of(hazard: Hazard) -> set[str]:
    """The figures that the hazard's own rules use."""
    return {
        rule.figure
        for rules in (hazard.opens, *(level.any for level in hazard.levels))
        for rule in rules
    }


def is_figure(figure: str, hazard: Hazard) -> bool:
    counted = any(CASE_FIGURES.match(one) for one in figures_of(hazard))
    return (
        figure in figures_of(hazard)
        or figure == "areas_affected"
        or (counted and bool(CASE_FIGURES.match(figure)))
    )


def check_needs(plan: Plan) -> Iterator[Complaint]:
    known = list_resources()
    advice = "known: " + ", ".join(known)
    for route, task in list_tasks(plan):
        for name in (*task.needs, *task.needs_per_resident, *task.needs_per_case):
            if name not in known:
                yield (
                    (*route, "needs"),
                    "unknown_resource",
                    f"there is no resource {name!r}",
                    advice,
                )
    for name, amount in plan.resources.items():
        if name not in known:
            yield ("resources", name), "unknown_resource", f"there is no resource {name!r}", advice
        elif isinstance(amount, Quantity) and amount.unit != known[name].unit:
            message = f"{name} is counted in {known[name].unit}, not in {amount.unit}"
            yield ("resources", name), "unit", message, f"give the quantity in {known[name].unit}"


def check_steps(plan: Plan, areas: Container[str] | None) -> Iterator[Complaint]:
    """Measures: known words, areas that exist, no contradiction. Manuals that are there."""
    manuals = manual_files()
    for route, task in list_tasks(plan):
        if task.measure is not None and task.measure not in ORDERED_MEASURES:
            message = f"there is no measure {task.measure!r}"
            yield (
                (*route, "measure"),
                "unknown_measure",
                message,
                "known: " + ", ".join(sorted(ORDERED_MEASURES)),
            )
        if (
            task.manual is not None
            and task.manual.startswith("manuals/")
            and task.manual not in manuals
        ):
            message = f"there is no manual {task.manual!r}"
            yield (*route, "manual"), "unknown_manual", message, "known: " + ", ".join(manuals)
        yield from check_areas(
            (*route, "areas"), task.areas, areas, "write a code of the city's areas"
        )
    for number, measure in enumerate(plan.measures):
        named = [area for area in measure.areas if area != AFFECTED]
        advice = f"write a code of the city's areas, or {AFFECTED!r}"
        yield from check_areas(("measures", number, "areas"), named, areas, advice)
    if found := find_wrong(plan.measures):
        yield ("measures", found[0]), "bad_measures", found[1].message, found[1].advice


def check_areas(
    route: Route, named: Iterable[str], areas: Container[str] | None, advice: str
) -> Iterator[Complaint]:
    for area in named:
        if areas is not None and area not in areas:
            yield route, "unknown_area", f"there is no area {area!r}", advice


def check_objectives(plan: Plan) -> Iterator[Complaint]:
    """Each by its own name, and such that it can be reached and missed."""
    keys = [one.key for one in plan.objectives]
    for number, one in enumerate(plan.objectives):
        route: Route = ("objectives", number)
        if one.key in keys[:number]:
            yield (
                (*route, "key"),
                "key_twice",
                f"objective {one.key!r} stands twice",
                "name each once",
            )
        if one.kind == "quiet_days" and one.days < 1:
            yield (
                (*route, "days"),
                "negative",
                f"objective {one.key}: {one.days} quiet days",
                "give 1 or more",
            )
        if one.stale_after_days < 1:
            message = f"objective {one.key}: stale after {one.stale_after_days} days"
            yield (*route, "stale_after_days"), "negative", message, "give 1 or more"
        if one.kind == "figure_below" and not (one.figure and one.below > 0 and one.hours >= 0):
            message = (
                f"objective {one.key}: {one.figure or 'no figure'} below {one.below:g} for "
                f"{one.hours:g} hours"
            )
            yield (
                route,
                "bad_objective",
                message,
                "give a figure, what it stays below (above 0), and hours (0 or more)",
            )

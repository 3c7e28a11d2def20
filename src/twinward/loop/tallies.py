"""What several accounts say of one incident's day, as one number: the same people are counted once.

A source that counts an area counts all that lies in it; cases reported one by one are persons of
one area. What is said of an area is the greatest of what any one source counts there and of what is
known of the areas inside it together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twinward.core.ports import Rows
from twinward.twins.city.areas import AreaTree
from twinward.twins.emergency.incidents.rows import DAY_PARTS, DayParts, Incident, day_id
from twinward.twins.emergency.reports.case_history import NEW_STATUSES, UNWATCHED

Figures = dict[str, float]
EARLIER = "earlier"  # what an incident's day held before accounts were kept apart
NEWLY = "new."  # the new persons of a status
LINKED = "linked."  # those of them that nobody was watching
BETWEEN = "|"


def count_part(source: str, area: str, status: str, found_in: str) -> str:
    """The name of what a source counts of an area."""
    return BETWEEN.join((area, status, found_in, source))


def case_part(source: str, area: str) -> str:
    """The name of the cases of an area that a source reported one by one: it has two words, a
    count's has four.
    """
    return BETWEEN.join((area, source.replace(BETWEEN, "/")))


def source_of(part: str) -> str:
    return part.split(BETWEEN, 3)[-1]


def told_by(status: str, found_in: str, number: float) -> Figures:
    """What a count says: those counted before under another status are not new."""
    if found_in == "reclassified":
        return {"reclassified": number}
    told = {status: number}
    if status in NEW_STATUSES:
        told |= {NEWLY + status: number}
        if found_in in UNWATCHED:
            told |= {LINKED + status: number}
    return told


def told_of(add: Mapping[str, float]) -> Figures:
    """What a change of a case's figures says, with the status that the new ones have."""
    told = {name: value for name, value in add.items() if name not in ("new", "new_linked")}
    sign = add.get("new", 0.0) or add.get("new_linked", 0.0)
    status = next(
        (one for one in reversed(NEW_STATUSES) if add.get(one, 0.0) * sign > 0), NEW_STATUSES[0]
    )
    if add.get("new"):
        told[NEWLY + status] = add["new"]
    if add.get("new_linked"):
        told[LINKED + status] = add["new_linked"]
    return told


def read_parts(incident: Incident, day: str, rows: Rows) -> dict[str, Figures]:
    """Each account of the day; a day from before accounts were kept is one of its own."""
    known: DayParts | None = rows.find(DAY_PARTS, day_id(incident.id, day))
    if known is not None:
        return known.parts
    before = {name: value for name, value in incident.days.get(day, {}).items() if value}
    return {f"{incident.area}{BETWEEN}{EARLIER}": of_figures(before)} if before else {}


def of_figures(figures: Mapping[str, float]) -> Figures:
    """A day's figures as an account of them: the new ones by status, as far as there are any."""
    told = {name: value for name, value in figures.items() if name not in ("new", "new_linked")}
    for name, prefix in (("new", NEWLY), ("new_linked", LINKED)):
        left = figures.get(name, 0.0)
        for status in NEW_STATUSES:
            told[prefix + status] = min(left, max(figures.get(status, 0.0), 0.0))
            left -= told[prefix + status]
        told[prefix + NEW_STATUSES[-1]] += left
    return {name: value for name, value in told.items() if value}


def weigh(parts: Mapping[str, Figures], root: str, areas: AreaTree) -> Figures:
    """The day's figures: each status once, the new ones together, and those of them that nobody
    was watching.
    """
    by_area: dict[str, dict[str, Figures]] = {}
    for name, figures in parts.items():
        area, *rest = name.split(BETWEEN, 3)
        of = by_area.setdefault(area, {}).setdefault(rest[-1] if len(rest) > 1 else "", {})
        for figure, value in figures.items():
            of[figure] = of.get(figure, 0.0) + value
    inside = lay_inside(by_area, root, areas)
    names = sorted(
        {figure for sources in by_area.values() for of in sources.values() for figure in of}
    )
    total = {name: known_of(root, name, by_area, inside) for name in names}
    figures = {name: value for name, value in total.items() if not name.startswith((NEWLY, LINKED))}
    if any(NEWLY + status in total for status in NEW_STATUSES):
        new = {status: total.get(NEWLY + status, 0.0) for status in NEW_STATUSES}
        figures["new"] = sum(new.values())
        figures["new_linked"] = sum(
            min(total.get(LINKED + one, 0.0), new[one]) for one in NEW_STATUSES
        )
    return figures


def lay_inside(told: Iterable[str], root: str, areas: AreaTree) -> dict[str, list[str]]:
    """area -> the areas right inside it of which something is told; what is not under `root`
    stands beside it.
    """
    inside: dict[str, list[str]] = {}
    wanted = {area for area in told if area != root}
    for area in sorted(wanted):
        above = (
            [one for one in reversed(areas.path(area)[:-1]) if one in wanted]
            if area in areas
            else []
        )
        inside.setdefault(above[0] if above else root, []).append(area)
    return inside


def known_of(
    area: str, name: str, told: Mapping[str, dict[str, Figures]], inside: Mapping[str, list[str]]
) -> float:
    """What is known of an area: the greatest count of a source, or the persons and areas inside
    it together.
    """
    sources = told.get(area, {})
    below = sources.get("", {}).get(name, 0.0) + sum(
        known_of(one, name, told, inside) for one in inside.get(area, ())
    )
    counted = [of.get(name, 0.0) for source, of in sources.items() if source]
    return max([below, *counted])


def change(incident: Incident, day: str, parts: Mapping[str, Figures], areas: AreaTree) -> Figures:
    """What has to be added to the incident's day to make it what the accounts say together."""
    known = incident.days.get(day, {})
    now = weigh(parts, incident.area, areas)
    names = {*now, *(name for name in known if known[name])}
    return {name: now.get(name, 0.0) - known.get(name, 0.0) for name in sorted(names)}

"""What was said of a case, in the order in which it happened: what holds when, and what that
counts in the figures.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from twinward.core.ids import derive_id
from twinward.core.ports import Rows
from twinward.twins.emergency.reports.messages import DayCount, Said
from twinward.twins.emergency.reports.rows import CASES, Case
from twinward.twins.emergency.vocabulary import is_one_hazard

ENDED = {"dead", "recovered"}
DISCARDED = "discarded"
NEW_STATUSES = ("confirmed", "asymptomatic")
UNWATCHED = ("community", "unknown")
# a positive result within two months is most often the same illness: ECDC, Reinfection with
# SARS-CoV-2, 2021
SAME_ILLNESS = timedelta(days=60)


def list_said(case: Case) -> tuple[Said, ...]:
    """The reports of a case in order; of a case with one report that one, read from the case
    itself.
    """
    if case.said:
        return case.said
    first = Said(
        at=case.reported_at,
        status=case.status,  # type: ignore[arg-type]
        area=case.area,
        place=case.place,
        onset=case.onset,
        imported=case.imported,
        found_in=case.found_in,  # type: ignore[arg-type]
        source=case.source,
        report=case.report,
        issued_at=case.issued_at,
        note=case.note,
    )
    return (first,)


def insert_said(said: Sequence[Said], new: Said) -> tuple[Said, ...]:
    """In the order in which things happened, not in which they were typed in; of one instant the
    later word last. A later version of a report undoes the withdrawal of an earlier one.
    """
    kept = [one for one in said if not undoes(new, one)]
    place = bisect_right([one.at for one in kept], new.at)
    return (*kept[:place], new, *kept[place:])


def undoes(new: Said, one: Said) -> bool:
    """Whether a report stands again: its withdrawal was itself a mistake."""
    withdrawn = one.status == DISCARDED and new.status not in (None, DISCARDED)
    return withdrawn and is_later(new, one)


def is_later(new: Said, one: Said) -> bool:
    """Whether a message is a later version of the same report."""
    if new.report is None or new.report != one.report:
        return False
    return bool(new.issued_at and one.issued_at and new.issued_at > one.issued_at)


def list_versions(case: Case, said: Sequence[Said]) -> list[Case]:
    """The case as it stood from each report on; the last is what holds now."""
    versions: list[Case] = []
    now = case
    for n, one in enumerate(said):
        first = n == 0
        now = msgspec.structs.replace(
            now,
            status=one.status or now.status,
            area=one.area or now.area,
            place=one.place if first else one.place or now.place,
            onset=one.onset if first else one.onset or now.onset,
            imported=one.imported if first or one.imported is not None else now.imported,
            found_in=one.found_in if first or one.found_in != "unknown" else now.found_in,
            report=said[0].report,
            issued_at=said[0].issued_at,
            note=one.note if first else one.note or now.note,
            reported_at=said[0].at,
            source=said[0].source or case.source,
            said=tuple(said),
        )
        versions.append(now)
    return versions


def move_case(case: Case, area: str, at: datetime) -> Case:
    """The case in the area that has taken it over; what was reported before stays as it was."""
    said = insert_said(case.said, Said(at=at, area=area)) if case.said else ()
    return msgspec.structs.replace(case, area=area, said=said)


def adds_nothing(before: Sequence[Case], after: Sequence[Case], new: Said) -> bool:
    """Whether a report leaves everything as it was, at every instant."""
    place = bisect_right([one.at for one in after[-1].said], new.at) - 1
    earlier = after[place - 1] if place else None
    return (
        earlier is not None
        and known_of(earlier) == known_of(after[place])
        and known_of(before[-1]) == known_of(after[-1])
    )


def known_of(case: Case) -> tuple[object, ...]:
    return (case.status, case.area, case.place, case.onset, case.found_in, case.imported)


def count_versions(
    versions: Sequence[Case], day_of: Callable[[datetime], date]
) -> dict[date, dict[str, float]]:
    """What a case adds to the figures of each day; nothing at all once it was no case."""
    last = versions[-1]
    if last.status == DISCARDED:
        return {}
    found: dict[date, dict[str, float]] = {}
    before = None
    for one, version in zip(last.said, versions, strict=True):
        status = version.status
        if status in (before, DISCARDED):
            continue
        add = {status: 1.0}
        if before not in (None, "suspected"):
            add["reclassified"] = 1.0
        elif status in NEW_STATUSES:
            add["new"] = 1.0
            if last.found_in in UNWATCHED:
                add["new_linked"] = 1.0
        elif before is not None:
            add["reclassified"] = 1.0
        day = found.setdefault(day_of(one.at), {})
        for name, value in add.items():
            day[name] = day.get(name, 0.0) + value
        before = status
    return found


def changes_of(
    before: Sequence[Case], after: Sequence[Case], day_of: Callable[[datetime], date]
) -> tuple[DayCount, ...]:
    """By how much each day's figures change when a case is known otherwise than before, in the
    areas it is in.
    """
    changes: dict[tuple[str, date], dict[str, float]] = {}
    for versions, sign in ((before, -1.0), (after, 1.0)):
        for day, add in count_versions(versions, day_of).items() if versions else ():
            there = changes.setdefault((versions[-1].area, day), {})
            for name, value in add.items():
                there[name] = there.get(name, 0.0) + sign * value
    return tuple(
        DayCount(area=area, day=day, add=told)
        for (area, day), add in sorted(changes.items())
        if (told := {name: value for name, value in sorted(add.items()) if value})
    )


def find_case(rows: Rows, subject: str, hazard: str, status: str, at: datetime) -> Case | None:
    """The case of this person and hazard that a report of that time belongs to, if there is one.

    A positive result later than two months after the first of a case is a new illness; an outcome
    belongs to the latest illness before it. One that names only the family of the hazard belongs
    to the illness of an agent, and the other way round; of two agents the case is its own.
    """
    mine: list[Case] = list(rows.list_rows(CASES, subject=subject))
    cases = sorted(
        [one for one in mine if one.hazard == hazard]
        or [one for one in mine if is_one_hazard(one.hazard, hazard)],
        key=lambda one: one.reported_at,
    )
    near = [one for one in cases if abs(at - one.reported_at) <= SAME_ILLNESS]
    if near:
        return min(near, key=lambda one: (one.status == DISCARDED, abs(at - one.reported_at)))
    if status in ENDED or status == DISCARDED:
        before = [one for one in cases if one.reported_at <= at]
        return before[-1] if before else None
    return None


def name_case(rows: Rows, subject: str, hazard: str, at: datetime) -> str:
    """The id of a new case of a person: one for each illness."""
    first = derive_id("case", hazard, subject)
    return (
        first
        if rows.find(CASES, first) is None
        else derive_id("case", hazard, subject, at.isoformat())
    )

"""What an incident taught: its counts, what its measures did to growth, what its review asked
for.
"""

from __future__ import annotations

from datetime import date, tzinfo

from twinward.decision.assessment.proportions import growth_per_day
from twinward.library.knowledge.case_records import MOST_DAYS, Worked
from twinward.twins.emergency.incidents.rows import Incident
from twinward.twins.emergency.tasks.rows import CORRECTIVE, Task

# days compared before and after; until an effect shows
BEFORE_D, AFTER_D, LAG_D = 10, 10, 4


def counts_of(row: Incident) -> tuple[int, ...]:
    """New reports by day from the incident's first day, at most MOST_DAYS."""
    if not row.days:
        return ()
    days = {date.fromisoformat(day): int(values.get("new", 0)) for day, values in row.days.items()}
    first, last = min(days), max(days)
    length = min((last - first).days + 1, MOST_DAYS)
    return tuple(days.get(date.fromordinal(first.toordinal() + n), 0) for n in range(length))


def weigh_measures(
    tasks: list[Task], counts: tuple[int, ...], first: date, zone: tzinfo
) -> list[Worked]:
    """Growth before and after the first task of each measure was done; left out where the counts
    cannot say, or where the doing was invented by a rehearsal.
    """
    began: dict[str, int] = {}
    for task in tasks:
        if task.measure and task.done_at and task.status == "done" and not is_synthetic(task):
            day = (task.done_at.astimezone(zone).date() - first).days
            began[task.measure] = min(day, began.get(task.measure, day))
    found = []
    for measure, day in sorted(began.items(), key=lambda one: one[1]):
        before = growth_per_day(list(counts[max(day - BEFORE_D, 0) : max(day, 0)]))
        after = growth_per_day(list(counts[max(day + LAG_D, 0) : max(day + LAG_D + AFTER_D, 0)]))
        if before and after:
            found.append(
                Worked(
                    measure=measure,
                    day=day,
                    growth_before=round(before[0], 4),
                    growth_after=round(after[0], 4),
                    after_low=round(after[1], 4),
                    after_high=round(after[2], 4),
                )
            )
    return found


def is_synthetic(task: Task) -> bool:
    """Whether seeded responders answered it: their deeds earn no credit."""
    return "(synthetic)" in (task.result or "")


def lessons_of(tasks: list[Task]) -> tuple[str, ...]:
    """What its review asked for."""
    return tuple(
        f"{task.title} ({task.department}): {task.status}"
        for task in tasks
        if task.key == CORRECTIVE
    )

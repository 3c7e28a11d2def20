"""What a played outbreak came to: incidents, orders, escalations, accounts, totals; counted from
the stored rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from twinward.core.ports import R, Reader, Table
from twinward.service.incidents.queries import list_sources
from twinward.service.platform import Platform
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.reports.rows import AFFECTED_PLACES, CASES, COUNTS
from twinward.twins.emergency.tasks.rows import TASKS

PAGE = 10_000


def count_outcome(platform: Platform, hazard: str) -> dict[str, object]:
    """Counts of the whole log, from the projections. `reports` are sums of published figures;
    `cases` are persons.
    """
    with platform.store.read() as reader:
        incidents = reader.list_rows(INCIDENTS)
        tasks = list(page_through(reader, TASKS))
        counts = list(page_through(reader, COUNTS, hazard=hazard))
        persons = [
            row
            for row in page_through(reader, CASES, hazard=hazard)
            if row.status not in ("suspected", "discarded")
        ]
        places = reader.count(AFFECTED_PLACES)
    published = [row for row in counts if row.status in ("confirmed", "asymptomatic")]
    by_day: dict[str, int] = {}
    for row in published:
        by_day[row.day] = by_day.get(row.day, 0) + row.count
    for case in persons:
        day = platform.reference.day_of(case.reported_at).isoformat()
        by_day[day] = by_day.get(day, 0) + 1
    return {
        "reports": sum(row.count for row in published) + len(persons),
        "cases": sum(row.count for row in published if row.found_in != "reclassified")
        + len(persons),
        "places_affected": places,
        "incidents": len(incidents),
        "incidents_closed": sum(row.status == "closed" for row in incidents),
        "incidents_reopened": sum(row.round - 1 for row in incidents),
        "orders": sum(task.ordered_at is not None for task in tasks),
        "orders_confirmed": sum(task.confirmed_at is not None for task in tasks),
        "escalations": sum(task.escalations for task in tasks),
        "counts": [
            {k: v for k, v in msgspec.structs.asdict(row).items() if k != "balanced"}
            for row in list_sources(platform)
        ],
        "city_total_by_day": dict(sorted(by_day.items())),
    }


def page_through(reader: Reader, table: Table[R], **equals: Any) -> Iterator[R]:
    """All rows of a table, a page at a time."""
    offset = 0
    while page := reader.list_rows(table, limit=PAGE, offset=offset, **equals):
        yield from page
        offset += len(page)

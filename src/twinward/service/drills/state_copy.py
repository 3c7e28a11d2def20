"""The state of a real log as commands for a drill: counts, stocks, thresholds, plans; never a
person.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from twinward.core.ids import derive_id
from twinward.loop.context import ACTOR
from twinward.service.platform import Platform, snapshot_of
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE
from twinward.twins.emergency.reports.rows import CASES, COUNTS
from twinward.twins.emergency.resources.rows import STOCKS

if TYPE_CHECKING:
    from twinward.twins.emergency.resources.rows import Stock

SOURCE = "drill:fork"


def fork_state(platform: Platform, at: datetime | None) -> list[dict[str, object]]:
    """What a drill starts from, as of `at` (now when None).

    Cases become counts by area and day: a drill needs to know how many there are, not who.
    Contacts, observations and names stay behind.
    """
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        counts: Counter[tuple[str, str, str, str, str]] = Counter()
        for row in snapshot.list_rows(COUNTS):
            counts[row.hazard, row.area, row.day, row.status, row.found_in] += row.count
        for case in snapshot.list_rows(CASES):
            day = platform.reference.day_of(case.reported_at).isoformat()
            counts[case.hazard, case.area, day, case.status, case.found_in] += 1
        stocks = snapshot.list_rows(STOCKS)
    return [*count_commands(counts), *stock_commands(stocks)]


def plans_in_force(platform: Platform, at: datetime | None) -> list[tuple[str, str, str]]:
    """(hazard, area, plan) of the plans that persons have put in force for open incidents; the
    loop finds its own.
    """
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        plans = {row.id: row for row in snapshot.list_rows(PLANS_IN_FORCE)}
        rows = snapshot.list_rows(INCIDENTS, status="open")
    return [
        (row.hazard, row.area, plans[row.id].plan)
        for row in rows
        if row.id in plans
        and plans[row.id].adopted_by != ACTOR
        and platform.reference.library.find(plans[row.id].plan)
    ]


def adopt_commands(
    platform: Platform, plans: list[tuple[str, str, str]]
) -> list[dict[str, object]]:
    """The same plans for the drill's own incidents of those hazards and areas."""
    with platform.store.read() as reader:
        rows = {
            (row.hazard, row.area): row.id for row in reader.list_rows(INCIDENTS, status="open")
        }
    return [
        {
            "id": derive_id("fork", *one),
            "type": "AdoptPlan",
            "incident": rows[one[0], one[1]],
            "plan": one[2],
        }
        for one in plans
        if (one[0], one[1]) in rows
    ]


def count_commands(counts: Counter[tuple[str, str, str, str, str]]) -> list[dict[str, object]]:
    return [
        {
            "id": derive_id("fork", *key),
            "type": "ReportCount",
            "hazard": key[0],
            "area": key[1],
            "day": key[2],
            "status": key[3],
            "found_in": key[4],
            "count": number,
            "source": SOURCE,
        }
        for key, number in sorted(counts.items(), key=lambda pair: (pair[0][2], pair[0]))
    ]


def stock_commands(stocks: list[Stock]) -> list[dict[str, object]]:
    return [
        {
            "id": derive_id("fork", row.id),
            "type": "SetStock",
            "kind": row.kind,
            "area": row.area,
            "quantity": row.quantity,
            "unit": row.unit,
            "holder": row.holder,
            "in_use": row.in_use,
            "production_per_day": row.production_per_day,
            "lead_time_h": row.lead_time_h,
            "lon": row.lon,
            "lat": row.lat,
        }
        for row in sorted(stocks, key=lambda row: str(row.id))
    ]

"""FROM CLAIM TO FACT: an accepted claim becomes the command that it stands for, with the acceptance
as its cause.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.loop.context import ReferenceData, command_id
from twinward.twins.emergency import messages as m

SURE = ("确诊", "阳性", "confirmed", "positive")
SEEN = {"burned_area_m2": "fire_reports", "water_depth_m": "flood_reports"}


def claim_accepted(
    fact: m.ClaimAccepted, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A hazard report, a count, or a line in the duty log. A hazard without its measure is
    reported as seen, once: it says nothing of how much.
    """
    source = f"document {fact.file}"
    at = fact.happened_at or event.occurred_at
    at = min(at, event.occurred_at)
    said = fact.span.lower()
    if fact.becomes == "hazard" and reference.library.find_hazard(fact.hazard) is not None:
        figure, unit = fact.figure, fact.unit
        value = fact.least if fact.quantity is None else fact.quantity
        if value is None:
            figure, unit = SEEN.get(figure, f"{fact.kind}_reports"), "reports"
        yield m.ReportHazard(
            id=command_id(event, "report"),
            occurred_at=at,
            hazard=fact.hazard,
            area=event.area,
            figure=figure,
            value=1.0 if value is None else value,
            unit=unit,
            source=source,
        )
    elif fact.becomes == "count" and fact.quantity is not None:
        yield m.ReportCount(
            id=command_id(event, "report"),
            occurred_at=at,
            hazard=fact.hazard or "epidemic",
            area=event.area,
            day=reference.day_of(at),
            status="confirmed" if any(one in said for one in SURE) else "suspected",
            count=max(0, round(fact.quantity)),
            source=source,
        )
    else:
        yield m.WriteJournal(
            id=command_id(event, "note"), area=event.area, text=f"{fact.kind}: {fact.span}"[:1900]
        )

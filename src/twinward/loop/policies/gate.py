"""A PLAUSIBILITY GATE: what one source suddenly says restricts nobody before a second word bears
it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import Reason, because_of
from twinward.library.hazards.hazard import LEVELS
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.policies.notices import tell_duty_officer
from twinward.loop.tallies import Figures, source_of, weigh
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.handlers import WEEK, count_figures
from twinward.twins.emergency.incidents.rows import DAY_PARTS, INCIDENTS, DayParts, Incident, day_id

STEPS = 2  # a rise of so many levels by one source's word of one day is sudden (ours)


def find_doubt(
    incident: Incident, level: str, rows: Rows, reference: ReferenceData
) -> tuple[str, Reason] | None:
    """(source, why) where the level rests on what one source says of one day; None where another
    day or source bears it out, or a person has confirmed it.
    """
    counted = [day for day, values in incident.days.items() if values]
    hazard = reference.library.find_hazard(incident.hazard)
    if not counted or hazard is None or (incident.trusted_day or "") >= max(counted):
        return None
    for source, day, parts in list_last_words(incident, max(counted), rows):
        left = {name: told for name, told in parts.items() if source_of(name) != source}
        days = incident.days | {day: weigh(left, incident.area, reference.areas)}
        without = (
            incident.figures | blank(incident.figures) | count_figures(days, len(incident.affected))
        )
        called, _ = hazard.level_for(without)
        before = LEVELS.index(called) if called is not None else -1
        if LEVELS.index(level) - before >= STEPS:
            if called is None:
                return source, because_of("held.no_level", level=level, source=source, day=day)
            return source, because_of(
                "held.level", level=level, source=source, day=day, called=called
            )
    return None


def blank(figures: Figures) -> Figures:
    """Every counted figure as nought, so that what is left out does not stay."""
    return {name: 0.0 for name in figures if name.endswith(("_7d", "_total"))}


def list_last_words(
    incident: Incident, last: str, rows: Rows
) -> Iterator[tuple[str, str, dict[str, Figures]]]:
    """Each source of the last week with the latest day it spoke of, and all that was said of
    that day.
    """
    seen: set[str] = set()
    for back in range(WEEK):
        day = (date.fromisoformat(last) - timedelta(days=back)).isoformat()
        known: DayParts | None = rows.find(DAY_PARTS, day_id(incident.id, day))
        for source in (
            sorted({source_of(name) for name in known.parts} - seen) if known is not None else ()
        ):
            seen.add(source)
            yield source, day, known.parts  # type: ignore[union-attr]


def tell_of_held(
    fact: m.ReportsHeld, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    said = because_of("notice.held", why=fact.reasons or fact.because, source=fact.source)
    yield tell_duty_officer(event, "plausibility", said, incident=incident)


def borne_out(
    fact: m.IncidentDeveloped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Another source, or another day of the same, says as much: what was held is believed."""
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    if incident.status != "open" or incident.held is None or incident.level is None:
        return
    if find_doubt(incident, incident.held.level, rows, reference) is None:
        reason = f"another day or source bears out what {incident.held.source} said"
        yield m.ConfirmReports(
            id=command_id(event, "borne-out"), incident=incident.id, reason=reason
        )

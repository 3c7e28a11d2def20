"""CHAINS: a link that holds opens the next incident with its cause, or tells who decides on it; a
warning that persons stand for opens the incident that it warns of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.library.hazards.chains import ChainRule
from twinward.library.hazards.hazard import LEVELS
from twinward.loop.context import ACTOR, ReferenceData, command_id
from twinward.loop.policies.trigger import find_front, open_command
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.notices.rows import NOTICES
from twinward.twins.emergency.risks.handlers import MOST_LINKS, way_to
from twinward.twins.emergency.risks.rows import FIRED_LINKS
from twinward.twins.emergency.vocabulary import is_one_hazard
from twinward.twins.emergency.warnings.rows import WARNINGS, IssuedWarning, share_area

WARNED = "warning_grade"  # 1 to 4 for IV to I


def link_id(incident: str, rule: str, area: str) -> str:
    """A rule fires once for an incident in a place."""
    return derive_id("link", incident, rule, area)


def chain_follows_figures(
    fact: m.IncidentDeveloped, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Each rule whose figure is reached: an automatic one fires, of another the duty officer is
    told once.
    """
    incident: Incident = rows.get(INCIDENTS, fact.incident)
    if incident.status != "open":
        return
    family = incident.hazard.partition("/")[0]
    for rule in reference.chains():
        value = fact.figures.get(rule.figure)
        if rule.cause != family or value is None or value < rule.at_least:
            continue
        before = way_to(rows, incident)
        if len(before) >= MOST_LINKS or rule.id in {link.rule for link in before}:
            continue
        if rule.fires == "automatic":
            yield from fire_by_itself(rule, incident, value, event, rows)
        else:
            yield from tell_of_link(rule, incident, value, event, rows)


def fire_by_itself(
    rule: ChainRule, incident: Incident, value: float, event: Event, rows: Rows
) -> Iterator[Command]:
    name = link_id(incident.id, rule.id, incident.area)
    if rows.find(FIRED_LINKS, name) is None:
        yield m.FireLink(
            id=command_id(event, "link", rule.id),
            link=name,
            rule=rule.id,
            incident=incident.id,
            effect=rule.effect,
            area=incident.area,
            affected=incident.affected,
            probability=rule.probability,
            because=f"{rule.figure} {value:g} is at least {rule.at_least:g}; fires by itself",
            figure=rule.effect_figure or "links_fired",
            value=rule.effect_value,
        )


def tell_of_link(
    rule: ChainRule, incident: Incident, value: float, event: Event, rows: Rows
) -> Iterator[Command]:
    notice = derive_id("note", "link", incident.id, rule.id)
    if rows.find(NOTICES, notice) is not None:
        return
    text = (
        f"{rule.title}: possible with {rule.probability:.0%} after about {rule.delay_h:g} h "
        f"({rule.figure} {value:g} is at least {rule.at_least:g}); where it is seen, fire link "
        f"{rule.id}"
    )
    yield m.SendNotice(
        id=command_id(event, "tell-link", rule.id),
        notice=notice,
        to_role="duty_officer",
        area=incident.area,
        text=text,
        incident=incident.id,
        audience="duty officer",
        channel="notice",
        clause=f"chain {rule.id}",
    )


def link_opens_incident(
    fact: m.LinkFired, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """The next incident, with its cause, or the open one grows."""
    first = fact.affected[0]
    if reference.library.find_hazard(fact.effect) is None:
        return
    day = reference.day_of(event.occurred_at)
    incident = find_front(rows, fact.effect, first, reference)
    if incident is None or incident.status == "closed":
        opening = open_command(fact.effect, first, day, event, rows, reference)
        assert isinstance(opening, m.OpenIncident)
        yield msgspec.structs.replace(opening, cause_link=fact.link)
        incident = find_front(rows, fact.effect, first, reference)
    if incident is None:
        return
    for number, area in enumerate(fact.affected):
        set_to = {f"{fact.figure}@{area}": fact.value}
        if number == 0:
            known = incident.figures.get(fact.figure, 0.0)
            set_to |= {fact.figure: max(known, fact.value), **fact.carried}
        if reference.areas.is_under(area, incident.area):
            yield m.DevelopIncident(
                id=command_id(event, "develop", area),
                incident=incident.id,
                affected=area,
                day=day,
                set_to=set_to,
            )


def warning_opens_incident(
    fact: m.WarningIssued, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """What persons warn of is prepared for: an incident in each of the warned areas' own, whose
    level follows the grade. A warning of the loop's own opens nothing: it only informs.
    """
    known = reference.library.find_hazard(fact.hazard)
    if known is None or event.actor == ACTOR:
        return
    day = reference.day_of(event.occurred_at)
    grade = float(LEVELS.index(fact.grade) + 1)
    homes: dict[str, list[str]] = {}
    for area in fact.areas:
        homes.setdefault(reference.areas.at_depth(area, known.incident_level), []).append(area)
    for home, areas in sorted(homes.items()):
        incident = find_front(rows, fact.hazard, areas[0], reference)
        if incident is None or incident.status == "closed":
            turn = with_own_id(event, home)
            yield open_command(fact.hazard, areas[0], day, turn, rows, reference)
            incident = find_front(rows, fact.hazard, areas[0], reference)
        if incident is None:
            continue
        for area in areas:
            yield m.DevelopIncident(
                id=command_id(event, "warned", area),
                incident=incident.id,
                affected=area,
                day=day,
                set_to={WARNED: grade},
            )


def with_own_id(event: Event, word: str) -> Event:
    """The event with an id of its own for each area, so that each command is named apart."""
    return msgspec.structs.replace(event, id=f"{event.id}|{word}")


def warning_ends(
    fact: m.WarningCancelled, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """The duty officer is told that a warning is over before its end, and its grade counts no
    more, unless another took its place.
    """
    yield m.SendNotice(
        id=command_id(event, "warning-over"),
        notice=derive_id("note", event.id),
        to_role="duty_officer",
        area=event.area,
        text=f"warning {fact.warning} is cancelled: {fact.because}",
        audience="duty officer",
        channel="notice",
        clause=f"warning {fact.warning}",
    )
    warning: IssuedWarning | None = rows.find(WARNINGS, fact.warning)
    if warning is None or fact.by_warning:
        return
    day = reference.day_of(event.occurred_at)
    told: set[str] = set()
    for area in warning.areas:
        incident = find_front(rows, warning.hazard, area, reference)
        if incident is None or incident.status != "open" or incident.id in told:
            continue
        if WARNED in incident.figures:
            told.add(incident.id)
            yield m.DevelopIncident(
                id=command_id(event, "unwarned", incident.id),
                incident=incident.id,
                affected=area,
                day=day,
                set_to={WARNED: 0.0},
            )


def warned_no_more(
    incident: Incident, now: datetime, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """The grade of an incident's warnings when the highest has run out: that of those which still
    hold there, or nought. Nobody cancels what ends by its own time.
    """
    counted = incident.figures.get(WARNED, 0.0)
    if counted <= 0:
        return
    over: list[datetime] = []
    holds = 0.0
    for warning in rows.list_rows(WARNINGS, decided="in_force"):
        mine = is_one_hazard(warning.hazard, incident.hazard)
        if not mine or not share_area(warning.areas, (incident.area,)):
            continue
        if warning.state_at(now) == "in_force":
            holds = max(holds, float(LEVELS.index(warning.grade) + 1))
        elif warning.state_at(now) == "ended":
            over.append(warning.ends_at)
    if over and holds < counted:
        yield m.DevelopIncident(
            id=derive_id("cmd", incident.id, "unwarned", max(over).isoformat()),
            incident=incident.id,
            affected=incident.area,
            day=reference.day_of(now),
            set_to={WARNED: holds},
        )


def warning_is_told(
    fact: m.WarningIssued, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """Who is on duty reads a warning in force as a notice."""
    yield m.SendNotice(
        id=command_id(event, "warning"),
        notice=derive_id("note", event.id),
        to_role="duty_officer",
        area=event.area,
        text=f"warning {fact.grade} of {fact.hazard}: {fact.title}"[:2000],
        audience="the public" if fact.public else "duty officer",
        channel="public page" if fact.public else "notice",
        clause=f"warning {fact.warning}",
    )

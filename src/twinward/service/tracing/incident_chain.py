"""The chain of transmission of an incident: its cases and named contacts as a line list, cut to
what is open.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.ports import Reader
from twinward.decision.tracing.chains.reconstruct import ChainAnswer, reconstruct_chain
from twinward.decision.tracing.chains.serial_interval import get_serial_interval
from twinward.decision.tracing.chains.table import LineList, build_line_list
from twinward.decision.tracing.scoped_lake import PURPOSE
from twinward.service.access.activations import scope_for
from twinward.service.access.approvals import with_emergency_access
from twinward.service.access.person_listing import record_listing
from twinward.service.platform import Caller, Platform
from twinward.service.visibility import concerns
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.incidents.rows import CASE_INCIDENTS, INCIDENTS
from twinward.twins.emergency.reports.rows import CASES

if TYPE_CHECKING:
    from twinward.twins.emergency.reports.rows import Case

MOST_CASES = 5_000
COUNTED = ("confirmed", "asymptomatic", "recovered", "dead")


class ChainCase(msgspec.Struct, frozen=True, kw_only=True):
    """One case of the tree, by pseudonym."""

    case: str
    subject: str
    area: str
    place: str | None
    onset: str | None
    reported_at: datetime
    status: str


class IncidentChain(ChainAnswer, frozen=True, kw_only=True):
    """The tree with its cases. `left_out` counts cases of the incident that the caller may not
    see.
    """

    incident: str
    people: list[ChainCase]
    left_out: int
    activation: str
    query_ms: float


def trace_incident(
    platform: Platform, caller: Caller, incident: str, disease: str | None = None, seed: int = 0
) -> IncidentChain:
    """Reconstruct and record. AbsentError where there is no such incident, or it is not the
    caller's.
    """
    platform.policy.require(caller, "trace")
    caller = with_emergency_access(platform, caller)
    scope = scope_for(platform, caller, PURPOSE)
    interval = get_serial_interval(disease) if disease else None
    ranges = platform.policy.ranges(caller, scope)
    with platform.store.read() as rows:
        found = rows.find(INCIDENTS, incident)
        if found is None or not concerns(platform, caller, found.area):
            raise AbsentError(f"there is no incident {incident}", "see `twinward incident list`")
        every = cases_of(rows, incident)
        seen = [
            row
            for row in every
            if scope.data_from <= row.reported_at < scope.data_to
            and (ranges is None or any(low <= row.area <= high for low, high in ranges))
        ]
        pairs = contacts_of(rows, incident, {row.subject: row.id for row in seen})
    record_listing(
        platform,
        caller,
        scope,
        f"chain of {incident}",
        tuple(sorted({row.subject for row in seen})),
    )
    if not 2 <= len(seen) <= MOST_CASES:
        raise InputError(
            f"{len(seen)} cases of this incident can be seen",
            f"a chain takes 2 to {MOST_CASES}",
            code="bad_cases",
        )
    started = time.perf_counter()
    answer = reconstruct_chain(as_line_list(seen, list(pairs)), interval, seed)
    took_ms = (time.perf_counter() - started) * 1e3
    stated = [
        msgspec.structs.replace(link, stated=pairs.get((link.infector, link.infectee), False))
        for link in answer.links
    ]
    return IncidentChain(
        **msgspec.structs.asdict(answer)
        | {"links": stated, "stated_links": sum(link.stated for link in stated)},
        incident=incident,
        people=[show_case(row) for row in seen],
        left_out=len(every) - len(seen),
        activation=scope.activation,
        query_ms=round(took_ms, 3),
    )


def cases_of(rows: Reader, incident: str) -> list[Case]:
    """The persons found to be infected, in the order in which they were reported."""
    joined = [rows.find(CASES, row.id) for row in rows.list_rows(CASE_INCIDENTS, incident=incident)]
    found = [row for row in joined if row is not None and row.status in COUNTED]
    return sorted(found, key=lambda row: (row.reported_at, row.id))


def contacts_of(
    rows: Reader, incident: str, case_of: dict[str, str]
) -> dict[tuple[str, str], bool]:
    """(case, case of its contact) -> whether somebody stated it; a probability means that
    movement did.
    """
    ids = set(case_of.values())
    return {
        (row.case, case_of[row.subject]): row.probability is None
        for row in rows.list_rows(CONTACTS, incident=incident)
        if row.case in ids and row.subject in case_of and case_of[row.subject] != row.case
    }


def as_line_list(cases: list[Case], contacts: list[tuple[str, str]]) -> LineList:
    """Onset, report, place and area of each case as the text columns that a line list is read
    from.
    """
    columns = {
        "id": [row.id for row in cases],
        "onset": [row.onset.isoformat() if row.onset else "" for row in cases],
        "confirmed": [row.reported_at.date().isoformat() for row in cases],
    }
    places = {"place": [row.place or "" for row in cases], "area": [row.area for row in cases]}
    return build_line_list(columns, places, contacts)


def show_case(row: Case) -> ChainCase:
    return ChainCase(
        case=row.id,
        subject=row.subject,
        area=row.area,
        place=row.place,
        onset=row.onset.isoformat() if row.onset else None,
        reported_at=row.reported_at,
        status=row.status,
    )

"""Use cases of experience: every closed incident is a case record; an open one is told which
three were like it.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import AbsentError
from twinward.core.language import READER
from twinward.decision.assessment.experience import (
    counts_of,
    is_synthetic,
    lessons_of,
    weigh_measures,
)
from twinward.decision.assessment.proportions import growth_per_day
from twinward.library.knowledge.case_records import (
    CaseRecord,
    Like,
    find_like,
    read_records,
)
from twinward.library.texts import say
from twinward.service.assessment.situation_reader import IncidentInputs, read_situation
from twinward.service.console.basemap import Basemap
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.incidents.rows import INCIDENTS

if TYPE_CHECKING:
    from twinward.twins.emergency.incidents.rows import Incident
from twinward.twins.emergency.tasks.rows import CORRECTIVE

FOLDER = "case-records"
START_D = 14  # the first days, whose growth is compared
MOST_KEPT = 256
# (workspace, incident, instant, language) -> (the log's end when it was read, the record)
RECORDS: dict[tuple[Path, str, datetime | None, str], tuple[int, CaseRecord]] = {}


class SimilarIncidents(msgspec.Struct, frozen=True, kw_only=True):
    """What was like an incident, of how many records; `note` says so when there is nothing to
    learn from.
    """

    incident: str
    of_records: int
    like: list[Like]
    note: str = ""


def list_records(
    platform: Platform, ground: Basemap, caller: Caller, at: datetime | None = None
) -> list[CaseRecord]:
    """Records of the incidents that concern the caller and were closed by then on their evidence,
    and those brought from elsewhere.
    """
    with platform.store.read() as reader:
        rows = snapshot_of(platform, reader, at).list_rows(INCIDENTS, status="closed")
    own = [
        keep_record(platform, ground, caller, row, at)
        for row in rows
        if concerns(platform, caller, row.area) and row.outcome in ("", "evidence")
    ]
    brought = [
        one for path in sorted(folder_of(platform).glob("*.json")) for one in read_records(path)
    ]
    known = {record.incident for record in own}
    return own + [record for record in brought if record.incident not in known]


def find_similar(
    platform: Platform, ground: Basemap, caller: Caller, incident: str, at: datetime | None = None
) -> SimilarIncidents:
    """The three records most like an incident as it is now. AbsentError when it is not the
    caller's.
    """
    given = read_situation(platform, ground, caller, incident, at)
    return find_similar_to(platform, ground, caller, given, at)


def find_similar_to(
    platform: Platform,
    ground: Basemap,
    caller: Caller,
    given: IncidentInputs,
    at: datetime | None = None,
) -> SimilarIncidents:
    """As `find_similar`, of an incident that the caller has read already."""
    records = list_records(platform, ground, caller, at)
    found = find_like(make_record(ground, given), records)
    note = "" if found else say("like.none")
    return SimilarIncidents(incident=given.row.id, of_records=len(records), like=found, note=note)


def keep_record(
    platform: Platform, ground: Basemap, caller: Caller, row: Incident, at: datetime | None
) -> CaseRecord:
    """The record of a closed incident, made again only when something has happened in it since;
    there is nobody in it, so that it may be kept.
    """
    key = (platform.workspace, row.id, at, READER.get().language)
    kept = RECORDS.get(key)
    with platform.store.read() as reader:
        last = reader.last_seq()
        if kept is not None and kept[0] <= last:  # a workspace laid back begins anew
            since = reader.events_after(kept[0], 1, incident=row.id)
            if not since:
                return kept[1]
    record = make_record(ground, read_situation(platform, ground, caller, row.id, at))
    while len(RECORDS) >= MOST_KEPT:
        RECORDS.pop(next(iter(RECORDS)), None)
    RECORDS[key] = (last, record)
    return record


def make_record(ground: Basemap, given: IncidentInputs) -> CaseRecord:
    """One incident as experience, as it was known then: counts only, nobody in it."""
    picture, row = given.picture, given.row
    counts = counts_of(row)
    first = min(
        (date.fromisoformat(day) for day in row.days),
        default=row.opened_at.astimezone(ground.zone).date(),
    )
    started = growth_per_day(list(counts[:START_D]))
    ordered = [task for task in picture.tasks if task.ordered_at and task.key != CORRECTIVE]
    plans = tuple(dict.fromkeys(t.more for t in picture.turns if t.type == "PlanAdopted"))
    settings = Counter(case.setting for case in picture.cases if case.setting)
    end = (row.closed_at or picture.now).astimezone(ground.zone).date()
    return CaseRecord(
        incident=row.id,
        hazard=row.hazard,
        area_name=ground.areas.name(row.area),
        residents=picture.residents.get(row.area, 0),
        first_day=first,
        days=max((end - first).days, 1),
        total=sum(counts),
        growth=round(started[0], 4) if started else None,
        counts=counts,
        settings=dict(settings),
        level=row.level,
        rounds=row.round,
        plans=plans,
        orders=len(ordered),
        late=sum((t.done_at or picture.now) > t.deadline for t in ordered),
        worked=tuple(weigh_measures(ordered, counts, first, ground.zone)),
        synthetic_orders=sum(is_synthetic(task) for task in ordered),
        lessons=lessons_of(picture.tasks),
        closed=row.status == "closed",
    )


def folder_of(platform: Platform) -> Path:
    return platform.workspace / FOLDER


def add_records(platform: Platform, caller: Caller, path: Path) -> int:
    """Keep the records of a file beside the workspace's own; how many there are in it."""
    platform.policy.require(caller, "keep_data")
    if not path.is_file():
        raise AbsentError(f"there is no file {path}", "check the path")
    found = read_records(path)
    folder_of(platform).mkdir(exist_ok=True)
    (folder_of(platform) / f"{path.stem}.json").write_bytes(msgspec.json.encode(found))
    return len(found)

"""AN ANSWER IS OWED: an objection that nobody decided in time is told to those who can decide it
and to those who watch over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.notices.rows import NOTICES
from twinward.twins.emergency.passes.rows import OBJECTIONS, Objection

TOLD = ("duty_officer", "auditor")
BATCH = 200
AGAIN = timedelta(days=1)  # told once more each day, until somebody decides


def list_late(
    now: datetime, rows: Rows, reference: ReferenceData
) -> Iterator[tuple[str, str, Iterator[Command]]]:
    """On the tick: each overdue objection, and the notices that are due for it."""
    late: list[Objection] = rows.list_rows(
        OBJECTIONS, decision="open", before=("due_at", now), order="due_at", limit=BATCH
    )
    for one in late:
        commands = list(tell_of(one, now, rows, reference))
        if commands:
            yield one.id, one.area, iter(commands)


def tell_of(
    one: Objection, now: datetime, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    days = (now - one.due_at) // AGAIN
    for role in TOLD:
        notice = derive_id("note", one.id, "late", role, days)
        if rows.find(NOTICES, notice) is not None:
            continue
        said = because_of(
            "notice.objection_late",
            objection=one.id,
            status=one.status,
            area=reference.areas.name(one.area),
            hours=int((now - one.due_at) / timedelta(hours=1)),
        )
        yield m.SendNotice(
            id=derive_id("cmd", notice),
            notice=notice,
            to_role=role,
            area=one.area,
            text=write_reason(said),
            text_reasons=(said,),
            audience=role.replace("_", " "),
            channel="notice",
            clause="objection",
        )

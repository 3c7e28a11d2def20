"""A module's words for what is wrong, put into the command that opens the defect."""

from __future__ import annotations

from datetime import datetime

from twinward.core.clock import to_us
from twinward.core.ids import derive_id
from twinward.library.supervision.module import Defect, Module
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.messages import Found


def defect_id(thing: str, kind: str, began_at: datetime) -> str:
    """One name for a defect by what began when, whoever tells of it: the edge or the centre."""
    return derive_id("defect", thing, kind, to_us(began_at))


def open_command(
    module: Module,
    defect: Defect,
    thing: str,
    began_at: datetime,
    found: Found,
    value: float | None = None,
    name: str = "",
) -> m.OpenDefect:
    """OpenDefect of an object; the same defect told twice is the same command."""
    duty = module.duty_of(defect)
    known = defect_id(thing, defect.id, began_at)
    return m.OpenDefect(
        id=derive_id("cmd", known, "open"),
        occurred_at=None,
        defect=known,
        object=thing,
        kind=defect.id,
        found=found,
        began_at=began_at,
        severity=defect.severity,
        evidence=defect.evidence,
        title=defect.title,
        duty=duty.id,
        department=duty.department,
        task=f"{duty.title} · {name or thing}",
        deadline_h=duty.deadline_h,
        version=module.version,
        told=module.told if defect.severity == "alarm" else (),
        value=value,
    )

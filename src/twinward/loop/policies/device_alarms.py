"""FROM ALARM TO NOTICE: an alarm of a device is told to the duty officer, once when it is raised as
one and once when it has become one; a warning stands in the list.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, command_id
from twinward.twins.city import messages as c
from twinward.twins.emergency import messages as m


def alarm_is_told(
    fact: c.DeviceAlarmRaised | c.DeviceAlarmGrew,
    event: Event,
    rows: Rows,
    reference: ReferenceData,
) -> Iterator[Command]:
    if fact.severity != "alarm":
        return
    said = because_of(
        "notice.device_alarm",
        area=reference.areas.name(event.area),
        rule=fact.rule,
        device=fact.device,
    )
    yield m.SendNotice(
        id=command_id(event, "tell"),
        notice=derive_id("note", event.id),
        to_role="duty_officer",
        area=event.area,
        text=write_reason(said),
        text_reasons=(said,),
        audience="duty officer",
        channel="notice",
        clause="device_alarm",
    )

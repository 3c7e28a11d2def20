"""FROM ALARM TO NOTICE: an alarm of a device is told to the duty officer, once when it is raised as
one and once when it has become one; a warning stands in the list.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.loop.context import ReferenceData
from twinward.loop.policies.notices import tell_duty_officer
from twinward.twins.city import messages as c


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
    yield tell_duty_officer(event, "device_alarm", said)

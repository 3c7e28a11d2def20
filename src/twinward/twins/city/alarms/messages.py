"""What is asked of alarms of devices and what then has happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=160)]
Severity = Literal["advice", "warning", "alarm"]
FoundBy = Literal["edge", "centre"]


class RaiseDeviceAlarm(Command, frozen=True, kw_only=True):
    """A rule says that something is wrong at a device (or place, or `*` for a flood of alarms).
    `found`: whether its edge has told it, or the centre's own rules.
    """

    alarm: Name
    rule: Name
    device: Name
    edge: Annotated[str, msgspec.Meta(max_length=80)]
    area: Name
    began_at: Instant
    severity: Severity
    found: FoundBy
    value: float | None = None


class DeviceAlarmRaised(Fact, frozen=True, kw_only=True):
    alarm: str
    rule: str
    device: str
    edge: str
    began_at: datetime
    severity: Severity
    found: FoundBy
    value: float | None


class GrowDeviceAlarm(Command, frozen=True, kw_only=True):
    """The alarm that stands has become graver by lasting."""

    rule: Name
    device: Name
    severity: Severity
    at: Instant


class DeviceAlarmGrew(Fact, frozen=True, kw_only=True):
    alarm: str
    rule: str
    device: str
    severity: Severity
    began_at: datetime


class EndDeviceAlarm(Command, frozen=True, kw_only=True):
    """What the alarm was about is over since `at`."""

    rule: Name
    device: Name
    at: Instant


class DeviceAlarmEnded(Fact, frozen=True, kw_only=True):
    alarm: str
    rule: str
    device: str
    ended_at: datetime

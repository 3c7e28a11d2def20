"""What may be asked of the city twin (commands) and what then has happened (facts)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from twinward.core.messages import Command, Fact
from twinward.twins.city.alarms.messages import (
    DeviceAlarmEnded,
    DeviceAlarmGrew,
    DeviceAlarmRaised,
    EndDeviceAlarm,
    FoundBy,
    GrowDeviceAlarm,
    RaiseDeviceAlarm,
)
from twinward.twins.city.bundles.messages import (
    KeepRuleBundle,
    RollBackRules,
    RollOutRules,
    RuleBundleKept,
    RulesRolledBack,
    RulesRolledOut,
)
from twinward.twins.city.devices.messages import (
    ClaimDevice,
    DeviceClaimed,
    DeviceKeyRotated,
    DeviceOrderIssued,
    DeviceOrderNoted,
    DeviceRegistered,
    DeviceReplaced,
    DeviceRevoked,
    DeviceStateReported,
    DeviceStateWished,
    NoteDeviceOrder,
    OrderDevice,
    RegisterDevice,
    ReplaceDevice,
    ReportDeviceState,
    RevokeDevice,
    RotateDeviceKey,
    WishDeviceState,
)

__all__ = [
    "AreaRestricted",
    "ClaimDevice",
    "DeviceAlarmEnded",
    "DeviceAlarmGrew",
    "DeviceAlarmRaised",
    "DeviceClaimed",
    "DeviceKeyRotated",
    "DeviceOrderIssued",
    "DeviceOrderNoted",
    "DeviceRegistered",
    "DeviceReplaced",
    "DeviceRevoked",
    "DeviceStateReported",
    "DeviceStateWished",
    "EndDeviceAlarm",
    "FoundBy",
    "GrowDeviceAlarm",
    "KeepRuleBundle",
    "LiftRestrictions",
    "MarkPlace",
    "NoteDeviceOrder",
    "NoteReading",
    "OrderDevice",
    "PlaceMarked",
    "RaiseDeviceAlarm",
    "RegisterDevice",
    "ReplaceDevice",
    "ReportDeviceState",
    "RestrictArea",
    "RestrictionsLifted",
    "RevokeDevice",
    "RollBackRules",
    "RollOutRules",
    "RotateDeviceKey",
    "RuleBundleKept",
    "RulesRolledBack",
    "RulesRolledOut",
    "SetThreshold",
    "ThresholdPassed",
    "ThresholdSet",
    "WishDeviceState",
]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class SetThreshold(Command, frozen=True, kw_only=True):
    """Watch a figure of sensors: a reading of `figure` at or above `at_least` is a fact of its own.

    `observed` is the type of observation that is read so; absent, it is the one whose name and unit
    make the figure (`water_depth` in `m` is `water_depth_m`) or whose name is the figure.
    """

    hazard: Word
    figure: Word
    at_least: float
    unit: Word
    observed: Word | None = None


class ThresholdSet(Fact, frozen=True, kw_only=True):
    hazard: str
    figure: str
    at_least: float
    unit: str
    observed: str | None = None


class NoteReading(Command, frozen=True, kw_only=True):
    """A sensor's reading that crossed its threshold, or fell below it again."""

    sensor: Word
    area: Word
    figure: Word
    value: float
    unit: Word


class ThresholdPassed(Fact, frozen=True, kw_only=True):
    sensor: str
    area: str
    hazard: str
    figure: str
    value: float
    unit: str
    above: bool


class RestrictArea(Command, frozen=True, kw_only=True):
    """A measure is in force in an area, under an incident."""

    area: Word
    measure: Word
    incident: Word


class AreaRestricted(Fact, frozen=True, kw_only=True):
    area: str
    measure: str
    incident: str


class LiftRestrictions(Command, frozen=True, kw_only=True):
    """Everything that an incident restricted is free again; with `measures` or `areas`, only
    these.
    """

    incident: Word
    measures: tuple[Word, ...] | None = None
    areas: tuple[Word, ...] | None = None


class RestrictionsLifted(Fact, frozen=True, kw_only=True):
    incident: str
    restrictions: tuple[str, ...]


class MarkPlace(Command, frozen=True, kw_only=True):
    """A place is at risk since a day."""

    place: Word
    area: Word
    name: Word
    hazard: Word


class PlaceMarked(Fact, frozen=True, kw_only=True):
    place: str
    area: str
    name: str
    hazard: str

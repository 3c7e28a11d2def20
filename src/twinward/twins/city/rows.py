"""The rows of city and their tables."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """From which value on a figure is a hazard."""

    id: str  # the figure
    area: str
    hazard: str
    at_least: float
    unit: str
    observed: str | None = None  # the type of observation that it reads


class SensorState(msgspec.Struct, frozen=True, kw_only=True):
    """What a watched sensor last said of one figure, since it first was at or above the
    threshold.
    """

    id: str
    area: str
    sensor: str
    figure: str
    value: float
    above: bool
    noted_at: datetime


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """A measure in force in an area."""

    id: str
    area: str
    measure: str
    incident: str
    since: datetime


class RiskPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place at risk of a hazard."""

    id: str
    area: str
    name: str
    hazard: str


THRESHOLDS: Table[Threshold] = Table(name="thresholds", row=Threshold)
SENSOR_STATES: Table[SensorState] = Table(
    name="sensor_states", row=SensorState, columns=("figure", "above")
)
RESTRICTIONS: Table[Restriction] = Table(
    name="restrictions",
    row=Restriction,
    columns=("incident", "measure"),
    indexes=(("incident",), ("area",)),
)
RISK_PLACES: Table[RiskPlace] = Table(
    name="risk_places", row=RiskPlace, columns=("hazard",), indexes=(("area",),)
)

TABLES = (
    THRESHOLDS,
    SENSOR_STATES,
    RESTRICTIONS,
    RISK_PLACES,
)

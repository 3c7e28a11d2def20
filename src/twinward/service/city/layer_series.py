"""A sensor by hour with what comes next, and the sensors of a layer that are stuck, drift or were
exchanged.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.clock import from_us, to_us
from twinward.core.errors import AbsentError
from twinward.core.ids import is_personal
from twinward.decision.layers.ahead import Ahead, forecast
from twinward.decision.layers.faults import find_faults
from twinward.library.layers.layer import Layer, get_layer
from twinward.service.city.layer_points import (
    LayerPoints,
    layers_of,
)
from twinward.service.city.layer_sources import layer_factor, read_bulletins, read_points
from twinward.service.platform import Caller, Platform

HOUR_US = 3_600_000_000
DAYS = 14
LEARNT_DAYS = 28  # of past that a forecast learns from
MOST_CHECKED = 1_000
WEEKLY_S = 2 * 86_400  # a layer that is due more seldom has no hours to forecast


class LayerHour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour; hours in which nothing was heard are not there."""

    hour: datetime
    mean: float
    least: float
    greatest: float
    count: int


class LayerHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The last days of a sensor. `ahead` is None, with the reason in `why_not`, where a plain model
    did no better than the last value: `too_short`, `silent`, `not_better`, `not_hourly`.
    """

    sensor: str
    unit: str
    hours: list[LayerHour]
    ahead: Ahead | None
    ahead_from: datetime | None
    why_not: str


class FaultView(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor that cannot be believed: `stuck`, `drifting`, `swapped` (with `other`), `apart` (one
    id in two places), `unit` (it tells in a unit of something else, `other`) or `impossible` (a
    value that cannot be, a time that has not come).
    """

    sensor: str
    kind: str
    since: datetime | None
    amount: float | None
    other: str | None
    area: str | None


class LayerFaults(msgspec.Struct, frozen=True, kw_only=True):
    """Faults of a layer, of the `checked` sensors out of all."""

    layer: str
    sensors: int
    checked: int
    faults: list[FaultView]


def get_history(platform: Platform, caller: Caller, name: str, sensor: str) -> LayerHistory:
    """The last 14 days of a sensor of a layer by hour, and a forecast where one is worth saying."""
    layer = get_layer(layers_of(platform), name)
    if layer.origin == "bulletins":
        return get_published(platform, layer, sensor)
    if layer.origin != "sensors" or is_personal(sensor) or not is_of(layer, sensor):
        raise unknown_sensor(name, sensor)
    end = platform.clock.now() + timedelta(seconds=1)  # what was heard just now counts
    past, unit = read_hours(platform, layer, sensor, end)
    shown_from = to_us(end - timedelta(days=DAYS))
    shown = [
        LayerHour(hour=from_us(us), mean=mean, least=least, greatest=greatest, count=count)
        for us, mean, least, greatest, count in zip(
            past.hour_us.tolist(),
            past.mean.tolist(),
            past.least.tolist(),
            past.greatest.tolist(),
            past.count.tolist(),
            strict=True,
        )
        if us >= shown_from
    ]
    ahead, why = None, "not_hourly"
    first, series = fill_hours(past, to_us(end))
    if layer.cadence_s <= WEEKLY_S and len(series):
        ahead, why = forecast(series)
    return LayerHistory(
        sensor=sensor,
        unit=unit,
        hours=shown,
        ahead=ahead,
        ahead_from=from_us(first + len(series) * HOUR_US) if ahead else None,
        why_not=why,
    )


def get_published(platform: Platform, layer: Layer, sensor: str) -> LayerHistory:
    """The days of an area's published figure, each at its end; there are no hours to look ahead."""
    now = platform.clock.now()
    days = read_bulletins(platform, layer, now - timedelta(days=DAYS), now)
    shown = [
        LayerHour(hour=at, mean=value, least=value, greatest=value, count=1)
        for at, value in sorted(days.get(sensor.removeprefix(f"{layer.observed}:"), []))
    ]
    if not is_of(layer, sensor) or not shown:
        raise unknown_sensor(layer.id, sensor)
    return LayerHistory(
        sensor=sensor,
        unit=layer.unit,
        hours=shown,
        ahead=None,
        ahead_from=None,
        why_not="not_hourly",
    )


def unknown_sensor(layer: str, sensor: str) -> AbsentError:
    return AbsentError(
        f"layer {layer} has no sensor {sensor!r}",
        "list the layer's sensors to see their names",
        code="unknown_sensor",
    )


def read_hours(platform: Platform, layer: Layer, sensor: str, end: datetime) -> tuple[Any, str]:
    """What a forecast learns from, in the layer's unit; in the sensor's own where that is a unit of
    something else, and which it is.
    """
    intake = platform.intake.open()
    past: Any = intake.hourly(sensor, end - timedelta(days=LEARNT_DAYS), end)
    word = intake.find_unit(sensor)
    factor = (1.0, 0.0) if word is None else layer_factor(layer, word)
    if factor is None or word is None:
        return past, word or layer.unit
    scale, offset = factor
    means = {name: getattr(past, name) * scale + offset for name in ("mean", "least", "greatest")}
    return msgspec.structs.replace(past, **means), layer.unit


def is_of(layer: Layer, sensor: str) -> bool:
    return sensor.startswith(f"{layer.observed}:{layer.named}")


def fill_hours(hours: Any, end_us: int) -> tuple[int, NDArray[np.float64]]:
    """(first hour in us, means float64[hours] to the last whole hour, NaN where nothing was
    heard).
    """
    if not len(hours.hour_us):
        return 0, np.empty(0)
    first, last = int(hours.hour_us[0]), end_us // HOUR_US * HOUR_US - HOUR_US
    last = max(last, int(hours.hour_us[-1]))
    series = np.full((last - first) // HOUR_US + 1, np.nan)
    series[(hours.hour_us - first) // HOUR_US] = hours.mean
    return first, series


def check_layer(platform: Platform, caller: Caller, name: str) -> LayerFaults:
    """Looks the layer over; of more than 1,000 sensors the first 1,000 by their first reading."""
    layer = get_layer(layers_of(platform), name)
    points = read_points(platform, caller, layer)
    names = points.name.to_pylist()
    found = [
        FaultView(
            sensor=names[row],
            kind=kind_of(points, row, layer),
            since=from_us(int(points.time_us[row])),
            amount=float(points.value[row]),
            other=(points.foreign[row] or None) if points.foreign is not None else None,
            area=points.area[row] or None,
        )
        for row in np.flatnonzero((points.state & 0x0F) == 2).tolist()
    ]
    checked = names[:MOST_CHECKED] if layer.origin == "sensors" and not layer.moves else []
    if checked and layer.cadence_s <= WEEKLY_S:
        end = platform.clock.now() + timedelta(seconds=1)  # what was heard just now counts
        for fault in find_faults(hourly_of(platform, checked, end), layer.rests_at):
            found.append(
                FaultView(
                    sensor=names[fault.row],
                    kind=fault.kind,
                    since=end - timedelta(hours=fault.since_h),
                    amount=fault.amount,
                    other=names[fault.other] if fault.other is not None else None,
                    area=points.area[fault.row] or None,
                )
            )
    return LayerFaults(layer=name, sensors=len(names), checked=len(checked), faults=found)


def kind_of(points: LayerPoints, row: int, layer: Layer) -> str:
    """Why a reading is doubted."""
    if points.foreign is not None and points.foreign[row]:
        return "unit"
    return "apart" if points.apart[row] and not layer.moves else "impossible"


def hourly_of(platform: Platform, names: list[str], end: datetime) -> NDArray[np.float64]:
    """float64[sensors, 336]: means of the last 14 days by hour, NaN where nothing was heard."""
    intake = platform.intake.open()
    start_us = to_us(end) // HOUR_US * HOUR_US - DAYS * 24 * HOUR_US
    values = np.full((len(names), DAYS * 24), np.nan)
    for row, name in enumerate(names):
        hours: Any = intake.hourly(name, from_us(start_us), end)
        at = (hours.hour_us - start_us) // HOUR_US
        inside = (at >= 0) & (at < values.shape[1])
        values[row, at[inside]] = hours.mean[inside]
    return values

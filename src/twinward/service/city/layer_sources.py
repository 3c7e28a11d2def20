"""What the source of a layer last said: sensors, stocks, residents of the city base, and figures
that bulletins publish.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twinward.citybase.columns import open_city, read_manifest
from twinward.core.clock import to_us
from twinward.edge.rules.units import conversion, fold_unit
from twinward.library.layers.layer import Layer
from twinward.security.privacy.masking import suppress_small
from twinward.service.city.layer_points import (
    SILENT_AFTER,
    Floats,
    LayerPoints,
    layers_of,
    make_points,
)
from twinward.service.logistics.supply_queries import list_stocks
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.twins.emergency.reports.rows import BULLETINS

AGE_BITS = 0x7F
FARTHEST = timedelta(days=35)  # before an instant; what is older is not looked for


def read_points(
    platform: Platform,
    caller: Caller,
    layer: Layer,
    heard: Any = None,
    at: datetime | None = None,
) -> LayerPoints:
    """Everything that the layer's sources had last said at an instant (default: now); `heard` is
    the picture of all sensors where the caller has it already.
    """
    if layer.origin == "stocks":
        return of_stocks(platform, caller, layer, at)
    if layer.origin == "residents":
        return of_residents(platform, layer, at)
    if layer.origin == "bulletins":
        return of_bulletins(platform, layer, at)
    return of_sensors(platform, layer, heard, at)


def hear_at(platform: Platform, layer: Layer, at: datetime) -> Any:
    """What the layer's sensors had told at an instant: of the last day, or of seven times the
    cadence where that is longer; of 35 days where there is nothing in these.
    """
    intake = platform.intake.open()
    named = f"{layer.observed}:{layer.named}"
    near = max(timedelta(days=1), timedelta(seconds=SILENT_AFTER * layer.cadence_s))
    found = intake.sensors_at(at, at - min(near, FARTHEST), named)
    return found if len(found.name) else intake.sensors_at(at, at - FARTHEST, named)


def prefixes_of(platform: Platform, layer: Layer) -> tuple[str, list[str]]:
    """How names of the layer's sensors begin, and those beginnings of it that are another's."""
    mine = f"{layer.observed}:{layer.named}"
    others = [
        f"{one.observed}:{one.named}"
        for one in layers_of(platform).values()
        if one.origin == "sensors" and one.id != layer.id
    ]
    return mine, [one for one in others if one.startswith(mine) and one != mine]


def of_sensors(
    platform: Platform, layer: Layer, heard: Any = None, at: datetime | None = None
) -> LayerPoints:
    if heard is None:
        intake = platform.intake.open()
        heard = intake.sensors() if at is None else hear_at(platform, layer, at)
    now = heard
    mine, others = prefixes_of(platform, layer)
    chosen = pc.starts_with(now.name, mine)
    for other in others:
        chosen = pc.and_not(chosen, pc.starts_with(now.name, other))
    rows = np.flatnonzero(chosen.to_numpy(zero_copy_only=False))
    codes = np.array([*now.areas, ""], object)
    area = codes[now.area[rows]]
    value, foreign = in_unit(layer, now.value[rows], now.unit[rows], now.units)
    return make_points(
        platform,
        layer,
        name=now.name.take(pa.array(rows)),
        value=value,
        time_us=now.time_us[rows],
        lon=now.lon[rows],
        lat=now.lat[rows],
        area=area.tolist(),
        apart=now.apart[rows],
        at=at,
        foreign=foreign,
    )


def in_unit(
    layer: Layer, value: Floats, unit: NDArray[Any], units: list[str]
) -> tuple[Floats, list[str] | None]:
    """Values in the layer's unit, and the words of units that cannot be turned into it (None where
    there are none).
    """
    foreign: NDArray[Any] | None = None
    for number in np.unique(unit[unit >= 0]).tolist():
        factor = layer_factor(layer, units[number])
        here = unit == number
        if factor is None:
            foreign = np.full(len(value), "", object) if foreign is None else foreign
            foreign[here] = units[number]
        elif factor != (1.0, 0.0):
            value = np.where(here, value * factor[0] + factor[1], value)
    return value, None if foreign is None else foreign.tolist()


def layer_factor(layer: Layer, word: str) -> tuple[float, float] | None:
    """(scale, offset) from a sender's unit to the layer's; None for a unit of something else."""
    if fold_unit(word) in {fold_unit(one) for one in (layer.unit, *layer.also)}:
        return 1.0, 0.0
    return next(
        (
            found
            for one in (layer.unit, *layer.also)
            if (found := conversion(word, one)) is not None
        ),
        None,
    )


def of_stocks(
    platform: Platform, caller: Caller, layer: Layer, at: datetime | None = None
) -> LayerPoints:
    """Shares in use, in per cent, of the stocks of one kind; a stock of nothing has no share."""
    held = list_stocks(platform, caller, kind=layer.observed, at=at)
    rows = [row for row in held if row.quantity > 0]
    return make_points(
        platform,
        layer,
        name=pa.array([f"{layer.observed}:{row.holder or row.area}" for row in rows], pa.string()),
        value=np.array([round(100 * row.in_use / row.quantity, 1) for row in rows], np.float64),
        time_us=np.array([to_us(row.stated_at) for row in rows], np.int64),
        lon=np.array([np.nan if row.lon is None else row.lon for row in rows], np.float64),
        lat=np.array([np.nan if row.lat is None else row.lat for row in rows], np.float64),
        area=[row.area for row in rows],
        apart=np.zeros(len(rows), np.bool_),
        at=at,
    )


def of_residents(platform: Platform, layer: Layer, at: datetime | None = None) -> LayerPoints:
    """Counts by area of the level below the first, small ones hidden: no figure of a household.
    Who lived there at a past instant is recorded nowhere.
    """
    folder = platform.workspace / "city"
    counts = dict[str, int]()
    if at is None and (folder / "leaf_start.npy").exists() and layer.ages is not None:
        by_leaf = count_ages(folder, read_manifest(folder).sha256, layer.ages)
        areas = platform.reference.areas
        for leaf, count in by_leaf.items():
            above = areas.at_depth(leaf, 2)
            counts[above] = counts.get(above, 0) + count
    shown = suppress_small(counts, platform.settings.k_anonymity) if counts else {}
    codes = sorted(shown)
    value = [np.nan if shown[code] is None else float(shown[code] or 0) for code in codes]
    now = to_us(platform.clock.now())  # nobody tells them: they stand until the city is built anew
    return make_points(
        platform,
        layer,
        name=pa.array([f"residents:{code}" for code in codes], pa.string()),
        value=np.array(value, np.float64),
        time_us=np.full(len(codes), now, np.int64),
        lon=np.full(len(codes), np.nan),
        lat=np.full(len(codes), np.nan),
        area=codes,
        apart=np.zeros(len(codes), np.bool_),
    )


@lru_cache(maxsize=8)
def count_ages(folder: Path, sha256: str, ages: tuple[int, int]) -> dict[str, int]:
    """Residents of an age by leaf area; read once for each build of the city."""
    base = open_city(folder)
    age = np.asarray(base.age_sex) & AGE_BITS
    of_age = np.concatenate([[0], np.cumsum((age >= ages[0]) & (age <= ages[1]))])
    counts = np.diff(of_age[np.asarray(base.leaf_start).astype(np.int64)])
    return dict(zip(base.leaf_codes, counts.tolist(), strict=True))


def of_bulletins(platform: Platform, layer: Layer, at: datetime | None = None) -> LayerPoints:
    """The newest figure that is published of each area; one of the whole city stands on no map."""
    now = at or platform.clock.now()
    found = read_bulletins(platform, layer, now - FARTHEST, now)
    codes = sorted(found)
    newest = [max(found[code]) for code in codes]
    return make_points(
        platform,
        layer,
        name=pa.array([f"{layer.observed}:{code}" for code in codes], pa.string()),
        value=np.array([value for _, value in newest], np.float64),
        time_us=np.array([to_us(when) for when, _ in newest], np.int64),
        lon=np.full(len(codes), np.nan),
        lat=np.full(len(codes), np.nan),
        area=codes,
        apart=np.zeros(len(codes), np.bool_),
        at=at,
    )


def read_bulletins(
    platform: Platform, layer: Layer, since: datetime, at: datetime
) -> dict[str, list[tuple[datetime, float]]]:
    """By area, (end of the day, figure) of the days that ended within, as known at `at`."""
    zone, found = platform.reference.zone, dict[str, list[tuple[datetime, float]]]()
    whole = ("", platform.reference.areas.root)
    with platform.store.read() as reader:
        rows = snapshot_of(platform, reader, at).list_rows(BULLETINS)
    for row in rows:
        ended = end_of(date.fromisoformat(row.day), zone)
        if layer.observed in row.figures and row.area not in whole and since <= ended <= at:
            found.setdefault(row.area, []).append((ended, row.figures[layer.observed]))
    return found


def end_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone)

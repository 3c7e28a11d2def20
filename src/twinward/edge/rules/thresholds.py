"""Early warning: which readings of a batch cross a threshold, or move on where one was crossed
before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from twinward.core.ids import PSEUDONYM
from twinward.core.lazy import LazyModule
from twinward.edge.rules.units import conversion, find_unit

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    from numpy.typing import NDArray
else:
    np = LazyModule("numpy")
    pa = LazyModule("pyarrow")
    pc = LazyModule("pyarrow.compute")

# A value that moved by less than this share of its threshold says nothing new (ours: a noisy sensor
# writes no log).
STEP = 0.05


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One threshold. `observed` is the type of observation that it reads; None: as the figure's
    name says.
    """

    figure: str
    at_least: float
    unit: str
    observed: str | None = None

    def types(self) -> tuple[str, ...]:
        if self.observed is not None:
            return (self.observed,)
        return (self.figure, self.figure.removesuffix(f"_{self.unit}"), bare_figure(self.figure))


def bare_figure(figure: str) -> str:
    """The figure without the unit that ends its name: `water_depth_m` is `water_depth`."""
    name, _, unit = figure.rpartition("_")
    return name if name and find_unit(unit) is not None else figure


class NotedValue(msgspec.Struct, frozen=True):
    """The last value of a sensor that was noted."""

    value: float
    above: bool
    time_us: int


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """A reading of note: it crossed a threshold, or moved on where one was crossed before."""

    source_id: str
    time_us: int
    sensor: str
    area: str | None
    figure: str
    value: float
    unit: str


# (sensor, figure) -> what was noted last
Known = dict[tuple[str, str], NotedValue]


def crossings_of(readings: pa.RecordBatch, watched: list[Watched], known: Known) -> list[Crossing]:
    """What is of note in an Arrow batch of readings, at most two a sensor and figure: its peak and
    its last.

    `known` is brought up to date. What was read of a person is not looked at: it would be told to
    everybody, and for good.
    """
    found: list[Crossing] = []
    of_persons = pc.fill_null(pc.starts_with(readings.column("subject"), PSEUDONYM), False)
    readings = readings.filter(pc.invert(of_persons))
    for threshold in watched:
        rows = readings.filter(
            pc.is_in(readings.column("type"), value_set=pa.array(threshold.types(), pa.string()))
        )
        if len(rows):
            found += _crossings_of_one(in_unit(rows, threshold.unit), threshold, known)
    return found


def in_unit(rows: pa.RecordBatch, unit: str) -> pa.RecordBatch:
    """The readings of the quantity that `unit` measures, with their values in it; a reading
    without a unit is taken to have it.
    """
    told = rows.column("unit").dictionary_encode()
    words = told.dictionary.to_pylist()
    factors = [(1.0, 0.0) if word == unit else conversion(word, unit) for word in words]
    if all(factor == (1.0, 0.0) for factor in factors):
        return rows
    which = told.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
    scale = np.array([np.nan if factor is None else factor[0] for factor in factors] + [1.0])
    offset = np.array([0.0 if factor is None else factor[1] for factor in factors] + [0.0])
    value = rows.column("value").to_numpy(zero_copy_only=False)
    moved = pa.array(value * scale[which] + offset[which], pa.float64())
    place = rows.schema.get_field_index("value")
    kept = pa.array(np.isfinite(scale[which]))
    return rows.set_column(place, rows.schema.field(place), moved).filter(kept)


def _crossings_of_one(rows: pa.RecordBatch, threshold: Watched, known: Known) -> list[Crossing]:
    names = sensor_names(rows)
    value = rows.column("value").to_numpy(zero_copy_only=False)
    followed = [sensor for sensor, figure in known if figure == threshold.figure]
    above = value >= threshold.at_least
    if not above.any() and not followed:
        return []
    sensors = pa.array(
        [*followed, *names.filter(pa.array(above)).unique().to_pylist()], pa.string()
    )
    of_note: NDArray[Any] = pc.is_in(names, value_set=sensors).to_numpy(zero_copy_only=False)
    time_us = rows.column("time_us").to_numpy()
    by_sensor: dict[str, list[int]] = {}
    for k in np.flatnonzero(of_note)[np.argsort(time_us[of_note], kind="stable")].tolist():
        by_sensor.setdefault(names[k].as_py(), []).append(k)
    found = []
    for sensor, places in by_sensor.items():
        for k in dict.fromkeys((max(places, key=lambda k: value[k]), places[-1])):
            said = NotedValue(
                float(value[k]), bool(value[k] >= threshold.at_least), int(time_us[k])
            )
            if is_news(said, known.get((sensor, threshold.figure)), threshold):
                known[sensor, threshold.figure] = said
                found.append(_crossing(rows, k, sensor, threshold))
    return found


def is_news(said: NotedValue, before: NotedValue | None, threshold: Watched) -> bool:
    if before is None:
        return said.above
    if said.time_us < before.time_us:
        return False
    return said.above != before.above or abs(said.value - before.value) >= STEP * abs(
        threshold.at_least
    )


def sensor_names(rows: pa.RecordBatch) -> pa.Array:
    """`<type>:<subject>`, or place or area where there is no subject: as sensors are named
    everywhere.
    """
    who = pc.coalesce(
        rows.column("subject"),
        rows.column("place"),
        rows.column("area"),
        pa.scalar("", pa.string()),
    )
    return pc.binary_join_element_wise(rows.column("type"), who, ":")


def _crossing(rows: pa.RecordBatch, k: int, sensor: str, threshold: Watched) -> Crossing:
    return Crossing(
        source_id=rows.column("source_id")[k].as_py(),
        time_us=rows.column("time_us")[k].as_py(),
        sensor=sensor,
        area=rows.column("area")[k].as_py(),
        figure=threshold.figure,
        value=rows.column("value")[k].as_py(),
        unit=threshold.unit,
    )

"""Early warning: which readings of a batch cross a threshold, or move on where one was crossed
before.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twinward.core.clock import from_us
from twinward.core.ids import derive_id
from twinward.twins.city import messages as c

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
        return (self.figure, self.figure.removesuffix(f"_{self.unit}"))


class Said(msgspec.Struct, frozen=True):
    """The last value of a sensor that was noted."""

    value: float
    above: bool
    time_us: int


# (sensor, figure) -> what was noted last
Known = dict[tuple[str, str], Said]


def notes_of(
    source: str, readings: Any, watched: list[Watched], known: Known, nowhere: str
) -> list[c.NoteReading]:
    """The notes that follow from an Arrow batch of readings, at most two a sensor and figure: its
    peak and its last.

    `known` is brought up to date. `nowhere` is the area of a sensor that gives none. What was read
    of a person is not looked at: it would be told to everybody, and for good.
    """
    notes: list[c.NoteReading] = []
    readings = readings.filter(pc.is_null(readings.column("subject")))
    for threshold in watched:
        rows = readings.filter(
            pc.is_in(readings.column("type"), value_set=pa.array(threshold.types(), pa.string()))
        )
        if len(rows):
            of_unit = pc.fill_null(pc.equal(rows.column("unit"), threshold.unit), True)
            notes += notes_of_one(source, rows.filter(of_unit), threshold, known, nowhere)
    return notes


def notes_of_one(
    source: str, rows: Any, threshold: Watched, known: Known, nowhere: str
) -> list[c.NoteReading]:
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
    notes = []
    for sensor, places in by_sensor.items():
        for k in dict.fromkeys((max(places, key=lambda k: value[k]), places[-1])):
            said = Said(float(value[k]), bool(value[k] >= threshold.at_least), int(time_us[k]))
            if is_news(said, known.get((sensor, threshold.figure)), threshold):
                known[sensor, threshold.figure] = said
                notes.append(note(source, rows, k, sensor, threshold, nowhere))
    return notes


def is_news(said: Said, before: Said | None, threshold: Watched) -> bool:
    if before is None:
        return said.above
    if said.time_us < before.time_us:
        return False
    return said.above != before.above or abs(said.value - before.value) >= STEP * abs(
        threshold.at_least
    )


def sensor_names(rows: Any) -> Any:
    """`<type>:<place>`, or area where there is no place: as sensors of things are named
    everywhere.
    """
    who = pc.coalesce(rows.column("place"), rows.column("area"), pa.scalar("", pa.string()))
    return pc.binary_join_element_wise(rows.column("type"), who, ":")


def note(
    source: str, rows: Any, k: int, sensor: str, threshold: Watched, nowhere: str
) -> c.NoteReading:
    """The command for one row; showing the same row again names it again."""
    return c.NoteReading(
        id=derive_id("note", source, rows.column("source_id")[k].as_py(), threshold.figure),
        occurred_at=from_us(rows.column("time_us")[k].as_py()),
        sensor=sensor,
        area=rows.column("area")[k].as_py() or nowhere,
        figure=threshold.figure,
        value=rows.column("value")[k].as_py(),
        unit=threshold.unit,
    )

"""Crossings of thresholds as commands to the city twin: one `NoteReading` each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinward.core.clock import from_us
from twinward.core.ids import derive_id
from twinward.edge.rules.thresholds import Crossing, Known, Watched, crossings_of
from twinward.twins.city import messages as c

if TYPE_CHECKING:
    import pyarrow as pa


def notes_of(
    source: str, readings: pa.RecordBatch, watched: list[Watched], known: Known, nowhere: str
) -> list[c.NoteReading]:
    """The notes that follow from an Arrow batch of readings; `nowhere` is the area of a sensor
    that gives none.
    """
    return [_note(source, one, nowhere) for one in crossings_of(readings, watched, known)]


def _note(source: str, crossing: Crossing, nowhere: str) -> c.NoteReading:
    """The command for one reading; showing the same reading again names it again."""
    return c.NoteReading(
        id=derive_id("note", source, crossing.source_id, crossing.figure),
        occurred_at=from_us(crossing.time_us),
        sensor=crossing.sensor,
        area=crossing.area or nowhere,
        figure=crossing.figure,
        value=crossing.value,
        unit=crossing.unit,
    )

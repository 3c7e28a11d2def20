"""Which readings are of note: crossings always, moves of a twentieth, never an older value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from twinward.edge.feeds.notes import notes_of
from twinward.edge.feeds.observations import SCHEMA
from twinward.edge.rules.thresholds import Known, Watched

WATCHED = Watched(figure="water_depth_m", at_least=0.15, unit="m")


def batch(
    *rows: tuple[int, str, float, str | None],
    kind: str = "water_depth",
    area: str | None = "310101",
) -> Any:
    """Rows of (time_us, sensor, value, unit)."""
    items = [
        {
            "source_id": f"{at}-{sensor}",
            "type": kind,
            "time_us": at,
            "subject": sensor,
            "value": value,
            "unit": unit,
            "area": area,
        }
        for at, sensor, value, unit in rows
    ]
    return pa.RecordBatch.from_pylist(items, schema=SCHEMA)


def values(rows: Any, known: Known, watched: Watched = WATCHED) -> list[float]:
    return [note.value for note in notes_of("s", rows, [watched], known, "city")]


def test_crossings_and_moves_are_noted_and_noise_is_not() -> None:
    known: Known = {}
    told = [0.1, 0.15, 0.151, 0.2, 0.2, 0.14, 0.139, 0.05, 0.16]
    noted = [value for n, value in enumerate(told) if values(batch((n, "a", value, "m")), known)]
    assert noted == [0.15, 0.2, 0.14, 0.05, 0.16]


def test_an_older_value_that_comes_late_is_not_news() -> None:
    known: Known = {}
    assert values(batch((10, "a", 0.3, "m")), known) == [0.3]
    assert values(batch((5, "a", 0.0, "m")), known) == []


@pytest.mark.parametrize(
    ("kind", "unit", "watched", "noted"),
    [
        ("water_depth", "m", WATCHED, True),
        ("water_depth", None, WATCHED, True),
        ("water_depth", "cm", WATCHED, False),
        ("water_depth_m", "m", WATCHED, True),
        ("water_level", "m", WATCHED, False),
        (
            "water_level",
            "m",
            Watched(figure="water_depth_m", at_least=0.15, unit="m", observed="water_level"),
            True,
        ),
    ],
)
def test_type_and_unit_must_fit(kind: str, unit: str | None, watched: Watched, noted: bool) -> None:
    assert bool(values(batch((1, "a", 0.3, unit), kind=kind), {}, watched)) == noted


@pytest.mark.parametrize(
    ("value", "unit", "metres"),
    [(45, "cm", 0.45), (160, "mm", 0.16), (1, "ft", 0.3048), (0.2, "metre", 0.2), (14, "cm", None)],
)
def test_a_reading_in_another_unit_is_compared_in_the_thresholds(
    value: float, unit: str, metres: float | None
) -> None:
    noted = values(batch((1, "a", value, unit), (2, "b", 0.01, "m"), (3, "c", 0.01, None)), {})
    assert noted == ([] if metres is None else [pytest.approx(metres)])


def test_a_threshold_in_another_unit_than_its_figures_name() -> None:
    watched = Watched(figure="water_depth_cm", at_least=15, unit="cm")
    assert values(batch((1, "a", 0.3, "m")), {}, watched) == [pytest.approx(30)]


def test_a_sensor_without_an_area_stands_for_the_whole_city() -> None:
    (note,) = notes_of("s", batch((1, "a", 0.3, "m"), area=None), [WATCHED], {}, "city")
    assert (note.area, note.sensor) == ("city", "water_depth:a")
    again = notes_of("s", batch((1, "a", 0.3, "m"), area=None), [WATCHED], {}, "city")
    assert again[0].id == note.id  # shown again after a crash, it is the same command


def test_batches_of_any_size_end_at_the_same_state_and_miss_no_peak() -> None:
    chance = np.random.default_rng(3)
    rows = [(n, f"g{chance.integers(5)}", float(chance.gamma(2.0, 0.05)), "m") for n in range(600)]
    peaks = {sensor: max(v for _, s, v, _ in rows if s == sensor) for _, sensor, _, _ in rows}
    for size in (1, 7, 100, 600):
        known: Known = {}
        noted: dict[str, float] = {}
        for start in range(0, len(rows), size):
            for note in notes_of("s", batch(*rows[start : start + size]), [WATCHED], known, "city"):
                sensor = note.sensor.partition(":")[2]
                noted[sensor] = max(note.value, noted.get(sensor, 0.0))
        for sensor, peak in peaks.items():
            if peak >= WATCHED.at_least:
                assert noted[sensor] >= peak - 0.05 * WATCHED.at_least
        last = {f"water_depth:{sensor}": value for _, sensor, value, _ in rows}
        for (sensor, _), said in known.items():
            assert said.above == (last[sensor] >= WATCHED.at_least)

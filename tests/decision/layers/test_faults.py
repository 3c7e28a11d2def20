"""Planted faults are found by their kind, and sound sensors are left alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twinward.decision.layers.faults import find_faults, length_of_last_run

SENSORS, DAYS = 120, 14
EACH = 6  # of each kind; an even number, for exchanges come in pairs


def plant(seed: int) -> tuple[NDArray[np.float64], dict[int, str]]:
    """A layer of sensors with levels, daily courses, shared weather and noise of their own, three
    of a hundred hours missing; and what was done to some of them.
    """
    stream = np.random.Generator(np.random.PCG64(seed))
    hours = np.arange(DAYS * 24)
    level = stream.normal(20, 6, SENSORS)[:, None]
    swing = np.abs(stream.normal(5, 1.5, SENSORS))[:, None]
    late = stream.normal(0, 1, SENSORS)[:, None]
    noise = np.zeros((SENSORS, len(hours)))
    for hour in range(1, len(hours)):
        noise[:, hour] = 0.8 * noise[:, hour - 1] + stream.normal(0, 0.4, SENSORS)
    weather = np.cumsum(stream.normal(0, 0.15, len(hours)))
    values = level + swing * np.sin(2 * np.pi * (hours - late - 6) / 24) + weather + noise
    values[stream.random(values.shape) < 0.03] = np.nan
    rows = stream.permutation(SENSORS)[: 3 * EACH].reshape(3, EACH)
    for row in rows[0]:
        last = int(stream.integers(14, 48))
        values[row, -last:] = np.round(np.nanmedian(values[row]), 1)
    for row in rows[1]:
        values[row] += stream.choice([-1, 1]) * np.linspace(0, stream.uniform(6, 10), len(hours))
    for pair in rows[2].reshape(-1, 2):
        values[pair, -24:] = values[pair[::-1], -24:]
    kinds = ("stuck", "drifting", "swapped")
    return values, {int(row): kind for kind, own in zip(kinds, rows, strict=True) for row in own}


def test_nine_of_ten_planted_faults_are_found_and_two_of_a_hundred_sound_sensors_blamed() -> None:
    hits = planted = blamed = sound = 0
    for seed in range(6):
        values, truth = plant(seed)
        found = {fault.row: fault.kind for fault in find_faults(values)}
        hits += sum(found.get(row) == kind for row, kind in truth.items())
        blamed += len(found.keys() - truth.keys())
        planted, sound = planted + len(truth), sound + SENSORS - len(truth)
    assert hits >= 0.9 * planted
    assert blamed <= 0.02 * sound


def test_an_exchange_names_both_sensors() -> None:
    values, truth = plant(1)
    swapped = [fault for fault in find_faults(values) if fault.kind == "swapped"]
    assert swapped
    assert {fault.row for fault in swapped} == {fault.other for fault in swapped}
    assert {fault.row for fault in swapped} <= {r for r, kind in truth.items() if kind == "swapped"}


def test_a_value_at_which_things_rest_is_no_fault() -> None:
    values, _ = plant(2)
    values[3, -40:] = 0.0
    assert "stuck" in {fault.kind for fault in find_faults(values) if fault.row == 3}
    assert "stuck" not in {f.kind for f in find_faults(values, rests_at=0.0) if f.row == 3}


def test_a_layer_that_stands_still_altogether_blames_nobody() -> None:
    assert find_faults(np.full((30, 200), 4.0)) == []


def test_too_short_a_past_says_nothing() -> None:
    values, _ = plant(3)
    assert find_faults(values[:, -48:]) == []


def test_a_sensor_that_was_never_heard_is_not_looked_at() -> None:
    values, _ = plant(4)
    values[7] = np.nan
    assert 7 not in {fault.row for fault in find_faults(values)}
    assert length_of_last_run(np.empty(0)) == 0
    assert length_of_last_run(np.array([1.0, 2.0, 2.0])) == 2

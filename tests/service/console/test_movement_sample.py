"""The moving points of the map: synthetic residents, packed so that the screen finds everybody
where they were.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.service.console.movement_sample import (
    BACK_S,
    LEAVE_S,
    MAGIC,
    STEPS,
    UNIT_S,
    pack_columns,
    sample_day,
)

HEADER = 28


@pytest.fixture(scope="module")
def day() -> tuple[dict[str, np.ndarray], float]:
    return sample_day(plain_base(20_000, 3, 1), points=2_000)


def test_everybody_leaves_and_comes_back_on_the_same_day(
    day: tuple[dict[str, np.ndarray], float],
) -> None:
    columns, each = day
    assert len(columns["home"]) == len(columns["site"]) == 2_000
    assert LEAVE_S[0] <= columns["leave"].min() and columns["leave"].max() <= LEAVE_S[1]
    assert (columns["leave"] + columns["ride"] < columns["back"]).mean() > 0.99
    assert columns["back"].max() <= BACK_S[1] < 86_400
    assert 4 < each < 10  # about six in ten of 20,000 go out, shown by 2,000 points


@pytest.mark.parametrize("points", [500, 4_000, 9_000])
def test_so_many_are_shown_as_were_asked_for(points: int) -> None:
    columns, each = sample_day(plain_base(20_000, 3, 1), points=points)
    assert len(columns["home"]) == points
    assert each * points == pytest.approx(0.6 * 20_000, rel=0.1)


def test_the_same_city_gives_the_same_day() -> None:
    base = plain_base(20_000, 3, 1)
    first, again = (pack_columns(*sample_day(base, points=500)) for _ in range(2))
    assert first == again


def test_what_is_unpacked_lies_within_a_step_of_what_was_packed(
    day: tuple[dict[str, np.ndarray], float],
) -> None:
    columns, each = day
    body = pack_columns(columns, each)
    assert body[:4] == MAGIC
    n, west, south, east, north, said = struct.unpack("<I5f", body[4:HEADER])
    assert n == 2_000 and said == pytest.approx(each, rel=1e-6)
    table = np.frombuffer(body, "<u2", offset=HEADER).reshape(7, n)
    lon = west + table[0] / STEPS * (east - west)
    lat = south + table[3] / STEPS * (north - south)
    assert np.abs(lon - columns["home"][:, 0]).max() < (east - west) / STEPS * 1.5
    assert np.abs(lat - columns["site"][:, 1]).max() < (north - south) / STEPS * 1.5
    assert np.abs(table[5] * UNIT_S - columns["ride"]).max() <= UNIT_S / 2 + 1e-9


def test_a_workspace_without_a_city_has_no_points() -> None:
    body = pack_columns({}, 0.0)
    assert len(body) == HEADER and struct.unpack("<I", body[4:8]) == (0,)

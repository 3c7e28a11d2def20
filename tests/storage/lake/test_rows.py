"""Rows are sorted as whole records, in any of their forms, as a plain stable sort would."""

from __future__ import annotations

import numpy as np
import pytest

from twinward.storage.lake import kernels
from twinward.storage.lake.rows import join, pack
from twinward.storage.lake.scratch_arrays import ScratchArrays

DAY = 19_083
DAY_US = 86_400_000_000


def columns(count: int, unit_us: int, decimals: int, in_order: bool) -> dict[str, np.ndarray]:
    random = np.random.default_rng(count + unit_us)
    time_us = random.integers(0, DAY_US // unit_us, count) * unit_us + DAY * DAY_US
    return {
        "subject": random.integers(0, 1_500, count).astype(np.int32),
        "time_us": np.sort(time_us) if in_order else time_us,
        "lon": np.round(random.normal(121.4, 0.1, count), decimals),
        "lat": np.round(random.normal(31.2, 0.1, count), decimals),
        "place": random.integers(-1, 9, count).astype(np.int32),
    }


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize(("unit_us", "decimals"), [(1_000_000, 7), (1_000, 12), (1, 7)])
@pytest.mark.parametrize(
    "count", [3_000, 70_000]
)  # sorted by digits, and moved to their place at once
def test_both_orders_are_those_of_a_plain_sort(
    count: int, unit_us: int, decimals: int, in_order: bool
) -> None:
    given, room = columns(count, unit_us, decimals, in_order), ScratchArrays()
    given["lon"][7] = -33.0  # far from the others: keys of many digits
    came = pack(given, DAY).in_time(room)
    by_subject = came.by_subject(room)
    order = np.lexsort((given["time_us"], given["subject"]))
    fixes = by_subject.to_fixes(DAY, room)
    for name, column in given.items():
        np.testing.assert_array_equal(getattr(fixes, name), column[order])
    second = (given["time_us"] - DAY * DAY_US) // 1_000_000
    keys = kernels.place_keys(second, given["lon"], given["lat"])
    by_place = came.by_place(room)
    lon, lat = by_place.points()
    np.testing.assert_array_equal(kernels.place_keys(by_place.seconds(), lon, lat), np.sort(keys))
    assert sorted(zip(lon, lat, strict=True)) == sorted(
        zip(given["lon"], given["lat"], strict=True)
    )
    np.testing.assert_array_equal(
        by_subject.column("place"), given["place"][order]
    )  # not overwritten by the second


def test_subjects_with_numbers_far_apart_are_sorted_by_digits() -> None:
    given, room = columns(2_000, 1_000_000, 7, False), ScratchArrays()
    given["subject"] *= 1_000_000
    by_subject = pack(given, DAY).in_time(room).by_subject(room)
    order = np.lexsort((given["time_us"], given["subject"]))
    np.testing.assert_array_equal(by_subject.column("subject"), given["subject"][order])
    np.testing.assert_array_equal(by_subject.column("place"), given["place"][order])


def test_parts_of_different_forms_are_joined_exactly() -> None:
    plain, fine = columns(50, 1_000_000, 7, True), columns(40, 1, 12, True)
    del plain["place"]
    both = join([pack(plain, DAY), pack(fine, DAY)], DAY, ScratchArrays()).to_fixes(
        DAY, ScratchArrays()
    )
    np.testing.assert_array_equal(both.lon, np.concatenate([plain["lon"], fine["lon"]]))
    np.testing.assert_array_equal(both.time_us, np.concatenate([plain["time_us"], fine["time_us"]]))
    np.testing.assert_array_equal(both.place, np.concatenate([np.full(50, -1), fine["place"]]))


def test_a_flag_follows_its_row_and_one_of_two_equal_rows() -> None:
    words = np.array([[3, 1], [2, 9], [2, 9], [2, 8], [7, 0]], np.int32)
    assert kernels.mark_same(words, np.array([[2, 9], [7, 0]], np.int32)).tolist() == [
        0,
        1,
        0,
        0,
        1,
    ]

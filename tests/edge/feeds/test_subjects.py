"""Numbers of subjects grow from table to table and say the same as hashing would."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from twinward.edge.feeds.subjects import WIDEST, SubjectNumbers


def test_each_dictionary_begins_with_the_one_before() -> None:
    numbers, random = SubjectNumbers(), np.random.default_rng(1)
    before = pa.array([], pa.int64())
    for low in (500, -20, 90_000):  # the table grows to both sides
        column = pa.array(random.integers(low, low + 300, 1_000))
        encoded = numbers.encode(column)
        assert encoded.dictionary_decode().equals(column)
        assert encoded.dictionary.slice(0, len(before)).equals(before)
        before = encoded.dictionary


def test_numbers_far_apart_are_hashed() -> None:
    numbers = SubjectNumbers()
    for column in (
        pa.array([5, 5, WIDEST * 2]),
        pa.array([1, 2], pa.uint64()),
        pa.array([], pa.int32()),
    ):
        assert numbers.encode(column).dictionary_decode().equals(column)
    assert not len(numbers.table)

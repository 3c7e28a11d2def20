"""Columns of times and figures are written as single values are."""

from __future__ import annotations

import numpy as np

from twinward.core.clock import format_time, from_us
from twinward.decision.tracing.contacts.evidence import tidy, write_times


def test_a_column_of_times_is_written_like_single_times() -> None:
    for column in (
        [0, 1_650_000_000_000_000],
        [1, 1_650_000_000_250_000, 1_650_000_001_000_000],
        [],
    ):
        assert write_times(np.array(column, np.int64)) == [
            format_time(from_us(us)) for us in column
        ]


def test_figures_are_rounded_and_plain() -> None:
    assert tidy(np.array([1.26, 2.0], np.float32), 1) == [1.3, 2.0]

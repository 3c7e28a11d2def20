"""Walks the trees of the pooled quantile model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def walk_trees(
    rows: Any,
    starts: Any,
    feature: Any,
    threshold: Any,
    left: Any,
    right: Any,
    value: Any,
) -> Any:
    """float64[rows] sum of the leaves that each row reaches in the trees beginning at `starts`."""
    found = np.zeros(len(rows))
    for row in range(len(rows)):
        total = 0.0
        for start in starts:
            node = np.int64(start)
            while feature[node] >= 0:
                low = rows[row, feature[node]] <= threshold[node]
                node = np.int64(start) + (left[node] if low else right[node])
            total += value[node]
        found[row] = total
    return found

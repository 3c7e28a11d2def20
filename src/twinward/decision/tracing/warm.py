"""Readies a process for questions: every kernel compiled or loaded, every index touched, before
anybody waits.
"""

from __future__ import annotations

import numpy as np

from twinward.decision.tracing.kernels.inside import list_inside
from twinward.decision.tracing.kernels.pairs import find_episodes, visit_overlaps


def warm_up(lake: object) -> None:
    """Run every kernel of tracing on next to nothing, and let the lake do the same."""
    one, point, number = np.zeros(1), np.zeros(1), np.zeros(1, np.int64)
    case = (number, point, point, one, number, point, point, one)
    others = (np.zeros(1, np.int32), number, point, point, one)
    find_episodes(case, others, 1.0, 1, 1)
    visits = (number, number, point, point)
    visit_overlaps(visits, visits, 1.0, 1)
    grid = (0.0, 0.0, 1.0, 1.0, 1, 1, np.array([0, 1]))
    list_inside(
        point, point, grid, number, np.full((1, 3), -1.0), np.zeros((1, 4)), np.array([0, 1])
    )
    ready = getattr(lake, "warm", None)
    if ready is not None:
        ready()

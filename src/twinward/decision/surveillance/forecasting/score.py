"""How good a forecast was: weighted interval score and coverage of its central intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# the 23 levels of the forecast hubs (Cramer et al. 2022, Sci Data 9:462)
LEVELS = (0.01, 0.025, *(round(0.05 * n, 2) for n in range(1, 20)), 0.975, 0.99)


def weighted_interval_score(quantiles: NDArray[Any], observed: NDArray[Any]) -> float:
    """Mean over days; quantiles[days, 23]. Bracher et al. 2021, PLoS Comput Biol 17:e1008618.

    With these levels the score is the mean of twice the pinball loss over all quantiles.
    """
    known = np.isfinite(observed)
    gap = observed[known, None] - quantiles[known]
    levels = np.array(LEVELS)
    loss = np.where(gap >= 0, levels * gap, (levels - 1) * gap)
    return float(2 * loss.mean())


def coverage(quantiles: NDArray[Any], observed: NDArray[Any], share: float) -> float:
    """Share of the known days that lie inside the central interval of this share."""
    known = np.isfinite(observed)
    low, high = (LEVELS.index(round(level, 3)) for level in ((1 - share) / 2, (1 + share) / 2))
    inside = (observed >= quantiles[:, low]) & (observed <= quantiles[:, high])
    return float(inside[known].mean())

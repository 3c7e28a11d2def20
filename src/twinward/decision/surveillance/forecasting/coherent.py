"""Forecasts of areas that add up to that of the whole."""

from __future__ import annotations

import numpy as np

from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.week_rules import MIDDLE

FARTHEST = 2.0  # factor by which an area's forecast may be moved


def add_up(parts: list[Floats], whole: Floats) -> tuple[list[Floats], Floats]:
    """The parts moved so that their medians add up to the median of the whole.

    Both are moved half way on the log scale, and the whole then takes the sum of the medians; its
    interval is its own, for the 95 % of a city is not the sum of those of its districts.
    """
    if len(parts) < 2:
        return parts, parts[0] if parts else whole
    total = np.sum([part[:, MIDDLE] for part in parts], axis=0)
    wanted = np.sqrt(np.maximum(total, 1e-9) * np.maximum(whole[:, MIDDLE], 1e-9))
    factor = np.where(total > 0, wanted / np.maximum(total, 1e-9), 1.0)
    factor = np.clip(factor, 1 / FARTHEST, FARTHEST)
    moved = [part * factor[:, None] for part in parts]
    middle = np.sum([part[:, MIDDLE] for part in moved], axis=0)
    shift = middle - whole[:, MIDDLE]
    table = np.maximum(whole + shift[:, None], 0.0)
    table[:, MIDDLE] = middle
    return moved, np.sort(table, axis=1)

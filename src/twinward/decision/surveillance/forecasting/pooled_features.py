"""What the pooled model sees of a weekly series: shapes without their size, on a root scale."""

from __future__ import annotations

import numpy as np

from twinward.decision.surveillance.arrays import Floats

BACK = 8  # weeks whose steps are features
FEWEST = 4
NAMES = (
    *(f"step_{k}" for k in range(1, BACK + 1)),
    "slope_3",
    "slope_6",
    "of_highest_year",
    "of_lowest_half_year",
    "weeks_since_highest",
    "log_level",
    "noise",
    "acceleration",
    "horizon",
)


def to_root(counts: Floats) -> Floats:
    """The scale on which the model works."""
    return np.asarray((np.maximum(counts, 0.0) + 1.0) ** 0.25)


def features_at(root: Floats, now: int) -> tuple[Floats, float]:
    """Features of the series up to week `now` (horizon 0), and the unit of its steps."""
    seen = root[max(0, now - 51) : now + 1]
    last = seen[-min(BACK + 1, len(seen)) :]
    past = np.concatenate([np.full(BACK + 1 - len(last), last[0]), last])
    unit = float(past[-3:].mean())
    steps = (past[-1] - past[:-1][::-1]) / unit
    recent = np.diff(past)
    half = seen[-26:]
    found = np.empty(len(NAMES))
    found[:BACK] = steps
    found[BACK] = (past[-1] - past[-4]) / 3 / unit
    found[BACK + 1] = (past[-1] - past[-7]) / 6 / unit
    found[BACK + 2] = past[-1] / seen.max()
    found[BACK + 3] = half.min() / past[-1]
    found[BACK + 4] = len(half) - 1 - int(np.argmax(half))
    found[BACK + 5] = np.log(unit)
    found[BACK + 6] = np.std(np.diff(recent)) / unit
    found[BACK + 7] = (recent[-1] - recent[-2]) / unit
    found[BACK + 8] = 0.0
    return found, unit

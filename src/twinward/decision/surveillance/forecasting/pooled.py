"""The pooled quantile model of weekly counts: boosted trees trained on many series at once.

Pooling over places and signals is what the best published models have in common (flusion, UMass);
`benchmarks/train_pooled_quantiles.py` trains it on simulated epidemics and public series.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from scipy.special import ndtri

from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.kernels import walk_trees
from twinward.decision.surveillance.forecasting.pooled_features import (
    FEWEST,
    features_at,
    to_root,
)
from twinward.decision.surveillance.forecasting.score import LEVELS

HORIZONS = 4  # weeks the trees were trained for
TREES = "pooled_trees.npz"


@cache
def load_trees() -> dict[str, Floats]:
    """The arrays of the trained trees."""
    folder = files("twinward.decision.surveillance.forecasting")
    with np.load(BytesIO(folder.joinpath(TREES).read_bytes())) as arrays:
        return {name: arrays[name] for name in arrays.files}


def can_pool(counts: Floats) -> bool:
    """Whether the series is long enough for the features."""
    return len(counts) > FEWEST and bool(np.isfinite(counts).all())


def pooled_quantiles(series: list[Floats], origins: list[int]) -> Floats:
    """float64[rows, HORIZONS, 23] quantiles on the root scale of weekly counts.

    series, origins: of each row the counts and the last week that may be known
    """
    trees = load_trees()
    rows, units, roots = [], [], []
    for counts, now in zip(series, origins, strict=True):
        root = to_root(counts)
        found, unit = features_at(root, now)
        for horizon in range(1, HORIZONS + 1):
            row = found.copy()
            row[-1] = horizon
            rows.append(row)
        units.append(unit)
        roots.append(root[now])
    table = np.array(rows)
    arrays = (trees[name] for name in ("feature", "threshold", "left", "right", "value"))
    nodes = tuple(arrays)
    per_level = np.array_split(trees["starts"], len(trees["levels"]))
    steps = np.stack(
        [
            base + walk_trees(table, starts, *nodes)
            for base, starts in zip(trees["base"], per_level, strict=True)
        ],
        axis=1,
    )
    steps = np.sort(steps, axis=1).reshape(len(series), HORIZONS, -1)
    wide = np.array(units)[:, None, None] * _to_hub_levels(steps, trees["levels"])
    return np.asarray(np.array(roots)[:, None, None] + wide)


def _to_hub_levels(steps: Floats, levels: Floats) -> Floats:
    """From the trained levels to the 23, straight on the normal scale."""
    place, wanted = ndtri(levels), ndtri(np.array(LEVELS))
    flat = steps.reshape(-1, len(levels))
    found = np.stack([np.interp(wanted, place, row) for row in flat])
    return found.reshape(*steps.shape[:-1], len(LEVELS))

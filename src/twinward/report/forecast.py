"""A forecast of counts and the posterior of its parameters as plots."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.forecast.observed import Observed
from twinward.decision.simulation.forecast.renewal import PRIORS, Fit
from twinward.decision.simulation.forecast.score import LEVELS


def plot_forecast(observed: Observed, until: date, quantiles: NDArray[Any], fit: Fit, folder: Path) -> list[str]:
    """forecast.* with the 50 and 90 % bands, posterior.* with the weighted histograms; returns the names."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(exist_ok=True)
    past = [observed.first + timedelta(days=k) for k in range(len(observed.counts))]
    ahead = [until + timedelta(days=k + 1) for k in range(len(quantiles))]
    figure, axis = pyplot.subplots(figsize=(8, 4), layout="constrained")
    axis.plot(past, observed.counts, ".", label="observed")
    for low, high, alpha in ((0.05, 0.95, 0.2), (0.25, 0.75, 0.35)):
        band = quantiles[:, LEVELS.index(low)], quantiles[:, LEVELS.index(high)]
        axis.fill_between(ahead, *band, alpha=alpha, color="C1", linewidth=0, label=f"{high - low:.0%}")
    axis.plot(ahead, quantiles[:, LEVELS.index(0.5)], color="C1", label="median")
    axis.set_ylabel("new cases a day")
    axis.legend()
    panels, axes = pyplot.subplots(1, len(PRIORS), figsize=(3 * len(PRIORS), 3), layout="constrained")
    for panel, (name, (low, high, _)), column in zip(axes, PRIORS.items(), fit.parameters.T, strict=True):
        panel.hist(column, bins=np.linspace(low, high, 21), weights=fit.weights)
        panel.set_xlabel(name)
    names = []
    for name, drawn in (("forecast", figure), ("posterior", panels)):
        for ending in ("png", "svg"):
            drawn.savefig(folder / f"{name}.{ending}", dpi=120, metadata={"Date": None} if ending == "svg" else None)
            names.append(f"{name}.{ending}")
        pyplot.close(drawn)
    return names

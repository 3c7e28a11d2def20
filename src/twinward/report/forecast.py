"""A calibrated forecast as plots (fit and fan, R by day, posterior by pairs) and its quantiles
as a table.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.surveillance.forecasting.fitted import Track
from twinward.decision.surveillance.forecasting.model import PRIORS
from twinward.decision.surveillance.forecasting.observed import Observed
from twinward.decision.surveillance.forecasting.score import LEVELS

if TYPE_CHECKING:
    from types import ModuleType

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

FAN = tuple(LEVELS.index(level) for level in (0.05, 0.25, 0.5, 0.75, 0.95))


def write_forecast(
    observed: Observed,
    until: date,
    quantiles: NDArray[Any],
    parameters: NDArray[Any],
    weights: NDArray[Any],
    track: Track | None,
    folder: Path,
) -> list[str]:
    """forecast.*, reproduction.* and posterior.* as PNG and SVG, quantiles.csv; returns the
    names of the files.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder.mkdir(exist_ok=True)
    names = [_write_quantiles(until, quantiles, folder)]
    with matplotlib.rc_context(
        {"svg.hashsalt": "twinward", "svg.fonttype": "none"}
    ):  # the same bytes every time
        figures = {"forecast": _forecast_figure(pyplot, observed, until, quantiles, track)}
        if track is not None:
            figures["reproduction"] = _reproduction_figure(pyplot, observed, track)
        figures["posterior"] = _posterior_figure(pyplot, parameters, weights)
        for name, figure in figures.items():
            for ending in ("png", "svg"):
                figure.savefig(
                    folder / f"{name}.{ending}",
                    dpi=120,
                    metadata={"Date": None} if ending == "svg" else None,
                )
                names.append(f"{name}.{ending}")
            pyplot.close(figure)
    return names


def _write_quantiles(until: date, quantiles: NDArray[Any], folder: Path) -> str:
    with (folder / "quantiles.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["date", *(f"{level:g}" for level in LEVELS)])
        for day, row in enumerate(quantiles.tolist(), start=1):
            rows.writerow([until + timedelta(days=day), *(f"{value:.6g}" for value in row)])
    return "quantiles.csv"


def _band(axis: Axes, days: list[date], table: NDArray[Any], color: str, label: str) -> None:
    """The 90 and 50 % bands and the median of a table float64[days, 5]."""
    axis.fill_between(days, table[:, 0], table[:, 4], alpha=0.2, color=color, linewidth=0)  # type: ignore[arg-type]
    axis.fill_between(days, table[:, 1], table[:, 3], alpha=0.35, color=color, linewidth=0)  # type: ignore[arg-type]
    axis.plot(days, table[:, 2], color=color, label=label)  # type: ignore[arg-type]


def _forecast_figure(
    pyplot: ModuleType,
    observed: Observed,
    until: date,
    quantiles: NDArray[Any],
    track: Track | None,
) -> Figure:
    figure: Figure
    figure, axis = pyplot.subplots(figsize=(9, 4.5), layout="constrained")
    if track is not None:
        followed = [observed.first + timedelta(days=day) for day in track.days]
        _band(axis, followed, track.counts, "C0", "fitted, one day ahead (50 and 90 %)")
    ahead = [until + timedelta(days=k + 1) for k in range(len(quantiles))]
    _band(axis, ahead, quantiles[:, FAN], "C1", "forecast (50 and 90 %)")
    past = [observed.first + timedelta(days=k) for k in range(len(observed.counts))]
    axis.plot(past, observed.counts, "k.", markersize=4, label="observed")
    most = max(float(np.nanmax(observed.counts)), float(quantiles[:, FAN[4]].max()), 1.0)
    axis.set_ylim(0, 1.1 * most)
    axis.set_ylabel("new cases a day")
    axis.set_title("simulated forecast")
    axis.legend()
    return figure


def _reproduction_figure(pyplot: ModuleType, observed: Observed, track: Track) -> Figure:
    figure: Figure
    figure, axis = pyplot.subplots(figsize=(9, 3), layout="constrained")
    days = [observed.first + timedelta(days=day) for day in track.days]
    _band(axis, days, track.r, "C2", "R after each day (50 and 90 %)")
    axis.axhline(1.0, color="k", linewidth=0.8)
    axis.set_ylabel("reproduction number")
    axis.legend()
    return figure


def _posterior_figure(
    pyplot: ModuleType, parameters: NDArray[Any], weights: NDArray[Any]
) -> Figure:
    """Marginals on the diagonal, pairs below it; the axes span the priors."""
    size = len(PRIORS)
    figure: Figure
    figure, axes = pyplot.subplots(size, size, figsize=(2.3 * size, 2.1 * size))
    figure.subplots_adjust(left=0.07, right=0.97, bottom=0.06, top=0.98, wspace=0.45, hspace=0.35)
    for i, (name, rows) in enumerate(PRIORS.items()):
        for j, (other, columns) in enumerate(PRIORS.items()):
            axis = axes[i, j]
            if j > i:
                axis.axis("off")
                continue
            if i == j:
                low, high, logarithmic = rows
                edges = np.geomspace(low, high, 21) if logarithmic else np.linspace(low, high, 21)
                axis.hist(parameters[:, i], bins=edges, weights=weights)
            else:
                sizes = 1_500 * weights
                axis.scatter(
                    parameters[:, j],
                    parameters[:, i],
                    s=sizes,
                    alpha=0.6,
                    linewidth=0,
                    rasterized=True,
                )
                _span(axis.yaxis, axis.set_yscale, axis.set_ylim, rows)
            _span(axis.xaxis, axis.set_xscale, axis.set_xlim, columns)
            axis.set_xlabel(other if i == size - 1 else "")
            axis.set_ylabel(name if j == 0 and i else "")
    return figure


def _span(
    axis: Axis,
    set_scale: Callable[[str], None],
    set_limits: Callable[[float, float], object],
    prior: tuple[float, float, bool],
) -> None:
    """An axis over a prior, with its ends and its middle written out."""
    low, high, logarithmic = prior
    set_scale("log" if logarithmic else "linear")
    set_limits(low, high)
    ticks = [low, (low * high) ** 0.5 if logarithmic else (low + high) / 2, high]
    axis.set_ticks(ticks, labels=[f"{tick:.2g}" if tick < 100 else f"{tick:.0f}" for tick in ticks])
    axis.set_ticks([], minor=True)

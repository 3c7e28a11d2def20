"""What the faces draw: each function draws into the axes it is given or makes some, and returns
them; nothing is shown or saved here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from twinward.decision.tracing.chains.statistics import GenerationR

    Panels = Axes | NDArray[np.object_]  # one, or an array of them below each other

    from twinward.decision.planning.comparison import Comparison
    from twinward.decision.simulation.epidemic.outcome import Ensemble, SimulationOutcome

BAND = 0.25


def make_axes(axes: Axes | None, size: tuple[float, float] = (8.0, 4.0)) -> Axes:
    """The axes given, else new ones."""
    made: Axes = axes if axes is not None else make_panels(1, size)
    return made


def make_panels(panels: int, size: tuple[float, float]) -> Any:
    """New axes: one, or an array of panels below each other, as matplotlib gives them."""
    from matplotlib import pyplot

    _, made = pyplot.subplots(panels, 1, figsize=size, sharex=True, layout="constrained")
    return made


def plot_series(
    outcome: SimulationOutcome,
    ensemble: Ensemble | None,
    series: tuple[str, ...],
    axes: Panels | None,
) -> Panels:
    """A panel a series over days, with the 5 to 95 % band of replicates."""
    shown: Panels = (
        axes if axes is not None else make_panels(len(series), (8.0, 2.2 * len(series) + 0.8))
    )
    panels: list[Axes] = np.array(shown, dtype=object).ravel().tolist()
    days = np.arange(outcome.days)
    for axis, name in zip(panels, series, strict=True):
        if ensemble is not None:
            low, _, middle, _, high = ensemble.quantiles[name]
            axis.fill_between(days, low, high, alpha=BAND, linewidth=0, label="5 to 95 %")
            axis.plot(days, middle, label="median")
            axis.legend(frameon=False)
        else:
            axis.plot(days, outcome.series[name])
        axis.set_ylabel(name.replace("_", " "))
        axis.set_ylim(bottom=0)
    panels[-1].set_xlabel("day")
    panels[0].set_title(f"{outcome.disease}, {outcome.residents:,} residents, simulated")
    return shown


def plot_ages(ages: dict[str, Any], name: str, axes: Axes | None) -> Axes:
    """Men to the left, women to the right, by year of age."""
    axis = make_axes(axes, size=(6.0, 5.0))
    axis.barh(ages["age"], -ages["men"], height=1.0, label="men")
    axis.barh(ages["age"], ages["women"], height=1.0, label="women")
    axis.set_ylabel("age in years")
    axis.set_xlabel("residents")
    axis.xaxis.set_major_formatter(lambda value, _place: f"{abs(value):,.0f}")
    axis.set_title(name)
    axis.legend(frameon=False)
    return axis


def plot_forecast(
    past: tuple[Sequence[Any], Any], ahead: tuple[Sequence[Any], Any], axes: Axes | None
) -> Axes:
    """Counts observed, and the median with its 50 and 90 % bands: float64[days, 5]."""
    axis = make_axes(axes)
    days, table = ahead
    axis.fill_between(days, table[:, 0], table[:, 4], alpha=0.2, color="C1", linewidth=0)
    axis.fill_between(days, table[:, 1], table[:, 3], alpha=0.35, color="C1", linewidth=0)
    axis.plot(days, table[:, 2], color="C1", label="forecast (50 and 90 %)")
    axis.plot(*past, "k.", markersize=4, label="observed")
    axis.set_ylim(bottom=0)
    axis.set_ylabel("new cases a day")
    axis.set_title("simulated forecast")
    axis.legend(frameon=False)
    axis.figure.autofmt_xdate()
    return axis


def plot_generations(rows: Sequence[GenerationR], title: str, axes: Axes | None) -> Axes:
    """Reproduction number by generation with its 95 % interval, and the cases of each."""
    axis = make_axes(axes)
    numbers = [row.generation for row in rows]
    middle = np.array([row.r for row in rows])
    below = middle - np.array([row.low for row in rows])
    above = np.array([row.high for row in rows]) - middle
    axis.errorbar(numbers, middle, yerr=[np.maximum(below, 0), np.maximum(above, 0)], fmt="o-")
    axis.axhline(1.0, color="k", linewidth=0.8)
    for row in rows:
        axis.annotate(
            f"{row.cases}", (row.generation, row.r), xytext=(4, 4), textcoords="offset points"
        )
    axis.set_xlabel("generation (cases beside each point)")
    axis.set_ylabel("reproduction number")
    axis.set_title(title)
    return axis


def plot_sites(cost: NDArray[np.float64], chosen: Sequence[int], axes: Axes | None) -> Axes:
    """How far customers have to their nearest open site: the cumulated share."""
    axis = make_axes(axes)
    nearest = np.sort(np.asarray(cost)[:, list(chosen)].min(axis=1))
    axis.step(nearest, np.arange(1, len(nearest) + 1) / len(nearest), where="post")
    axis.set_xlabel("cost to the nearest open site")
    axis.set_ylabel("share of customers")
    axis.set_ylim(0, 1)
    axis.set_title(f"{len(chosen)} sites open")
    return axis


def plot_rounds(
    depot: tuple[float, float], lines: dict[str, NDArray[Any]], axes: Axes | None
) -> Axes:
    """The rounds on lon and lat, one colour a vehicle."""
    axis = make_axes(axes, size=(6.0, 6.0))
    for name, points in lines.items():
        axis.plot(points[:, 0], points[:, 1], "o-", markersize=3, label=name)
    axis.plot(*depot, "ks", label="depot")
    axis.set_xlabel("lon")
    axis.set_ylabel("lat")
    axis.legend(frameon=False)
    return axis


def plot_comparison(sheet: Comparison, figure: str, axes: Axes | None) -> Axes:
    """One figure of every plan, best first: median and the range from 5 to 95 %."""
    axis = make_axes(axes, size=(8.0, 0.5 * len(sheet.plans) + 1.5))
    plans = sheet.plans[::-1]
    spreads = [plan.figures[figure] for plan in plans]
    middle = np.array([one.median for one in spreads])
    low, high = (np.array([getattr(one, end) for one in spreads]) for end in ("low", "high"))
    axis.errorbar(middle, range(len(plans)), xerr=[middle - low, high - middle], fmt="o", capsize=3)
    axis.set_yticks(range(len(plans)), labels=[plan.id for plan in plans])
    axis.set_xlabel(f"{figure.replace('_', ' ')} (5 to 95 % over replicates)")
    axis.set_title(f"{sheet.disease}, {sheet.days} days, simulated")
    return axis

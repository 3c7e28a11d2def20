"""The footprint of a hazard as small multiples over time, from plain arrays."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# ColorBrewer YlOrRd, four classes of a sequence that colour-blind readers can tell apart
COLOURS = ("#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
PALE, PANELS, INCH = "#d8dee6", 6, 2.4


def draw_footprint(
    lon: Floats,
    lat: Floats,
    values: Floats,
    hours: Sequence[float],
    levels: Sequence[tuple[str, float]],
    title: str,
) -> bytes:
    """PNG of the areas coloured by the level that the median reaches; values[time, area]."""
    picked = np.unique(np.linspace(0, len(hours) - 1, min(PANELS, len(hours))).astype(int))
    panels = [(f"{hours[n]:g} h", values[n]) for n in picked]
    return _draw(lon, lat, panels, levels, title)


def draw_members(
    lon: Floats,
    lat: Floats,
    peaks: Floats,
    levels: Sequence[tuple[str, float]],
    title: str,
) -> bytes:
    """PNG of the highest value in each of the first members, side by side; peaks[member, area]."""
    panels = [(f"{number}", one) for number, one in enumerate(peaks, 1)]
    return _draw(lon, lat, panels, levels, title)


def _draw(
    lon: Floats,
    lat: Floats,
    panels: Sequence[tuple[str, Floats]],
    levels: Sequence[tuple[str, float]],
    title: str,
) -> bytes:
    columns = min(3, len(panels))
    rows = int(np.ceil(len(panels) / columns))
    figure = Figure(figsize=(INCH * columns + 0.4, INCH * rows + 0.8), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    wide = 1 / max(np.cos(np.radians(float(np.mean(lat)) if len(lat) else 0.0)), 0.1)
    for place in range(rows * columns):
        ax = axes[place // columns][place % columns]
        ax.set_axis_off()
        if place >= len(panels):
            continue
        name, now = panels[place]
        ax.scatter(lon, lat, s=4, c=PALE, linewidths=0)
        for number, (_, least) in enumerate(levels):
            here = now >= least
            colour = COLOURS[min(number, len(COLOURS) - 1)]
            ax.scatter(lon[here], lat[here], s=6, c=colour, linewidths=0)
        ax.set_aspect(wide)
        ax.set_title(name, fontsize=8)
    said = ", ".join(f"{name} \u2265 {least:.3g}" for name, least in levels)
    figure.suptitle(f"{title}\n{said}", fontsize=8)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()

"""The bundled ages and household sizes, derived from the 7th national census of China for Shanghai
(1 November 2020).

Used where a city file gives none, and said so in the report of every such city.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# bands of the census: first age, residents (Shanghai Municipal Bureau of Statistics by way of
# citypopulation.de). 10-14, 15-19 and 50-59 follow from the published 0-14, 10-19 and 15-64; 60-64
# from "60 and over: 23.4 %".
CENSUS_BANDS = (
    (0, 1_771_521),
    (10, 664_775),
    (15, 710_184),
    (20, 3_719_990),
    (30, 5_037_103),
    (40, 3_633_785),
    (50, 3_513_748),
    (60, 1_770_777),
    (65, 4_049_012),
)
CENSUS_MEN, CENSUS_WOMEN = 12_875_211, 11_995_684
CENSUS_MEAN_HOUSEHOLD = (
    2.32  # persons in a family household, press conference of the bureau, 18 May 2021
)
LARGEST_HOUSEHOLD = 9
SOURCE = "7th national census of China, Shanghai, 1 November 2020"


def spread_bands(first: list[int], counts: list[float]) -> NDArray[np.float64]:
    """Residents by single year 0-100 from bands; the last band is open and follows a Gompertz life
    table.

    Inside closed bands the cumulative count is interpolated monotonically, so each band keeps its
    total. The open band has survivors of a hazard of 1.2 % a year at 65 that doubles every 7.5
    years, in cohorts that are 2 % smaller for each year of age: our assumption.
    """
    edges, totals = np.array([*first, 101.0]), np.concatenate([[0.0], np.cumsum(counts)])
    if first[0] > 0:
        edges, totals = np.concatenate([[0.0], edges]), np.concatenate([[0.0], totals])
    single = np.diff(monotone_cubic(edges, totals, np.arange(102)))
    years = np.arange(first[-1], 101)
    hazard = 0.012 * 2.0 ** ((years - 65) / 7.5) + 0.02
    alive = np.exp(-np.cumsum(hazard))
    single[first[-1] :] = counts[-1] * alive / alive.sum()
    return np.asarray(np.maximum(single, 0.0))


LEAST_RISE = 1e-290  # below it a reciprocal overflows; as flat as zero


def monotone_cubic(x: NDArray[Any], y: NDArray[Any], at: NDArray[Any]) -> NDArray[np.float64]:
    """The piecewise cubic through (x, y) at the points `at` that rises wherever y does: Fritsch and
    Carlson 1980, SIAM J Numer Anal 17:238, with the slopes of Fritsch and Butland 1984 (as
    SciPy's PCHIP, whose import takes longer than a small run of the simulator).
    """
    width = np.diff(x)
    rise = np.diff(y) / width
    if len(rise) == 1:
        return np.asarray(y[0] + rise[0] * (at - x[0]))
    first, second = 2 * width[1:] + width[:-1], width[1:] + 2 * width[:-1]
    rising = rise > LEAST_RISE
    flat = ~(rising[:-1] & rising[1:])
    safe = np.where(rising, rise, 1.0)
    inner = np.where(flat, 0.0, (first + second) / (first / safe[:-1] + second / safe[1:]))
    slope = np.concatenate(
        [[_edge_slope(width, rise)], inner, [_edge_slope(width[::-1], rise[::-1])]]
    )
    part = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(rise) - 1)
    h, t = width[part], (at - x[part]) / width[part]
    low = y[part] * (1 + 2 * t) + h * slope[part] * t
    high = y[part + 1] * (3 - 2 * t) - h * slope[part + 1] * (1 - t)
    return np.asarray(low * (1 - t) ** 2 + high * t**2)


def _edge_slope(width: NDArray[Any], rise: NDArray[Any]) -> float:
    """The slope at the first point from three points, held to what keeps the curve rising."""
    slope = ((2 * width[0] + width[1]) * rise[0] - width[0] * rise[1]) / (width[0] + width[1])
    return float(np.clip(slope, 0.0, 3 * rise[0]))


def default_ages() -> NDArray[np.float64]:
    """Residents by single year of age, 0-100, with the census totals of every published band."""
    return spread_bands(
        [band for band, _ in CENSUS_BANDS], [float(count) for _, count in CENSUS_BANDS]
    )


def household_shares(
    mean: float = CENSUS_MEAN_HOUSEHOLD, largest: int = LARGEST_HOUSEHOLD
) -> NDArray[np.float64]:
    """Shares of households of 1..largest with this mean: a Poisson law without zero, cut at
    `largest`.

    Jennings, Lloyd-Smith and Ironmonger 1999, "Household size and the Poisson distribution",
    Journal of the Australian Population Association 16: census household sizes follow it closely.
    """
    sizes = np.arange(1, largest + 1)

    def shares(rate: float) -> NDArray[np.float64]:
        weights = np.exp(
            sizes * np.log(rate) - np.array([np.sum(np.log(np.arange(1, s + 1))) for s in sizes])
        )
        return np.asarray(weights / weights.sum())

    low, high = 1e-6, 50.0  # the mean rises with the rate
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if float(shares(middle) @ sizes) < mean else (low, middle)
    return shares((low + high) / 2)

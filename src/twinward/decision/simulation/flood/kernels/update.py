"""Depths from discharges: volume is kept exactly, and no cell gives more than it has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FLAGS = {"nnan", "nsz"}


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def row_depths(
    h: Any, new: Any, qx: Any, above: Any, below: Any, lo: Any, hi: Any, dtx: Any
) -> Any:
    """Fills new depths lo..hi-1 of one row; the least and the greatest of them."""
    f = np.float64
    least, most = 0.0, 0.0
    for j in range(lo, hi):
        d = h[j] + dtx * ((f(qx[j]) - f(qx[j + 1])) + (f(above[j]) - f(below[j])))
        new[j] = d
        least = min(least, d)
        most = max(most, d)
    return least, most


@njit(cache=True, nogil=True, error_model="numpy")
def limit_row(
    h: Any, new: Any, qx: Any, above: Any, below: Any, lo: Any, hi: Any, dtx: Any
) -> None:
    """Scales the outflows of each cell of one row whose new depth would be below 0, so that it
    gives what it has and no more.
    """
    for j in range(lo, hi):
        if new[j] >= 0:
            continue
        out = max(-qx[j], 0.0) + max(qx[j + 1], 0.0) + max(-above[j], 0.0) + max(below[j], 0.0)
        if out * dtx > h[j]:
            share = h[j] / (out * dtx) * (1 - 1e-6)  # discharges are single precision
            if qx[j] < 0:
                qx[j] *= share
            if qx[j + 1] > 0:
                qx[j + 1] *= share
            if above[j] < 0:
                above[j] *= share
            if below[j] > 0:
                below[j] *= share


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def keep_row(new: Any, peak: Any, arrival: Any, t: Any, lo: Any, hi: Any) -> None:
    """Peaks and first arrivals of one row; what is below 0 by rounding becomes 0."""
    for j in range(lo, hi):
        d = max(new[j], 0.0)
        new[j] = d
        peak[j] = max(peak[j], d)
        arrival[j] = t if arrival[j] < 0 and d >= 0.01 else arrival[j]


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def rain_row(h: Any, active: Any, rain: Any) -> None:
    """Adds rain metres to the active cells of one row."""
    for j in range(len(h)):
        h[j] += active[j] * rain


@njit(cache=True, nogil=True, error_model="numpy")
def drain_row(h: Any, active: Any, loss: Any) -> Any:
    """Takes up to loss metres from the active cells of one row; the sum of what was taken."""
    taken = 0.0
    for j in range(len(h)):
        away = min(h[j], loss * active[j])
        h[j] -= away
        taken += away
    return taken


@njit(cache=True, nogil=True, error_model="numpy")
def add_rain(h: Any, falls: Any, drinks: Any, rain: Any, loss: Any, drunk: Any) -> None:
    """Adds rain metres to every cell by its share `falls`, takes up to loss metres away by its
    share `drinks`; `drunk` gathers what was taken, by row.
    """
    for i in range(h.shape[0]):
        if rain > 0:
            rain_row(h[i], falls[i], rain)
        if loss > 0:
            drunk[i] += drain_row(h[i], drinks[i], loss)


@njit(cache=True, nogil=True, error_model="numpy")
def integral(times: Any, values: Any, linear: Any, first: Any, last: Any) -> Any:
    """Integral of a series from first to last; its ends hold beyond it."""
    n = len(times)
    if n == 1:
        return values[0] * (last - first)
    total, at = 0.0, first
    k = 0
    while k < n and times[k] <= at:
        k += 1
    while at < last:
        end = last if k >= n else min(times[k], last)
        if k == 0:
            total += values[0] * (end - at)
        elif k >= n or not linear:
            total += values[k - 1] * (end - at)
        else:
            slope = (values[k] - values[k - 1]) / (times[k] - times[k - 1])
            middle = values[k - 1] + slope * (0.5 * (at + end) - times[k - 1])
            total += middle * (end - at)
        at = end
        k += 1
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def highest(times: Any, values: Any, first: Any, last: Any) -> Any:
    """The greatest value that a series takes between two instants, points around them included."""
    most = 0.0
    for k in range(len(times)):
        after = k + 1 < len(times) and times[k + 1] < first
        before = k > 0 and times[k - 1] > last
        if not after and not before:
            most = max(most, values[k])
    return most

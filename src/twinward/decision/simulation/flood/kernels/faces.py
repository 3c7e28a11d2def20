"""Discharge through the faces of a grid: the local-inertial scheme of Bates, Horritt and Fewtrell
2010 with the weighting of de Almeida et al. 2012.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from twinward.decision.simulation.flood.kernels.power import inverse_cube_root

GRAVITY = 9.80665
LEAST_DEPTH = 1e-6  # m over a face below which nothing flows
STILL = 1e-12  # m of level difference that is rounding, not flow
SHALLOW = 0.1  # m below which carried momentum fades
FLAGS = {"nnan", "nsz"}


@njit(inline="always")
def discharge(
    zl: Any,
    zr: Any,
    hl: Any,
    hr: Any,
    q: Any,
    ql: Any,
    qr: Any,
    kl: Any,
    kr: Any,
    theta: Any,
    dt: Any,
    dtx: Any,
    carry: Any,
) -> Any:
    """m2/s from left to right through one face; ql and qr are the old discharges beside it, kl
    and kr are g n^2 of both cells, dtx is g dt / dx, carry dt / dx where momentum is carried.
    """
    el, er = zl + hl, zr + hr
    hf = max(el, er) - max(zl, zr)
    fall = el - er
    fall = 0.0 if abs(fall) < STILL else fall
    deep = max(hf, LEAST_DEPTH)
    r = inverse_cube_root(deep)
    r2 = r * r
    drag = dt * (0.5 * (kl + kr)) * abs(q) * (r2 * r2 * r2 * r)
    ml, mr = q + ql, q + qr
    fr = mr * (q if mr > 0 else qr) / max(hr, SHALLOW)
    fl = ml * (ql if ml > 0 else q) / max(hl, SHALLOW)
    carried = carry * (fr - fl) if min(hl, hr) > SHALLOW else 0.0
    rest = theta * q + (0.5 - 0.5 * theta) * (ql + qr)
    new = (rest - carried + dtx * deep * fall) / (1.0 + drag)
    most = deep * math.sqrt(GRAVITY * deep)  # Froude 1
    new = min(max(new, -most), most)
    return new if hf > LEAST_DEPTH else 0.0


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def row_across(
    z: Any,
    h: Any,
    k: Any,
    q: Any,
    new: Any,
    lo: Any,
    hi: Any,
    theta: Any,
    dt: Any,
    dtx: Any,
    carry: Any,
) -> None:
    """Faces lo+1..hi of one row; face j lies between cells j-1 and j."""
    for j in range(lo, hi):
        new[j + 1] = discharge(
            z[j],
            z[j + 1],
            h[j],
            h[j + 1],
            q[j + 1],
            q[j],
            q[j + 2],
            k[j],
            k[j + 1],
            theta,
            dt,
            dtx,
            carry,
        )


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def row_down(
    za: Any,
    zb: Any,
    ha: Any,
    hb: Any,
    ka: Any,
    kb: Any,
    above: Any,
    q: Any,
    below: Any,
    new: Any,
    lo: Any,
    hi: Any,
    theta: Any,
    dt: Any,
    dtx: Any,
    carry: Any,
) -> None:
    """Faces lo..hi-1 between two rows; `above` and `below` are the old discharges beside them."""
    for j in range(lo, hi):
        new[j] = discharge(
            za[j],
            zb[j],
            ha[j],
            hb[j],
            q[j],
            above[j],
            below[j],
            ka[j],
            kb[j],
            theta,
            dt,
            dtx,
            carry,
        )


@njit(cache=True, nogil=True, error_model="numpy")
def open_edge(h: Any, k: Any, slope: Any) -> Any:
    """Free outflow of one edge cell: normal depth on a bed that falls outwards, a free overfall
    where it does not; never above Froude 1.
    """
    if h <= LEAST_DEPTH:
        return 0.0
    most = h * math.sqrt(GRAVITY * h)
    if slope <= 1e-6 or k <= 0:
        return most
    return min(math.sqrt(GRAVITY * slope / k) * h * h * inverse_cube_root(h), most)


@njit(cache=True, nogil=True, error_model="numpy")
def stage_edge(z: Any, h: Any, q: Any, k: Any, stage: Any, dt: Any, dx: Any) -> Any:
    """Inflow from a level that stands at the edge itself, half a cell away."""
    outside = max(stage, z)
    level = z + h
    hf = max(outside, level) - z
    if hf <= LEAST_DEPTH:
        return 0.0
    fall = outside - level
    fall = 0.0 if abs(fall) < STILL else fall
    drag = dt * k * abs(q) * inverse_cube_root(hf) ** 7
    new = (q + 2 * GRAVITY * dt / dx * hf * fall) / (1 + drag)
    most = hf * math.sqrt(GRAVITY * hf)
    return min(max(new, -most), most)

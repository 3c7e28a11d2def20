"""Discharge through the faces of a grid: the local-inertial scheme of Bates, Horritt and Fewtrell
2010 with the weighting of de Almeida et al. 2012.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from twinward.decision.simulation.flood.kernels.power import inverse_cube_root, quick_root

GRAVITY = 9.80665
LEAST_DEPTH = 1e-6  # m over a face below which nothing flows
STILL = 1e-12  # m of level difference that is rounding, not flow
SHALLOW = 0.1  # m below which carried momentum fades
FLAGS = {"nnan", "nsz"}


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def flow_depths(za: Any, zb: Any, ha: Any, hb: Any, hf: Any, fall: Any, n: Any) -> None:
    """Depth over each face and fall of the level across it: differences of levels in double
    precision, kept in single.
    """
    for j in range(n):
        ea, eb = za[j] + ha[j], zb[j] + hb[j]
        hf[j] = max(ea, eb) - max(za[j], zb[j])
        d = ea - eb
        fall[j] = 0.0 if abs(d) < STILL else d


@njit(cache=True, nogil=True, fastmath=FLAGS, error_model="numpy")
def discharges(
    hf: Any,
    fall: Any,
    ka: Any,
    kb: Any,
    q: Any,
    ql: Any,
    qr: Any,
    ha: Any,
    hb: Any,
    new: Any,
    n: Any,
    theta: Any,
    dt: Any,
    dtx: Any,
    carry: Any,
) -> None:
    """m2/s through n faces, in single precision: a discharge leaves one cell and enters another
    with the same bits, so volume does not depend on it. ql and qr are the old discharges beside
    a face, ka and kb g n^2 of its cells, dtx g dt / dx, carry dt / dx where momentum is carried.
    """
    f = np.float32
    half, one, zero, least = f(0.5), f(1.0), f(0.0), f(LEAST_DEPTH)
    shallow, gravity, beside = f(SHALLOW), f(GRAVITY), half - half * theta
    for j in range(n):
        deep = max(hf[j], least)
        r = quick_root(deep)
        r2 = r * r
        drag = one + dt * (half * (ka[j] + kb[j])) * abs(q[j]) * (r2 * r2 * r2 * r)
        ml, mr = q[j] + ql[j], q[j] + qr[j]
        left, right = max(ha[j], shallow), max(hb[j], shallow)
        fr = mr * (q[j] if mr > zero else qr[j])
        fl = ml * (ql[j] if ml > zero else q[j])
        carried = carry * (fr * left - fl * right) if min(ha[j], hb[j]) > shallow else zero
        rest = theta * q[j] + beside * (ql[j] + qr[j]) + dtx * deep * fall[j]
        both = left * right
        value = (rest * both - carried) / (drag * both)
        most = deep * np.sqrt(gravity * deep)  # Froude 1
        value = min(max(value, -most), most)
        new[j] = value if hf[j] > least else zero


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

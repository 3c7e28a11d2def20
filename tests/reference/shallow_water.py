"""The slow obvious twin of the flood kernels: one step over all cells and faces, one by one."""

from __future__ import annotations

import math

import numpy as np

G = 9.80665


def face(
    zl: float,
    zr: float,
    hl: float,
    hr: float,
    ql: float,
    q: float,
    qr: float,
    n: float,
    dt: float,
    dx: float,
) -> float:
    """Bates 2010, de Almeida 2012 (0.8), upwind momentum above 0.1 m, Froude 1."""
    hf = max(zl + hl, zr + hr) - max(zl, zr)
    if hf <= 1e-6:
        return 0.0
    carried = 0.0
    if min(hl, hr) > 0.1:
        mean_r, mean_l = (q + qr) / 2, (q + ql) / 2
        out = mean_r * (q if mean_r > 0 else qr) / hr
        into = mean_l * (ql if mean_l > 0 else q) / hl
        carried = dt / dx * (out - into)
    top = 0.8 * q + 0.1 * (ql + qr) - carried - G * hf * dt / dx * ((zr + hr) - (zl + hl))
    new = top / (1 + G * dt * n * n * abs(q) / hf ** (7 / 3))
    most = hf * math.sqrt(G * hf)
    return max(-most, min(most, new))


def step(
    z: np.ndarray, h: np.ndarray, qx: np.ndarray, qy: np.ndarray, n: float, dt: float, dx: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """New depths and discharges in a box with walls."""
    rows, cols = z.shape
    nx, ny = np.zeros_like(qx), np.zeros_like(qy)
    for i in range(rows):
        for j in range(1, cols):
            nx[i, j] = face(
                z[i, j - 1],
                z[i, j],
                h[i, j - 1],
                h[i, j],
                qx[i, j - 1],
                qx[i, j],
                qx[i, j + 1],
                n,
                dt,
                dx,
            )
    for i in range(1, rows):
        for j in range(cols):
            ny[i, j] = face(
                z[i - 1, j],
                z[i, j],
                h[i - 1, j],
                h[i, j],
                qy[i - 1, j],
                qy[i, j],
                qy[i + 1, j],
                n,
                dt,
                dx,
            )
    new = h.copy()
    for i in range(rows):
        for j in range(cols):
            new[i, j] += dt / dx * (nx[i, j] - nx[i, j + 1] + ny[i, j] - ny[i + 1, j])
    return new, nx, ny

"""Concentrations at receptors: plume of finite duration, instantaneous puff, summed puffs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

ROOT2 = math.sqrt(2.0)
ASIDE = 9.0  # standard deviations aside of a plume: less than 1e-17 of its middle
FAR = 6.0  # standard deviations beyond which less than 1e-9 is left
STEPS = 4000 / (2 * FAR)
POINTS = np.linspace(-FAR, FAR, 4001)
DENSE = np.exp(-0.5 * POINTS**2) / math.sqrt(2 * math.pi)
BELOW = np.array([0.5 * math.erfc(-float(x) / ROOT2) for x in POINTS])


@njit(cache=True, nogil=True)
def sigma(k: Any, x: Any) -> Any:
    """One dispersion coefficient at x > 0 metres; `k` as `sigmas` writes it."""
    if k[0] == 0:
        if k[3] == -0.5:
            return k[1] * x / math.sqrt(1 + k[2] * x)
        return k[1] * x * (1 + k[2] * x) ** k[3]
    if k[3] == 0:
        return k[1] * x ** k[2]
    return k[1] * x ** k[2] * math.exp(k[3] * math.log(x) ** 2)


@njit(cache=True, nogil=True)
def normal(x: Any) -> Any:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-x / ROOT2)


@njit(cache=True, nogil=True)
def vertical(z: Any, height: Any, sz: Any) -> Any:
    """Both images of the source over the ground."""
    if z == 0 and height == 0:
        return 2.0
    return math.exp(-((z - height) ** 2) / (2 * sz * sz)) + math.exp(
        -((z + height) ** 2) / (2 * sz * sz)
    )


@njit(cache=True, nogil=True)
def reached(along: Any, x: Any, sx: Any) -> Any:
    """Share of the plume that has passed x when its front is `along`, 0 at the start."""
    if x > FAR * sx and along - x > FAR * sx:
        return 1.0
    behind = normal(-x / sx)
    return max(normal((along - x) / sx) - behind, 0.0) / (1 - behind)


@njit(cache=True, nogil=True)
def plume(
    x: Any, y: Any, z: Any, t: Any, rate: Any, length: Any, u: Any, height: Any, ky: Any, kz: Any
) -> Any:
    """kg/m3 downwind x, crosswind y at t seconds of a release of `length` seconds: the steady
    Gaussian plume (Turner 1970) between its front and its end (Palazzi et al. 1982).
    """
    if x <= 0 or t <= 0:
        return 0.0
    sy = sigma(ky, x)
    if abs(y) > ASIDE * sy:
        return 0.0
    sz = sigma(kz, x)
    steady = rate / (2 * math.pi * u * sy * sz) * math.exp(-y * y / (2 * sy * sy))
    share = reached(u * t, x, sy)
    if t > length:
        share -= reached(u * (t - length), x, sy)
    return max(steady * vertical(z, height, sz) * share, 0.0)


@njit(cache=True, nogil=True)
def puff(
    x: Any, y: Any, z: Any, t: Any, mass: Any, u: Any, least: Any, height: Any, ky: Any, kz: Any
) -> Any:
    """kg/m3 of a puff released at once, t seconds ago; in calm air it grows as if it drifted at
    `least` metres a second.
    """
    if t <= 0:
        return 0.0
    centre = u * t
    path = max(u, least) * t
    sy, sz = sigma(ky, path), sigma(kz, path)
    flat = math.exp(-((x - centre) ** 2 + y * y) / (2 * sy * sy))
    return mass / ((2 * math.pi) ** 1.5 * sy * sy * sz) * flat * vertical(z, height, sz)


@njit(cache=True, nogil=True)
def calm(
    x: Any,
    y: Any,
    z: Any,
    t: Any,
    rate: Any,
    length: Any,
    u: Any,
    least: Any,
    height: Any,
    ky: Any,
    kz: Any,
    pieces: Any,
) -> Any:
    """A continuous release in calm air as puffs, ages spaced evenly in their square root."""
    oldest, youngest = t, max(t - length, 0.0)
    if oldest <= 0:
        return 0.0
    total, low, high = 0.0, math.sqrt(youngest), math.sqrt(oldest)
    for n in range(pieces):
        first = low + (high - low) * n / pieces
        last = low + (high - low) * (n + 1) / pieces
        middle = 0.5 * (first + last)
        total += puff(
            x, y, z, middle * middle, rate * (last * last - first * first), u, least, height, ky, kz
        )
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def quick_normal(x: Any) -> Any:
    """`normal` within six standard deviations, by Taylor's rule from the nearest of 4,001 points;
    absolute error below 1e-9.
    """
    n = int((x + FAR) * STEPS + 0.5)
    at = n / STEPS - FAR
    d = x - at
    return BELOW[n] + DENSE[n] * d * (1 - 0.5 * at * d)


@njit(cache=True, nogil=True)
def passed(along: Any, x: Any, sx: Any) -> Any:
    """`reached` where x is far from the source: what is left behind it, 1e-9, is left out."""
    if along - x > FAR * sx:
        return 1.0
    if x - along > FAR * sx:
        return 0.0
    return quick_normal((along - x) / sx)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "arcp", "nsz"})
def plume_field(
    east: Any,
    north: Any,
    z: Any,
    t: Any,
    rate: Any,
    length: Any,
    u: Any,
    towards: Any,
    height: Any,
    ky: Any,
    kz: Any,
    out: Any,
) -> None:
    """out[member, receptor]: one plume a member (rate, wind, direction in radians from east).

    The same as `plume` at each receptor, to 1e-8 of the plume's middle; what lies upwind or more
    than six standard deviations aside is 0 without a function called.
    """
    most = FAR * FAR
    ground = z == 0 and height == 0
    for m in range(len(rate)):
        c, s = math.cos(towards[m]), math.sin(towards[m])
        y1, y2, root = ky[m, 1] * ky[m, 1], ky[m, 2], ky[m, 0] == 0 and ky[m, 3] == -0.5
        scale = rate[m] / (2 * math.pi * u[m])
        front, end = u[m] * t, u[m] * (t - length)
        for r in range(len(east)):
            out[m, r] = 0.0
            x = east[r] * c + north[r] * s
            if x <= 0 or t <= 0:
                continue
            y = north[r] * c - east[r] * s
            if root:
                sy2 = y1 * x * x / (1 + y2 * x)
                if y * y > most * sy2:
                    continue
                sy = math.sqrt(sy2)
            else:
                sy = sigma(ky[m], x)
                sy2 = sy * sy
                if y * y > most * sy2:
                    continue
            if x > FAR * sy:
                share = passed(front, x, sy) - (passed(end, x, sy) if t > length else 0.0)
            else:
                share = reached(front, x, sy) - (reached(end, x, sy) if t > length else 0.0)
            if share <= 0:
                continue
            if root and kz[m, 0] == 0 and kz[m, 3] == -0.5:
                both = sy2 * kz[m, 1] * kz[m, 1] * x * x / (1 + kz[m, 2] * x)
                sz = 1.0 if ground else sigma(kz[m], x)
                over = scale / math.sqrt(both)
            else:
                sz = sigma(kz[m], x)
                over = scale / (sy * sz)
            lift = 2.0 if ground else vertical(z, height, sz)
            out[m, r] = over * lift * share * math.exp(-0.5 * y * y / sy2)


@njit(cache=True, nogil=True)
def release_field(
    east: Any,
    north: Any,
    z: Any,
    t: Any,
    rate: Any,
    length: Any,
    u: Any,
    least: Any,
    calm_below: Any,
    to_east: Any,
    to_north: Any,
    height: Any,
    ky: Any,
    kz: Any,
    pieces: Any,
    out: Any,
) -> None:
    """out[receptor] of one release at one time, by plume or, in calm air, by summed puffs."""
    for r in range(len(east)):
        x = east[r] * to_east + north[r] * to_north
        y = north[r] * to_east - east[r] * to_north
        if u < calm_below:
            out[r] = calm(x, y, z, t, rate, length, u, least, height, ky, kz, pieces)
        else:
            out[r] = plume(x, y, z, t, rate, length, u, height, ky, kz)

"""Farrington's regression with the whole design matrix, solved each round: slow and obvious."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS, TOLERANCE = 25, 1e-8


@dataclass(frozen=True)
class Fit:
    """Coefficients, fitted means, hat values and the dispersion."""

    beta: Floats
    mu: Floats
    leverage: Floats
    phi: float


def expect(counts: Floats, blocks: Ints, parts: int) -> float:
    """Mean of the last week: with a trend where three years allow it and it stays in bounds."""
    used = np.flatnonzero((blocks > 0) & np.isfinite(counts[: len(blocks)]))
    if len(blocks) - 1 - used[0] >= 3 * 52:
        mean = _mean(counts, blocks, parts, True)
        if mean <= counts[used].max():
            return mean
    return _mean(counts, blocks, parts, False)


def _mean(counts: Floats, blocks: Ints, parts: int, trend: bool) -> float:
    used = np.flatnonzero((blocks > 0) & np.isfinite(counts[: len(blocks)]))
    y, block = counts[used], blocks[used]
    time = (used - used[0]).astype(float)
    groups = [part for part in range(1, parts) if (block == part).any()]
    columns = [np.ones(len(y)), *(block == part for part in groups)]
    now = [1.0, *([0.0] * len(groups))]
    if trend:
        columns, now = [*columns, time], [*now, float(len(blocks) - 1 - used[0])]
    x = np.stack(columns, axis=1).astype(float)
    first = _fit(x, y, np.ones(len(y)))
    residuals = 1.5 * (y ** (2 / 3) * first.mu ** (-1 / 6) - np.sqrt(first.mu))
    residuals /= np.sqrt(max(first.phi, 1.0) * np.maximum(1 - first.leverage, 1e-12))
    weights = np.ones(len(y))
    weights[residuals > 2.58] = residuals[residuals > 2.58] ** -2.0
    second = _fit(x, y, weights * len(y) / weights.sum())
    return float(np.exp(np.array(now) @ second.beta))


def _fit(x: Floats, y: Floats, weights: Floats) -> Fit:
    mu = y + 0.1
    eta, before = np.log(mu), np.inf
    for _ in range(ROUNDS):
        work = (weights * mu)[:, None]
        beta = np.linalg.solve((x * work).T @ x, (x * work).T @ (eta + (y - mu) / mu))
        eta = x @ beta
        mu = np.exp(eta)
        logs = np.where(y > 0, y * np.log(np.maximum(y, 1e-300) / mu), 0)
        deviance = 2 * float((weights * (logs - y + mu)).sum())
        if abs(deviance - before) / (abs(deviance) + 0.1) < TOLERANCE:
            break
        before = deviance
    work = weights * mu
    inverse = np.linalg.inv((x * work[:, None]).T @ x)
    phi = float((weights * (y - mu) ** 2 / mu).sum() / (len(y) - x.shape[1]))
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x) * work
    return Fit(beta=beta, mu=mu, leverage=leverage, phi=phi)

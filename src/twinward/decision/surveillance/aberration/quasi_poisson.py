"""Regression of counts with a log link by iteratively reweighted least squares."""

from __future__ import annotations

import msgspec
import numpy as np
from scipy.stats import t as student

from twinward.decision.surveillance.arrays import Floats

ROUNDS = 25  # and the tolerance below: as R's glm
TOLERANCE = 1e-8


class PoissonFit(msgspec.Struct, frozen=True, kw_only=True):
    """Coefficients, fitted means, hat values and the dispersion (at least 1)."""

    beta: Floats
    mu: Floats
    leverage: Floats
    phi: float
    sd: Floats
    freedom: int

    def p_value(self, place: int) -> float:
        """Two-sided, of one coefficient."""
        return float(2 * student.sf(abs(self.beta[place] / self.sd[place]), self.freedom))


def fit_quasi_poisson(x: Floats, y: Floats, weights: Floats) -> PoissonFit | None:
    """x: float64[rows, columns]; None where it does not converge."""
    mu = y + 0.1
    eta = np.log(mu)
    before = np.inf
    for _ in range(ROUNDS):
        work = weights * mu
        z = eta + (y - mu) / mu
        information = (x * work[:, None]).T @ x
        try:
            beta = np.linalg.solve(information, (x * work[:, None]).T @ z)
        except np.linalg.LinAlgError:
            return None
        eta = np.clip(x @ beta, -30.0, 30.0)
        mu = np.exp(eta)
        deviance = 2 * float(
            (weights * (np.where(y > 0, y * np.log(np.maximum(y, 1e-300) / mu), 0) - y + mu)).sum()
        )
        if abs(deviance - before) / (abs(deviance) + 0.1) < TOLERANCE:
            break
        before = deviance
    else:
        return None
    return _finish(x, y, weights, beta, mu)


def _finish(x: Floats, y: Floats, weights: Floats, beta: Floats, mu: Floats) -> PoissonFit | None:
    work = weights * mu
    try:
        inverse = np.linalg.inv((x * work[:, None]).T @ x)
    except np.linalg.LinAlgError:
        return None
    freedom = int((weights > 0).sum()) - x.shape[1]
    if freedom <= 0:
        return None
    phi = float((weights * (y - mu) ** 2 / mu).sum() / freedom)
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x) * work
    return PoissonFit(
        beta=beta,
        mu=mu,
        leverage=leverage,
        phi=max(phi, 1.0),
        sd=np.sqrt(np.maximum(np.diag(inverse), 0.0) * max(phi, 1e-12)),
        freedom=freedom,
    )

"""Dense gas: the correlations of Britter and McQuaid 1988, as equations in CCPS 1999."""

from __future__ import annotations

import math

import msgspec
import numpy as np

GRAVITY = 9.80665
Piece = tuple[float, float, float]  # up to this alpha, beta = slope * alpha + level
Curves = tuple[tuple[float, tuple[Piece, ...]], ...]
FLAT_END = 99.0
# concentration ratio, then the pieces of its curve over alpha
PLUME: Curves = (
    (0.1, ((-0.55, 0, 1.75), (-0.14, 0.24, 1.88), (FLAT_END, -0.50, 1.78))),
    (0.05, ((-0.68, 0, 1.92), (-0.29, 0.36, 2.16), (-0.18, 0, 2.06), (FLAT_END, -0.56, 1.96))),
    (0.02, ((-0.69, 0, 2.08), (-0.31, 0.45, 2.39), (-0.16, 0, 2.25), (FLAT_END, -0.54, 2.16))),
    (0.01, ((-0.70, 0, 2.25), (-0.29, 0.49, 2.59), (-0.20, 0, 2.45), (FLAT_END, -0.52, 2.35))),
    (0.005, ((-0.67, 0, 2.40), (-0.28, 0.59, 2.80), (-0.15, 0, 2.63), (FLAT_END, -0.49, 2.56))),
    (0.002, ((-0.69, 0, 2.60), (-0.25, 0.39, 2.87), (-0.13, 0, 2.77), (FLAT_END, -0.50, 2.71))),
)
PUFF: Curves = (
    (0.1, ((-0.44, 0, 0.70), (0.43, 0.26, 0.81), (FLAT_END, 0, 0.93))),
    (0.05, ((-0.56, 0, 0.85), (0.31, 0.26, 1.00), (FLAT_END, -0.12, 1.12))),
    (0.02, ((-0.66, 0, 0.95), (0.32, 0.36, 1.19), (FLAT_END, -0.26, 1.38))),
    (0.01, ((-0.71, 0, 1.15), (0.37, 0.34, 1.39), (FLAT_END, -0.38, 1.66))),
    (0.005, ((-0.52, 0, 1.48), (0.24, 0.26, 1.62), (FLAT_END, -0.30, 1.75))),
    (0.002, ((0.27, 0, 1.83), (FLAT_END, -0.32, 1.92))),
    (0.001, ((-0.10, 0, 2.075), (FLAT_END, -0.27, 2.05))),
)


class DenseGas(msgspec.Struct, frozen=True, kw_only=True):
    """A dense release in wind: `volume` is m3/s of a plume or m3 of a puff."""

    volume: float
    gas_kg_m3: float
    air_kg_m3: float
    wind_m_s: float

    @property
    def g0(self) -> float:
        """Reduced gravity, 0 for gas that is not heavier than air."""
        return max(GRAVITY * (self.gas_kg_m3 - self.air_kg_m3) / self.air_kg_m3, 0.0)

    def is_dense_plume(self) -> bool:
        """Whether a continuous release behaves as dense gas."""
        width = math.sqrt(self.volume / self.wind_m_s)
        number = self.g0 * self.volume / (self.wind_m_s**3 * width)
        return math.cbrt(number) >= 0.15

    def is_dense_puff(self) -> bool:
        """Whether an instantaneous release behaves as dense gas."""
        return math.sqrt(self.g0 * self.volume) / (self.wind_m_s * math.cbrt(self.volume)) >= 0.20

    def plume_ratio(self, x_m: float) -> float:
        """Highest concentration at x over that at the source."""
        scaled = x_m / math.sqrt(self.volume / self.wind_m_s)
        if scaled <= 30:
            return 306 / (scaled**2 + 306)  # CCPS 1999, near field
        alpha = 0.2 * math.log10(max(self.g0**2 * self.volume / self.wind_m_s**5, 1e-30))
        betas = [math.log10(30), *_curve(PLUME, alpha)]
        ratios = [306 / 1206, *(ratio for ratio, _ in PLUME)]
        return _between(scaled, betas, ratios)

    def puff_ratio(self, x_m: float, t_s: float) -> float:
        """Concentration at x and t over that at the source; 0 outside the cloud, which drifts at
        0.4 of the wind and spreads by its weight.
        """
        scale = math.cbrt(self.volume)
        first = math.cbrt(3 * self.volume / (4 * math.pi)) ** 2
        radius = math.sqrt(first + 1.2 * t_s * math.sqrt(self.g0 * self.volume))
        centre = 0.4 * self.wind_m_s * t_s
        if abs(x_m - centre) > radius:
            return 0.0
        scaled = (centre + radius) / scale
        if scaled <= 3:
            return 3.24 / (scaled**2 + 3.24)
        alpha = 0.5 * math.log10(max(self.g0 * scale / self.wind_m_s**2, 1e-30))
        return _between(scaled, _curve(PUFF, alpha), [ratio for ratio, _ in PUFF])


def _curve(table: Curves, alpha: float) -> list[float]:
    found = []
    for _, pieces in table:
        slope, level = next((s, c) for end, s, c in pieces if alpha <= end)
        found.append(slope * min(alpha, 1.0) + level)
    return found


def _between(scaled: float, betas: list[float], ratios: list[float]) -> float:
    beta = math.log10(scaled)
    if beta > betas[-1]:
        return float(ratios[-1] * (scaled / 10 ** betas[-1]) ** -2)
    return float(np.interp(beta, betas, ratios))

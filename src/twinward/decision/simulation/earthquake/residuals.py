"""Random fields of ground motion: one residual an event, correlated ones within it."""

from __future__ import annotations

import numpy as np

from twinward.core.chance import generator
from twinward.decision.simulation.ground import Floats

RANGE_KM = 8.5  # of PGA where Vs30 does not cluster: Jayaram and Baker 2009, at period 0


def sample_fields(
    rows: int, cols: int, cell_km: float, members: int, seed: int, range_km: float = RANGE_KM
) -> Floats:
    """Standard normal fields [member, row, col] with correlation exp(-3 h / range), by circulant
    embedding (Dietrich and Newsam 1997); eigenvalues below 0 are set to 0 and the variance kept.
    """
    reach = int(np.ceil(2 * range_km / cell_km))
    tall, wide = _grow(rows + reach), _grow(cols + reach)
    down = np.minimum(np.arange(tall), tall - np.arange(tall))[:, None] * cell_km
    across = np.minimum(np.arange(wide), wide - np.arange(wide))[None, :] * cell_km
    power = np.fft.fft2(np.exp(-3 * np.hypot(down, across) / range_km)).real
    power = np.maximum(power, 0.0)
    scale = np.sqrt(power / power.sum() * tall * wide)
    chance = generator(seed, "earthquake-within")
    fields = np.empty((members, rows, cols))
    for first in range(0, members, 2):
        noise = chance.standard_normal((2, tall, wide))
        field = np.fft.fft2(scale * (noise[0] + 1j * noise[1])) / np.sqrt(tall * wide)
        fields[first] = field.real[:rows, :cols]
        if first + 1 < members:
            fields[first + 1] = field.imag[:rows, :cols]
    return fields


def sample_events(members: int, seed: int) -> Floats:
    """One standard normal residual a member, between events."""
    return generator(seed, "earthquake-between").standard_normal(members)


def _grow(size: int) -> int:
    """The next size that factors into 2, 3 and 5."""
    while True:
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return size
        size += 1

"""What the fitted model said of each day that was followed: the count to come, and R after it
was seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.decision.surveillance.forecasting.model import PRIORS
from twinward.decision.surveillance.forecasting.renewal import report

BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)
DISPERSION = list(PRIORS).index("dispersion_k")


class Track:
    """Given to `follow` as its watch: each day's quantiles at BANDS, the count's from before the
    day was seen.
    """

    def __init__(self, parameters: NDArray[Any], seed: int) -> None:
        self._k = parameters[:, DISPERSION : DISPERSION + 1]
        self._chance = generator(seed, "forecast.track")
        self.days: list[int] = []
        self._counts: list[NDArray[Any]] = []
        self._r: list[NDArray[Any]] = []

    def __call__(self, day: int, expected: NDArray[Any], log_r: NDArray[Any]) -> None:
        self.days.append(day)
        self._counts.append(np.quantile(report(expected, self._k, self._chance), BANDS))
        self._r.append(np.quantile(np.exp(log_r), BANDS))

    @property
    def counts(self) -> NDArray[Any]:
        """float64[D, 5] counts a day, forecast one day ahead."""
        return np.array(self._counts)

    @property
    def r(self) -> NDArray[Any]:
        """float64[D, 5] reproduction number."""
        return np.array(self._r)

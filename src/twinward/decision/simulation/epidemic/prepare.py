"""Everything a run derives from disease, mixing and residents alone, so that many seeds share
it.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.course import make_history, make_spread
from twinward.decision.simulation.epidemic.fitting.mixing import make_mixing
from twinward.decision.simulation.epidemic.fitting.reproduction import attempts_for_r0
from twinward.decision.simulation.epidemic.kernels.tables import (
    CityTables,
    History,
    Mixing,
    SpreadTables,
)
from twinward.decision.simulation.epidemic.scenario import Scenario


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Tables for the kernels."""

    mixing: Mixing
    total: NDArray[Any]  # float32[C] transmission weight of all layers
    spread: SpreadTables
    history: History
    longest_infectious: int  # days after which a record infects nobody
    longest_onset: int  # days from infection to symptoms at most


def prepare(scenario: Scenario, city: CityTables) -> Prepared:
    """Tables of a scenario on a packed city."""
    theory = scenario.mixing == "uniform"
    disease = scenario.disease
    mixing = make_mixing(disease, theory, scenario.contact_factors)
    spread = make_spread(disease, theory)
    attempts = attempts_for_r0(disease, city, mixing, theory)
    history = make_history(disease, attempts, disease.transmission.asymptomatic.value)
    return Prepared(
        mixing=mixing,
        total=np.ascontiguousarray(mixing.cumulative[:, -1]),
        spread=spread,
        history=history,
        longest_infectious=int(history.latent.max()) + len(spread.profile),
        longest_onset=int(history.latent.max()) + int(history.onset.max()),
    )


def preparation_key(scenario: Scenario) -> bytes:
    """Equal for scenarios that share their tables."""
    factors = b"" if scenario.contact_factors is None else scenario.contact_factors.tobytes()
    return msgspec.json.encode((scenario.disease, scenario.mixing)) + factors

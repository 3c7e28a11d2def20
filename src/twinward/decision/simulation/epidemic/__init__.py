"""Outbreak forecasts: scenario in, outcome out. Forecasts are simulated, never events.

from twinward.decision import simulation
outcome = simulation.run(simulation.Scenario(base=base, disease=disease, days=180, seed=1))
"""

from twinward.decision.simulation.epidemic.kernels.tables import SETTINGS
from twinward.decision.simulation.epidemic.outcome import Ensemble, SimulationOutcome, Tree
from twinward.decision.simulation.epidemic.run import Simulator, run, run_ensemble, with_seed
from twinward.decision.simulation.epidemic.scenario import Importation, InitialState, Scenario
from twinward.library.hazards.diseases import Disease, load_disease
from twinward.library.hazards.measures import Measure, load_measures, read_measures

__all__ = [
    "SETTINGS",
    "Disease",
    "Ensemble",
    "Importation",
    "InitialState",
    "Measure",
    "Scenario",
    "SimulationOutcome",
    "Simulator",
    "Tree",
    "load_disease",
    "load_measures",
    "read_measures",
    "run",
    "run_ensemble",
    "with_seed",
]

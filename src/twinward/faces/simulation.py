"""Outbreaks run forward: `simulate` in one call, and what it is made of.

    import twinward as tw
    run = tw.simulate(residents=20_000, days=60, measures=["case_isolation"])
    run.summary["attack_rate"], run.to_frame("age"), run.plot()

What comes out is simulated and never a fact. The first run of a process compiles or loads its
kernels, which takes some seconds; the same arguments and seed give the same numbers every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from twinward.citybase.people.plain_city import MOST_RESIDENTS, plain_base
from twinward.decision.simulation.epidemic import (
    SETTINGS,
    Disease,
    Ensemble,
    Importation,
    InitialState,
    Measure,
    Scenario,
    SimulationOutcome,
    Simulator,
    load_disease,
    load_measures,
    read_measures,
    run,
    run_ensemble,
)
from twinward.decision.simulation.epidemic.kernels.resident_bits import MAX_DAYS
from twinward.decision.simulation.epidemic.kernels.tables import NOBODY
from twinward.decision.simulation.epidemic.outcome import AGE_BANDS, SERIES
from twinward.decision.simulation.epidemic.scenario import MIXINGS
from twinward.faces import plots
from twinward.faces.arguments import (
    ArgumentError,
    require_choice,
    require_whole,
    speaks_python,
)
from twinward.faces.city import as_base
from twinward.faces.frames import Columns, Result
from twinward.library.hazards.diseases import DEFAULT, disease_schema, list_diseases
from twinward.library.hazards.measures import list_idle, measures_schema

if TYPE_CHECKING:
    from twinward.faces.plots import Panels

__all__ = [
    "SERIES",
    "Disease",
    "Ensemble",
    "Importation",
    "InitialState",
    "Measure",
    "Scenario",
    "Simulation",
    "SimulationOutcome",
    "Simulator",
    "disease_schema",
    "list_diseases",
    "load_disease",
    "load_measures",
    "measures_schema",
    "read_measures",
    "run",
    "run_ensemble",
    "simulate",
]
RESIDENTS = 20_000
Measures = str | Path | Sequence[str | Mapping[str, Any] | Measure]


class Simulation(Result):
    """One outbreak run forward, or several that differ in their seed.

    outcome: the (first) run with its arrays; ensemble: all runs with quantiles by day, or None;
    scenario: what was asked. Tables: `days` (one row a day), `area`, `age`, `setting`, `strain`
    (new infections a day), `tree` with keep_tree=True, and with several replicates `quantiles`
    and `replicates`.
    """

    def __init__(
        self, scenario: Scenario, outcome: SimulationOutcome, ensemble: Ensemble | None
    ) -> None:
        self.scenario, self.outcome, self.ensemble = scenario, outcome, ensemble

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures should know about the measures."""
        return list_idle(self.scenario.measures)

    @property
    def summary(self) -> dict[str, object]:
        """Headline figures; with several replicates their medians, `replicates` says how many."""
        names = ("infections", "attack_rate", "deaths", "peak_day", "peak_new", "r0_realised")
        outcomes = self.ensemble.outcomes if self.ensemble else [self.outcome]
        figures: dict[str, object] = {
            "disease": self.outcome.disease,
            "residents": self.outcome.residents,
            "days": self.outcome.days,
            "seed": self.outcome.seed,
        }
        if self.ensemble:
            figures["replicates"] = len(outcomes)
        for name in names:
            middle = np.median([getattr(one, name) for one in outcomes])
            figures[name] = middle.item() if self.ensemble else getattr(self.outcome, name)
        return {**figures, "simulated": True}

    def list_tables(self) -> list[str]:
        kept = ["tree"] if self.outcome.tree is not None else []
        many = ["quantiles", "replicates"] if self.ensemble else []
        return ["days", "area", "age", "setting", "strain", *kept, *many]

    def _columns(self, table: str) -> Columns:
        one = self.outcome
        days = np.arange(one.days)
        if table == "days":
            return {"day": days, **{name: one.series[name] for name in SERIES}}
        if table == "tree":
            return _tree_columns(one)
        if table == "quantiles":
            return {"day": days, **_quantile_columns(self.ensemble)}
        if table == "replicates":
            return _replicate_columns(self.ensemble)
        counts, labels = {
            "area": (one.by_area, one.areas),
            "age": (one.by_age, list(AGE_BANDS)),
            "setting": (one.by_setting, list(SETTINGS)),
            "strain": (one.by_strain, one.strains),
        }[table]
        return {
            "day": np.repeat(days, len(labels)),
            table: labels * one.days,
            "new_infections": counts.reshape(-1),
        }

    def plot(
        self,
        series: Sequence[str] = ("new_infections", "hospital", "new_deaths"),
        axes: Panels | None = None,
    ) -> Panels:
        """One panel a series over days, with the band over replicates; returns the matplotlib
        axes (an array when there are several).
        """
        for name in series:
            require_choice("series", name, SERIES)
        return plots.plot_series(self.outcome, self.ensemble, tuple(series), axes)


@speaks_python
def simulate(
    residents: int | None = None,
    *,
    city: Any = None,
    disease: str | Path | Disease = DEFAULT,
    settings: Mapping[str, object] | None = None,
    measures: Measures = (),
    days: int = 180,
    seed: int = 1,
    infected: int = 100,
    replicates: int = 1,
    threads: int = 1,
    importations: Sequence[Importation] = (),
    initial: InitialState | None = None,
    mixing: str = "settings",
    level: str | None = None,
    keep_tree: bool = False,
    executor: Executor | None = None,
) -> Simulation:
    """Runs an outbreak forward; the answer plots and tabulates itself.

    residents: a plain city of so many residents made for the run (20,000 when neither this nor
        `city` is given)
    city: a city instead: tw.city.open(...), a CityBase, or the folder of a workspace
    disease: name of a bundled disease (`list_diseases()`), a TOML file, or a Disease
    settings: figures laid over the disease, {"transmission.r0": 2.5}
    measures: names, dicts, Measure objects, or a TOML file; dicts have the form that
        `measures_schema()` gives
    days: 1 to 1600; seed: the same seed gives the same numbers
    infected: residents infected on day 0, drawn at random; `initial` says who instead
    replicates: runs with seeds seed, seed+1, …; one after another, or on `executor`
    threads: never changes the result
    level: area level of the table `area`; keep_tree: keep who infected whom

    Raises ArgumentError (a ValueError) that names the argument.
    """
    days = require_whole("days", days, 1, MAX_DAYS)
    seed = require_whole("seed", seed, -(2**63), 2**63 - 1)
    replicates = require_whole("replicates", replicates, 1, 10_000)
    threads = require_whole("threads", threads, 1, 256)
    require_choice("mixing", mixing, MIXINGS)
    if city is None:
        wanted = RESIDENTS if residents is None else residents
        people = require_whole("residents", wanted, 1, MOST_RESIDENTS)
    elif residents is not None:
        raise ArgumentError("residents and city cannot both be given", argument="residents")
    loaded, asked = _disease(disease, settings), read_some_measures(measures)
    base = as_base(city) if city is not None else plain_base(people, seed)
    if level is not None:
        require_choice("level", level, tuple(dict.fromkeys(area.level for area in base.areas)))
    scenario = Scenario(
        base=base,
        disease=loaded,
        days=days,
        seed=seed,
        infected=require_whole("infected", infected, 0, base.residents),
        measures=asked,
        importations=tuple(importations),
        initial=initial,
        mixing=mixing,
        threads=threads,
        level=level,
        keep_tree=keep_tree,
    )
    if replicates == 1:
        return Simulation(scenario, run(scenario), None)
    ensemble = run_ensemble(scenario, replicates, executor)
    return Simulation(scenario, ensemble.outcomes[0], ensemble)


def _disease(disease: str | Path | Disease, settings: Mapping[str, object] | None) -> Disease:
    lines = [
        f"{path}={msgspec.json.encode(value).decode()}" for path, value in (settings or {}).items()
    ]
    if isinstance(disease, Disease):
        if lines:
            raise ArgumentError(
                "settings are laid over a disease that is named, not over a Disease",
                "make the Disease with load_disease(name, settings)",
                argument="settings",
            )
        return disease
    return load_disease(str(disease), lines)


def read_some_measures(measures: Measures) -> tuple[Measure, ...]:
    if isinstance(measures, Path) or (isinstance(measures, str) and measures.endswith(".toml")):
        return load_measures(Path(measures))
    given = [measures] if isinstance(measures, str) else list(measures)
    entries = [
        msgspec.to_builtins(one)
        if isinstance(one, Measure)
        else {"type": one}
        if isinstance(one, str)
        else dict(one)
        for one in given
    ]
    return read_measures({"measures": entries}) if entries else ()


def _tree_columns(outcome: SimulationOutcome) -> Columns:
    tree = outcome.tree
    assert tree is not None
    return {
        "infectee": tree.infectee,
        "infector": np.where(tree.infector == NOBODY, -1, tree.infector.astype(np.int64)),
        "day": tree.day,
        "setting": np.array(list(SETTINGS), object)[tree.setting],
        "strain": np.array(outcome.strains, object)[tree.strain],
        "area": np.array(outcome.areas, object)[tree.area],
    }


def _quantile_columns(ensemble: Ensemble | None) -> Columns:
    assert ensemble is not None
    return {
        f"{name}_q{level:g}": row
        for name in SERIES
        for level, row in zip(ensemble.levels, ensemble.quantiles[name], strict=True)
    }


def _replicate_columns(ensemble: Ensemble | None) -> Columns:
    assert ensemble is not None
    names = ("seed", "infections", "attack_rate", "deaths", "peak_day", "peak_new", "r0_realised")
    return {name: [getattr(one, name) for one in ensemble.outcomes] for name in names}

"""The epidemic simulator behind the hazard interface: days as steps, areas as places.

It keeps no state between calls: a resumed run is replayed from its first day, which gives the
same bytes, because a day depends on the seed and the days before it alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import because_of
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.epidemic.run import run as simulate
from twinward.decision.simulation.epidemic.scenario import Scenario
from twinward.decision.simulation.interface import Ask, Footprint, Ground, Series, Start
from twinward.library.hazards.diseases import DEFAULT, load_disease
from twinward.library.hazards.measures import Measure, read_measures

DAY = 86_400.0


class EpidemicModel:
    """prepare, read and run of the epidemic simulator for one city."""

    def __init__(self, city: HazardCity) -> None:
        self.city = city

    def prepare(self, city: HazardCity) -> Ground:
        """Leaf areas as places."""
        return Ground(
            hazard="epidemic",
            places=city.areas,
            area_of_place=np.arange(len(city.areas)),
            areas=city.areas,
            residents=city.residents,
            arrays={"residents": city.residents},
            assumptions=(because_of("remark.disease", disease=DEFAULT),),
        )

    def read(self, ground: Ground, observed: Mapping[str, float], at_s: float = 0.0) -> Start:
        """Day 0, or the day from which a replayed run is cut."""
        return Start(at_s=at_s)

    def run(self, ground: Ground, ask: Ask) -> Footprint:
        """New infections by area and day; the forcing is `infected` on day 0."""
        ask.check()
        infected = ask.forcing.get("infected")
        if infected is None or isinstance(infected, Series):
            raise InputError("the forcing infected is missing", "give a number", code="bad_ask")
        base = self.city.base
        if base is None:
            raise InputError("the city has no residents", "build a city first", code="no_city")
        days = int(np.ceil(ask.until_s / DAY))
        first = round(ask.start.at_s / DAY)
        measures: tuple[Measure, ...] = ()
        if ask.measures:
            measures = read_measures({"measures": [{"type": name} for name in ask.measures]})
        members = []
        for member in ask.members_to_run():
            scenario = Scenario(
                base=base,
                disease=load_disease(DEFAULT),
                days=days,
                seed=ask.seed + member,
                infected=int(infected),
                measures=measures,
                threads=ask.threads,
                level=next(area.level for area in base.areas if area.code == base.leaf_codes[0]),
            )
            outcome = simulate(scenario)
            order = [outcome.areas.index(code) for code in ground.areas]
            members.append(outcome.by_area[first:days, order])
        return Footprint(
            figure="new_infections",
            unit="persons a day",
            places=ground.places,
            times=np.asarray(DAY * np.arange(first + 1, days + 1), np.float64),
            values=np.stack(members).astype(np.float32),
            assumptions=(because_of("remark.replayed"),) * (first > 0),
        )

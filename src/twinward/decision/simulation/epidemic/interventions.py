"""Which measures hold on a day, and what they leave of the contacts of each zone, age band and
setting.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.simulation.epidemic.background import Background
from twinward.decision.simulation.epidemic.fitting.mixing import GROUP_CONTACTS, OLDEST
from twinward.decision.simulation.epidemic.hospital import Hospital
from twinward.decision.simulation.epidemic.kernels.tables import SETTINGS, Response
from twinward.decision.simulation.epidemic.people import People
from twinward.library.hazards.diseases import Disease
from twinward.library.hazards.measures import (
    CaseIsolation,
    ContactTracing,
    Distancing,
    GatheringLimit,
    HouseholdQuarantine,
    Lockdown,
    Masks,
    Measure,
    QuarantineFacility,
    SchoolClosure,
    TravelRestriction,
    Trigger,
    WorkplaceClosure,
)

COUNTED = len(SETTINGS) - 1  # all but imported
GROUPS: dict[str, tuple[str, ...]] = {
    "household": ("household",),
    "school": ("school_class", "school"),
    "work": ("work_team", "workplace"),
    "care_home": ("care_home",),
    "hospital": ("hospital",),
    "community": ("community",),
    "transport": ("transport",),
    "random": ("random",),
}
OUTSIDE = tuple(name for name in GROUPS if name != "household")
MEMORY_D = 15  # days whose contacts can still be asked for

M = TypeVar("M", bound=Measure)


class Interventions:
    """Measures of one run. `member[m]` is bool[Z, B]: whom measure m concerns."""

    def __init__(
        self,
        measures: tuple[Measure, ...],
        people: People,
        disease: Disease,
        apart: bool = False,
        confirmed_before: tuple[int, ...] = (),
    ) -> None:
        """confirmed_before: those confirmed on the days before day 0, the last day last."""
        self.measures, self.confirmed_before = measures, confirmed_before
        self.leaf_zone, in_zone = _zones(measures, people)
        self.band, in_band = _bands(measures)
        self.member = [np.outer(in_zone[:, m], in_band[:, m]) for m in range(len(measures))]
        self.shape = (len(in_zone), len(in_band), COUNTED)
        self.ward_factor = np.float32(disease.transmission.hospital_factor.value)
        self.on = [False] * len(measures)
        self.since = [-1] * len(measures)  # day on which the trigger of a measure last fired
        keeping = CaseIsolation | QuarantineFacility | HouseholdQuarantine | ContactTracing
        self.isolates = apart or any(isinstance(m, keeping) for m in measures)
        self.response = self._respond(0)
        self.past: dict[int, Response] = {}

    def set_day(
        self, day: int, series: dict[str, NDArray[Any]], hospital: Hospital, residents: int
    ) -> None:
        """Begins and ends measures, and makes the day's table of contacts."""
        before = list(self.on)
        for m, measure in enumerate(self.measures):
            dated = measure.start_day <= day < measure.end_day
            self.on[m] = dated and self._triggered(m, measure, day, series, hospital, residents)
        if before != self.on or day == 0:
            self.response = self._respond(day)
        self.past[day] = self.response
        self.past.pop(day - MEMORY_D - 1, None)

    def active(self, kind: type[M]) -> list[tuple[M, NDArray[Any]]]:
        """Measures of this kind that hold today, with whom they concern."""
        return [
            (m, self.member[k])
            for k, m in enumerate(self.measures)
            if isinstance(m, kind) and self.on[k]
        ]

    def _triggered(
        self,
        m: int,
        measure: Measure,
        day: int,
        series: dict[str, NDArray[Any]],
        hospital: Hospital,
        residents: int,
    ) -> bool:
        trigger = measure.trigger
        if trigger is None:
            return True
        figure = _figure(trigger, day, series, hospital, residents, self.confirmed_before)
        if self.since[m] < 0 and figure > trigger.start_above:
            self.since[m] = day
        elif self.since[m] >= 0 and figure < trigger.stop_below:
            self.since[m] = -1
        return self.since[m] >= 0 and day >= self.since[m] + measure.delay_d

    def _respond(self, day: int) -> Response:
        factor = np.ones(self.shape, np.float32)
        shield = np.ones(self.shape, np.float32)
        crossing = 1.0
        for m, measure in enumerate(self.measures):
            if not self.on[m]:
                continue
            if isinstance(measure, TravelRestriction):
                crossing *= 1 - measure.reach * measure.reduction
            cut, names = _cut(measure)
            table = shield if isinstance(measure, Masks | Background) else factor
            columns = [SETTINGS.index(s) for name in names for s in GROUPS[name]]
            for column in columns:
                table[self.member[m], column] *= 1 - measure.reach * cut
        return Response(
            active=bool((factor < 1).any() or (shield < 1).any() or crossing < 1),
            isolates=self.isolates,
            factor=factor,
            shield=shield,
            band=self.band,
            crossing=np.float32(crossing),
            ward_factor=self.ward_factor,
        )


def closed_share(measure: Measure, setting: str) -> float:
    """Share of the contacts in a setting that a measure takes away by keeping people out of it
    (not by masks).
    """
    cut, names = _cut(measure)
    closes = isinstance(measure, SchoolClosure | WorkplaceClosure | Lockdown)
    return measure.reach * cut if closes and setting in names else 0.0


def _cut(measure: Measure) -> tuple[float, tuple[str, ...]]:
    """By how much a measure cuts contacts (or transmission), and in which settings."""
    if isinstance(measure, SchoolClosure):
        return 1.0, ("school",)
    if isinstance(measure, WorkplaceClosure):
        return 1.0, ("work",)
    if isinstance(measure, Distancing):
        return measure.reduction, tuple(measure.settings)
    if isinstance(measure, GatheringLimit):
        return max(0.0, 1 - measure.persons / float(GROUP_CONTACTS[3])), (
            "community",
            "transport",
            "random",
        )
    if isinstance(measure, Lockdown):
        return measure.reduction, tuple(
            name for name in OUTSIDE if name not in {"care_home", "hospital"}
        )
    if isinstance(measure, Masks):
        return measure.efficacy, tuple(measure.settings)
    if isinstance(measure, Background):
        return 1.0 - measure.left, tuple(GROUPS)
    return 0.0, ()


def _figure(
    trigger: Trigger,
    day: int,
    series: dict[str, NDArray[Any]],
    hospital: Hospital,
    residents: int,
    confirmed_before: tuple[int, ...] = (),
) -> float:
    """The figure a trigger watches, as it stood at the end of the day before."""
    if trigger.figure == "hospital_share":
        return hospital.in_ward / max(1, hospital.beds)
    if trigger.figure == "icu_share":
        return hospital.in_icu / max(1, hospital.icu_beds)
    name = "new_confirmed" if trigger.figure.startswith("confirmed") else "new_infections"
    within = float(series[name][max(0, day - 7) : day].sum())
    if name == "new_confirmed" and day < 7 and confirmed_before:
        within += sum(confirmed_before[day - 7 :])
    return within * 100_000 / residents


def _zones(measures: tuple[Measure, ...], people: People) -> tuple[NDArray[Any], NDArray[Any]]:
    """uint8[L] zone of each leaf area and bool[Z, M] which measures hold there."""
    inside = np.ones((len(people.leaf_codes), len(measures)), bool)
    for m, measure in enumerate(measures):
        if measure.areas:
            wanted = set(measure.areas)
            inside[:, m] = [not wanted.isdisjoint(path) for path in people.paths]
    kinds, zone = np.unique(inside, axis=0, return_inverse=True)
    if len(kinds) > 256:
        raise InputError(
            "more than 256 combinations of areas",
            "let measures share lists of areas",
            code="too_many_zones",
        )
    return zone.reshape(-1).astype(np.uint8), kinds


def _bands(measures: tuple[Measure, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """uint8[101] age band of each year and bool[B, M] which measures concern it."""
    years = np.arange(OLDEST + 1)
    inside = np.ones((len(years), len(measures)), bool)
    for m, measure in enumerate(measures):
        inside[:, m] = (years >= measure.ages[0]) & (years <= measure.ages[1])
    kinds, band = np.unique(inside, axis=0, return_inverse=True)
    return band.reshape(-1).astype(np.uint8), kinds

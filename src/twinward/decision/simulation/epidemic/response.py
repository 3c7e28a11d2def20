"""The responders of a run: who is tested, confirmed, kept apart, traced and vaccinated, with
limited hands.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import stream
from twinward.core.kernels import key2
from twinward.decision.simulation.epidemic.interventions import COUNTED, GROUPS, Interventions
from twinward.decision.simulation.epidemic.kernels.resident_bits import FACILITY, HOME
from twinward.decision.simulation.epidemic.kernels.response import (
    LONGEST_CARRIAGE_D,
    NO_LIMIT,
    confirm_cases,
    isolate,
    quarantine_households,
    test_records,
    trace_back,
    trace_day,
    with_symptoms_since,
)
from twinward.decision.simulation.epidemic.kernels.start import give_doses, queue_for_vaccine
from twinward.decision.simulation.epidemic.kernels.tables import SETTINGS, CityTables, Mixing
from twinward.decision.simulation.epidemic.ledger import InfectionLedger
from twinward.decision.simulation.epidemic.people import People
from twinward.decision.simulation.epidemic.scenario import Scenario
from twinward.library.hazards.measures import (
    CaseIsolation,
    ContactTracing,
    HouseholdQuarantine,
    MassTesting,
    QuarantineFacility,
    SymptomaticTesting,
    Vaccination,
)

MOST_CONTACTS = 200  # of one case that tracers deal with
LONGEST_WAIT_D = 7  # a case not traced by then is not traced any more


class ResponseTeams:
    """Pending results by day, the tracers' queue, the facility's guests and the vaccine queues."""

    def __init__(
        self, scenario: Scenario, people: People, policy: Interventions, longest_onset_d: int
    ) -> None:
        self.seed, self.residents = scenario.seed, len(people.city.words)
        self.people, self.policy = people, policy
        self.sensitivity = np.asarray(scenario.disease.test.sensitivity.value, np.float32)
        self.results: dict[int, list[NDArray[Any]]] = {}
        self.queue: deque[tuple[int, NDArray[Any]]] = (
            deque()
        )  # day of confirmation, (case, infector)
        self.leaving: dict[int, int] = {}
        self.guests = 0
        self.vaccine: dict[int, tuple[NDArray[Any], list[int]]] = {}
        tested = any(isinstance(m, SymptomaticTesting | MassTesting) for m in scenario.measures)
        longest = max((m.delay_d for m in scenario.measures), default=0)
        self.days_needed = LONGEST_CARRIAGE_D + longest if tested else 0
        self.longest_onset_d = longest_onset_d
        self.streams: dict[str, np.uint64] = {}
        self.found: dict[int, NDArray[Any]] = {}

    def key(self, name: str, day: int) -> np.uint64:
        """The key of a named stream on a day."""
        if name not in self.streams:
            self.streams[name] = stream(self.seed, f"simulation.{name}")
        return np.uint64(key2(self.streams[name], np.uint64(day)))

    # vaccination

    def vaccinate(self, day: int, words: NDArray[Any]) -> int:
        """Doses given today."""
        given = 0
        for k, measure in enumerate(self.policy.measures):
            if not isinstance(measure, Vaccination) or not (self.policy.on[k] or k in self.vaccine):
                continue
            if k not in self.vaccine:
                order = queue_for_vaccine(
                    words,
                    self.policy.leaf_zone,
                    self.policy.band,
                    self.policy.member[k],
                    measure.reach,
                    self.key(f"vaccine.{k}", 0),
                    measure.oldest_first,
                )
                self.vaccine[k] = (order, [0])
            order, ends = self.vaccine[k]
            today = (
                int(measure.doses_per_100k_day * self.residents / 100_000)
                if self.policy.on[k]
                else 0
            )
            ends.append(min(len(order), ends[-1] + today))
            given += int(give_doses(words, order[ends[-2] : ends[-1]], 1, day))
            if 0 < measure.dose_interval_d < len(ends) - 1:
                lo, hi = ends[-2 - measure.dose_interval_d], ends[-1 - measure.dose_interval_d]
                given += int(give_doses(words, order[lo:hi], 2, day))
        return given

    # finding cases

    def find_cases(
        self,
        day: int,
        ledger: InfectionLedger,
        policy: Interventions,
        series: dict[str, NDArray[Any]],
    ) -> None:
        for k, (measure, member) in enumerate(policy.active(SymptomaticTesting)):
            onset = day - measure.delay_d
            lo, hi = ledger.first_since(onset - self.longest_onset_d), ledger.first_since(onset + 1)
            ill = np.empty(hi - lo + 1, np.int32)
            count = with_symptoms_since(ledger.rec.day[lo:hi], ledger.rec.onset[lo:hi], onset, ill)
            rows = ill[:count] + np.int64(lo)
            key = self.key(f"seek.{k}", day)
            series["tests"][day] += self._test(day, day, key, rows, ledger, member, measure.reach)
        for k, (mass, member) in enumerate(policy.active(MassTesting)):
            turn, rest = divmod(day - mass.start_day, mass.every_d)
            if rest == 0 and turn < mass.rounds:
                rows = np.arange(ledger.first_since(day - LONGEST_CARRIAGE_D), ledger.n)
                key = self.key(f"mass.{k}", day)
                self._test(day, day + mass.delay_d, key, rows, ledger, member, mass.reach)
                series["tests"][day] += int(self._concerned(member) * mass.reach)

    def _concerned(self, member: NDArray[Any]) -> float:
        """Residents a measure concerns, by area; ages are taken as spread evenly over the bands'
        years.
        """
        people = np.diff(self.people.city.leaf_start).astype(np.float64)
        by_zone = np.bincount(self.policy.leaf_zone, weights=people, minlength=len(member))
        years = np.bincount(self.policy.band, minlength=member.shape[1]) / len(self.policy.band)
        return float(by_zone @ member @ years)

    def _test(
        self,
        day: int,
        result_day: int,
        key: np.uint64,
        rows: NDArray[Any],
        ledger: InfectionLedger,
        member: NDArray[Any],
        reach: float,
    ) -> int:
        positive = np.empty((len(rows), 2), np.int64)
        n, tests = test_records(
            day,
            key,
            rows,
            ledger.rec,
            self.policy.leaf_zone,
            self.policy.band,
            member,
            reach,
            self.sensitivity,
            positive,
        )
        self.results.setdefault(result_day, []).append(positive[:n].copy())
        return int(tests)

    # acting on cases

    def respond(
        self,
        day: int,
        city: CityTables,
        mixing: Mixing,
        policy: Interventions,
        series: dict[str, NDArray[Any]],
    ) -> None:
        self.guests -= self.leaving.pop(day, 0)
        due = self.results.pop(day, [])
        cases = np.concatenate(due) if due else np.zeros((0, 2), np.int64)
        cases = cases[: confirm_cases(city.words, cases)]
        series["new_confirmed"][day] = len(cases)
        self._isolate(day, cases, city.words)
        for measure, member in policy.active(HouseholdQuarantine):
            series["new_quarantined"][day] += quarantine_households(
                day,
                self.key("household", 0),
                city.words,
                cases,
                day + measure.days,
                measure.reach,
                policy.leaf_zone,
                policy.band,
                member,
            )
        for tracing, _ in policy.active(ContactTracing):
            series["new_quarantined"][day] += self._trace(day, tracing, cases, city, mixing)

    def _isolate(self, day: int, cases: NDArray[Any], words: NDArray[Any]) -> None:
        """To the facility while it has places, else home."""
        for facility, _ in self.policy.active(QuarantineFacility):
            free, end = max(0, facility.places - self.guests), day + facility.days
            taken = isolate(
                day, self.key("facility", day), words, cases, FACILITY, end, facility.reach, free
            )
            self.guests += taken
            self.leaving[end] = self.leaving.get(end, 0) + taken
        for measure, _ in self.policy.active(CaseIsolation):
            end = day + measure.days
            isolate(day, self.key("comply", day), words, cases, HOME, end, measure.reach, NO_LIMIT)

    def _trace(
        self,
        day: int,
        measure: ContactTracing,
        cases: NDArray[Any],
        city: CityTables,
        mixing: Mixing,
    ) -> int:
        taken = self._next_in_queue(day, measure, cases)
        if not len(taken):
            return 0
        found = self._chance_by_setting(measure)
        end, key = day + measure.days, self.key("trace", day)
        positive = np.empty((MOST_CONTACTS * len(taken), 2), np.int64)
        n = contacts = 0
        for back in range(1, measure.days_back + 1):
            past = day - back
            if past in self.policy.past:
                n, more = trace_day(
                    day,
                    past,
                    np.uint64(key2(key, np.uint64(back))),
                    self.key("slot", 0),
                    taken,
                    city,
                    mixing,
                    self.policy.past[past],
                    found,
                    end,
                    self.sensitivity,
                    positive,
                    n,
                )
                contacts += more
        if measure.backward > 0:
            n, more = trace_back(
                day,
                key,
                taken,
                measure.backward * measure.reach,
                city.words,
                end,
                self.sensitivity,
                positive,
                n,
            )
            contacts += more
        self.results.setdefault(day + 1, []).append(positive[:n].copy())
        return int(contacts)

    def _chance_by_setting(self, measure: ContactTracing) -> NDArray[Any]:
        """float32[COUNTED] chance that a contact in each setting is found."""
        known = self.found.get(id(measure))
        if known is None:
            known = self.found[id(measure)] = np.zeros(COUNTED, np.float32)
            for name, chance in measure.found.items():
                known[[SETTINGS.index(s) for s in GROUPS[name]]] = chance * measure.reach
        return known

    def _next_in_queue(
        self, day: int, measure: ContactTracing, cases: NDArray[Any]
    ) -> NDArray[Any]:
        """Cases that the tracers take on today, those who wait longest first; who waits too long
        is given up.
        """
        self.queue.append((day, cases))
        while self.queue[0][0] <= day - LONGEST_WAIT_D - measure.delay_d:
            self.queue.popleft()
        hands = int(
            measure.tracers_per_100k * measure.cases_per_tracer_day * self.residents / 100_000
        )
        taken = []
        while hands > 0 and self.queue and self.queue[0][0] <= day - measure.delay_d:
            since, waiting = self.queue.popleft()
            if len(waiting) > hands:
                self.queue.appendleft((since, waiting[hands:]))
            taken.append(waiting[:hands])
            hands -= len(taken[-1])
        return np.concatenate(taken) if taken else np.zeros((0, 2), np.int64)

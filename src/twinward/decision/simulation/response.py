"""The responders of a run: who is tested, confirmed, kept apart, traced and vaccinated, with limited hands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import key2, stream
from twinward.decision.simulation.kernels.response import (
    LONGEST_CARRIAGE_D,
    confirm_cases,
    isolate,
    quarantine_households,
    test_rows,
    trace_back,
    trace_day,
    with_symptoms_since,
)
from twinward.decision.simulation.kernels.start import give_doses, queue_for_vaccine
from twinward.decision.simulation.kernels.tables import NOBODY, SETTINGS, City, Mixing
from twinward.decision.simulation.kernels.words import FACILITY, HOME
from twinward.decision.simulation.ledger import Ledger
from twinward.decision.simulation.people import People
from twinward.decision.simulation.policy import COUNTED, GROUPS, Policy
from twinward.decision.simulation.scenario import Scenario
from twinward.library.measures import (
    CaseIsolation,
    ContactTracing,
    HouseholdQuarantine,
    MassTesting,
    QuarantineFacility,
    SymptomaticTesting,
    Vaccination,
)

LONGEST_WAIT_D = 7  # a case not traced by then is not traced any more


class Responders:
    """Pending results by day, the tracers' queue, the facility's guests and the vaccine queues."""

    def __init__(self, scenario: Scenario, people: People, policy: Policy) -> None:
        self.seed, self.residents = scenario.seed, len(people.city.words)
        self.people, self.policy = people, policy
        self.sensitivity = np.asarray(scenario.disease.test.sensitivity.value, np.float32)
        self.results: dict[int, list[NDArray[Any]]] = {}
        self.queue = np.zeros((0, 3), np.int64)  # day of confirmation, case, infector
        self.leaving: dict[int, int] = {}
        self.guests = 0
        self.vaccine: dict[int, tuple[NDArray[Any], list[int]]] = {}
        tested = any(isinstance(m, SymptomaticTesting | MassTesting) for m in scenario.measures)
        longest = max((m.delay_d for m in scenario.measures), default=0)
        self.days_needed = LONGEST_CARRIAGE_D + longest if tested else 0
        self.slot_stream = stream(scenario.seed, "simulation.slot")

    def key(self, name: str, day: int) -> Any:
        return np.uint64(key2(stream(self.seed, f"simulation.{name}"), np.uint64(day)))

    # vaccination

    def vaccinate(self, day: int, words: NDArray[Any]) -> int:
        """Doses given today."""
        given = 0
        for k, measure in enumerate(self.policy.measures):
            if not isinstance(measure, Vaccination) or not (self.policy.on[k] or k in self.vaccine):
                continue
            if k not in self.vaccine:
                order = queue_for_vaccine(
                    words, self.policy.leaf_zone, self.policy.band, self.policy.member[k], measure.reach,
                    self.key(f"vaccine.{k}", 0), measure.oldest_first,
                )  # fmt: skip
                self.vaccine[k] = (order, [0])
            order, ends = self.vaccine[k]
            today = int(measure.doses_per_100k_day * self.residents / 100_000) if self.policy.on[k] else 0
            ends.append(min(len(order), ends[-1] + today))
            given += int(give_doses(words, order[ends[-2] : ends[-1]], 1, day))
            if 0 < measure.dose_interval_d < len(ends) - 1:
                lo, hi = ends[-2 - measure.dose_interval_d], ends[-1 - measure.dose_interval_d]
                given += int(give_doses(words, order[lo:hi], 2, day))
        return given

    # finding cases

    def find_cases(self, day: int, ledger: Ledger, words: NDArray[Any], policy: Policy, series: dict[str, Any]) -> None:
        for k, (measure, member) in enumerate(policy.active(SymptomaticTesting)):
            lo = ledger.first_since(day - LONGEST_CARRIAGE_D - measure.delay_d)
            rows = np.empty(ledger.n - lo + 1, np.int64)
            count = with_symptoms_since(ledger.rec, lo, ledger.n, day - measure.delay_d, rows)
            key = self.key(f"seek.{k}", day)
            series["tests"][day] += self._test(day, day, key, rows[:count], ledger, words, member, measure.reach)
        for k, (measure, member) in enumerate(policy.active(MassTesting)):
            turn, rest = divmod(day - measure.start_day, measure.every_d)
            if rest == 0 and turn < measure.rounds:
                lo = ledger.first_since(day - LONGEST_CARRIAGE_D)
                rows = np.arange(lo, ledger.n, dtype=np.int64)
                key = self.key(f"mass.{k}", day)
                self._test(day, day + measure.delay_d, key, rows, ledger, words, member, measure.reach)
                series["tests"][day] += int(self._concerned(member) * measure.reach)

    def _concerned(self, member: NDArray[Any]) -> float:
        """Residents a measure concerns, by area; ages are taken as spread evenly over the bands' years."""
        people = np.diff(self.people.city.leaf_start).astype(np.float64)
        by_zone = np.bincount(self.policy.leaf_zone, weights=people, minlength=len(member))
        years = np.bincount(self.policy.band, minlength=member.shape[1]) / len(self.policy.band)
        return float(by_zone @ member @ years)

    def _test(self, day: int, result_day: int, key: Any, rows: NDArray[Any], ledger: Ledger, words: NDArray[Any],
              member: NDArray[Any], reach: float) -> int:  # fmt: skip
        positive = np.empty(len(rows), np.int64)
        n, tests = test_rows(
            day, key, rows, ledger.rec, words, self.policy.leaf_zone, self.policy.band, member, reach,
            self.sensitivity, positive,
        )  # fmt: skip
        found = positive[:n]
        pairs = np.stack([ledger.rec.who[found].astype(np.int64), ledger.rec.parent[found].astype(np.int64)], axis=1)
        self.results.setdefault(result_day, []).append(pairs)
        return int(tests)

    # acting on cases

    def respond(self, day: int, city: City, mixing: Mixing, policy: Policy, series: dict[str, Any]) -> None:
        self.guests -= self.leaving.pop(day, 0)
        due = self.results.pop(day, [])
        cases = np.concatenate(due) if due else np.zeros((0, 2), np.int64)
        first = np.zeros(len(cases), np.bool_)
        confirm_cases(city.words, cases[:, 0], first)
        cases = cases[first]
        series["new_confirmed"][day] = len(cases)
        self._isolate(day, cases[:, 0], city.words)
        for measure, member in policy.active(HouseholdQuarantine):
            series["new_quarantined"][day] += quarantine_households(
                day, self.key("household", 0), city.words, cases[:, 0], day + measure.days, measure.reach,
                policy.leaf_zone, policy.band, member,
            )  # fmt: skip
        for measure, _ in policy.active(ContactTracing):
            series["new_quarantined"][day] += self._trace(day, measure, cases, city, mixing)

    def _isolate(self, day: int, cases: NDArray[Any], words: NDArray[Any]) -> None:
        """To the facility while it has places, else home."""
        chance = np.random.Generator(np.random.Philox(key=int(self.key("comply", day))))
        for measure, _ in self.policy.active(QuarantineFacility):
            willing = cases[chance.random(len(cases)) < measure.reach]
            taken = willing[: max(0, measure.places - self.guests)]
            isolate(day, words, taken, FACILITY, day + measure.days)
            self.guests += len(taken)
            self.leaving[day + measure.days] = self.leaving.get(day + measure.days, 0) + len(taken)
        for measure, _ in self.policy.active(CaseIsolation):
            willing = cases[chance.random(len(cases)) < measure.reach]
            isolate(day, words, willing, HOME, day + measure.days)

    def _trace(self, day: int, measure: ContactTracing, cases: NDArray[Any], city: City, mixing: Mixing) -> int:
        fresh = np.concatenate([np.full((len(cases), 1), day, np.int64), cases], axis=1)
        self.queue = np.concatenate([self.queue, fresh])
        self.queue = self.queue[self.queue[:, 0] > day - LONGEST_WAIT_D - measure.delay_d]
        hands = int(measure.tracers_per_100k * measure.cases_per_tracer_day * self.residents / 100_000)
        ready = int(np.searchsorted(self.queue[:, 0], day - measure.delay_d, side="right"))
        taken, self.queue = self.queue[: min(hands, ready)], self.queue[min(hands, ready) :]
        if not len(taken):
            return 0
        found = np.zeros(COUNTED, np.float32)
        for name, chance in measure.found.items():
            found[[SETTINGS.index(s) for s in GROUPS[name]]] = chance * measure.reach
        end, key = day + measure.days, self.key("trace", day)
        positive = np.empty(200 * len(taken) + 100, np.int64)
        n = contacts = 0
        for back in range(1, measure.days_back + 1):
            past = day - back
            if past in self.policy.past:
                slots = np.uint64(key2(self.slot_stream, np.uint64(past)))
                n, more = trace_day(
                    day, past, np.uint64(key2(key, np.uint64(back))), slots, taken[:, 1], city, mixing,
                    self.policy.past[past],
                    found, end, self.sensitivity, positive, n,
                )  # fmt: skip
                contacts += more
        if measure.backward > 0:
            infectors = taken[taken[:, 2] != NOBODY, 2]
            n, more = trace_back(
                day, key, infectors, measure.backward * measure.reach, city.words, end, self.sensitivity, positive, n
            )  # fmt: skip
            contacts += more
        pairs = np.stack([positive[:n], np.full(n, NOBODY, np.int64)], axis=1)
        self.results.setdefault(day + 1, []).append(pairs)
        return int(contacts)

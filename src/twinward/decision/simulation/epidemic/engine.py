"""Runs an outbreak forward day by day; the order of the steps of a day is the list STEPS."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator, stream
from twinward.core.kernels import key2
from twinward.decision.simulation.epidemic.hospital import Hospital
from twinward.decision.simulation.epidemic.interventions import Interventions
from twinward.decision.simulation.epidemic.kernels.attempts import plan_records
from twinward.decision.simulation.epidemic.kernels.commit import accept, import_cases, run_course
from twinward.decision.simulation.epidemic.kernels.recent import PERIOD, mark_of, move_marks
from twinward.decision.simulation.epidemic.kernels.tables import (
    FLOWS,
    IMPORTED,
    SETTINGS,
    Proposals,
    RunTally,
)
from twinward.decision.simulation.epidemic.ledger import Crew, InfectionLedger
from twinward.decision.simulation.epidemic.leftover import Leftover
from twinward.decision.simulation.epidemic.outcome import AGE_BANDS, SERIES, Fingerprint, Tree
from twinward.decision.simulation.epidemic.people import People
from twinward.decision.simulation.epidemic.prepare import Prepared
from twinward.decision.simulation.epidemic.response import ResponseTeams
from twinward.decision.simulation.epidemic.scenario import Scenario
from twinward.decision.simulation.epidemic.start import begin

LONGEST_COURSE_D = 800  # three delays of at most 250 days each lie behind the last infection

STREAMS = ("attempt", "slot", "plan", "replan", "course", "severe", "left")

# the order of one day; `twinward simulate --explain` prints it
STEPS: tuple[tuple[str, str], ...] = (
    (
        "set_measures",
        "measures begin and end by date or trigger; contacts of the day are thinned accordingly",
    ),
    ("vaccinate", "doses of the day are given"),
    ("import_cases", "cases arrive from outside"),
    (
        "transmit",
        "each infectious record draws its attempts; each meets a contact of the day and infects "
        "or not",
    ),
    (
        "commit",
        "new infections are entered in the order of the records; the first of two on one resident "
        "holds",
    ),
    (
        "run_course",
        "latency, symptoms, infectiousness and severity of the new infections are drawn",
    ),
    (
        "hospitals",
        "discharges, deaths, moves to intensive care, admissions; who finds no bed fares worse",
    ),
    ("find_cases", "people with symptoms and the tested are confirmed when their results arrive"),
    (
        "respond",
        "the confirmed are kept apart, their households quarantined, their contacts traced",
    ),
    ("publish", "the counts of the day are entered; compartments always sum to the residents"),
)


class Engine:
    """One run in progress. The steps of a day are methods named in STEPS."""

    def __init__(self, scenario: Scenario, people: People, prepared: Prepared) -> None:
        disease, self.days = scenario.disease, scenario.days
        self.scenario, self.people = scenario, people
        self.city = people.city
        self.residents = len(self.city.words)
        self.mixing, self.total, self.spread = prepared.mixing, prepared.total, prepared.spread
        self.history, self.longest_infectious = prepared.history, prepared.longest_infectious
        self.keys = {name: stream(scenario.seed, f"simulation.{name}") for name in STREAMS}
        apart_at_start = scenario.initial is not None and len(scenario.initial.apart) > 0
        self.ordered = len(scenario.measures)
        self.policy = Interventions(
            (*scenario.measures, *scenario.background),
            people,
            disease,
            apart_at_start,
            scenario.confirmed_before,
        )
        self.city = self.city._replace(leaf_zone=self.policy.leaf_zone)
        self.hospital = Hospital(
            disease, self.residents, scenario.mixing != "uniform", scenario.beds, scenario.icu_beds
        )
        self.responders = ResponseTeams(scenario, people, self.policy, prepared.longest_onset)
        self.ledger, self.crew = InfectionLedger(1 << 14), Crew(scenario.threads)
        self.tallies = [
            self._make_tally() for _ in range(scenario.threads)
        ]  # all is added to the first
        self.tally = self.tallies[0]
        self.series = {name: np.zeros(self.days, np.int64) for name in SERIES}
        self.fingerprint, self.tree_days = Fingerprint(), list[tuple[NDArray[Any], ...]]()
        self.offspring = np.zeros(
            (self.days, 2)
        )  # infected by those infected on a day; days between, summed
        self.seconds = dict.fromkeys((name for name, _ in STEPS), 0.0)
        self.proposals: list[tuple[Proposals, int]] = []
        self.leftover = Leftover(scenario, self.residents)
        self.first_new = 0
        self.before = np.zeros(0, np.uint64)
        self.day_flows: dict[str, int] = {}
        self.immune_at_start = 0
        self.active = np.zeros((self.days, len(scenario.measures)), np.bool_)

    def _make_tally(self) -> RunTally:
        return RunTally(
            flows=np.zeros((self.days + LONGEST_COURSE_D, len(FLOWS)), np.int64),
            area=np.zeros((self.days, len(self.people.groups)), np.int64),
            age=np.zeros((self.days, len(AGE_BANDS)), np.int64),
            setting=np.zeros((self.days, len(SETTINGS)), np.int64),
            strain=np.zeros((self.days, 1 + len(self.scenario.disease.strains)), np.int64),
        )

    def run(self, progress: Callable[[int], None] | None = None) -> bool:
        """All days; False when interrupted, in which case the days that were finished are kept."""
        steps = [(name, getattr(self, name)) for name, _ in STEPS]
        try:
            for day in range(self.days):
                for name, step in steps:
                    started = time.perf_counter()
                    step(day)
                    self.seconds[name] += time.perf_counter() - started
                if progress:
                    progress(day)
        except KeyboardInterrupt:
            self.days = day
            return False
        finally:
            self.crew.close()
        return True

    def key(self, name: str, day: int) -> np.uint64:
        """The key of a named stream on a day."""
        return np.uint64(key2(self.keys[name], np.uint64(day)))

    def set_measures(self, day: int) -> None:
        self.policy.set_day(day, self.series, self.hospital, self.residents)
        self.active[day] = self.policy.on[: self.ordered]

    def vaccinate(self, day: int) -> None:
        self.series["new_vaccinated"][day] = self.responders.vaccinate(day, self.city.words)

    def import_cases(self, day: int) -> None:
        self.first_new = self.ledger.n
        self.before = np.zeros(0, np.uint64)
        if day == 0:
            begun = begin(self.scenario, self.city.words, self.residents)
            self.immune_at_start = begun.immune
            self.infect_outside(0, begun.who, begun.strains, begun.days)
        elif day % PERIOD == 0:
            move_marks(self.city.recent)
        if not self.scenario.importations:
            return
        chance = generator(self.scenario.seed, f"simulation.import.{day}")
        for entry in self.scenario.importations:
            if entry.first_day <= day < entry.last_day:
                first, last = self.people_of(entry.area)
                count = chance.poisson(entry.per_day)
                chosen = chance.integers(first, last, size=count)
                self.infect_outside(day, chosen, np.full(count, entry.strain), np.full(count, day))

    def people_of(self, area: str | None) -> tuple[int, int]:
        """Rows of the residents of an area (areas are ranges of leaves, since codes nest)."""
        if area is None:
            return 0, self.residents
        leaves = [k for k, path in enumerate(self.people.paths) if area in path]
        return int(self.city.leaf_start[leaves[0]]), int(self.city.leaf_start[leaves[-1] + 1])

    def infect_outside(
        self, day: int, chosen: NDArray[Any], strains: NDArray[Any], days: NDArray[Any]
    ) -> None:
        """Infections whose infector is not among the residents, on `days` (ascending, up to
        today).
        """
        self.make_room(day, len(chosen))
        before = np.zeros(len(chosen), np.uint64)
        rec, first = self.ledger.rec, self.ledger.n
        n = import_cases(
            day, mark_of(day), days, chosen, strains, IMPORTED, rec, first, self.city, before
        )
        self.before = np.concatenate([self.before, before[: n - self.ledger.n]])
        self.ledger.n = n

    def make_room(self, day: int, more: int) -> None:
        dropped = self.ledger.dropped
        keep = max(self.longest_infectious, self.responders.days_needed)
        self.ledger.make_room(more, day - keep)
        self.first_new -= self.ledger.dropped - dropped

    def transmit(self, day: int) -> None:
        self.proposals = []
        lo = self.ledger.first_since(day - self.longest_infectious)
        hi = self.first_new  # today's infected do not infect today
        if hi <= lo:
            return
        if (finished := self.leftover.meet(self, day, lo, hi)) is not None:
            self.proposals = finished
            return
        # draws count days from one's own infection: a measure that delays it changes none
        call = (day, mark_of(day), self.key("attempt", 0), self.key("slot", 0))
        tables = (
            self.ledger.rec,
            self.city,
            self.mixing,
            self.total,
            self.spread,
            self.policy.response,
        )
        self.proposals = self.crew.transmit(lo, hi, call, tables)

    def commit(self, day: int) -> None:
        dropped = self.ledger.dropped
        count = sum(done for _, done in self.proposals)
        self.make_room(day, count)
        moved = self.ledger.dropped - dropped
        susceptible = (
            self.residents if day == 0 else max(1, int(self.series["susceptible"][day - 1]))
        )
        mark, key = mark_of(day), self.key("replan", 0)
        for out, done in self.proposals:
            if moved:
                out.source[:done] -= moved
            before = np.empty(done, np.uint64)
            n = accept(
                day,
                mark,
                key,
                out,
                done,
                self.ledger.rec,
                self.ledger.n,
                self.city,
                before,
                self.total,
                self.spread.cumulative,
                self.residents / susceptible,
                self.offspring,
            )
            self.before = np.concatenate([self.before, before[: n - self.ledger.n]])
            self.ledger.n = n

    def run_course(self, day: int) -> None:
        lo, hi = self.first_new, self.ledger.n
        rec, mark = self.ledger.rec, mark_of(day)
        # not by day: whoever a measure spares until later then has the same course
        key, plan = self.key("course", 0), self.key("plan", 0)

        def part(k: int, first: int, end: int) -> NDArray[Any]:
            severe, before = np.empty(end - first + 1, np.int64), self.before[first - lo : end - lo]
            found = run_course(
                day,
                mark,
                key,
                rec,
                first,
                end,
                self.city,
                self.history,
                self.tallies[k],
                before,
                severe,
            )
            plan_records(day, plan, first, end, rec, self.total, self.spread.cumulative)
            return severe[:found]

        severe = self.crew.each(part, lo, hi)
        for tally in self.tallies[1 : len(severe)]:
            for whole, share in zip(self.tally, tally, strict=True):
                whole += share
                share[:] = 0
        self.hospital.expect(day, self.key("severe", 0), np.concatenate(severe), rec)
        columns = (rec.who[lo:hi], rec.parent[lo:hi], rec.setting[lo:hi])
        self.fingerprint.add(*columns)
        if self.scenario.keep_tree:
            self.tree_days.append(
                (
                    *(c.copy() for c in columns),
                    rec.strain[lo:hi].copy(),
                    np.full(hi - lo, day, np.int16),
                )
            )

    def hospitals(self, day: int) -> None:
        self.day_flows = self.hospital.pass_day(day, self.city.words)

    def find_cases(self, day: int) -> None:
        self.responders.find_cases(day, self.ledger, self.policy, self.series)

    def respond(self, day: int) -> None:
        self.responders.respond(day, self.city, self.mixing, self.policy, self.series)

    def publish(self, day: int) -> None:
        first, again, pre, asym, mild, asym_out, mild_out = self._flows_of(day)
        moved = self.day_flows
        past = {name: int(self.series[name][day - 1]) if day else 0 for name in SERIES[:9]}
        if day == 0:
            past["susceptible"] = self.residents - self.immune_at_start
            past["recovered"] = self.immune_at_start
        died_in = moved["died"]
        left = moved["ward_left"] + moved["icu_left"] + moved["home_left"]
        now = {
            "susceptible": past["susceptible"] - first,
            "exposed": past["exposed"] + first + again - pre - asym,
            "presymptomatic": past["presymptomatic"] + pre - mild,
            "asymptomatic": past["asymptomatic"] + asym - asym_out,
            "mild": past["mild"] + mild - mild_out - moved["admitted"] - moved["home_left"],
            "hospital": past["hospital"] + moved["admitted"] - moved["to_icu"] - moved["ward_left"],
            "intensive_care": past["intensive_care"] + moved["to_icu"] - moved["icu_left"],
            "recovered": past["recovered"] - again + asym_out + mild_out + left - died_in,
            "dead": past["dead"] + died_in,
            "new_infections": first + again,
            "new_reinfections": again,
            "new_symptomatic": mild,
            "new_admissions": moved["admitted"],
            "new_deaths": died_in,
            "turned_away": moved["turned_away"],
        }
        for name, value in now.items():
            self.series[name][day] = value

    def _flows_of(self, day: int) -> tuple[int, ...]:
        again, first, *rest = (int(x) for x in self.tally.flows[day])
        return first, again, *rest

    def tree(self) -> Tree | None:
        """The infection tree, when it was asked for."""
        if not self.scenario.keep_tree:
            return None
        who, parent, setting, strain, day = (
            np.concatenate(column) for column in zip(*self.tree_days, strict=True)
        )
        leaf = np.searchsorted(self.city.leaf_start, who, side="right") - 1
        return Tree(
            infectee=who,
            infector=parent,
            day=day,
            setting=setting,
            strain=strain,
            area=self.city.leaf_group[leaf],
        )

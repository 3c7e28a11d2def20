"""Covasim set to the same disease and measures as ours: what each entry of all-measures.toml is on
its side.

Run by .venv-bench. Where Covasim has no such thing (districts, compliance by person) the mean
effect is applied.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import covasim as cv
import numpy as np
import starsim as ss

LAYERS = {
    "household": "h",
    "school": "s",
    "work": "w",
    "community": "c",
    "transport": "c",
    "random": "c",
}
COMMUNITY_CONTACTS = 2.79  # a day, of which a gathering limit leaves its number of persons
# share of contacts that cross a border between districts in our plain city of 1,000,000
CROSSING = {"s": 0.85, "w": 0.84, "c": 0.51}
# share of residents of each five years of age in our plain city, the last from 95 up
AGES = (
    0.03848,
    0.03275,
    0.02673,
    0.02856,
    0.06312,
    0.08645,
    0.10155,
    0.10098,
    0.07631,
    0.06979,
    0.07086,
    0.07042,
    0.0712,
    0.04805,
    0.03949,
    0.03068,
    0.02182,
    0.01349,
    0.00671,
    0.00256,
)
# Contacts a day times weight, ours, over those of an age to have them in Covasim: household 3.77 x
# 1, school 1.15, work 3.52 and community 2.79 x 0.6. The numbers of contacts are whom one meets
# within weeks, since Covasim's networks never change: the others of a household, a team of work,
# and Covasim's own numbers for school and community. A layer's weight makes up for the difference.
CONTACTS = {"h": 2.2, "s": 20, "w": 8, "c": 20}
WEIGHTS = {
    "h": 3.77 / 2.2,
    "s": 0.6 * 1.15 / 0.101 / 20,
    "w": 0.6 * 3.52 / 0.691 / 8,
    "c": 0.6 * 2.79 / 20,
}
# gives the R0 of ours, counted in the same way: 2.455 against 2.457, 20 seeds each on 100,000
# residents
BETA = 0.0645
VIRAL = {"frac_time": 0.4, "load_ratio": 8, "high_cap": 4}
OLD = 60
SENSITIVITY = (
    0.78  # Kucirka et al. 2020, mean of days 5 to 9 since exposure, as in the disease file
)


class Clip(cv.clip_edges):
    """Keeps the share of a layer's contacts that `share(day, sim)` gives; a change acts on the
    day it happens.
    """

    def __init__(self, layer: str, share: Callable[[int, Any], float]) -> None:
        super().__init__(days=[0], changes=[1.0], layers=layer)
        self.share, self.last = share, 1.0

    def step(self) -> None:
        now = self.share(self.ti, self.sim)
        self.days, self.changes = ([self.ti], [now]) if now != self.last else ([], [])
        self.last = now
        super().step()


class Tracing(cv.contact_tracing):
    """Contacts are tested when found, their result comes a day later."""

    def notify_contacts(self, sim: Any, contacts: dict[int, Any]) -> None:
        super().notify_contacts(sim, contacts)
        for wait, found in contacts.items():
            alive = found[~sim.diseases.covid.dead[found]]
            sim.diseases.covid.test(alive, test_sensitivity=SENSITIVITY, test_delay=wait + 1)


class Trigger:
    """On from the day after a weekly count of infections passes one number until it falls below
    another.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        self.start, self.stop, self.on = told["start_above"], told["stop_below"], False

    def __call__(self, day: int, sim: Any) -> bool:
        new = (
            sim.results.covid.new_infections.values[max(0, day - 7) : day].sum()
            * 1e5
            / len(sim.people)
        )
        self.on = new > self.start if not self.on else new >= self.stop
        return self.on


def parameters() -> dict[str, Any]:
    """Ages, contacts, course and susceptibility of our plain city and sars-cov-2-ancestral."""

    def days(mean: float, sd: float) -> dict[str, Any]:
        return {"dist": "lognormal_int", "par1": mean, "par2": sd}

    course = cv.make_pars()["dur"] | {
        "exp2inf": days(3.3, 1.5),
        "inf2sym": days(2.2, 1.2),
        "mild2rec": days(8, 2),
        "asym2rec": days(8, 2),
    }
    prognoses = cv.get_prognoses()
    prognoses["sus_ORs"] = np.array([0.5, 0.65] + [1.0] * (len(prognoses["sus_ORs"]) - 2))
    return {
        "pop_type": "hybrid",
        "contacts": CONTACTS,
        "beta_layer": WEIGHTS,
        "beta": BETA,
        "viral_dist": VIRAL,
        "asymp_factor": 0.65,
        "dur": course,
        "prognoses": prognoses,
        "trans_redux": 1.0,  # who is infected in spite of a vaccine infects as others do
    }


def people(residents: int) -> Any:
    """Residents of the ages of our plain city."""
    rows = [(5 * k, 5 * k + 4, share) for k, share in enumerate(AGES)]
    return cv.People(residents, age_data=np.array(rows))


def interventions(path: Path, residents: int) -> tuple[list[Any], dict[str, Any]]:
    """Covasim's interventions and parameters for a file of measures."""
    told = {m["type"]: m for m in tomllib.loads(path.read_text())["measures"]}
    made = [_symptomatic(told["symptomatic_testing"]), *_mass(told["mass_testing"])]
    home, trace = told["household_quarantine"], told["contact_tracing"]
    made.append(
        cv.contact_tracing(
            {"h": home["compliance"]},
            0,
            start_day=home["start_day"],
            quar_period=home["days"],
        )
    )
    # found by setting: the defaults of ours (household 1, school 0.7, work 0.5, community about
    # 0.07)
    found = {
        k: v * trace["compliance"] for k, v in {"h": 1.0, "s": 0.7, "w": 0.5, "c": 0.07}.items()
    }
    hands = trace["tracers_per_100k"] * trace["cases_per_tracer_day"] * residents / 1e5
    made.append(
        Tracing(
            found,
            trace["delay_d"],
            start_day=trace["start_day"],
            quar_period=trace["days"],
            capacity=hands,
        )
    )
    made += _contacts(told)
    masks = told["masks"]
    made.append(
        cv.change_beta(
            masks["start_day"], 1 - masks["efficacy"] * masks["compliance"], layers=["s", "w", "c"]
        )
    )
    made.append(_vaccine(told["vaccination"], residents))
    apart = told["case_isolation"]["compliance"]
    pars = {
        "iso_factor": {"h": 1.0, "s": 1 - apart, "w": 1 - apart, "c": 1 - apart},
        "quar_factor": {"h": 1.0, "s": 0.0, "w": 0.0, "c": 0.0},
    }
    return made, pars


def _symptomatic(told: dict[str, Any]) -> Any:
    """A test `delay_d` days after onset for the share that comes."""

    def who(sim: Any) -> dict[str, Any]:
        return {
            "inds": (sim.diseases.covid.ti_symptomatic == sim.ti - told["delay_d"]).uids,
            "vals": told["coverage"],
        }

    return cv.test_prob(0.0, subtarget=who, sensitivity=SENSITIVITY, start_day=told["start_day"])


def _mass(told: dict[str, Any]) -> list[Any]:
    days = [told["start_day"] + told["every_d"] * k for k in range(told["rounds"])]
    share = told["coverage"]
    return [
        cv.test_prob(
            share,
            share,
            sensitivity=SENSITIVITY,
            test_delay=told["delay_d"],
            start_day=d,
            end_day=d,
        )
        for d in days
    ]


def _contacts(told: dict[str, dict[str, Any]]) -> list[Any]:
    """Closures, distancing, gatherings, travel and the stay at home of the old as shares of a
    layer's contacts.
    """
    school, work, far = told["school_closure"], told["workplace_closure"], told["distancing"]
    meet, stay, travel = told["gathering_limit"], told["lockdown"], told["travel_restriction"]
    trigger = Trigger(work["trigger"])

    def common(layer: str, day: int, sim: Any) -> float:
        share = 1.0
        if travel["start_day"] <= day < travel["end_day"]:
            share *= 1 - travel["compliance"] * travel["reduction"] * CROSSING[layer]
        if stay["start_day"] <= day < stay["end_day"]:
            ages = sim.people.age.values
            if layer == "w":
                ages = ages[(ages >= 22) & (ages < 65)]
            young = float(np.mean(ages < OLD)) if layer != "s" else 1.0
            share *= 1 - stay["reduction"] * (1 - young**2)
        if far["start_day"] <= day < far["end_day"] and layer in {
            LAYERS[s] for s in far["settings"]
        }:
            share *= 1 - far["reduction"] * far["compliance"]
        return share

    def at_school(day: int, sim: Any) -> float:
        shut = school["start_day"] <= day < school["end_day"]
        return common("s", day, sim) * (1 - school["coverage"] * shut)

    def at_work(day: int, sim: Any) -> float:
        return common("w", day, sim) * (1 - work["coverage"] * trigger(day, sim))

    def about(day: int, sim: Any) -> float:
        limited = meet["start_day"] <= day < meet["end_day"]
        cut = max(0.0, 1 - meet["persons"] / COMMUNITY_CONTACTS) * meet["compliance"]
        return common("c", day, sim) * (1 - cut * limited)

    return [Clip("s", at_school), Clip("w", at_work), Clip("c", about)]


def _vaccine(told: dict[str, Any], residents: int) -> Any:
    """Doses a day for the willing, oldest first; the second comes after the vaccine's interval."""
    efficacy = {"target_eff": [0.5, 0.9], "doses": 2, "interval": told["dose_interval_d"]}
    first = told["doses_per_100k_day"] * residents / 1e5

    def doses(sim: Any) -> float:
        since = sim.ti - told["start_day"]
        return 0.0 if since < 0 else first if since < told["dose_interval_d"] else 2 * first

    def order(people: Any) -> Any:
        alive = np.asarray(people.auids)
        willing = alive[np.random.default_rng(len(alive)).random(len(alive)) < told["coverage"]]
        return willing[np.argsort(-(people.age[ss.uids(willing)] // 10), kind="stable")]

    return cv.vaccinate_num(efficacy, doses, sequence=order, label="both")


def reproduction(sim: Any, residents: int) -> tuple[float, float]:
    """R0 and generation time as ours: offspring of those infected early by residents, each
    weighted for the immune.
    """
    log = sim.diseases.covid.infection_log.to_df()
    target, source = log["target"].to_numpy(np.int64), log["source"].to_numpy(float)
    day = log["day"].to_numpy(np.int64)
    new = np.bincount(day, minlength=int(day.max()) + 1)
    last = 1 + int(np.searchsorted(np.cumsum(new[1:]), max(300, int(0.002 * residents))))
    infected = np.full(residents, -1)
    early = (day >= 1) & (day <= last)
    infected[target[early]] = day[early]
    caused = source >= 0
    by, when = source[caused].astype(np.int64), day[caused]
    second = np.full(residents, np.iinfo(np.int64).max)
    first = np.unique(target, return_index=True)[1]  # the log is in the order of the days
    again = np.setdiff1d(np.arange(len(target)), first)
    np.minimum.at(second, target[again], day[again])
    ours = (infected[by] >= 0) & (when <= second[by])  # not what a second infection causes
    by, when = by[ours], when[ours]
    left = residents - np.cumsum(np.bincount(day[first], minlength=len(new)))
    weight = residents / np.maximum(left[np.maximum(when - 1, 0)], 1)
    return float(weight.sum() / early.sum()), float(
        (weight * (when - infected[by])).sum() / weight.sum()
    )

"""Outbreaks inside households against the chain binomial of Reed and Frost, over contacts of one
day.
"""

from __future__ import annotations

import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.decision.simulation import epidemic
from twinward.decision.simulation.epidemic.fitting.mixing import GROUP_CONTACTS, contacts_of_members
from twinward.decision.simulation.epidemic.kernels.tables import SETTINGS
from twinward.decision.simulation.epidemic.prepare import prepare

BASE = plain_base(30_000, 9, 1)
SIZE = 3


def chain_of_three(rate: float, slots: float) -> list[float]:
    """Chances of 0, 1, 2 further infections. One infective first exposes both others, over the
    contacts of one day.

    Each contact is with one of the two, so both escape when no contact infects; a new infective
    exposes who is left.
    """
    whole = int(slots)
    both_escape = np.exp(-rate * slots)
    one_escapes = (1 - 0.5 * (1 - np.exp(-rate))) ** whole * (
        1 - 0.5 * (1 - np.exp(-rate * (slots - whole)))
    )
    one = 2 * (one_escapes - both_escape) * one_escapes
    return [both_escape, one, 1 - both_escape - one]


def test_final_sizes_in_households_of_three_follow_reed_and_frost() -> None:
    """One infectious day each, nobody met outside: two others, each exposed to the contacts of
    one day.
    """
    disease = epidemic.load_disease(
        "sars-cov-2-ancestral",
        [
            "transmission.infectiousness=[1.0]",
            "transmission.dispersion_k=100000",
            "transmission.asymptomatic=1.0",
            f"transmission.susceptibility={[1.0] * 9}",
            "course.latent_sd_d=0",
            "course.latent_mean_d=3",
            f"severity.hospital_given_symptoms={[0.0] * 9}",
            "transmission.r0=2.0",
        ],
    )
    sizes = np.diff(np.asarray(BASE.household_start, np.int64))
    homes = np.flatnonzero(sizes == SIZE)
    seeds = np.asarray(BASE.household_start, np.int64)[homes]
    start = epidemic.InitialState(infected=seeds, infected_days_ago=np.zeros(len(seeds), np.int64))
    alone = epidemic.read_measures({"measures": [{"type": "lockdown", "reduction": 1.0}]})
    every_age_alike = GROUP_CONTACTS[:, None] / contacts_of_members()
    ask = epidemic.Scenario(
        base=BASE,
        disease=disease,
        days=20,
        seed=3,
        initial=start,
        measures=alone,
        keep_tree=True,
        contact_factors=every_age_alike,
    )
    simulator = epidemic.Simulator(BASE)
    tree = simulator.run(ask).tree
    assert tree is not None
    mine = tree.setting == SETTINGS.index("household")
    further = np.bincount(np.asarray(BASE.household_of)[tree.infectee[mine]], minlength=len(sizes))[
        homes
    ]
    rate = float(prepare(ask, simulator.people.city).history.loud_rate[0])
    observed = np.bincount(further, minlength=SIZE) / len(homes)
    assert observed == pytest.approx(chain_of_three(rate, float(GROUP_CONTACTS[0])), abs=0.018)

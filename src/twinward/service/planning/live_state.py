"""The live state of an emergency as the start of a forecast: fork the twins at an instant, never
change them.
"""

from __future__ import annotations

from datetime import datetime

from twinward.citybase.schema import CityBase
from twinward.core.errors import InputError
from twinward.decision.simulation.epidemic import load_disease
from twinward.decision.simulation.epidemic.live_state import LiveState, read_live
from twinward.library.hazards.diseases import DEFAULT, list_diseases
from twinward.service.platform import Platform, snapshot_of
from twinward.twins.emergency.incidents.rows import INCIDENTS

FOUND_SHARE = 0.5  # assumption where nobody says better: reports find half of all infections


def only_hazard(platform: Platform, at: datetime | None) -> str:
    """The hazard of the incidents known at `at`; InputError where there is none, or more than
    one.
    """
    with platform.store.read() as reader:
        known = sorted(
            {row.hazard for row in snapshot_of(platform, reader, at).list_rows(INCIDENTS)}
        )
    if not known:
        advice = "report its cases, or give --residents N for a plain city"
        raise InputError("there is no incident by that instant", advice, code="no_incident")
    if len(known) > 1:
        advice = f"name one with --hazard: {', '.join(known)}"
        raise InputError(f"{len(known)} hazards have incidents", advice, code="which_hazard")
    return str(known[0])


def usual_disease(hazard: str) -> str:
    """The bundled disease that the last word of a hazard names (`epidemic/measles`), else the
    default.
    """
    word = hazard.rpartition("/")[2]
    return word if word in list_diseases() else DEFAULT


def fork_live(
    platform: Platform,
    base: CityBase,
    disease: str,
    hazard: str | None,
    at: datetime | None,
    seed: int,
    share: float,
) -> LiveState:
    """The picture of both twins at `at` (now when None), read as a starting state for `disease`
    on `base`.
    """
    hazard = hazard or only_hazard(platform, at)
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        state = read_live(
            snapshot,
            base,
            load_disease(disease),
            hazard,
            at or platform.clock.now(),
            seed,
            share,
            platform.reference.library.plans,
            platform.settings.k_anonymity,
        )
    if not len(state.initial.infected):
        raise InputError(
            "by what was reported nobody is infected at that instant",
            "give an --at nearer to the reports",
            code="nobody_infected",
        )
    return state

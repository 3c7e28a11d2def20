"""The earthquake model: cases at sites, and its verification."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of, unique
from twinward.decision.simulation.earthquake import damage, live
from twinward.decision.simulation.earthquake.ground_motion import (
    DEFAULT_VS30,
    PGA,
    PGV,
    Motion,
    Rupture,
    estimate_motion,
)
from twinward.decision.simulation.earthquake.harm import find_harm
from twinward.decision.simulation.interface import (
    Case,
    CaseRun,
    CheckResult,
    Probe,
    ProbeReading,
    judge,
)
from twinward.library.models.card import ModelCard

# M, mechanism, R_JB km, Vs30 m/s, region, z1 km, then PGA g, PGV cm/s, SA(0.3) and SA(1.0) g, ln sd
# of PGA: the PEER NGA-West2 spreadsheet, as in pygmm's test cases (MIT)
PEER = (
    (6.0, "strike-slip", 1.0, 300.0, "global", 0.4, 0.48927, 38.22916, 0.91981, 0.35216, 0.6051),
    (7.1, "reverse", 2.0, 450.0, "california", 0.3, 0.51697, 60.56354, 1.18731, 0.53402, 0.6051),
    (4.5, "reverse", 8.0, 760.0, "china", 0.04, 0.03071, 0.96264, 0.03648, 0.00451, 0.8009),
    (6.0, "normal", 0.0, 1000.0, "japan", 0.005, 0.26922, 14.60028, 0.44715, 0.10858, 0.6051),
    (6.5, "unspecified", 100.0, 300.0, "italy", 0.4, 0.02466, 3.11245, 0.06385, 0.03017, 0.6051),
    (
        6.0,
        "strike-slip",
        1.0,
        450.0,
        "new-zealand",
        0.3,
        0.48705,
        32.93021,
        0.91272,
        0.28838,
        0.6051,
    ),
    (7.1, "reverse", 2.0, 760.0, "turkey", 0.04, 0.42922, 42.76118, 0.91747, 0.33604, 0.6051),
    (4.5, "reverse", 8.0, 1000.0, "taiwan", 0.005, 0.02544, 0.73639, 0.02843, 0.00330, 0.8009),
)
DAMAGE = {"p_none": 0, "p_slight": 1, "p_moderate": 2, "p_extensive": 3, "p_complete": 4}


class EarthquakeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[earthquake] of a case."""

    magnitude: float
    mechanism: Literal["strike-slip", "normal", "reverse", "unspecified"] = "unspecified"
    region: Literal[
        "global", "california", "china", "italy", "japan", "new-zealand", "taiwan", "turkey"
    ] = "global"
    country: str = "CN"  # of the empirical fatality figures


class EarthquakeModel:
    """BSSA14, Hazus 6.1 and PAGER behind the hazard interface."""

    settings = EarthquakeSettings
    find_harm = staticmethod(find_harm)
    prepare = staticmethod(live.prepare)
    read = staticmethod(live.read)
    run = staticmethod(live.run)

    def run_case(self, card: ModelCard, case: Case, threads: int) -> CaseRun:
        """Motion, damage and casualties at the probes, each a site of its own."""
        asked = case.settings
        assert isinstance(asked, EarthquakeSettings)
        rupture = Rupture(magnitude=asked.magnitude, mechanism=asked.mechanism, region=asked.region)
        rupture.check()
        assumptions: list[Reason] = []
        outside = card.list_out_of_range({"magnitude": asked.magnitude})
        readings = []
        for probe in case.probes:
            notes, far = _check_site(probe, card)
            assumptions += notes
            outside += far
            value = _read(probe, rupture, asked.country)
            unit = card.get_figure(probe.figure).unit
            for at in case.times():
                readings.append(
                    ProbeReading(
                        name=probe.name, time_s=at, figure=probe.figure, unit=unit, value=value
                    )
                )
        return CaseRun(
            readings=tuple(readings),
            mass_error=None,
            cells=len(case.probes),
            steps=1,
            assumptions=unique(assumptions),
            out_of_range=unique(outside),
        )

    def check(self) -> list[CheckResult]:
        """The PEER cases, the Hazus damage table and the PAGER rates."""
        found = []
        for case in PEER:
            rupture = Rupture(magnitude=case[0], mechanism=case[1], region=case[4])
            motion = _motion(rupture, (PGA, PGV, 0.3, 1.0), case[2], case[3], case[5])
            reached = [*np.exp(motion.median[:, 0]), motion.total[0, 0]]
            names = ("PGA g", "PGV cm/s", "SA(0.3) g", "SA(1.0) g", "ln sd PGA")
            for name, expected, value in zip(names, case[6:], reached, strict=True):
                title = f"PEER M {case[0]:g} {case[1]} {case[4]}: {name}"
                allowed = max(1e-3 * expected, 6e-6)  # the printed digits of small values
                found.append(judge(title, expected, float(value), allowed, "PEER NGA-West2"))
        concrete = damage.get_class("C1.M.LC")
        for pga, complete, dead in (
            (0.1, 1.2e-05, 1.4e-07),
            (0.2, 0.006512, 6.684e-05),
            (0.3, 0.070853, 7.1856e-04),
            (0.5, 0.423713, 4.27971e-03),
        ):
            states = concrete.states(np.array(pga))
            title = f"C1.M low code at {pga:g} g: "
            found.append(
                judge(f"{title}P(complete)", complete, float(states[4]), 1e-4, "Hazus 6.1")
            )
            rate = float(concrete.casualties(np.array(pga))[3])
            found.append(judge(f"{title}share dead", dead, rate, 1e-6, "Hazus 6.1"))
        for mmi, rate in ((6, 2.83944e-08), (7, 5.05336e-05), (8, 0.00533269), (9, 0.0843601)):
            got = float(damage.death_rate(np.array(float(mmi))))
            found.append(judge(f"China, MMI {mmi}: death rate", rate, got, 1e-3 * rate, "PAGER"))
        return found


def _motion(
    rupture: Rupture, periods: tuple[float, ...], rjb: float, vs30: float, z1: float | None
) -> Motion:
    return estimate_motion(
        rupture,
        periods,
        np.array([rjb]),
        np.array([vs30]),
        np.array([-1.0 if z1 is None else z1]),
    )


def _check_site(probe: Probe, card: ModelCard) -> tuple[list[Reason], list[Reason]]:
    name = f"probe {probe.name}"
    if probe.rjb_km is None:
        raise InputError(f"{name} has no rjb_km", "give the distance in km", code="bad_case")
    if not 0 <= probe.rjb_km <= 2000:
        raise InputError(
            f"{name}: rjb_km must be 0 to 2,000, got {probe.rjb_km:g}", "give km", code="bad_case"
        )
    if probe.vs30_m_s is not None and not 50 <= probe.vs30_m_s <= 3000:
        raise InputError(
            f"{name}: vs30_m_s must be 50 to 3,000, got {probe.vs30_m_s:g}",
            "give metres per second",
            code="bad_case",
        )
    if probe.z1_km is not None and not 0 <= probe.z1_km <= 20:
        raise InputError(
            f"{name}: z1_km must be 0 to 20, got {probe.z1_km:g}", "give km", code="bad_case"
        )
    notes = []
    if probe.vs30_m_s is None:
        notes.append(because_of("remark.vs30_missing", vs30_m_s=DEFAULT_VS30))
    if probe.z1_km is None:
        notes.append(because_of("remark.no_basin"))
    far = card.list_out_of_range(
        {"rjb_km": probe.rjb_km, "vs30_m_s": probe.vs30_m_s or DEFAULT_VS30}
    )
    return notes, far


def _read(probe: Probe, rupture: Rupture, country: str) -> float:
    rjb, vs30 = probe.rjb_km, probe.vs30_m_s or DEFAULT_VS30
    assert rjb is not None
    if probe.figure in ("sa_g", "ln_sd"):
        period = PGA if probe.period_s is None else probe.period_s
        if probe.figure == "sa_g" and (probe.period_s is None or period < 0):
            raise InputError(
                f"probe {probe.name} has no period_s above 0", "give the period", code="bad_case"
            )
        motion = _motion(rupture, (period,), rjb, vs30, probe.z1_km)
        return float(motion.total[0, 0] if probe.figure == "ln_sd" else np.exp(motion.median[0, 0]))
    motion = _motion(rupture, (PGA, PGV), rjb, vs30, probe.z1_km)
    pga, pgv = (math.exp(value) for value in motion.median[:, 0])
    if probe.figure == "pga_g":
        return pga
    if probe.figure == "pgv_cm_s":
        return pgv
    mmi = damage.intensity(np.array(pga), np.array(pgv))
    if probe.figure == "mmi":
        return float(mmi)
    if probe.figure == "death_rate_empirical":
        return float(damage.death_rate(mmi, country))
    if probe.building is None:
        raise InputError(
            f"probe {probe.name} has no building",
            "name a class, for example C1.M.LC",
            code="bad_case",
        )
    building = damage.get_class(probe.building)
    if probe.figure in DAMAGE:
        return float(building.states(np.array(pga))[DAMAGE[probe.figure]])
    return float(building.casualties(np.array(pga))[3])


MODEL = EarthquakeModel()

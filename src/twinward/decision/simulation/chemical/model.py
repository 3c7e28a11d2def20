"""The chemical model: cases at receptors, and its verification."""

from __future__ import annotations

import math

import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, unique
from twinward.decision.simulation.chemical import kernels, live
from twinward.decision.simulation.chemical.dense import DenseGas
from twinward.decision.simulation.chemical.release import (
    ChemicalSettings,
    Release,
    make_release,
)
from twinward.decision.simulation.chemical.sigmas import get_set, wind_at
from twinward.decision.simulation.chemical.sources import gas_density, gas_jet, liquid_jet
from twinward.decision.simulation.interface import Case, CaseRun, CheckResult, ProbeReading, judge
from twinward.library.models.card import ModelCard

STEADY_S = 1e9  # where a case names no end


class ChemicalModel:
    """Gaussian plume and puff, dense gas and toxic zones behind the hazard interface."""

    settings = ChemicalSettings
    prepare = staticmethod(live.prepare)
    read = staticmethod(live.read)
    run = staticmethod(live.run)
    list_levels = staticmethod(live.list_levels)

    def run_case(self, card: ModelCard, case: Case, threads: int) -> CaseRun:
        """Concentrations at the receptors."""
        asked = case.settings
        assert isinstance(asked, ChemicalSettings)
        release = make_release(asked)
        times = case.times() if case.until_s > 0 else [asked.duration_s or STEADY_S]
        readings: list[ProbeReading] = []
        far: list[Reason] = []
        for probe in case.probes:
            if probe.x_m is None:
                raise InputError(
                    f"probe {probe.name} has no x_m", "metres east of the source", code="bad_case"
                )
            if probe.z_m < 0:
                raise InputError(
                    f"probe {probe.name} is {-probe.z_m:g} m under ground",
                    "give z_m of 0 or more",
                    code="bad_case",
                )
            distance = math.hypot(probe.x_m, probe.y_m)
            far += card.list_out_of_range({"distance_m": distance})
            unit = card.get_figure(probe.figure).unit
            for at in times:
                value = release.concentration(probe.x_m, probe.y_m, probe.z_m, at)
                if probe.figure == "concentration_ppm":
                    value /= release.substance.kg_m3(1.0, asked.air_temperature_c + 273.15)
                readings.append(
                    ProbeReading(
                        name=probe.name, time_s=at, figure=probe.figure, unit=unit, value=value
                    )
                )
        ranges = {"wind_m_s": asked.wind_m_s}
        return CaseRun(
            readings=tuple(readings),
            mass_error=balance(release),
            cells=len(case.probes),
            steps=len(times),
            assumptions=release.assumptions,
            out_of_range=unique([*card.list_out_of_range(ranges), *far]),
        )

    def check(self) -> list[CheckResult]:
        """Briggs, Irwin, the CCPS examples, Britter and McQuaid, and the flux through a plane."""
        return [*_check_sigmas(), *_check_plumes(), *_check_jets(), *_check_dense()]


def balance(release: Release) -> float | None:
    """|flux through a plane 1 km downwind / rate - 1| of a steady plume; None for others."""
    one = release.settings
    if release.dense is not None or not one.rate_kg_s or release.wind_m_s < 1:
        return None
    sy, sz = kernels.sigma(release.ky, 1000.0), kernels.sigma(release.kz, 1000.0)
    y = np.linspace(-8 * sy, 8 * sy, 161)
    z = np.linspace(0, one.height_m + 8 * sz, 321)
    shape = kernels.vertical
    up = np.array([shape(one_z, one.height_m, sz) for one_z in z])
    across = np.exp(-y * y / (2 * sy * sy)) / (2 * math.pi * sy * sz)
    flux = float(np.trapezoid(across, y) * np.trapezoid(up, z))
    return abs(flux - 1)


def _check_sigmas() -> list[CheckResult]:
    found = []
    for stability, x, sy, sz in (
        ("D", 100.0, 15.689290811054722, 13.794609894300105),
        ("D", 5000.0, 461.88021535170066, 442.71887242357315),
        ("F", 1000.0, 92.96696802013683, 50.596442562694065),
    ):
        ky, kz, _ = get_set("briggs", "urban", stability)
        title = f"Briggs urban {stability} at {x:g} m: sigma"
        found.append(judge(f"{title} y", sy, kernels.sigma(ky, x), 1e-6 * sy, "Briggs 1973"))
        found.append(judge(f"{title} z", sz, kernels.sigma(kz, x), 1e-6 * sz, "Briggs 1973"))
    for ground, stability, speed in (
        ("urban", "A", 4.237612633868263),
        ("urban", "F", 11.943215116604916),
        ("rural", "F", 10.644401677007265),
    ):
        reached = wind_at(10, 3, 1, ground, stability)
        found.append(judge(f"Irwin {ground} {stability}, 1 to 10 m", speed, reached, 1e-9, "ISC3"))
    return found


def _check_plumes() -> list[CheckResult]:
    found = []
    ky, kz, _ = get_set("briggs", "urban", "D")
    for x, value in ((100.0, 1.4707450350691818e-3), (5000.0, 1.5566562941050373e-6)):
        reached = 3 * kernels.plume(x, 0.0, 0.0, 1e9, 1.0, math.inf, 3.0, 0.0, ky, kz)
        title = f"urban D, ground centreline at {x:g} m: c u / Q"
        found.append(judge(title, value, reached, 1e-6 * value, "Briggs 1973"))
    ky, kz, _ = get_set("ten-minute", "rural", "F")
    value = 1.0346728324507407e-4
    reached = kernels.plume(500.0, 0.0, 0.0, 1e9, 0.1, math.inf, 2.0, 0.0, ky, kz)
    found.append(judge("plume of CCPS p. 97", value, reached, 1e-6 * value, "CCPS 1999"))
    ky, kz, _ = get_set("puff", "rural", "F")
    sy, sz = 5.047929716825321, 2.214836678536473
    value = 1 / (math.sqrt(2 * math.pi) * math.pi * sy**2 * sz)
    reached = kernels.puff(500.0, 0.0, 0.0, 250.0, 1.0, 2.0, 0.5, 0.0, ky, kz)
    found.append(judge("puff of CCPS p. 101", value, reached, 1e-6 * value, "CCPS 1999"))
    settings = ChemicalSettings(substance="ammonia", rate_kg_s=1.0, wind_m_s=3.0, height_m=20)
    flux = 1 + (balance(make_release(settings)) or 0)
    found.append(judge("flux through a plane at 1 km over the rate", 1.0, flux, 1e-3, "definition"))
    return found


def _check_jets() -> list[CheckResult]:
    liquid = liquid_jet(
        density=490,
        diameter_m=0.01,
        discharge=0.63,
        pressure_pa=120_935.0368,
        ambient_pa=101_325,
    )
    gas = gas_jet(
        density=8.9, ratio=1.15, diameter_m=0.01, discharge=0.85, pressure_pa=501_000, kelvin=298
    )
    return [
        judge("liquid jet, kg/s", 0.21691154763598, liquid.kg_s, 1e-6, "CCPS 1999"),
        judge("gas jet, kg/s", 0.09002799947040846, gas.kg_s, 1e-6, "CCPS 1999"),
        judge("gas jet, K at the hole", 277.2093023255814, gas.kelvin, 1e-6, "CCPS 1999"),
    ]


def _check_dense() -> list[CheckResult]:
    found = []
    air = gas_density(28.964, 298)
    lng = DenseGas(volume=0.23 * 425.6 / 1.76, gas_kg_m3=1.76, air_kg_m3=air, wind_m_s=10.9)
    for x, value in (
        (45.2, 0.6720234544594696),
        (367.0, 0.050717667650511944),
        (1200.0, 0.004921409666659286),
    ):
        ratio = lng.plume_ratio(x)
        reached = ratio / (ratio + (1 - ratio) * 111.15 / 298)
        title = f"Britter-McQuaid plume, LNG at {x:g} m"
        found.append(judge(title, value, reached, 0.01 * value, "Britter and McQuaid 1988"))
    air = gas_density(28.964, 293.15)
    cloud = DenseGas(volume=72_500, gas_kg_m3=1.434, air_kg_m3=air, wind_m_s=2)
    for x, t, value in (
        (160.0, 200.0, 0.0030830245167018195),
        (333.0, 124.0, 0.006097560975609757),
        (333.0, 1396.0, 0.00018497619507887978),
        (2500.0, 3125.0, 4.426827310014859e-05),
    ):
        reached = cloud.puff_ratio(x, t) * 0.06097560975609757
        title = f"Britter-McQuaid puff, Potchefstroom at {x:g} m, {t:g} s"
        found.append(judge(title, value, reached, 0.01 * value, "Britter and McQuaid 1988"))
    return found


MODEL = ChemicalModel()

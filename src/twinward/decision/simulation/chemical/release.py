"""A release made ready: which method holds, with which wind and coefficients, and why."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.chemical import kernels
from twinward.decision.simulation.chemical.dense import DenseGas
from twinward.decision.simulation.chemical.sigmas import get_set, wind_at
from twinward.decision.simulation.chemical.sources import gas_density
from twinward.decision.simulation.chemical.substances import Substance, get_substance
from twinward.decision.simulation.ground import Floats

CALM = 1.0  # m/s below which a plume has no meaning and puffs are summed
LEAST_DRIFT = 0.5  # m/s at which a puff in calm air grows
AIR_G = 28.964
PIECES = 400


class ChemicalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[chemical] of a case: a rate over a duration, or a mass at once; wind at 10 m."""

    substance: str
    rate_kg_s: float | None = None
    mass_kg: float | None = None
    duration_s: float | None = None
    height_m: float = 0.0
    wind_m_s: float
    wind_from_deg: float = 270.0
    stability: str = "D"
    ground: Literal["urban", "rural"] = "urban"
    sigma: str | None = None
    method: Literal["auto", "gaussian", "dense"] = "auto"
    air_temperature_c: float = 20.0
    gas_temperature_c: float | None = None
    gas_density_kg_m3: float | None = None

    def check(self) -> None:
        """InputError `bad_release` for what cannot be."""
        if (self.rate_kg_s is None) == (self.mass_kg is None):
            raise _bad("give rate_kg_s or mass_kg, one of the two", "a rate makes a plume")
        amount = self.rate_kg_s if self.rate_kg_s is not None else self.mass_kg
        assert amount is not None
        name = "rate_kg_s" if self.rate_kg_s is not None else "mass_kg"
        most = 1e5 if self.rate_kg_s is not None else 1e8
        if not 0 <= amount <= most:
            raise _bad(f"{name} must be 0 to {most:,.0f}, got {amount:,g}", "give kilograms")
        if not 0 <= self.wind_m_s <= 75:
            raise _bad(f"wind_m_s must be 0 to 75, got {self.wind_m_s:g}", "give metres a second")
        if not -360 <= self.wind_from_deg <= 720:
            raise _bad(
                f"wind_from_deg must be 0 to 360, got {self.wind_from_deg:g}", "give degrees"
            )
        if not 0 <= self.height_m <= 1000:
            raise _bad(f"height_m must be 0 to 1,000, got {self.height_m:g}", "give metres")
        if self.duration_s is not None and not self.duration_s > 0:
            raise _bad(f"duration_s must be above 0, got {self.duration_s:g}", "give seconds")
        if not -90 <= self.air_temperature_c <= 60:
            raise _bad(f"air_temperature_c is {self.air_temperature_c:g}", "give -90 to 60")
        gas = self.gas_temperature_c
        if gas is not None and not -270 < gas <= 2000:
            raise _bad(f"gas_temperature_c is {gas:g}", "give degrees Celsius")
        density = self.gas_density_kg_m3
        if density is not None and not 0.01 <= density <= 1000:
            raise _bad(f"gas_density_kg_m3 is {density:g}", "give kg/m3 of the gas")


def _bad(why: str, advice: str) -> InputError:
    return InputError(why, advice, code="bad_release")


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """What the kernels need, and the notes that go with the answer."""

    settings: ChemicalSettings
    substance: Substance
    wind_m_s: float
    ky: Floats
    kz: Floats
    dense: DenseGas | None
    towards: tuple[float, float]  # unit vector downwind: east, north
    assumptions: tuple[Reason, ...]

    def concentration(self, east_m: float, north_m: float, z_m: float, t_s: float) -> float:
        """kg/m3 at a receptor, t seconds after the release began."""
        cos, sin = self.towards
        x, y = east_m * cos + north_m * sin, north_m * cos - east_m * sin
        one = self.settings
        if self.dense is not None:
            return self._dense_at(self.dense, x, t_s)
        if one.mass_kg is not None:
            return float(
                kernels.puff(
                    x,
                    y,
                    z_m,
                    t_s,
                    one.mass_kg,
                    self.wind_m_s,
                    LEAST_DRIFT,
                    one.height_m,
                    self.ky,
                    self.kz,
                )
            )
        rate, length = one.rate_kg_s or 0.0, one.duration_s or math.inf
        if self.wind_m_s < CALM:
            return float(
                kernels.calm(
                    x,
                    y,
                    z_m,
                    t_s,
                    rate,
                    length,
                    self.wind_m_s,
                    LEAST_DRIFT,
                    one.height_m,
                    self.ky,
                    self.kz,
                    PIECES,
                )
            )
        return float(
            kernels.plume(
                x, y, z_m, t_s, rate, length, self.wind_m_s, one.height_m, self.ky, self.kz
            )
        )

    def _dense_at(self, dense: DenseGas, x: float, t_s: float) -> float:
        if x <= 0:
            return 0.0
        one = self.settings
        ratio = (
            dense.puff_ratio(x, t_s)
            if one.mass_kg is not None
            else dense.plume_ratio(x)
            if t_s >= x / dense.wind_m_s and t_s <= x / dense.wind_m_s + (one.duration_s or 1e18)
            else 0.0
        )
        kelvin = _gas_kelvin(one, self.substance)
        air = one.air_temperature_c + 273.15
        share = ratio / (ratio + (1 - ratio) * kelvin / air)  # cold gas warms: CCPS 1999
        return share * gas_density(self.substance.molar_mass_g, air)


def _gas_kelvin(one: ChemicalSettings, substance: Substance) -> float:
    given = one.gas_temperature_c
    return (one.air_temperature_c if given is None else given) + 273.15


def make_release(one: ChemicalSettings) -> Release:
    """Checks the settings and chooses the method; every choice is an assumption of the answer."""
    one.check()
    substance = get_substance(one.substance)
    puff = one.mass_kg is not None
    chosen = one.sigma or ("puff" if puff else "briggs")
    if puff and chosen == "ccps":
        chosen = "puff"
    ky, kz, title = get_set(chosen, one.ground, one.stability)
    notes = [because_of("remark.sigma", title=title, stability=one.stability)]
    wind = one.wind_m_s
    if one.height_m > 10:
        wind = wind_at(one.height_m, one.wind_m_s, 10, one.ground, one.stability)
        notes.append(because_of("remark.irwin", wind_m_s=wind, height_m=one.height_m))
    elif one.height_m < 10:
        notes.append(because_of("remark.wind_at_10"))
    if wind < CALM and not puff:
        notes.append(because_of("remark.calm", calm_m_s=CALM, drift_m_s=LEAST_DRIFT))
    if not puff and one.duration_s is None:
        notes.append(because_of("remark.no_end"))
    dense = _find_dense(one, substance, puff, notes)
    angle = math.radians(one.wind_from_deg % 360)
    return Release(
        settings=one,
        substance=substance,
        wind_m_s=wind,
        ky=ky,
        kz=kz,
        dense=dense,
        towards=(_clean(-math.sin(angle)), _clean(-math.cos(angle))),
        assumptions=tuple(notes),
    )


def _find_dense(
    one: ChemicalSettings, substance: Substance, puff: bool, notes: list[Reason]
) -> DenseGas | None:
    kelvin = _gas_kelvin(one, substance)
    air = gas_density(AIR_G, one.air_temperature_c + 273.15)
    density = one.gas_density_kg_m3 or gas_density(substance.molar_mass_g, kelvin)
    amount = one.mass_kg if one.mass_kg is not None else one.rate_kg_s
    assert amount is not None
    if amount == 0 or one.wind_m_s < LEAST_DRIFT or density <= air:
        if one.method == "dense":
            notes.append(because_of("remark.not_dense"))
        return None
    gas = DenseGas(volume=amount / density, gas_kg_m3=density, air_kg_m3=air, wind_m_s=one.wind_m_s)
    heavy = gas.is_dense_puff() if puff else gas.is_dense_plume()
    if one.method == "dense" or (one.method == "auto" and heavy and one.sigma is None):
        notes.append(because_of("remark.dense"))
        return gas
    if heavy:
        notes.append(because_of("remark.heavy_gaussian"))
    return None


def _clean(value: float) -> float:
    return 0.0 if abs(value) < 1e-15 else value

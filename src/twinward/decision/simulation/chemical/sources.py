"""How much is released: jets of liquid and gas through a hole (CCPS 1999)."""

from __future__ import annotations

import math

import msgspec

from twinward.decision.simulation.chemical.substances import GAS_CONSTANT


class Jet(msgspec.Struct, frozen=True, kw_only=True):
    """A jet through a hole: mass flow, speed, and pressure and temperature at the hole."""

    kg_s: float
    m_s: float
    pressure_pa: float
    kelvin: float


def liquid_jet(
    *, density: float, diameter_m: float, discharge: float, pressure_pa: float, ambient_pa: float
) -> Jet:
    """Bernoulli's orifice: rate = c A sqrt(2 rho (p - p0))."""
    area = math.pi / 4 * diameter_m**2
    speed = discharge * math.sqrt(2 * max(pressure_pa - ambient_pa, 0) / density)
    return Jet(kg_s=density * area * speed, m_s=speed, pressure_pa=ambient_pa, kelvin=math.nan)


def gas_jet(
    *,
    density: float,
    ratio: float,
    diameter_m: float,
    discharge: float,
    pressure_pa: float,
    kelvin: float,
    ambient_pa: float = 101_325.0,
) -> Jet:
    """Isentropic orifice, choked where the pressure allows; `density` at the upstream state,
    `ratio` of heat capacities.
    """
    area = math.pi / 4 * diameter_m**2
    critical = (2 / (ratio + 1)) ** (ratio / (ratio - 1))
    share = max(ambient_pa / pressure_pa, critical)
    exit_kelvin = kelvin * share ** ((ratio - 1) / ratio)
    exit_density = density * share ** (1 / ratio)
    fall = share ** (2 / ratio) - share ** ((ratio + 1) / ratio)
    rate = discharge * area * math.sqrt(2 * density * pressure_pa * ratio / (ratio - 1) * fall)
    return Jet(
        kg_s=rate,
        m_s=rate / (exit_density * area),
        pressure_pa=pressure_pa * share,
        kelvin=exit_kelvin,
    )


def gas_density(molar_mass_g: float, kelvin: float, pressure_pa: float = 101_325.0) -> float:
    """kg/m3 of an ideal gas."""
    return pressure_pa * molar_mass_g * 1e-3 / (GAS_CONSTANT * kelvin)

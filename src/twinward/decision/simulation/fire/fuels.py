"""The 13 and 40 standard fuel models, and what of them burns at given moistures."""

from __future__ import annotations

import csv
from functools import lru_cache

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.ground import Floats
from twinward.library.models.card import MODELS

COEFFICIENTS = MODELS / "fire" / "1" / "coefficients"
NON_BURNABLE = frozenset({0, *range(91, 100), 256})
PARTICLE_DENSITY = 32.0  # lb/ft3, Rothermel 1972
MINERALS, SILICA_FREE = 0.0555, 0.010  # shares of weight
SIZE_EDGES = (1200.0, 192.0, 96.0, 48.0, 16.0)  # per ft, Albini 1976
BTU_FT_S_TO_KW_M = 3.461188
FT_MIN_TO_M_MIN = 0.3048


class Fuel(msgspec.Struct, frozen=True, kw_only=True):
    """One standard fuel model: loads in lb/ft2, surface-to-volume ratios per ft, depth in ft."""

    number: int
    code: str
    dynamic: bool
    loads: tuple[float, float, float, float, float]  # 1 h, 10 h, 100 h, herb, woody
    sav: tuple[float, float, float]  # 1 h, herb, woody
    depth_ft: float
    extinction: float  # share
    heat: float  # BTU/lb


class Moisture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fuel moisture in per cent of dry weight."""

    h1: float = 6.0
    h10: float = 7.0
    h100: float = 8.0
    herb: float = 60.0
    woody: float = 90.0

    def check(self) -> None:
        """InputError `bad_moisture`."""
        for name in ("h1", "h10", "h100", "herb", "woody"):
            value = getattr(self, name)
            if not 0 <= value <= 400:
                raise InputError(
                    f"moisture {name} must be 0 to 400 per cent, got {value:g}",
                    "give per cent of dry weight",
                    code="bad_moisture",
                )


class Bed(msgspec.Struct, frozen=True, kw_only=True):
    """What a fuel does at given moistures without wind and slope (ft, minutes, BTU)."""

    spread: float  # ft/min
    reaction: float  # BTU/ft2/min
    wind_b: float
    wind_c: float
    wind_e: float
    packing: float
    relative_packing: float
    sav: float
    depth_ft: float

    @property
    def residence_min(self) -> float:
        """Flame residence time, Anderson 1969."""
        return 384.0 / self.sav if self.sav > 0 else 0.0


@lru_cache(maxsize=1)
def load_fuels() -> dict[int, Fuel]:
    """The 13 of Albini 1976 and the 40 of Scott and Burgan 2005 by number."""
    with (COEFFICIENTS / "fuels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {}
    for row in rows:
        value = {name: float(text) for name, text in row.items() if name != "code"}
        found[int(value["number"])] = Fuel(
            number=int(value["number"]),
            code=row["code"],
            dynamic=value["dynamic"] == 1,
            loads=(value["h1"], value["h10"], value["h100"], value["herb"], value["woody"]),
            sav=(value["sav_h1"], value["sav_herb"], value["sav_woody"]),
            depth_ft=value["depth_ft"],
            extinction=value["extinction_percent"] / 100,
            heat=value["heat_btu_lb"],
        )
    return found


def find_fuel(number: int) -> Fuel | None:
    """The fuel of that number, None for what never burns; InputError `unknown_fuel`."""
    if number in NON_BURNABLE:
        return None
    fuel = load_fuels().get(number)
    if fuel is None:
        raise InputError(
            f"there is no fuel model {number}",
            "name 1 to 13, one of the 40 from 101 to 204, or 91 to 99 for what does not burn",
            code="unknown_fuel",
        )
    return fuel


def make_bed(fuel: Fuel | None, moisture: Moisture) -> Bed:
    """Rothermel 1972 with Albini's 1976 revisions, as Andrews 2018 (RMRS-GTR-371) writes them."""
    if fuel is None:
        return _nothing()
    loads, sav, wet, dead = _particles(fuel, moisture)
    total = float(loads.sum())
    if total <= 0:
        return _nothing()
    area = sav * loads / PARTICLE_DENSITY
    areas = np.array([area[dead].sum(), area[~dead].sum()])
    share = np.where(dead, area / (areas[0] or 1), area / (areas[1] or 1))
    of_category = areas / areas.sum()
    mean_sav = float(
        of_category[0] * (share * sav)[dead].sum() + of_category[1] * (share * sav)[~dead].sum()
    )
    density = total / fuel.depth_ft
    packing = density / PARTICLE_DENSITY
    relative = packing / (3.348 * mean_sav**-0.8189)
    reaction = _reaction(fuel, loads, sav, wet, dead, share, mean_sav, relative)
    flux = np.exp((0.792 + 0.681 * mean_sav**0.5) * (packing + 0.1)) / (192 + 0.2595 * mean_sav)
    heat = share * np.exp(-138 / np.maximum(sav, 1e-9)) * (250 + 1116 * wet)
    sink = density * (of_category[0] * heat[dead].sum() + of_category[1] * heat[~dead].sum())
    return Bed(
        spread=float(reaction * flux / sink),
        reaction=reaction,
        wind_b=0.02526 * mean_sav**0.54,
        wind_c=7.47 * float(np.exp(-0.133 * mean_sav**0.55)),
        wind_e=0.715 * float(np.exp(-3.59e-4 * mean_sav)),
        packing=packing,
        relative_packing=relative,
        sav=mean_sav,
        depth_ft=fuel.depth_ft,
    )


def _nothing() -> Bed:
    return Bed(
        spread=0.0,
        reaction=0.0,
        wind_b=1.0,
        wind_c=0.0,
        wind_e=0.0,
        packing=1.0,
        relative_packing=1.0,
        sav=0.0,
        depth_ft=1.0,
    )


def _particles(fuel: Fuel, moisture: Moisture) -> tuple[Floats, Floats, Floats, np.ndarray]:
    """Loads, ratios and moistures of 1 h, 10 h, 100 h, cured herb, live herb and live woody."""
    h1, h10, h100, herb, woody = fuel.loads
    cured = 0.0
    if fuel.dynamic:  # Scott and Burgan 2005: all cured at 30 per cent, none at 120
        cured = herb * min(max(1.333 - 1.11 * moisture.herb / 100, 0.0), 1.0)
    loads = np.array([h1, h10, h100, cured, herb - cured, woody])
    sav = np.array([fuel.sav[0], 109.0, 30.0, fuel.sav[1], fuel.sav[1], fuel.sav[2]])
    wet = np.array(
        [moisture.h1, moisture.h10, moisture.h100, moisture.h1, moisture.herb, moisture.woody]
    )
    sav = np.where(loads > 0, sav, 0.0)
    return loads, sav, wet / 100, np.array([True, True, True, True, False, False])


def _reaction(
    fuel: Fuel,
    loads: Floats,
    sav: Floats,
    wet: Floats,
    dead: np.ndarray,
    share: Floats,
    mean_sav: float,
    relative: float,
) -> float:
    a = 133 * mean_sav**-0.7913
    most = mean_sav**1.5 / (495 + 0.0594 * mean_sav**1.5)
    velocity = most * relative**a * np.exp(a * (1 - relative))
    ends = {True: fuel.extinction, False: _live_extinction(fuel, loads, sav, wet, dead)}
    silica = 0.174 * SILICA_FREE**-0.19
    total = 0.0
    for kind in (True, False):
        mine = dead == kind
        if loads[mine].sum() <= 0:
            continue
        net = float((_size_weights(sav, share, mine) * loads * (1 - MINERALS))[mine].sum())
        ratio = min(float((share * wet)[mine].sum()) / ends[kind], 1.0)
        if ratio < 1:  # at the moisture of extinction nothing burns
            damped = 1 - 2.59 * ratio + 5.11 * ratio**2 - 3.52 * ratio**3
            total += net * fuel.heat * damped * silica
    return float(velocity * total)


def _size_weights(sav: Floats, share: Floats, mine: np.ndarray) -> Floats:
    """The share of each particle's size class within its category."""
    sizes = np.array([sum(one < edge for edge in SIZE_EDGES) for one in sav])
    return np.array([share[mine & (sizes == size)].sum() for size in sizes])


def _live_extinction(
    fuel: Fuel, loads: Floats, sav: Floats, wet: Floats, dead: np.ndarray
) -> float:
    safe = np.maximum(sav, 1e-9)
    fine = np.where(loads > 0, loads * np.exp(-138 / safe), 0.0)
    live = float(np.where(loads > 0, loads * np.exp(-500 / safe), 0.0)[~dead].sum())
    if live <= 0:
        return fuel.extinction
    ratio = float(fine[dead].sum()) / live
    fine_wet = float((fine * wet)[dead].sum()) / max(float(fine[dead].sum()), 1e-12)
    return max(2.9 * ratio * (1 - fine_wet / fuel.extinction) - 0.226, fuel.extinction)

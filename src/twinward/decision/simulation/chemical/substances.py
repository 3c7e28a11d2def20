"""Substances: molar mass, and the exposure levels by which toxic zones are drawn."""

from __future__ import annotations

import tomllib
from functools import lru_cache

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.library.models.card import MODELS

FILE = MODELS / "chemical" / "1" / "coefficients" / "substances.toml"
GAS_CONSTANT = 8.314462618


class Substance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One substance; levels in ppm by the minutes of the table, None where none is published."""

    id: str
    cas: str
    molar_mass_g: float
    boiling_c: float
    toxic_load_n: float | None = None
    aegl_1: tuple[float, ...] | None = None
    aegl_2: tuple[float, ...] | None = None
    aegl_3: tuple[float, ...] | None = None

    def kg_m3(self, ppm: float, kelvin: float = 298.15) -> float:
        """Parts per million of air at one atmosphere as kg/m3."""
        return ppm * 1e-6 * self.molar_mass_g * 1e-3 * 101_325 / (GAS_CONSTANT * kelvin)

    def level(self, grade: int, minutes: float) -> float | None:
        """AEGL-1 to 3 in kg/m3 for an exposure of so many minutes, between the published ones on
        logarithms; a shorter one has the value of 10 minutes.
        """
        values = (self.aegl_1, self.aegl_2, self.aegl_3)[grade - 1]
        if values is None:
            return None
        at = np.log(np.clip(minutes, 10, 480))
        return self.kg_m3(float(np.exp(np.interp(at, np.log(_load()[0]), np.log(values)))))


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    minutes: tuple[float, ...]
    substance: tuple[Substance, ...]


@lru_cache(maxsize=1)
def _load() -> tuple[tuple[float, ...], dict[str, Substance]]:
    found = msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), _File)
    return found.minutes, {one.id: one for one in found.substance}


def list_substances() -> list[str]:
    """Ids of the substances with figures."""
    return sorted(_load()[1])


def get_substance(name: str) -> Substance:
    """By id or CAS number; InputError `unknown_substance` that lists them."""
    for one in _load()[1].values():
        if name.strip().lower() in (one.id, one.cas):
            return one
    raise InputError(
        f"there is no substance {name!r}",
        f"name one of {', '.join(list_substances())}, or its CAS number",
        code="unknown_substance",
    )

"""Spread from one city: when it arrives where, how many come, in which order."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor

import msgspec
import numpy as np
from scipy.special import exp1

from twinward.core.chance import stream
from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.cities.flows import CityFlows
from twinward.decision.surveillance.cities.kernels import run_cities

ARRIVED_CASES = 10  # the first case is chance and detection; the tenth is the arrival
BAND = (0.05, 0.5, 0.95)


class SpreadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Times in days; defaults of an acute respiratory infection, assumptions to be replaced."""

    r: float = 2.5
    latent_d: float = 3.0
    infectious_d: float = 5.0
    infected: int = 10
    days: int = 180
    runs: int = 100
    travel_factor: float = 1.0
    travel_from_d: int = 0  # day from which the factor holds
    seed: int = 1


class CitySpread(msgspec.Struct, frozen=True, kw_only=True):
    """new, imported: int32[runs, days, cities]; people: float64[runs] at the end."""

    new: Floats
    imported: Floats
    people: Floats

    def arrival(self) -> Floats:
        """float64[runs, cities] day of the tenth local case; inf where it does not come."""
        reached = np.cumsum(self.new, axis=1) >= ARRIVED_CASES
        day = np.argmax(reached, axis=1).astype(float)
        return np.where(reached.any(axis=1), day, np.inf)

    def first_import(self) -> Floats:
        """float64[runs, cities] day of the first infected arrival; inf where none comes."""
        came = self.imported > 0
        return np.where(came.any(axis=1), np.argmax(came, axis=1).astype(float), np.inf)


def simulate_spread(flows: CityFlows, source: int, settings: SpreadSettings) -> CitySpread:
    """`runs` stochastic runs from `infected` people in one city; flows repeat after their days."""
    _check(settings)
    seeded = np.zeros(len(flows.cities), dtype=np.int64)
    seeded[source] = min(settings.infected, int(flows.population[source]))
    days = np.arange(settings.days)
    number = len(flows.people)
    leave, shares = flows.leave(), flows.shares()
    leave = np.concatenate([leave, leave * settings.travel_factor])
    shares = np.concatenate([shares, shares])
    which = days % number + np.where(days >= settings.travel_from_d, number, 0)
    if not flows.people.any():
        which = np.full(settings.days, -1)
    recover = 1 - math.exp(-1 / settings.infectious_d)
    beta = np.full(settings.days, settings.r * recover)
    fixed = (
        settings.days,
        flows.population,
        seeded,
        beta,
        1 - math.exp(-1 / settings.latent_d),
        recover,
        leave,
        shares,
        np.cumsum(shares, axis=2),
        which,
    )
    key = stream(settings.seed, "cities.spread")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(lambda run: run_cities(key, run, *fixed), range(settings.runs)))
    new, imported, people = (np.array(column) for column in zip(*runs, strict=True))
    return CitySpread(new=new, imported=imported, people=people)


def mean_arrival_d(kappa: float, rate: float) -> float:
    """Mean day of the first import when imports come with rate kappa exp(rate t)."""
    return float(math.exp(kappa / rate) * exp1(kappa / rate) / rate)


def final_size(r: float) -> float:
    """Share infected in the end in one well-mixed city: z = 1 - exp(-r z)."""
    low, high = (1e-9, 1.0) if r > 1 else (0.0, 0.0)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - math.exp(-r * middle) > middle else (low, middle)
    return high


def _check(settings: SpreadSettings) -> None:
    for name, value, low, high in (
        ("r", settings.r, 0.0, 30.0),
        ("latent", settings.latent_d, 0.1, 100.0),
        ("infectious", settings.infectious_d, 0.1, 100.0),
        ("infected", settings.infected, 1, 10_000_000),
        ("days", settings.days, 1, 1000),
        ("runs", settings.runs, 1, 10_000),
        ("travel-factor", settings.travel_factor, 0.0, 1.0),
    ):
        if not (math.isfinite(value) and low <= value <= high):
            raise InputError(
                f"{name} must be {low:g} to {high:g}, got {value:g}",
                f"give another --{name}",
                code="bad_spread",
            )

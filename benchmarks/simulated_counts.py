"""Weekly counts of simulated epidemics to train on: waves, measures that come and go with the
counts, caution, seasons, variants, waning, holidays, late and noisy reports.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from twinward.core.chance import generator

Floats = NDArray[np.float64]
DAYS, BURN_IN_D, DELAYS_D = 700, 35, 45
WINDOW_D = 21


def simulate_counts(number: int, seed: int) -> list[Floats]:
    """Series of different lengths; each epidemic has a character of its own, drawn widely."""
    chance = generator(seed, "train.epidemics")
    daily = reported_late(infections(number, chance), chance)
    weekly = daily[:, BURN_IN_D:].reshape(number, -1, 7).sum(axis=2)
    drift = np.zeros(number)
    memory = np.where(chance.random(number) < 0.5, 0.0, chance.uniform(0.0, 0.6, number))
    spread = 10 ** chance.uniform(-2.2, -0.9, number)
    for week in range(weekly.shape[1]):
        drift = memory * drift + spread * chance.standard_normal(number)
        weekly[:, week] *= np.exp(drift)
    k = (10 ** chance.uniform(1.1, 3.2, number))[:, None]
    counts = chance.poisson(chance.gamma(k, weekly / k)).astype(float)
    return [row[chance.integers(0, 40) :] for row in counts]


def infections(number: int, chance: np.random.Generator) -> Floats:
    """float64[number, DAYS] of those infections that will be reported."""
    days = np.arange(1, WINDOW_D + 1)
    mean = chance.uniform(2.8, 6.5, number)[:, None]
    serial = days**3.0 * np.exp(-days * 4.0 / mean)
    serial /= serial.sum(axis=1, keepdims=True)
    population = 10 ** chance.uniform(4.3, 7.8, number)
    share = 10 ** chance.uniform(-2.7, -0.2, number)
    waning = 1 / chance.uniform(90, 700, number)
    basic = chance.uniform(1.1, 3.2, number)
    susceptible = chance.uniform(0.4, 1.0, number)
    season = chance.uniform(0, 0.35, number) * (chance.random(number) < 0.65)
    phase = chance.uniform(0, 2 * np.pi, number)
    spread = 10 ** chance.uniform(-2.6, -1.3, number)
    holiday = chance.integers(0, 365, number)
    holiday_effect = chance.normal(0, 0.25, number) * (chance.random(number) < 0.6)
    people = Behaviour(number, chance)
    past = np.maximum(chance.gamma(1.0, 20.0, (number, 1)), 1.0) * np.ones((number, WINDOW_D))
    walk, found = np.zeros(number), np.zeros((number, DAYS))
    for day in range(DAYS):
        walk = 0.985 * walk + spread * chance.standard_normal(number)
        walk += np.where(chance.random(number) < 0.002, chance.normal(0, 0.25, number), 0.0)
        variant = chance.random(number) < 0.003
        stronger = np.clip(basic * chance.uniform(1.0, 1.7, number), 0.9, 5.0)
        basic = np.where(variant, stronger, basic)
        escaped = susceptible + (1 - susceptible) * chance.uniform(0, 0.9, number)
        susceptible = np.where(variant, escaped, susceptible)
        log_r = np.log(np.maximum(basic * susceptible, 1e-3)) + walk
        log_r += season * np.cos(2 * np.pi * day / 365 + phase)
        log_r += ((day - holiday) % 365 < 10) * holiday_effect
        log_r -= people.restraint(past[:, -7:].mean(axis=1) / population)
        fresh = np.exp(np.clip(log_r, -2.5, 1.3)) * (past[:, ::-1] * serial).sum(axis=1)
        fresh = np.minimum(fresh + 0.3 + population * 1e-7, susceptible * population * 0.3)
        susceptible = np.clip(susceptible - fresh / population + waning * (1 - susceptible), 0, 1)
        past = np.concatenate([past[:, 1:], fresh[:, None]], axis=1)
        found[:, day] = fresh * share
    return found


class Behaviour:
    """Caution that remembers, and measures that begin above one level and end below another."""

    def __init__(self, number: int, chance: np.random.Generator) -> None:
        self._caution = chance.uniform(0, 1.2, number) * (chance.random(number) < 0.7)
        self._memory = chance.uniform(0.8, 0.97, number)
        self._scale = 10 ** chance.uniform(-5, -3, number)
        self._governed = chance.random(number) < 0.55
        self._begin = 10 ** chance.uniform(-4.6, -3.2, number)
        self._end = self._begin * 10 ** chance.uniform(-1.2, -0.2, number)
        self._effect = chance.gamma(3, 0.25, number)
        self._wait_d = chance.integers(3, 25, number)
        self._held = np.zeros(number, bool)
        self._waited = np.zeros(number, int)
        self._fear, self._strength = np.zeros(number), np.zeros(number)

    def restraint(self, incidence: Floats) -> Floats:
        """What is taken off log R on a day of this incidence."""
        seen = np.minimum(incidence / self._scale, 3)
        self._fear = self._memory * self._fear + (1 - self._memory) * seen
        wanted = np.where(self._held, incidence > self._end, incidence > self._begin)
        wanted &= self._governed
        self._waited = np.where(wanted != self._held, self._waited + 1, 0)
        turned = self._waited > self._wait_d
        self._held = np.where(turned, wanted, self._held)
        self._waited = np.where(turned, 0, self._waited)
        pace = np.where(self._held, 0.25, 0.06)
        self._strength += (self._held * self._effect - self._strength) * pace
        return np.asarray(self._strength + self._caution * np.minimum(self._fear, 2))


def reported_late(daily: Floats, chance: np.random.Generator) -> Floats:
    """The same after gamma delays of a mean of 2 to 16 days."""
    number = len(daily)
    days = np.arange(DELAYS_D) + 0.5
    mean, shape = chance.uniform(2, 16, number), chance.uniform(1.5, 6, number)
    weights = days ** (shape[:, None] - 1) * np.exp(-days * (shape / mean)[:, None])
    weights /= weights.sum(axis=1, keepdims=True)
    late = fftconvolve(daily, weights, axes=1)[:, : daily.shape[1]]
    return np.asarray(np.maximum(late, 1e-9))

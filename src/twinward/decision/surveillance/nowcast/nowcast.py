"""The nowcast: reports still to come, by the weekday, with the error of its own past nowcasts.

Chain ladder backwards: g(d) is the share of the counts known at delay d that came with it. It is
learnt for each weekday of reference and leans on the mean of all days where data are thin. The
level of a day is its chain-ladder estimate, shrunk to that of the days around it, so that a first
report of a handful does not decide. The negative binomial has the dispersion, and the mean the
bias, that nowcasts of the last weeks turned out to have.
"""

from __future__ import annotations

import msgspec
import numpy as np
from scipy.stats import nbinom, poisson

from twinward.decision.surveillance.arrays import Floats

HALF_LIFE_D = 14.0  # of the weight of past rows
ROWS = 120  # past rows that are looked at
LEAN = 30.0  # reports that the mean of all weekdays weighs against those of one weekday
LEVEL_SHAPE = 10.0  # of the gamma that a day's level is drawn from around its neighbours'
PAST = 28  # past nowcasts from which the error is learnt
FEWEST_DAYS = 14
MOST_K = 1e5
LEAST_INVERSE_K = 0.002
SD_OF_MEAN_ERROR = 1.2533  # of a normal


class Nowcast(msgspec.Struct, frozen=True, kw_only=True):
    """Of the last rows of the triangle, the oldest first."""

    places: Floats  # row numbers
    reported: Floats
    to_come: Floats  # mean
    k: Floats  # dispersion of what is to come

    def quantiles(self, levels: tuple[float, ...]) -> Floats:
        """float64[days, levels] of the final count."""
        rows = []
        for known, mean, k in zip(self.reported, self.to_come, self.k, strict=True):
            rows.append(known + negative_binomial(np.array(levels), mean, k))
        return np.array(rows).reshape(-1, len(levels))


def negative_binomial(levels: Floats, mean: float, k: float) -> Floats:
    """Quantiles of a count with this mean and dispersion."""
    if mean <= 1e-9:
        return np.zeros(len(levels))
    if k >= MOST_K:
        return np.asarray(poisson.ppf(levels, mean))
    return np.asarray(nbinom.ppf(levels, k, k / (k + mean)))


def make_nowcast(counts: Floats, weekday: int, plain: bool = False) -> Nowcast:
    """Nowcast of the rows that are not complete.

    counts: float64[days, delays], NaN not known yet; weekday: that of the first row
    plain: the chain ladder without weekday, level and bias, to compare with
    """
    ages = _ages(counts)
    grown = np.nancumsum(counts, axis=1)
    mean = _to_come(counts, grown, ages, weekday, plain)
    places = np.flatnonzero(ages < counts.shape[1] - 1)
    bias, k = _past_errors(counts, weekday, plain)
    age = ages[places]
    return Nowcast(
        places=places,
        reported=grown[places, -1],
        to_come=mean[places] * (1.0 if plain else bias[age]),
        k=k[age],
    )


def _ages(counts: Floats) -> Floats:
    """The last known delay of each row."""
    return np.asarray(np.maximum(np.isfinite(counts).sum(axis=1) - 1, 0))


def _to_come(
    counts: Floats,
    grown: Floats,
    ages: Floats,
    weekday: int,
    plain: bool,
    until: Floats | None = None,
) -> Floats:
    """float64[days] mean of the reports after each row's age, up to the delay `until`."""
    days, delays = counts.shape
    share = _backward_shares(counts, grown, weekday, plain)
    kept = np.cumsum(np.log1p(-np.clip(share, 0.0, 0.999))[:, ::-1], axis=1)[:, ::-1]
    kept = np.exp(np.hstack([kept, np.zeros((7, 1))]))  # [weekday, d]: share known before delay d
    row = (weekday + np.arange(days)) % 7
    last = np.full(days, delays - 1) if until is None else until
    now, then = kept[row, ages + 1], kept[row, last + 1]
    known = grown[np.arange(days), ages]
    final = known / np.maximum(now, 1e-6)
    if not plain:
        final = _levelled(final, known, now, row)
    return np.asarray(np.maximum(final * (then - now), 0.0))


def _backward_shares(counts: Floats, grown: Floats, weekday: int, plain: bool) -> Floats:
    """float64[7, delays] of the counts known at a delay, the share that came with it."""
    days, delays = counts.shape
    known = np.isfinite(counts)
    weight = 0.5 ** (np.arange(days)[::-1] / HALF_LIFE_D)[:, None]
    weight = weight * (np.arange(days)[:, None] >= days - delays - ROWS)
    came = np.where(known, counts, 0.0) * weight
    base = np.where(known, grown, 0.0) * weight
    pooled = came.sum(axis=0) / np.maximum(base.sum(axis=0), 1e-9)
    if plain:
        return np.broadcast_to(pooled, (7, delays))
    row = (weekday + np.arange(days)) % 7
    shares = np.empty((7, delays))
    for day in range(7):
        mine = row == day
        shares[day] = (came[mine].sum(axis=0) + LEAN * pooled) / (base[mine].sum(axis=0) + LEAN)
    return shares


def _levelled(final: Floats, known: Floats, now: Floats, row: Floats) -> Floats:
    """Each day's estimate, shrunk to the level of the ten days before by how little is known."""
    found = final.copy()
    for day in range(10, len(final)):
        if now[day] > 0.98:
            continue
        before = found[max(0, day - 21) : day]
        same = row[max(0, day - 21) : day] == row[day]
        level = found[day - 10 : day].mean()
        ratio = (before[same].sum() + 5.0) / (before.mean() * max(same.sum(), 1) + 5.0)
        prior = max(level * ratio, 0.05)
        found[day] = (LEVEL_SHAPE + known[day]) / (LEVEL_SHAPE / prior + now[day])
    return found


def _past_errors(counts: Floats, weekday: int, plain: bool) -> tuple[Floats, Floats]:
    """Bias and dispersion by age of the nowcasts of the last weeks, each from what it knew."""
    days, delays = counts.shape
    made = np.full((PAST, delays), np.nan)
    came = np.full((PAST, delays), np.nan)
    ages = _ages(counts)
    for back in range(3, min(PAST + 3, days - FEWEST_DAYS)):
        length = days - back
        then = np.clip(ages[:length] - back, 0, None)
        seen = ages[:length] >= back
        open_from = (ages[:length] - back)[:, None]
        old = np.where(np.arange(delays)[None, :] <= open_from, counts[:length], np.nan)
        usable = old[seen]
        if len(usable) < FEWEST_DAYS:
            continue
        grown = np.nancumsum(usable, axis=1)
        first_weekday = weekday + int(np.flatnonzero(seen)[0])
        until = ages[:length][seen]
        mean = _to_come(usable, grown, then[seen], first_weekday, plain, until)
        truth = np.nansum(counts[:length][seen], axis=1) - grown[:, -1]
        for place in np.flatnonzero(then[seen] < delays - 1):
            age = int(then[seen][place])
            made[back - 3, age], came[back - 3, age] = mean[place], truth[place]
    bias = _bias(made, came)
    return bias, _dispersion(made if plain else made * bias, came)


def _bias(made: Floats, came: Floats) -> Floats:
    """float64[ages] factor, half way from 1 and by weeks rather than by days of age."""
    known = np.isfinite(made)
    total_made = _around(np.where(known, made, 0.0).sum(axis=0))
    total_came = _around(np.where(known, came, 0.0).sum(axis=0))
    ratio = (total_came + 20.0) / (total_made + 20.0)
    return np.asarray(np.clip(np.sqrt(ratio), 0.7, 1.5))


def _dispersion(made: Floats, came: Floats) -> Floats:
    """float64[ages] k of the negative binomial from mean absolute errors of neighbouring ages."""
    known = np.isfinite(made)
    error = _around(np.where(known, np.abs(came - made), 0.0).sum(axis=0))
    total = _around(np.where(known, made, 0.0).sum(axis=0))
    number = _around(known.sum(axis=0).astype(float))
    level = total / np.maximum(number, 1e-9)
    spread = SD_OF_MEAN_ERROR * error / np.maximum(total, 1e-9)
    inverse = np.maximum(spread**2 - 1.0 / np.maximum(level, 1e-9), LEAST_INVERSE_K)
    return np.asarray(1.0 / np.where(total > 0, np.minimum(inverse, 4.0), 0.1))


def _around(values: Floats) -> Floats:
    return np.asarray(
        np.convolve(np.pad(values, 1, mode="edge"), np.array([0.5, 1.0, 0.5]), "valid")
    )

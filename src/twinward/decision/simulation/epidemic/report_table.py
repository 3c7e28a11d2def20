"""The reports of an emergency as a table by area and day, and what the disease's own course says
of them.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.course import delay_table, profile_of
from twinward.decision.simulation.epidemic.people import People
from twinward.library.hazards.diseases import Disease

REPORT_DELAY_D = 2.0  # assumption: from onset to the published report
WINDOW_D = 21  # days after which an infection causes no others, in effect
Floats = NDArray[np.float64]
Report = tuple[str, int, int]  # area, days ago, new infections


class Reports(msgspec.Struct, frozen=True, kw_only=True):
    """counts float64[areas, days], NaN on days of which nothing was told; the last column is
    `last_ago` days ago.
    """

    counts: Floats
    last_ago: int

    @property
    def city(self) -> Floats:
        """float64[days] of all areas."""
        return np.asarray(self.counts.sum(axis=0))

    @property
    def days_known(self) -> int:
        return int(np.isfinite(self.city).sum())

    def filled(self) -> Floats:
        """The counts with each unknown day between its neighbours."""
        known = np.isfinite(self.city)
        at = np.arange(self.counts.shape[1])
        return np.stack([np.interp(at, at[known], row[known]) for row in self.counts])


def delay_of(disease: Disease) -> int:
    """Days from an infection to its report, by the means of the course."""
    course = disease.course
    return round(
        course.latent_mean_d.value + course.onset_after_latent_mean_d.value + REPORT_DELAY_D
    )


def generation_of(disease: Disease) -> Floats:
    """float64[WINDOW_D] share of its infections that one causes so many days later, the longest
    first.
    """
    course = disease.course
    latent = np.bincount(
        delay_table(course.latent_mean_d.value, course.latent_sd_d.value, 1)
    ).astype(float)
    shape = np.convolve(latent / latent.sum(), profile_of(disease)[:-1].astype(np.float64))
    weights = np.zeros(WINDOW_D + 1)
    weights[: min(len(shape), WINDOW_D + 1)] = shape[: WINDOW_D + 1]
    weights = weights[1:]
    return np.asarray((weights / weights.sum())[::-1])


def make_table(
    reports: tuple[Report, ...], known: frozenset[int] | None, people: People
) -> Reports:
    """The table by the areas in which the simulator counts, from the first day with a report to the
    last known one.

    known: how many days ago something was told of; None: every day (persons are reported one by
    one). What is reported for an area above those is shared out as the others are.
    """
    begun = [ago for _, ago, count in reports if count > 0]
    told = [ago for _, ago, _ in reports] if known is None else list(known)
    first, last = max(begun, default=0), min(told, default=0)
    groups = groups_of(people)
    table = np.zeros((len(people.groups), first - last + 1))
    above = np.zeros(first - last + 1)
    for area, ago, count in reports:
        if last <= ago <= first:
            row = groups.get(area)
            if row is None:
                above[first - ago] += count
            else:
                table[row, first - ago] += count
    share = table.sum(axis=1) if table.any() else np.ones(len(table))
    table += np.outer(share / share.sum(), above)
    if known is not None:
        for ago in set(range(last, first + 1)) - known:
            table[:, first - ago] = np.nan
    return Reports(counts=table, last_ago=last)


def groups_of(people: People) -> dict[str, int]:
    """The row of the table of every area at its level or below."""
    place = {code: n for n, code in enumerate(people.groups)}
    found: dict[str, int] = {}
    for path in people.paths:
        codes = list(path)
        at = next((n for n, code in enumerate(codes) if code in place), len(codes) - 1)
        for code in codes[at:]:
            found[code] = place.get(codes[at], 0)
    return found


def pressure_of(infections: Floats, generation: Floats) -> Floats:
    """What earlier infections would cause on each day if each caused one: float64[..., days]."""
    weights = generation[::-1]
    total = np.zeros_like(infections)
    for lag, weight in enumerate(weights, start=1):
        if lag < infections.shape[-1]:
            total[..., lag:] += weight * infections[..., :-lag]
    return total

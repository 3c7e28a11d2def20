"""What a case's episodes say together: durations, crowds, the best episode at each place, how
the case was seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.core.geography import turn_degrees
from twinward.core.ports import Fixes, Visits
from twinward.decision.tracing.contacts import likelihood
from twinward.decision.tracing.contacts.calibration import USUAL_EVERY_MIN, SeenContacts
from twinward.decision.tracing.contacts.venue_kinds import MOVING
from twinward.decision.tracing.kernels import pairs
from twinward.decision.tracing.scoped_lake import ScopedLake, boxes_around

MOVING_JOIN_US = 10 * 60_000_000
MOST_SPACING_US = 15 * 60_000_000


def spacing_us(case: Fixes) -> float:
    """The usual time between two fixes of the case, at most MOST_SPACING_US: n fixes so far apart
    tell of n times that.

    From first to last fix alone, a meeting of half an hour seen through a fix every quarter of an
    hour would mostly count as a quarter of an hour, or as nothing.
    """
    return float(min(np.median(np.diff(case.time_us)), MOST_SPACING_US)) if len(case) > 1 else 0.0


def together_by_place(
    found: dict[str, NDArray[Any]],
    place: NDArray[np.int64],
    kind: NDArray[np.str_],
    radius_m: float,
) -> NDArray[np.float64]:
    """Probability for each episode that the two were in one and the same place.

    All episodes of a person at one place are one piece of evidence: a neighbour seen on fourteen
    nights is not fourteen times as likely to live with the case. Rides are judged one by one.
    """
    ride = np.where(place == MOVING, found["first_us"] // MOVING_JOIN_US, 0)
    key = np.stack([found["subject"], place, ride], axis=1)
    _, first, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    total = {
        name: np.bincount(group, found[name]).astype(np.float64)
        for name in ("fixes", "east", "north", "var")
    }
    fixes = total["fixes"]
    together = likelihood.together_probability(
        total["east"] / fixes,
        total["north"] / fixes,
        total["var"] / fixes,
        fixes,
        radius_m,
        place[first],
        kind[first],
    )
    return together[group]


def stay_overlaps(
    lake: ScopedLake, stays: Visits, found: dict[str, NDArray[Any]], radius_m: float
) -> NDArray[np.float64]:
    """For how long the other's own stays overlap the case's stay of each episode, in
    microseconds.
    """
    out = np.zeros(len(found["subject"]))
    if not len(stays):
        return out
    windows = np.stack([stays.start_us, stays.end_us], axis=1)
    others = lake.visits_in(boxes_around(stays.lon, stays.lat, radius_m), windows)
    mine = (stays.start_us, stays.end_us, np.radians(stays.lon), np.radians(stays.lat))
    theirs = (others.start_us, others.end_us, np.radians(others.lon), np.radians(others.lat))
    table = pairs.visit_overlaps(mine, theirs, float(radius_m), 1)
    if not len(table):
        return out
    key = others.subject[table[:, 0].astype(np.int64)].astype(np.int64) * len(stays) + table[
        :, 1
    ].astype(np.int64)
    keys, group = np.unique(key, return_inverse=True)
    total = np.bincount(group, table[:, 3] - table[:, 2])
    wanted = found["subject"].astype(np.int64) * len(stays) + found["stay"].astype(np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    hit = (keys[at] == wanted) & (found["stay"] >= 0)
    out[hit] = total[at[hit]]
    return out


def stay_places(stays: Visits, radius_m: float) -> NDArray[np.int64]:
    """The same number for stays at one place: the first stay within the radius of it."""
    out = np.arange(len(stays))
    lat = np.radians(stays.lat)
    for i in range(len(stays)):
        turn = np.radians(turn_degrees(stays.lon[:i] - stays.lon[i]))
        x, y = turn * np.cos(lat[i]), lat[:i] - lat[i]
        near = np.flatnonzero(np.hypot(x, y) * pairs.EARTH_RADIUS_M <= max(radius_m, 30.0))
        if len(near):
            out[i] = out[near[0]]
    return out


def crowding(found: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    """How many others were found at the same stay of the case (or, while it moved, in the same
    quarter hour).
    """
    hour = np.where(
        found["stay"] >= 0, found["stay"], -2 - found["first_us"] // 900_000_000
    ).astype(np.int64)
    distinct = np.unique((hour << 32) | found["subject"].astype(np.int64))
    names, count = np.unique(distinct >> 32, return_counts=True)
    return np.asarray(count[np.searchsorted(names, hour)], np.float64)


def observation_quality(case: Fixes, radius_m: float) -> tuple[float, float, float]:
    """(error of an axis in metres, minutes between fixes, radius): how the case was seen."""
    every_min = float(np.median(np.diff(case.time_us))) / 6e7 if len(case) > 1 else USUAL_EVERY_MIN
    return float(np.sqrt(np.median(likelihood.variance_m2(case.error_m)))), every_min, radius_m


def best_by_place(
    subject: NDArray[np.int64], columns: dict[str, NDArray[Any]]
) -> NDArray[np.bool_]:
    """The likeliest episode of each person at each place: the others there say nothing new."""
    order = np.lexsort((-columns["p"], columns["place"], subject))
    who, place = subject[order], columns["place"][order]
    new = np.concatenate([[True], (who[1:] != who[:-1]) | (place[1:] != place[:-1])])
    out = np.zeros(len(subject), np.bool_)
    out[order[new]] = True
    return np.asarray(out | (columns["place"] == MOVING))


def summarise(
    subject: NDArray[np.int64], group: NDArray[np.int64], columns: dict[str, NDArray[Any]]
) -> SeenContacts:
    """What was seen of each contact over all its episodes; `group` is the contact's row."""
    best = best_by_place(subject, columns)
    apart = np.bincount(group, np.where(best, np.log1p(-np.minimum(columns["p"], 1 - 1e-12)), 0.0))
    riding = np.where(columns["place"] == MOVING, columns["minutes"], 0.0)
    nearest = np.full(len(apart), np.inf)
    np.minimum.at(nearest, group, columns["nearest_m"])
    return SeenContacts(
        together=-np.expm1(apart),
        minutes=np.bincount(group, columns["minutes"]).astype(np.float64),
        moving_min=np.bincount(group, riding).astype(np.float64),
        meetings=np.bincount(group).astype(np.float64),
        nearest_m=nearest,
        pairs=np.bincount(group, columns["pairs"]).astype(np.float64),
    )

"""The evidence of contacts as plain values: episodes and places, written for all rows at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.ports import Fixes, Visits
from twinward.decision.tracing.scoped_lake import ScopedLake


class Episode(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The evidence: one meeting, as the data show it."""

    first_at: str
    last_at: str
    minutes: float
    nearest_m: float
    setting: str
    lon: float
    lat: float
    pairs: int
    crowd: int
    probability: float


class TracedContact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One other, over all meetings. `probability` is of real co-presence, `transmission` of having
    been infected.

    Both are corrected by how often the model was right; where that lowers them, it lowers the
    probabilities of the episodes likewise, so that none is above the contact's.
    """

    subject: str
    minutes: float
    nearest_m: float
    probability: float
    transmission: float
    setting: str
    first_at: str
    last_at: str
    places: list[str]
    crowd: int
    episodes: list[Episode]


class Ranked(NamedTuple):
    """Figures of the contacts in the order of rank; `rows` of episodes one contact after the
    other, from `begins`.
    """

    who: NDArray[np.int64]
    minutes: NDArray[np.float64]
    nearest_m: NDArray[np.float64]
    together: NDArray[np.float64]
    infected: NDArray[np.float64]
    rows: NDArray[np.int64]
    begins: NDArray[np.int64]


def write_contacts(
    lake: ScopedLake, ranked: Ranked, columns: dict[str, NDArray[Any]], case: Fixes, stays: Visits
) -> list[TracedContact]:
    """The ranked contacts as plain values, column by column, since there are thousands of them."""
    if not len(ranked.who):
        return []
    with collector_at_rest():
        return _write(lake, ranked, columns, case, stays)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Nothing that is written here can be garbage yet: to look for it took a quarter of the
    time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _write(
    lake: ScopedLake, ranked: Ranked, columns: dict[str, NDArray[Any]], case: Fixes, stays: Visits
) -> list[TracedContact]:
    rows, begins = ranked.rows, ranked.begins
    ends = np.append(begins[1:], len(rows))
    episodes = write_episodes({name: column[rows] for name, column in columns.items()}, case, stays)
    contact = np.repeat(np.arange(len(begins)), ends - begins)
    likeliest = np.lexsort((-columns["infected"][rows], contact))[begins]
    figures = zip(
        lake.lake.name_subjects(ranked.who),
        tidy(ranked.minutes, 1),
        tidy(ranked.nearest_m, 1),
        tidy(ranked.together, 4),
        tidy(ranked.infected, 5),
        columns["setting"][rows[likeliest]].tolist(),
        list_places(lake, columns["stay"][rows].astype(np.int64), contact, stays),
        np.maximum.reduceat(columns["crowd"][rows], begins).astype(np.int64).tolist(),
        begins.tolist(),
        ends.tolist(),
        strict=True,
    )
    return [
        TracedContact(
            subject=name,
            minutes=minutes,
            nearest_m=nearest,
            probability=p,
            transmission=infected,
            setting=setting,
            first_at=episodes[begin].first_at,
            last_at=episodes[end - 1].last_at,
            places=places,
            crowd=crowd,
            episodes=episodes[begin:end],
        )
        for name, minutes, nearest, p, infected, setting, places, crowd, begin, end in figures
    ]


def write_episodes(columns: dict[str, NDArray[Any]], case: Fixes, stays: Visits) -> list[Episode]:
    """Each row as an episode, at the case's stay or, on the move, where the case was."""
    stay = columns["stay"].astype(np.int64)
    at = np.minimum(
        np.searchsorted(case.time_us, columns["at"].astype(np.int64)), max(len(case) - 1, 0)
    )
    lon, lat = case.lon[at].astype(np.float64), case.lat[at].astype(np.float64)
    staying = stay >= 0
    lon[staying], lat[staying] = stays.lon[stay[staying]], stays.lat[stay[staying]]
    rows = zip(
        write_times(columns["first_us"]),
        write_times(columns["last_us"]),
        tidy(columns["minutes"], 1),
        tidy(columns["nearest_m"], 1),
        columns["setting"].tolist(),
        tidy(lon, 5),
        tidy(lat, 5),
        columns["pairs"].astype(np.int64).tolist(),
        columns["crowd"].astype(np.int64).tolist(),
        tidy(columns["p"], 4),
        strict=True,
    )
    return [
        Episode(
            first_at=first,
            last_at=last,
            minutes=minutes,
            nearest_m=nearest,
            setting=setting,
            lon=x,
            lat=y,
            pairs=pairs,
            crowd=crowd,
            probability=p,
        )
        for first, last, minutes, nearest, setting, x, y, pairs, crowd, p in rows
    ]


def list_places(
    lake: ScopedLake, stay: NDArray[np.int64], contact: NDArray[np.int64], stays: Visits
) -> list[list[str]]:
    """The names of each contact's places, sorted, each once; `contact` counts up from nought."""
    held, of_row = np.unique(stay, return_inverse=True)
    names, of_stay = np.unique(
        [name_place(lake, one, stays) for one in held.tolist()], return_inverse=True
    )
    keys = np.unique(contact * len(names) + of_stay[of_row])
    whole, words = keys // len(names), names[keys % len(names)].tolist()
    cuts = np.searchsorted(whole, np.arange(contact[-1] + 2)).tolist()
    return [words[begin:end] for begin, end in pairwise(cuts)]


def tidy(values: NDArray[Any], places: int) -> list[float]:
    """As floats of so many decimal places."""
    out: list[float] = np.round(values.astype(np.float64), places).tolist()
    return out


def write_times(us: NDArray[Any]) -> list[str]:
    """RFC 3339 of each in UTC, microseconds only where there are any: `core.clock.format_time`
    for a column.
    """
    held, at = np.unique(
        us.astype(np.int64), return_inverse=True
    )  # meetings begin and end with fixes of the case
    instants = held.astype("datetime64[us]")
    whole = np.datetime_as_string(instants, unit="s")
    words = [f"{word}Z" for word in whole.tolist()]
    for i in np.flatnonzero(held % 1_000_000).tolist():
        words[i] = f"{np.datetime_as_string(instants[i], unit='us')}Z"
    return [words[i] for i in at.tolist()]


def name_place(lake: ScopedLake, stay: int, stays: Visits) -> str:
    """The named place of a check-in, else `lon,lat` of the case's stay; `on the move` between
    them.
    """
    if stay < 0:
        return "on the move"
    if stays.place[stay] >= 0:
        return lake.lake.name_places(stays.place[stay : stay + 1])[0]
    lon = f"{stays.lon[stay]:.4f}"
    return f"{'180.0000' if lon == '-180.0000' else lon},{stays.lat[stay]:.4f}"

"""Ages, household sizes and jobs of a city from its own files, or the bundled figures, and which
of the two.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.areas.locator import Finder
from twinward.citybase.config import AgesConfig, Households, Jobs
from twinward.citybase.defaults import spread_bands
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.points import read_points
from twinward.citybase.sources.tables import read_table, to_numbers, to_text
from twinward.core.errors import InputError

BAND = re.compile(
    r"^\s*(\d{1,3})\s*(?:(?:-|–|—|to|~)\s*(\d{1,3})|(\+|\s*and over|\s*or "
    r"more|以上|岁及以上))?\s*(?:years|岁)?\s*$"
)
OLDEST, LARGEST = 100, 15


def parse_band(text: str) -> tuple[int, int, bool] | None:
    """First, last, open of `7`, `0-4`, `85+`, `85 and over`; None for anything else."""
    match = BAND.match(text)
    if not match:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return (first, last, match[3] is not None) if first <= last else None


def read_ages(ages: AgesConfig, base: Path, ledger: SourceLedger) -> NDArray[np.float64]:
    """Residents by single year 0-100; bands keep their totals, the open last one is spread like
    a life table.
    """
    table = read_table(source_path(ages.file, base, ledger.label), ages, ledger)
    words = [to_text(value) for value in table.column(ages.age, "ages.age")]
    values = to_numbers(table.column(ages.count, "ages.count"))
    taken = np.zeros(200, bool)
    bands: list[tuple[int, int, bool, float]] = []
    for i, word in enumerate(words):
        band = parse_band(word)
        why = ""
        if band is None or band[0] > 120:
            why = "not an age or band of ages"
        elif not values[i] >= 0:
            why = "negative count" if values[i] < 0 else "count is no number"
        elif taken[band[0] : band[1] + 1].any():
            why = "an age counted twice"
        if why or band is None:
            ledger.reject(table.lines[i], why, table.row(i))
            continue
        taken[band[0] : band[1] + 1] = True
        bands.append((*band, float(values[i])))
    ledger.require_some("write rows of age,count with single years or bands such as 0-4 and 85+")
    return single_years(sorted(bands), ledger)


def single_years(
    bands: list[tuple[int, int, bool, float]], ledger: SourceLedger
) -> NDArray[np.float64]:
    over = sum(count for first, _, _, count in bands if first > OLDEST)
    if over:
        ledger.note(f"ages above {OLDEST} counted as {OLDEST}")
    bands = [band for band in bands if band[0] <= OLDEST]
    last_open = bool(bands) and bands[-1][2]
    firsts, counts, at = [], [], 0
    for first, last, _, count in bands:
        if first > at:
            firsts.append(at)
            counts.append(0.0)
        firsts.append(first)
        counts.append(count)
        at = last + 1
    if sum(counts) + over <= 0:
        raise InputError(
            f"{ledger.label}: all counts are zero", "check ages.count", code="empty_source"
        )
    if last_open:
        single = spread_bands(firsts, counts)
    else:
        firsts.append(min(at, 101))
        counts.append(0.0)
        single = (
            spread_bands(firsts, counts)
            if firsts[-1] <= OLDEST
            else spread_closed(firsts[:-1], counts[:-1])
        )
    single[OLDEST] += over
    return single


def spread_closed(firsts: list[int], counts: list[float]) -> NDArray[np.float64]:
    """Like `spread_bands` when the last band ends at 100: it is spread evenly."""
    head = spread_bands(firsts, counts)
    head[firsts[-1] :] = counts[-1] / (101 - firsts[-1])
    return head


def read_sizes(households: Households, base: Path, ledger: SourceLedger) -> NDArray[np.float64]:
    """Shares of households of 1, 2, … residents."""
    table = read_table(source_path(households.file, base, ledger.label), households, ledger)
    words = [to_text(value) for value in table.column(households.size, "households.size")]
    values = to_numbers(table.column(households.count, "households.count"))
    shares: NDArray[np.float64] = np.zeros(LARGEST)
    seen: set[int] = set()
    for i, word in enumerate(words):
        band = parse_band(word)
        size = band[0] if band and (band[0] == band[1]) else 0
        why = ""
        if not 1 <= size <= LARGEST:
            why = f"not a household size from 1 to {LARGEST}"
        elif not values[i] >= 0:
            why = "negative count" if values[i] < 0 else "count is no number"
        elif size in seen:
            why = "a size counted twice"
        if why or band is None:
            ledger.reject(table.lines[i], why, table.row(i))
            continue
        if band[2]:
            ledger.note(f"{word} counted as {size}")
        seen.add(size)
        shares[size - 1] = values[i]
    ledger.require_some("write rows of size,count")
    if shares.sum() <= 0:
        raise InputError(
            f"{ledger.label}: all counts are zero", "check households.count", code="empty_source"
        )
    return np.asarray(np.trim_zeros(shares / shares.sum(), "b"))


def read_jobs(jobs: Jobs, base: Path, ledger: SourceLedger, finder: Finder) -> NDArray[np.float64]:
    """Jobs of each leaf from points."""
    points = read_points(jobs, jobs.lon, jobs.lat, base, ledger, "jobs", {jobs.count: "jobs.count"})
    values = to_numbers(points.extra[jobs.count])
    leaf, _ = finder.locate(points.lonlat)
    for i in np.flatnonzero(~(values >= 0)).tolist():
        ledger.reject(
            points.lines[i],
            "negative count" if values[i] < 0 else "count is no number",
            points.rows[i],
        )
    for i in np.flatnonzero((values >= 0) & (leaf < 0)).tolist():
        ledger.reject(points.lines[i], "outside every area", points.rows[i])
    good = (values >= 0) & (leaf >= 0)
    ledger.require_some("check the columns of [jobs]")
    return np.asarray(np.bincount(leaf[good], values[good], len(finder.leaves)), dtype=np.float64)


def default_jobs(
    residents: NDArray[Any], radius_m: NDArray[Any], exponent: float
) -> NDArray[np.float64]:
    """Weights of jobs where nobody publishes them: residents, and more of them where it is
    denser.
    """
    density = residents / np.maximum(radius_m, 1.0) ** 2
    mean = density[density > 0].mean() if (density > 0).any() else 1.0
    return np.asarray(residents * (density / mean) ** exponent, dtype=np.float64)

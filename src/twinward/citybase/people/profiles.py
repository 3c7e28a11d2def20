"""Ages, household sizes and jobs of a city from its own files, or the bundled figures, and which
of the two.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.areas.locator import Finder
from twinward.citybase.config import AgesConfig, Households, Jobs
from twinward.citybase.defaults import household_shares, spread_bands
from twinward.citybase.people.bands import is_unknown, parse_band, read_distribution
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.points import read_points
from twinward.core.errors import InputError

OLDEST, LARGEST = 100, 15
LEAST_FLOOR_M2 = 5.0  # of all buildings for each resident; homes alone have 20 and more
LEAST_KNOWN, WHOLE = 0.3, 0.98  # shares of residents where buildings are drawn
LATE = 85  # single years above it may be missing from a table: nobody has that age


def read_ages(ages: AgesConfig, base: Path, ledger: SourceLedger) -> NDArray[np.float64]:
    """Residents by single year 0-100; bands keep their totals, the open last one is spread like a
    life table.

    A distribution is used whole or not at all: InputError names a band that is not understood,
    counted twice, or missing between two others.
    """
    rows = read_distribution(ages, ages.age, ages.count, "ages.age", "ages.count", base, ledger)
    bands: list[tuple[int, int, bool, float]] = []
    unknown = 0.0
    for row in rows:
        band = parse_band(row.word)
        if is_unknown(row.word):
            unknown += row.count
        elif band is None or band[0] > 120:
            raise row.fault(
                "is no age or band of ages",
                "write 7, 0-4, <5 or 85+, or leave the row out of the file",
            )
        else:
            bands.append((*band, row.count))
    bands = without_shared_ends(sorted(bands), ledger)
    bands = without_sums(sorted(bands, key=lambda band: (band[0], -band[1])), ledger)
    check_bands(bands, ledger)
    if unknown:
        ledger.note(f"{unknown:,.0f} of unknown age shared over the ages that are known")
        known = sum(band[3] for band in bands)
        bands = [
            (*band[:3], band[3] * (1 + unknown / known) if known else band[3]) for band in bands
        ]
    return single_years(bands, ledger)


def without_shared_ends(
    bands: list[tuple[int, int, bool, float]], ledger: SourceLedger
) -> list[tuple[int, int, bool, float]]:
    """0-5, 5-10, 10+ mean 0-4, 5-9, 10+: where every band ends at the first age of the next, it
    ends before it.
    """
    closed = [(band, after) for band, after in pairwise(bands) if not band[2] and band[1] > band[0]]
    if (
        len(closed) < 2
        or len(closed) < len(bands) - 1
        or any(band[1] != after[0] for band, after in closed)
    ):
        return bands
    ledger.note("bands taken to end before the age at which the next begins")
    return [(b[0], b[1] if b[2] or b is bands[-1] else b[1] - 1, b[2], b[3]) for b in bands]


def without_sums(
    bands: list[tuple[int, int, bool, float]], ledger: SourceLedger
) -> list[tuple[int, int, bool, float]]:
    """The bands without those that sum up finer ones (0-14 beside 0-4, 5-9 and 10-14)."""
    kept = []
    for band in bands:
        last = OLDEST + 100 if band[2] else band[1]
        finer = [
            b
            for b in bands
            if b is not band
            and band[0] <= b[0]
            and (OLDEST + 100 if b[2] else b[1]) <= last
            and (b[0], b[1], b[2]) != band[:3]
        ]
        if (
            finer
            and is_partition(finer, band[0], last)
            and abs(sum(b[3] for b in finer) - band[3]) <= 1 + 1e-6 * band[3]
        ):
            ledger.note(
                f"{band[0]}-{'' if band[2] else band[1]} sums up finer bands and is left out"
            )
        else:
            kept.append(band)
    return kept


def is_partition(bands: list[tuple[int, int, bool, float]], first: int, last: int) -> bool:
    at = first
    for low, high, is_open, _ in sorted(bands):
        if low < at:
            continue  # a sum of finer ones itself
        if low > at:
            return False
        at = last + 1 if is_open else high + 1
    return at == last + 1


def check_bands(bands: list[tuple[int, int, bool, float]], ledger: SourceLedger) -> None:
    """InputError for ages in two bands or in none."""
    at = 0
    for first, last, is_open, _ in bands:
        if first < at:
            raise InputError(
                f"{ledger.label}: age {first} is counted twice",
                "leave one of the two bands out of the file",
                code="bad_ages",
            )
        if first > at and at < LATE:
            raise InputError(
                f"{ledger.label}: ages {at} to {first - 1} are in no band",
                "add the missing band, with 0 if nobody",
                code="bad_ages",
            )
        at = 200 if is_open else last + 1
    if bands and at <= LATE:
        ledger.note(f"nobody is older than {at - 1}: the file has no band above")


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
    """Shares of households of 1, 2, … residents; bands and the open last one are shared like the
    bundled law.

    As with ages, InputError names a size that is not understood or counted twice.
    """
    rows = read_distribution(
        households,
        households.size,
        households.count,
        "households.size",
        "households.count",
        base,
        ledger,
    )
    shares: NDArray[np.float64] = np.zeros(LARGEST)
    taken = np.zeros(LARGEST + 1, bool)
    law = household_shares(largest=LARGEST)
    for row in rows:
        band = parse_band(row.word, sizes=True)
        if row.count == 0 and (band is None or band[0] < 1 or band[0] > LARGEST):
            continue
        if band is None or not 1 <= band[0] <= LARGEST or band[1] > LARGEST:
            raise row.fault(f"is no household size from 1 to {LARGEST}", "write 1, 2, 3-4 or 5+")
        first, last = band[0], band[1] if not band[2] else band[0]
        if taken[first : last + 1].any():
            raise row.fault("counts a size twice", "leave one of the two rows out of the file")
        taken[first : last + 1] = True
        part = law[first - 1 : last]
        shares[first - 1 : last] += row.count * part / part.sum()
        if band[2]:
            ledger.note(f"{row.word} counted as {first}")
        elif last > first:
            ledger.note(f"{row.word} shared over {first} to {last} like the bundled law")
    if shares.sum() <= 0:
        raise InputError(
            f"{ledger.label}: all counts are zero", "check households.count", code="empty_source"
        )
    return np.asarray(np.trim_zeros(shares / shares.sum(), "b"))


def read_jobs(jobs: Jobs, base: Path, ledger: SourceLedger, finder: Finder) -> NDArray[np.float64]:
    """Jobs of each leaf from points."""
    points = read_points(
        jobs, jobs.lon, jobs.lat, base, ledger, "jobs", {}, {jobs.count: "jobs.count"}
    )
    values = points.numbers[jobs.count]
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


def jobs_by_floor(
    residents: NDArray[Any],
    floor_m2: NDArray[Any],
    weight: NDArray[Any],
    plain: NDArray[Any],
    zone: NDArray[Any],
) -> tuple[NDArray[np.float64], str]:
    """Weights of jobs by floor area (of workplaces, and some of homes), and what was done in words.

    Where an extract draws next to no buildings for those who live there it says nothing of jobs:
    such zones have the share they would have by residents, and a whole city of that kind is shared
    by residents alone.
    """
    people = np.bincount(zone, residents)
    each = np.bincount(zone, floor_m2) / np.maximum(people, 1)
    known = (each >= LEAST_FLOOR_M2) & (np.bincount(zone, weight) > 0)
    total, live = float(people.sum()), float(people[known].sum())
    found = f"the extract has {floor_m2.sum() / max(total, 1):,.3g} m2 of floor for each resident"
    if live < LEAST_KNOWN * total:
        return plain, (
            f"jobs: by residents, rising with their density (our assumption): {found}, too little "
            f"to go by "
            f"(less than {LEAST_FLOOR_M2:g} where {1 - live / max(total, 1):.0%} live)"
        )
    note = (
        f"jobs: by floor area that is no home, and a twentieth of that which is (our "
        f"assumption); {found}"
    )
    covered = known[zone]
    if live >= WHOLE * total:
        return np.asarray(weight, np.float64), note
    share = float(plain[covered].sum()) / max(float(plain.sum()), 1e-300)
    jobs = np.where(
        covered, weight * (share / max(float(weight[covered].sum()), 1e-300)), plain / plain.sum()
    )
    return np.asarray(jobs, np.float64), (
        f"{note}; by residents where it has less than {LEAST_FLOOR_M2:g} ({1 - live / total:.0%} "
        f"of them)"
    )

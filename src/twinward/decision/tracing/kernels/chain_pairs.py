"""Hot loops over pairs of cases: how likely each earlier case infected each later one, and the
sums that EM needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# columns of `channel`: where a transmission may have happened
COMMUNITY, HOUSEHOLD, PLACE = 0, 1, 2
# kinds of statement about a pair; those who share a home or a place are counted after the others
MARKS = 8
# of the peak density: differences as odd as this count only for households and stated pairs
RARE = 0.01


@njit(cache=True, inline="always")
def find_bin(edges: Any, value: Any) -> Any:
    """The first bin whose upper edge is not below `value`; the last, open bin is tried first:
    most pairs lie there.
    """
    for b in range(edges.shape[0] - 1, -1, -1):
        if value > edges[b]:
            return b + 1
    return 0


@njit(cache=True, inline="always")
def distance_bin(i: Any, j: Any, x: Any, y: Any, edges2: Any) -> Any:
    """Bin of the squared distance; the bin after the last for a case without position."""
    dx, dy = x[i] - x[j], y[i] - y[j]
    square = dx * dx + dy * dy
    if square != square:
        return edges2.shape[0] + 1
    return find_bin(edges2, square)


@njit(cache=True, inline="always")
def shared_places(i: Any, j: Any, places: Any, out: Any) -> Any:
    """Fills `out` with the place codes that both cases name (each once); returns how many."""
    found = 0
    for a in range(places.shape[1]):
        code = places[j, a]
        if code < 0:
            continue
        for b in range(places.shape[1]):
            if places[i, b] == code:
                out[found] = code
                found += 1
                break
    return found


@njit(cache=True, inline="always")
def same_household(i: Any, j: Any, household: Any) -> Any:
    return household[i] >= 0 and household[i] == household[j]


@njit(cache=True, inline="always")
def age_likeness(i: Any, j: Any, age: Any, age_edges: Any, by_age: Any) -> Any:
    """Likelihood ratio of the difference of two ages; 1 where one of them is unknown."""
    difference = abs(age[i] - age[j])
    return by_age[find_bin(age_edges, difference)] if difference == difference else 1.0


@njit(cache=True, inline="always")
def mark_class(mark: Any, together: Any) -> Any:
    """Row of the tables of statements: those who share home or place are named as contacts for
    that alone.
    """
    return mark + MARKS if together else np.int64(mark)


@njit(cache=True, nogil=True)
def mark_sources(j: Any, start: Any, source: Any, kind: Any, marks: Any) -> Any:
    """Writes into `marks` what is stated between j and each of its listed sources."""
    for c in range(start[j], start[j + 1]):
        marks[source[c]] |= kind[c]


@njit(cache=True, nogil=True)
def clear_sources(j: Any, start: Any, source: Any, marks: Any) -> Any:
    for c in range(start[j], start[j + 1]):
        marks[source[c]] = 0


@njit(cache=True, nogil=True)
def weigh_sources(
    j: Any,
    day: Any,
    blur: Any,
    household: Any,
    places: Any,
    x: Any,
    y: Any,
    edges2: Any,
    age: Any,
    age_edges: Any,
    marks: Any,
    genes: Any,
    low: Any,
    density: Any,
    kernel: Any,
    at_home: Any,
    at_place: Any,
    by_mark: Any,
    by_age: Any,
    by_gene: Any,
    weight: Any,
    channel: Any,
    best_place: Any,
) -> Any:
    """Unnormalised weight of every case as infector of j, and which channel carries most of it;
    returns the window.

    weight[i] = (community kernel + household + sum of shared places) * density of the onset
    difference * marks. Cases are in order of day, so only the window [first, last) that the density
    covers is written.
    """
    shared = np.empty(max(places.shape[1], 1), np.int64)
    rare = RARE * density[0].max()
    first = np.searchsorted(day, day[j] - (low + density.shape[1] - 1))
    last = np.searchsorted(day, day[j] - low + 1)
    for i in range(first, last):
        weight[i] = 0.0
        if i == j:
            continue
        f = density[blur[i] + blur[j], day[j] - day[i] - low]
        if f <= rare and marks[i] == 0 and not same_household(i, j, household):
            continue
        rate = kernel[distance_bin(i, j, x, y, edges2)]
        most, where, place = rate, COMMUNITY, -1
        home = same_household(i, j, household)
        if home:
            rate += at_home
            if at_home > most:
                most, where = at_home, HOUSEHOLD
        found = shared_places(i, j, places, shared)
        for s in range(found):
            rate += at_place[shared[s]]
            if at_place[shared[s]] > most:
                most, where, place = at_place[shared[s]], PLACE, shared[s]
        likeness = age_likeness(i, j, age, age_edges, by_age)
        gene = by_gene[min(genes[i], by_gene.shape[0] - 1)] if genes[i] >= 0 else 1.0
        weight[i] = rate * f * by_mark[mark_class(marks[i], home or found > 0)] * likeness * gene
        channel[i] = where
        best_place[i] = place
    return first, last


@njit(cache=True, nogil=True)
def sum_expectations(
    sample: Any,
    day: Any,
    blur: Any,
    household: Any,
    places: Any,
    x: Any,
    y: Any,
    edges2: Any,
    age: Any,
    age_edges: Any,
    start: Any,
    source: Any,
    kind: Any,
    gene_start: Any,
    gene_source: Any,
    gene_distance: Any,
    imported: Any,
    low: Any,
    density: Any,
    reached: Any,
    background: Any,
    kernel: Any,
    at_home: Any,
    at_place: Any,
    by_mark: Any,
    by_age: Any,
    by_gene: Any,
    gained_kernel: Any,
    exposed_kernel: Any,
    gained_home: Any,
    gained_place: Any,
    exposed_place: Any,
    mark_mass: Any,
    mark_pairs: Any,
    age_mass: Any,
    age_pairs: Any,
    gene_mass: Any,
    lag_mass: Any,
    lag_exposed: Any,
) -> Any:
    """One E-step over the infectees in `sample`: adds into the last arrays.

    Returns (log likelihood, mass of the background, sum of squared probabilities).

    `gained_*` are expected transmissions by channel, `exposed_*` the pairs at risk weighted by the
    share of their infectious time that had passed (`reached`), so that gained / exposed is the rate
    for the next round. `lag_*` hold the same by onset difference, with pairs beyond the window in
    the last place of `lag_exposed`.
    """
    n = day.shape[0]
    top = low + density.shape[1] - 1
    marks, genes = np.zeros(n, np.uint8), np.full(n, -1, np.int64)
    weight, channel, best = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    shared = np.empty(max(places.shape[1], 1), np.int64)
    fit, outside, certain = 0.0, 0.0, 0.0
    for j in sample:
        if imported[j]:
            continue
        mark_sources(j, start, source, kind, marks)
        for c in range(gene_start[j], gene_start[j + 1]):
            genes[gene_source[c]] = gene_distance[c]
        first, last = weigh_sources(
            j,
            day,
            blur,
            household,
            places,
            x,
            y,
            edges2,
            age,
            age_edges,
            marks,
            genes,
            low,
            density,
            kernel,
            at_home,
            at_place,
            by_mark,
            by_age,
            by_gene,
            weight,
            channel,
            best,
        )
        total = background + weight[first:last].sum()
        ageless = background
        for i in range(first, last):
            ageless += weight[i] / age_likeness(i, j, age, age_edges, by_age)
        fit += np.log(total)
        if (
            total > background
        ):  # whoever nobody in the list can have infected says nothing about the others
            outside += background / total
        for i in range(np.searchsorted(day, day[j] - low + 1)):
            lag = day[j] - day[i]
            if i == j:
                continue
            at_risk = reached[lag - low] if lag <= top else 1.0
            b = distance_bin(i, j, x, y, edges2)
            exposed_kernel[b] += at_risk
            home = same_household(i, j, household)
            if home:
                gained_home[1] += at_risk
            found = shared_places(i, j, places, shared)
            for s in range(found):
                exposed_place[shared[s]] += at_risk
            rate = kernel[b]
            if home:
                rate += at_home
            for s in range(found):
                rate += at_place[shared[s]]
            lag_exposed[min(lag, top) - low] += rate
            if lag > top:
                continue
            mark = mark_class(marks[i], home or found > 0)
            mark_pairs[mark] += 1.0
            difference = abs(age[i] - age[j])
            p = weight[i] / total
            if p <= 1e-12:
                continue
            gained_kernel[b] += p * kernel[b] / rate
            if home:
                gained_home[0] += p * at_home / rate
            for s in range(found):
                gained_place[shared[s]] += p * at_place[shared[s]] / rate
            mark_mass[mark] += p
            certain += p * p
            if difference == difference:
                b = find_bin(age_edges, difference)
                age_mass[b] += p
                age_pairs[b] += weight[i] / by_age[b] / ageless
            if genes[i] >= 0:
                gene_mass[min(genes[i], gene_mass.shape[0] - 1)] += p * p
            if blur[i] + blur[j] == 0:
                lag_mass[lag - low] += p * p
        clear_sources(j, start, source, marks)
        for c in range(gene_start[j], gene_start[j + 1]):
            genes[gene_source[c]] = -1
    return fit, outside, certain


@njit(cache=True, nogil=True)
def sum_exposure(
    sample: Any,
    day: Any,
    household: Any,
    places: Any,
    x: Any,
    y: Any,
    edges2: Any,
    imported: Any,
    low: Any,
    reached: Any,
    kernel: Any,
    at_home: Any,
    at_place: Any,
    expected: Any,
) -> None:
    """Adds to expected[i] how many of `sample` case i would have infected by then, were all
    equally infectious.
    """
    top = low + reached.shape[0] - 1
    shared = np.empty(max(places.shape[1], 1), np.int64)
    for j in sample:
        if imported[j]:
            continue
        for i in range(np.searchsorted(day, day[j] - low + 1)):
            lag = day[j] - day[i]
            if i == j:
                continue
            rate = kernel[distance_bin(i, j, x, y, edges2)]
            if same_household(i, j, household):
                rate += at_home
            for s in range(shared_places(i, j, places, shared)):
                rate += at_place[shared[s]]
            expected[i] += rate * (reached[lag - low] if lag <= top else 1.0)

"""Hot loops over trees: the short list of infectors of every case, and Gibbs sampling of whole
trees without cycles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import key2, uniform
from twinward.decision.tracing.kernels.chain_pairs import clear_sources, mark_sources, weigh_sources


@njit(cache=True, nogil=True)
def find_bar(weight: Any, listed: Any, kept: Any) -> Any:
    """The `kept`-th largest of weight[listed]; quick also where thousands of weights are equal."""
    best = np.zeros(2 * kept)
    filled, bar = 0, -1.0
    for i in listed:
        if weight[i] <= bar:
            continue
        best[filled] = weight[i]
        filled += 1
        if filled == 2 * kept:
            best.sort()
            best[:kept] = best[kept:]
            filled, bar = kept, best[0]
    return np.sort(best[:filled])[filled - kept]


@njit(cache=True, nogil=True)
def list_candidates(
    key: Any,
    draws: Any,
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
    low: Any,
    density: Any,
    kernel: Any,
    at_home: Any,
    at_place: Any,
    by_mark: Any,
    by_age: Any,
    by_gene: Any,
    who: Any,
    share: Any,
    where: Any,
    place: Any,
) -> None:
    """Fills each row of `who` and `share` with the best infectors of that case, most weight first.

    Where more cases than columns have weight, the last `draws` columns are drawn from the rest in
    proportion and carry the rest's whole weight together, so that trees drawn from the short list
    are not biased to its top.
    """
    n, width = who.shape
    marks, genes = np.zeros(n, np.uint8), np.full(n, -1, np.int64)
    weight, channel, best = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    for j in range(n):
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
        clear_sources(j, start, source, marks)
        for c in range(gene_start[j], gene_start[j + 1]):
            genes[gene_source[c]] = -1
        listed = first + np.flatnonzero(weight[first:last])
        kept = min(listed.shape[0], width)
        if listed.shape[0] > width:
            kept = width - draws
            bar = find_bar(weight, listed, kept)
            taken = 0
            for i in listed:
                if weight[i] >= bar and taken < kept:
                    who[j, taken], share[j, taken] = i, weight[i]
                    where[j, taken], place[j, taken] = channel[i], best[i]
                    taken += 1
                    weight[i] = 0.0
            rest = weight[first:last].sum()
            running, at, drawn = 0.0, 0, 0
            offset = uniform(key2(key, j))
            while drawn < draws and at < listed.shape[0]:
                i = listed[at]
                running += weight[i]
                while drawn < draws and (drawn + offset) * rest / draws < running:
                    who[j, kept + drawn], share[j, kept + drawn] = i, rest / draws
                    where[j, kept + drawn], place[j, kept + drawn] = channel[i], best[i]
                    drawn += 1
                at += 1
        else:
            for c in range(kept):
                i = listed[c]
                who[j, c], share[j, c] = i, weight[i]
                where[j, c], place[j, c] = channel[i], best[i]


@njit(cache=True, inline="always")
def descends(case: Any, ancestor: Any, parent: Any) -> Any:
    """True when `ancestor` lies on the way from `case` to its root, or is `case` itself."""
    while case >= 0:
        if case == ancestor:
            return True
        case = parent[case]
    return False


@njit(cache=True, nogil=True)
def sweep_trees(
    key: Any,
    sweeps: Any,
    first: Any,
    keep_each: Any,
    who: Any,
    share: Any,
    background: Any,
    fixed: Any,
    expected: Any,
    dispersion: Any,
    parent: Any,
    children: Any,
    mass: Any,
    mass_outside: Any,
    kept: Any,
) -> Any:
    """Gibbs sweeps over trees: every case draws its infector given all others; returns the number
    of sweeps counted.

    An infector's weight is multiplied by (dispersion + its children) / (dispersion + its expected
    children), the mean of its gamma infectiousness given the rest of the tree (Polya urn form of
    the negative binomial). Infectors that descend from the case have weight zero, so that no cycle
    arises. From sweep `first` on the conditional probabilities are summed into `mass` and
    `mass_outside`, and every `keep_each`-th tree is written into `kept`.
    """
    n, width = who.shape
    pull = np.zeros(width)
    counted, written = 0, 0
    for sweep in range(sweeps):
        for j in range(n):
            if fixed[j]:
                continue
            if parent[j] >= 0:
                children[parent[j]] -= 1
            total = background[j]
            for c in range(width):
                i = who[j, c]
                if i < 0:
                    break
                pull[c] = share[j, c] * (dispersion + children[i]) / (dispersion + expected[i])
                if children[j] > 0 and descends(i, j, parent):
                    pull[c] = 0.0
                total += pull[c]
            draw = uniform(key2(key2(key, sweep), j)) * total - background[j]
            chosen = -1
            if draw >= 0.0:
                for c in range(width):
                    if who[j, c] < 0:
                        break
                    draw -= pull[c]
                    if draw < 0.0:
                        chosen = who[j, c]
                        break
            if sweep >= first and total > 0.0:
                mass_outside[j] += background[j] / total
                for c in range(width):
                    if who[j, c] < 0:
                        break
                    mass[j, c] += pull[c] / total
            parent[j] = chosen
            if chosen >= 0:
                children[chosen] += 1
        if sweep >= first:
            counted += 1
            if counted % keep_each == 0 and written < kept.shape[0]:
                kept[written, :] = parent
                written += 1
    return counted


@njit(cache=True, nogil=True)
def assemble_tree(order: Any, who: Any, probability: Any, outside: Any, parent: Any) -> None:
    """Gives the cases of `order` one after another their likeliest infector that does not descend
    from them.

    `parent` holds what is fixed already; a case whose infector more probably is outside the list
    stays without.
    """
    for j in order:
        if outside[j] > 0.5:
            continue
        best, chosen = 0.0, -1
        for c in range(who.shape[1]):
            if who[j, c] >= 0 and probability[j, c] > best and not descends(who[j, c], j, parent):
                best, chosen = probability[j, c], who[j, c]
        parent[j] = chosen

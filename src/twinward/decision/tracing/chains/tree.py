"""From the posterior over trees to one tree: the likeliest infector of each case, without
cycles, and generations.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import stream
from twinward.decision.tracing.chains.fit import AGE_EDGES_Y, Rates, density_table, sample_infectees
from twinward.decision.tracing.chains.stated import FORWARD, INFECTOR
from twinward.decision.tracing.chains.statistics import fit_dispersion
from twinward.decision.tracing.chains.table import LineList
from twinward.decision.tracing.kernels.chain_pairs import sum_exposure
from twinward.decision.tracing.kernels.chain_trees import (
    assemble_tree,
    list_candidates,
    sweep_trees,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WIDTH, DRAWS = 112, 32  # infectors kept for each case, and how many of them stand for the rest
WORK = 40_000_000  # candidate visits that the sampling may cost
KEPT_TREES = 200
# Probabilities of lists without contacts are raised to this power: on the villages of
# rehearsal/chain_lists (other seeds than those of docs/explanation/chains.md) a little more came
# true than was said. Small on purpose: real lists have faults that no made-up one has.
SHARPER = 1.06
BLOCK_SHARE = 0.1  # of the sweeps, between two looks at the dispersion


class Posterior(msgspec.Struct, frozen=True, kw_only=True):
    """Candidates by case (`who`, -1 where there are fewer), their probabilities, and sampled
    whole trees.
    """

    who: Ints
    probability: Floats
    outside: Floats
    channel: Ints
    place: Ints
    exact_columns: int  # the columns after these stand for many infectors each
    trees: Ints  # (sampled trees, cases): infector or -1
    dispersion: float


def _candidates(cases: LineList, rates: Rates, seed: int) -> tuple[Ints, Floats, Ints, Ints]:
    n = len(cases.ids)
    low, density = density_table(rates.interval, cases.delay_sd_d)
    width = WIDTH
    who, where, place = (np.full((n, width), -1, np.int64) for _ in range(3))
    share = np.zeros((n, width))
    list_candidates(
        stream(seed, "chain-candidates"),
        DRAWS,
        cases.day,
        cases.blur,
        cases.household,
        cases.places,
        cases.x_m,
        cases.y_m,
        rates.edges2,
        cases.age,
        AGE_EDGES_Y,
        cases.contacts.start,
        cases.contacts.source,
        cases.contacts.value,
        cases.genetic.start,
        cases.genetic.source,
        cases.genetic.value,
        low,
        density,
        rates.kernel,
        rates.at_home,
        rates.at_place,
        rates.by_mark,
        rates.by_age,
        rates.by_gene,
        who,
        share,
        where,
        place,
    )
    return who, share, where, place


def _exposure(cases: LineList, rates: Rates) -> Floats:
    """How many infectees an average case in the place of each would have had by the end of the
    list.
    """
    low, density = density_table(rates.interval, cases.delay_sd_d)
    sample = sample_infectees(cases)
    expected = np.zeros(len(cases.ids))
    sum_exposure(
        sample,
        cases.day,
        cases.household,
        cases.places,
        cases.x_m,
        cases.y_m,
        rates.edges2,
        cases.imported | ~cases.dated,
        low,
        np.cumsum(density[0]),
        rates.kernel,
        rates.at_home,
        rates.at_place,
        expected,
    )
    return expected * int(cases.dated.sum()) / max(len(sample), 1)


def _add_undated(
    cases: LineList, rates: Rates, who: Ints, share: Floats, background: Floats
) -> None:
    """A case without a date can only be linked by statement: its stated sources, evenly, against
    nobody.
    """
    for j in np.flatnonzero(~cases.dated):
        rows = slice(cases.contacts.start[j], cases.contacts.start[j + 1])
        sources = cases.contacts.source[rows][
            (cases.contacts.value[rows] & (FORWARD | INFECTOR)) > 0
        ][: who.shape[1]]
        who[j, : len(sources)] = sources
        share[j, : len(sources)] = 1.0 / max(len(sources), 1)
        background[j] = max(1.0 - rates.contact_cover, 1e-3)


def sample_trees(cases: LineList, rates: Rates, seed: int) -> Posterior:
    """Posterior over infectors by Gibbs sampling of whole trees, over-dispersion estimated on
    the way.
    """
    n = len(cases.ids)
    who, share, where, place = _candidates(cases, rates, seed)
    expected = _exposure(cases, rates)
    background = np.full(n, rates.background)
    _add_undated(cases, rates, who, share, background)
    fixed = cases.imported | (cases.infector >= 0)
    parent = np.where(cases.imported, -1, cases.infector)
    children = np.bincount(parent[parent >= 0], minlength=n).astype(np.int64)
    sweeps = int(np.clip(WORK // max(int((who >= 0).sum()), 1), 50, 2000))
    block = max(int(BLOCK_SHARE * sweeps / 2), 5)
    mass, outside = np.zeros(who.shape), np.zeros(n)
    none = np.empty((0, n), np.int64)
    certainty = float(
        np.mean(np.sum((share / (share.sum(axis=1) + background)[:, None]) ** 2, axis=1))
    )
    dispersion = fit_dispersion(children, expected, 0.0)
    for step in range(10):  # burn-in: the dispersion follows the trees
        key = stream(seed, f"chain-burn-{step}")
        sweep_trees(
            key,
            block,
            block,
            1,
            who,
            share,
            background,
            fixed,
            expected,
            dispersion,
            parent,
            children,
            mass,
            outside,
            none,
        )
        dispersion = fit_dispersion(children, expected, certainty)
    trees = np.full((min(KEPT_TREES, sweeps), n), -1, np.int64)
    counted = sweep_trees(
        stream(seed, "chain-sweeps"),
        sweeps,
        0,
        max(sweeps // len(trees), 1),
        who,
        share,
        background,
        fixed,
        expected,
        dispersion,
        parent,
        children,
        mass,
        outside,
        trees,
    )
    mass, outside = mass / counted, outside / counted
    _weigh_fixed(cases, share, background, who, mass, outside)
    if not cases.contacts.stated:
        mass, outside = _sharpen(mass, outside)
    return Posterior(
        who=who,
        probability=mass,
        outside=outside,
        channel=where,
        place=place,
        trees=trees,
        dispersion=dispersion,
        exact_columns=WIDTH - DRAWS if (who[:, -1] >= 0).any() else WIDTH,
    )


def _sharpen(mass: Floats, outside: Floats) -> tuple[Floats, Floats]:
    """Where only dates, homes and places speak, more came true than the trees say; the power is
    fitted, see SHARPER.
    """
    mass, outside = mass**SHARPER, outside**SHARPER
    total = np.maximum(mass.sum(axis=1) + outside, 1e-300)
    return mass / total[:, None], outside / total


def _weigh_fixed(
    cases: LineList, share: Floats, background: Floats, who: Ints, mass: Floats, outside: Floats
) -> None:
    """Cases whose infector is stated or who were imported: what dates and places say about it,
    not certainty.
    """
    for j in np.flatnonzero(cases.imported | (cases.infector >= 0)):
        if cases.imported[j]:
            outside[j] = 1.0
            continue
        total = share[j].sum() + background[j]
        mass[j] = np.where(who[j] >= 0, share[j] / total, 0.0)
        outside[j] = background[j] / total


def choose_tree(cases: LineList, posterior: Posterior) -> tuple[Ints, Floats]:
    """Infector of each case (-1 unlinked) and its probability.

    The surest case chooses first; one whose choice would close a cycle takes its next best. A case
    is unlinked when somebody outside the list is a likelier infector than everybody in it together.
    """
    exact = posterior.exact_columns
    who, probability = posterior.who[:, :exact], posterior.probability[:, :exact]
    parent = np.where(cases.imported, -1, cases.infector)
    free = np.flatnonzero(~cases.imported & (cases.infector < 0))
    surest_first = free[np.argsort(-probability[free].max(axis=1, initial=0.0), kind="stable")]
    assemble_tree(surest_first, who, probability, posterior.outside, parent)
    chosen = (posterior.who == parent[:, None]) & (parent >= 0)[:, None]
    return parent, np.where(chosen, posterior.probability, 0.0).max(axis=1, initial=0.0)


def count_generations(parent: Ints) -> Ints:
    """Generation of each case, 0 for the first of a chain."""
    out = np.full(len(parent), -1, np.int64)
    for begin in range(len(parent)):
        walk, case = [], begin
        while case >= 0 and out[case] < 0:
            walk.append(case)
            case = int(parent[case])
        depth = -1 if case < 0 else int(out[case])
        for case in reversed(walk):
            depth += 1
            out[case] = depth
    return out

"""`trace chain`: from a line list to the likeliest transmission tree with probabilities and what
it says.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.tracing.chains.candidates import (
    Candidate,
    CaseCandidates,
    is_stated,
    is_turned,
    list_candidates,
)
from twinward.decision.tracing.chains.counted import Counted, measure_spread
from twinward.decision.tracing.chains.fit import Rates, fit_rates
from twinward.decision.tracing.chains.serial_interval import SerialInterval
from twinward.decision.tracing.chains.statistics import (
    GenerationR,
    SuperSpreading,
    find_super_spreading,
    r_by_generation,
)
from twinward.decision.tracing.chains.table import LineList
from twinward.decision.tracing.chains.tree import (
    Posterior,
    choose_tree,
    count_generations,
    sample_trees,
)
from twinward.decision.tracing.kernels.chain_pairs import COMMUNITY, HOUSEHOLD

Ints = NDArray[np.int64]


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One transmission: `stated` when the line list or the contacts file names the pair, else
    inferred.

    `turned` when it names the infectee first and the infector second. `candidates` are the
    likeliest infectors, this one among them, for its place in the tree may be another's better fit.
    """

    infector: str
    infectee: str
    probability: float
    stated: bool
    turned: bool = False
    candidates: list[Candidate] = []
    generation: int
    setting: str


class ChainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The tree of an outbreak. `generations` counts the layers; `unlinked` are cases without
    infector in the list.
    """

    cases: int
    links: list[Link]
    candidates: list[CaseCandidates]
    generations: int
    r_by_generation: list[GenerationR]
    k: float
    k_interval: tuple[float, float]
    counted: Counted
    top20_share: float
    tree_k: float
    tree_top20_share: float
    super_spreading: list[SuperSpreading]
    unlinked: list[str]
    imported: list[str]
    stated_links: int
    serial_interval: SerialInterval
    contact_cover: float
    contacts_turned: float
    days: list[tuple[str, int]]
    notes: list[str]


def _settings(cases: LineList, posterior: Posterior, parent: Ints) -> list[str]:
    """Where each case was probably infected: household, the column and name of a place, contact
    or community.
    """
    out = []
    for j, i in enumerate(parent):
        column = np.flatnonzero((posterior.who[j] == i) & (i >= 0))
        if len(column) == 0:
            out.append("imported" if cases.imported[j] else "unknown" if i < 0 else "contact")
            continue
        channel, place = posterior.channel[j, column[0]], posterior.place[j, column[0]]
        if channel == HOUSEHOLD:
            out.append("household")
        elif channel == COMMUNITY or place < 0:
            out.append("contact" if is_stated(cases, int(i), j) else "community")
        else:
            out.append(cases.place_names[place])
    return out


def _links(
    cases: LineList,
    parent: Ints,
    probability: NDArray[np.float64],
    generation: Ints,
    settings: list[str],
    candidates: list[CaseCandidates],
) -> list[Link]:
    return [
        Link(
            infector=cases.ids[i],
            infectee=cases.ids[j],
            probability=round(float(min(probability[j], 1.0)), 4),
            stated=is_stated(cases, int(i), j),
            turned=is_turned(cases, int(i), j),
            generation=int(generation[j]),
            setting=settings[j],
            candidates=candidates[j].candidates,
        )
        for j, i in enumerate(parent)
        if i >= 0
    ]


def _doubts(links: list[Link], cases: LineList) -> list[str]:
    odd = [
        f"{link.infector} -> {link.infectee}"
        for link in links
        if link.stated and link.probability < 0.05
    ]
    return [f"{len(odd)} stated links fit the dates badly: {', '.join(odd[:5])}"] if odd else []


def reconstruct_chain(
    cases: LineList, interval: SerialInterval | None, seed: int = 0
) -> ChainAnswer:
    """The likeliest tree of `cases`. Without `interval` the serial interval is estimated from the
    list alone.

    `top20_share` is the median over trees drawn from the posterior, because the single likeliest
    tree favours those who are likely infectors of many, and `k` moves from theirs to that of the
    tree shown as links become sure; `tree_k` and `tree_top20_share` are those of the tree shown.
    """
    rates: Rates = fit_rates(cases, interval)
    posterior = sample_trees(cases, rates, seed)
    parent, probability = choose_tree(cases, posterior)
    generation = count_generations(parent)
    settings = _settings(cases, posterior, parent)
    candidates = list_candidates(cases, posterior)
    links = _links(cases, parent, probability, generation, settings, candidates)
    spread = measure_spread(cases, posterior.trees, parent, probability, rates.interval)
    alone = [name for name, i in zip(cases.ids, parent, strict=True) if i < 0]
    return ChainAnswer(
        cases=len(cases.ids),
        links=links,
        candidates=candidates,
        generations=int(generation.max(initial=-1)) + 1,
        r_by_generation=r_by_generation(parent, generation, spread.pooled.k),
        k=spread.pooled.k,
        k_interval=(spread.pooled.low, spread.pooled.high),
        counted=spread.counted,
        top20_share=spread.top20_share,
        tree_k=spread.tree_k,
        tree_top20_share=spread.tree_top20_share,
        super_spreading=find_super_spreading(cases.ids, posterior.trees, parent, settings),
        unlinked=alone,
        imported=[name for name, flag in zip(cases.ids, cases.imported, strict=True) if flag],
        stated_links=sum(link.stated for link in links),
        serial_interval=rates.interval,
        contact_cover=rates.contact_cover,
        contacts_turned=rates.contacts_turned,
        days=[
            (name, int(day))
            for name, day, dated in zip(cases.ids, cases.day, cases.dated, strict=True)
            if dated
        ],
        notes=cases.notes + _doubts(links, cases),
    )

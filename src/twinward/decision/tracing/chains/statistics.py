"""What a transmission tree says: reproduction numbers, over-dispersion, super-spreading, top-20
% share.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import gammaln

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DISPERSION_GRID = np.geomspace(0.05, 50.0, 31)
PRIOR_K, PRIOR_K_LOG_SD = (
    0.4,
    0.7,
)  # between SARS 0.16 and pandemic influenza about 1 (Lloyd-Smith et al. 2005, Nature)
K_RANGE = (0.01, 1000.0)
# 95 % point of chi-square with one degree of freedom: profile likelihood intervals
CHI2_95 = 3.841458820694124


class Dispersion(msgspec.Struct, frozen=True, kw_only=True):
    """Negative binomial fit of offspring counts: maximum likelihood k with its 95 % profile
    interval, and the mean.
    """

    k: float
    low: float
    high: float
    mean: float


class GenerationR(msgspec.Struct, frozen=True, kw_only=True):
    """Mean offspring of one generation with its 95 % interval; the last generations may still be
    incomplete.
    """

    generation: int
    cases: int
    r: float
    low: float
    high: float


class SuperSpreading(msgspec.Struct, frozen=True, kw_only=True):
    """A case with more infectees than the 99th percentile of a Poisson with the outbreak's mean
    (Lloyd-Smith 2005).

    `infectees` is the mean over sampled trees, `probability` the share of them in which it passes
    that bar.
    """

    case: str
    infectees: float
    probability: float
    setting: str


def _log_likelihood(k: float, mean: float, counts: Ints, many: Ints) -> float:
    terms = gammaln(counts + k) - gammaln(k) - gammaln(counts + 1)
    terms += k * np.log(k / (k + mean)) + counts * np.log(max(mean, 1e-12) / (k + mean))
    return float(terms @ many)


def fit_dispersion(children: Ints, expected: Floats, certainty: float) -> float:
    """k of gamma infectiousness when case i is expected to have `expected[i]` infectees.

    `certainty` (0 to 1) is how well the data tell infectors apart: trees drawn with little to go by
    look evenly spread whatever the truth, so their counts weigh less against the prior (log-normal
    around PRIOR_K).
    """
    live = expected > 1e-6
    n, mu = children[live][:, None], np.maximum(expected[live][:, None], 1e-3)
    k = DISPERSION_GRID[None, :]
    score = gammaln(n + k) - gammaln(k) + k * np.log(k / (k + mu)) + n * np.log(mu / (k + mu))
    prior = stats.norm.logpdf(np.log(DISPERSION_GRID), np.log(PRIOR_K), PRIOR_K_LOG_SD)
    return float(DISPERSION_GRID[int(np.argmax(certainty**2 * score.sum(axis=0) + prior))])


def measure_dispersion(children: Ints) -> Dispersion:
    """Maximum likelihood k of the negative binomial (Lloyd-Smith 2007, PLoS ONE 2:e180), zeros
    included.
    """
    counts, many = np.unique(children, return_counts=True)
    mean = float(children.mean()) if len(children) else 0.0
    if mean == 0.0:
        return Dispersion(k=K_RANGE[1], low=K_RANGE[0], high=K_RANGE[1], mean=0.0)

    def loss(log_k: float) -> float:
        return -_log_likelihood(float(np.exp(log_k)), mean, counts, many)

    bounds = (float(np.log(K_RANGE[0])), float(np.log(K_RANGE[1])))
    best = optimize.minimize_scalar(loss, bounds=bounds, method="bounded")

    def excess(log_k: float) -> float:
        return 2 * (loss(log_k) - float(best.fun)) - CHI2_95

    low = optimize.brentq(excess, bounds[0], best.x) if excess(bounds[0]) > 0 else bounds[0]
    high = optimize.brentq(excess, best.x, bounds[1]) if excess(bounds[1]) > 0 else bounds[1]
    return Dispersion(
        k=float(np.exp(best.x)), low=float(np.exp(low)), high=float(np.exp(high)), mean=mean
    )


def pool_dispersion(
    drawn: Sequence[Ints], shown: Ints, sureness: float, most: int = 40
) -> Dispersion:
    """k over the infectees counted in `drawn` trees: median of the maximum likelihoods.

    The interval is widened by how the trees differ.

    Links drawn at random spread infectees evenly: where the drawn trees err, k comes out too high,
    and the more so the stronger super-spreading is. The likeliest tree (`shown`: its offspring
    counts) heaps them instead, but only where little is known. So it counts by the square of the
    links' mean probability (`sureness`): the share of pairs of infectees of one infector of which
    both are right.
    """
    fits = [measure_dispersion(children) for children in drawn[:: max(len(drawn) // most, 1)]]
    logs = np.log([[fit.k, fit.low, fit.high] for fit in fits])
    middling, between = float(np.median(logs[:, 0])), float(np.var(logs[:, 0]))
    middle = middling + sureness**2 * (float(np.log(measure_dispersion(shown).k)) - middling)
    down = np.hypot(np.median(logs[:, 0] - logs[:, 1]), 1.96 * np.sqrt(between))
    up = np.hypot(np.median(logs[:, 2] - logs[:, 0]), 1.96 * np.sqrt(between))
    return Dispersion(
        k=float(np.exp(middle)),
        low=float(np.exp(middle - down)),
        high=float(np.exp(middle + up)),
        mean=float(np.mean([fit.mean for fit in fits])),
    )


def top_share(children: Ints, share: float = 0.2) -> float:
    """Part of all transmissions that the top `share` of cases caused (0 when nobody infected
    anybody).
    """
    total = int(children.sum())
    top = int(np.ceil(share * len(children)))
    return float(np.sort(children)[::-1][:top].sum() / total) if total else 0.0


def r_by_generation(parent: Ints, generation: Ints, k: float) -> list[GenerationR]:
    """Mean offspring by generation; the interval is the gamma posterior of a negative binomial
    mean with this k.
    """
    children = np.bincount(parent[parent >= 0], minlength=len(parent))
    out = []
    for g in range(int(generation.max(initial=-1)) + 1):
        mine = generation == g
        cases, infected = int(mine.sum()), int(children[mine].sum())
        r = infected / cases
        spread = (
            (r + 0.5 / cases) * (1 + r / k) / cases
        )  # variance of the mean of a negative binomial
        shape = (r + 0.5 / cases) ** 2 / spread
        low, high = stats.gamma.ppf([0.025, 0.975], shape, scale=spread / (r + 0.5 / cases))
        out.append(
            GenerationR(
                generation=g,
                cases=cases,
                r=r,
                low=float(low) if infected else 0.0,
                high=float(high),
            )
        )
    return out


def find_super_spreading(
    ids: list[str], trees: Ints, parent: Ints, settings: list[str]
) -> list[SuperSpreading]:
    """Cases that in more than half of the sampled trees lie beyond the 99th percentile of a Poisson
    with their mean.

    The likeliest tree alone would not do: where many infectors are alike it heaps infectees on the
    first of them.
    """
    n = len(ids)
    children = np.stack([np.bincount(tree[tree >= 0], minlength=n) for tree in trees])
    bar = max(int(stats.poisson.ppf(0.99, children.mean())), 2)
    beyond, middle = (children > bar).mean(axis=0), children.mean(axis=0)
    found = []
    for case in sorted(np.flatnonzero(beyond > 0.5), key=lambda case: -middle[case]):
        words = [settings[j] for j in np.flatnonzero(parent == case)]
        found.append(
            SuperSpreading(
                case=ids[case],
                infectees=round(float(middle[case]), 1),
                probability=round(float(beyond[case]), 3),
                setting=max(sorted(set(words)), key=words.count) if words else "unknown",
            )
        )
    return found

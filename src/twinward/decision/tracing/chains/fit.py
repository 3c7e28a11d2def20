"""Estimates, from the line list alone, how much each kind of link counts: expectation-maximisation
over all trees.

The model is a point process with competing sources (Wallinga, Teunis 2004, Am J Epidemiol 160:509,
for the onset part; Marsan, Lengline 2008, Science 319:1076, for rates that are found without
assuming their form): case j is infected by i at rate (community kernel by distance + household +
shared places) * serial interval density, times the likelihood ratio of what is stated about the
pair, or by somebody outside the list at the background rate.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from twinward.core.chance import generator
from twinward.decision.tracing.chains.serial_interval import (
    UNKNOWN_MEANS_D,
    SerialInterval,
    daily_density,
    day_range,
    guess_serial_interval,
)
from twinward.decision.tracing.chains.stated import BACKWARD, FORWARD, INFECTOR
from twinward.decision.tracing.chains.table import LineList
from twinward.decision.tracing.kernels.chain_pairs import MARKS, sum_expectations

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AGE_EDGES_Y = np.array(
    [2.0, 5.0, 10.0, 20.0, 35.0]
)  # same school class, neighbouring classes, parents, ...
DISTANCE_QUANTILES = (0.0, 0.002, 0.01, 0.03, 0.08, 0.2, 0.4, 0.7)
GENE_BINS = 80
PAIR_BUDGET = (
    4_000_000  # pairs walked in one E-step; larger outbreaks use a random sample of infectees
)
ROUNDS, START_ROUNDS = 30, 6
PRIOR_OUTSIDE, PRIOR_CASES = (
    0.05,
    10.0,
)  # a list is made of cases thought to belong together: 5 % strangers, worth 10
AGE_PRIOR = 20.0  # transmissions that speak for no difference, in every bin of ages
MARK_PRIOR = np.array(
    [0.5, 1.0, 0.2, 0.1]
)  # transmissions: not stated, stated, turned round, both ways
# transmissions that the share of all counts for, among those who share a place and the others
MARK_WORTH = 3.0
STATED_RATIO = 1e5  # how much more likely a pair is when the list itself names the infector


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What the fit found: rates a day of infectiousness by channel, likelihood ratios by
    statement, serial interval.
    """

    background: float
    kernel: Floats
    edges2: Floats
    at_home: float
    at_place: Floats
    by_mark: Floats
    by_age: Floats
    by_gene: Floats
    contact_cover: float
    contacts_turned: float
    interval: SerialInterval
    fit: float


class _Sums(msgspec.Struct, frozen=True, kw_only=True):
    gained_kernel: Floats
    exposed_kernel: Floats
    home: Floats
    gained_place: Floats
    exposed_place: Floats
    mark_mass: Floats
    mark_pairs: Floats
    age_mass: Floats
    age_pairs: Floats
    gene_mass: Floats
    lag_mass: Floats
    lag_exposed: Floats
    certainty: float
    fit: float
    outside: float
    waited_d: float
    count: int
    low: int


def density_table(interval: SerialInterval, delay_sd_d: float) -> tuple[int, Floats]:
    """First day of the window and the density for none, one or both onsets imputed."""
    low, high = day_range(interval)
    pad = int(np.ceil(2 * delay_sd_d))
    low, high = low - pad, high + pad
    return low, np.stack(
        [daily_density(interval, low, high, delay_sd_d * np.sqrt(k)) for k in range(3)]
    )


def _distance_edges2(cases: LineList) -> Floats:
    """Squared upper edges of the distance bins, from the distances that occur; empty without
    positions.
    """
    known = np.flatnonzero(np.isfinite(cases.x_m) & np.isfinite(cases.y_m))
    if len(known) < 3:
        return np.empty(0)
    rng = generator(0, "chain-distance-bins")
    a, b = rng.choice(known, 20_000), rng.choice(known, 20_000)
    apart = a != b
    square = (cases.x_m[a] - cases.x_m[b]) ** 2 + (cases.y_m[a] - cases.y_m[b]) ** 2
    return np.unique(np.quantile(square[apart], DISTANCE_QUANTILES))


def _first_rates(cases: LineList, interval: SerialInterval) -> Rates:
    n = max(int(cases.dated.sum()), 2)
    edges2 = _distance_edges2(cases)
    size = np.bincount(cases.places[cases.places >= 0], minlength=len(cases.place_names))
    by_mark = _stated_ratios(100.0 if cases.contacts.stated else 1.0)
    nearest = [
        cases.genetic.value[a:b].min()
        for a, b in zip(cases.genetic.start[:-1], cases.genetic.start[1:], strict=True)
        if b > a
    ]
    return Rates(
        background=PRIOR_OUTSIDE / max(float(np.mean(cases.day[cases.dated] + 1)), 1.0),
        kernel=np.full(len(edges2) + 2, 1.0 / n),
        edges2=edges2,
        at_home=0.2,
        at_place=0.3 / np.maximum(size, 2.0),
        by_mark=by_mark,
        by_age=np.ones(len(AGE_EDGES_Y) + 1),
        by_gene=_gene_ratio(cases, float(np.mean(nearest)) if nearest else 0.0),
        contact_cover=0.5,
        contacts_turned=0.0,
        interval=interval,
        fit=-np.inf,
    )


def _gene_ratio(cases: LineList, mean: float) -> Floats:
    """Likelihood ratio of each genetic distance: negative binomial around `mean` against all
    pairs of the list.
    """
    if len(cases.genetic.value) == 0:
        return np.ones(GENE_BINS + 1)
    among_all = (
        np.bincount(np.minimum(cases.genetic.value, GENE_BINS), minlength=GENE_BINS + 1) + 0.5
    )
    size = 3.0  # wider than Poisson: rates differ between hosts and sites
    direct = stats.nbinom.pmf(np.arange(GENE_BINS + 1), size, size / (size + max(mean, 0.2)))
    return np.asarray(np.clip(direct / (among_all / among_all.sum()), 1e-4, 1e4))


def _expect(cases: LineList, rates: Rates, sample: Ints) -> _Sums:
    low, density = density_table(rates.interval, cases.delay_sd_d)
    bins, places = len(rates.kernel), max(len(rates.at_place), 1)
    ages = len(rates.by_age)
    sums = [
        np.zeros(k)
        for k in (
            bins,
            bins,
            2,
            places,
            places,
            2 * MARKS,
            2 * MARKS,
            ages,
            ages,
            GENE_BINS + 1,
            density.shape[1],
            density.shape[1],
        )
    ]
    fit, outside, certain = sum_expectations(
        sample,
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
        cases.imported | ~cases.dated,
        low,
        density,
        np.cumsum(density[0]),
        rates.background,
        rates.kernel,
        rates.at_home,
        rates.at_place,
        rates.by_mark,
        rates.by_age,
        rates.by_gene,
        *sums,
    )
    active = sample[~cases.imported[sample]]
    waited = max(float(np.sum(cases.day[active] + 1)), 1.0)
    compensator = float(
        rates.kernel @ sums[1] + rates.at_home * sums[2][1] + rates.background * waited
    )
    compensator += float(rates.at_place @ sums[4][: len(rates.at_place)])
    return _Sums(
        gained_kernel=sums[0],
        exposed_kernel=sums[1],
        home=sums[2],
        gained_place=sums[3],
        exposed_place=sums[4],
        mark_mass=sums[5],
        mark_pairs=sums[6],
        age_mass=sums[7],
        age_pairs=sums[8],
        gene_mass=sums[9],
        lag_mass=sums[10],
        lag_exposed=sums[11],
        certainty=float(certain) / max(float(sums[5].sum()), 1e-9),
        fit=float(fit) - compensator,
        outside=float(outside),
        waited_d=waited,
        count=max(len(active), 1),
        low=low,
    )


def _place_rates(cases: LineList, sums: _Sums) -> Floats:
    """A rate for every place, drawn towards its column's mean over the number of cases that name
    the place.
    """
    count = len(cases.place_names)
    if count == 0:
        return np.empty(0)
    size = np.maximum(np.bincount(cases.places[cases.places >= 0], minlength=count), 2.0)
    out = np.empty(count)
    columns = np.array(cases.place_columns)
    for column in dict.fromkeys(cases.place_columns):
        mine = columns == column
        share = sums.gained_place[:count][mine].sum() + 0.3
        mean = share / ((sums.exposed_place[:count] / size)[mine].sum() + 1.0)
        out[mine] = (sums.gained_place[:count][mine] + 1.0) / (
            sums.exposed_place[:count][mine] + size[mine] / mean
        )
    return out


def _mark_ratios(cases: LineList, sums: _Sums) -> tuple[Floats, float, float]:
    """Likelihood ratios of what is stated about a pair; shares of transmissions stated, and of
    these turned round.

    P(stated | transmission) / P(stated | no transmission), so that contacts which hardly occur
    without transmission count for much and a list of everybody's meetings for little. Pairs that
    share a home or a place are counted by themselves: that they are named together may mean no more
    than that. Whether the first name of a row is the infector's, is found from the dates: lists of
    contacts are often written in the order of the reports.
    """
    out = _stated_ratios(1.0)
    mass = sums.mark_mass.reshape(2, MARKS)[:, :4]
    pairs = sums.mark_pairs.reshape(2, MARKS)[:, :4]
    if cases.contacts.stated == 0:
        return out, 0.0, 0.0
    kinds = mass.sum(axis=0) + MARK_PRIOR
    for rows in range(2):
        others = np.maximum(pairs[rows] - mass[rows], 0.0)
        usual = (
            kinds / kinds.sum()
        )  # what is stated of transmissions, whether the two share a place or not
        with_it = (mass[rows] + MARK_WORTH * usual) / (mass[rows].sum() + MARK_WORTH)
        without = (others + 0.5) / (others.sum() + 2.0)
        out[rows * MARKS : rows * MARKS + 4] = np.clip(with_it / without, 1e-3, STATED_RATIO)
    total = float(mass.sum())
    stated = float(mass[:, 1:].sum())
    return out, (stated + 1.0) / (total + 2.0), float(mass[:, BACKWARD].sum()) / max(stated, 1e-9)


def _stated_ratios(contact: float) -> Floats:
    """The table of `by_mark` with one ratio for contacts in either direction; an infector of the
    list is believed.
    """
    out = np.ones(2 * MARKS)
    for rows in (0, MARKS):
        out[rows + FORWARD], out[rows + BACKWARD], out[rows + (FORWARD | BACKWARD)] = (
            contact,
            contact / 10,
            contact,
        )
        out[rows + INFECTOR : rows + MARKS] = STATED_RATIO
    return out


def _update_interval(start: SerialInterval, now: SerialInterval, sums: _Sums) -> SerialInterval:
    """One generalised M-step for mean and sd: the best of a few steps around the present ones.

    Expected log likelihood of the onset differences less the compensator (without it, growth and
    the exhaustion of households would make intervals look short), weighted by how surely pairs are
    told apart, plus the prior as `weight_pairs` pretended pairs. A list that ends while the
    outbreak still grows makes intervals look long.
    """
    top = sums.low + len(sums.lag_mass) - 1
    prior = start.weight_pairs * daily_density(start, sums.low, top)

    def gain(mean: float, sd: float) -> float:
        trial = msgspec.structs.replace(now, mean_d=mean, sd_d=sd)
        density = daily_density(trial, sums.low, top)
        seen = float(sums.lag_mass @ np.log(density + 1e-300))
        waited = sums.certainty * float(sums.lag_exposed @ np.cumsum(density))
        return seen - waited + float(prior @ np.log(density + 1e-300))

    floor = max(0.5, start.earliest_d + 0.5)
    best = (gain(now.mean_d, now.sd_d), now.mean_d, now.sd_d)
    for step in (0.25, 0.08, 0.02):
        for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            mean = max(best[1] + a * step * now.sd_d, floor)
            sd = max(best[2] * (1 + b * step), 0.5)
            best = max(best, (gain(mean, sd), mean, sd))
    return msgspec.structs.replace(now, mean_d=best[1], sd_d=best[2])


def _maximise(cases: LineList, start: SerialInterval, rates: Rates, sums: _Sums) -> Rates:
    level = (sums.gained_kernel.sum() + 0.1) / (sums.exposed_kernel.sum() + 1.0)
    kernel = (sums.gained_kernel + 2.0) / (sums.exposed_kernel + 2.0 / level)
    by_mark, cover, turned = _mark_ratios(cases, sums)
    by_age = (sums.age_mass + AGE_PRIOR) / (sums.age_pairs + AGE_PRIOR)
    genes = sums.gene_mass.sum()
    mean_gene = float(sums.gene_mass @ np.arange(GENE_BINS + 1)) / genes if genes > 0.5 else None
    # an outbreak has a first case from elsewhere, which says nothing about how often there are
    # others
    return msgspec.structs.replace(
        rates,
        background=(max(sums.outside - 1.0, 0.0) + PRIOR_OUTSIDE * PRIOR_CASES)
        / (sums.waited_d * (1 + PRIOR_CASES / sums.count)),
        kernel=kernel,
        at_home=float((sums.home[0] + 0.3) / (sums.home[1] + 1.0)),
        at_place=_place_rates(cases, sums),
        by_mark=by_mark,
        by_age=by_age,
        by_gene=rates.by_gene if mean_gene is None else _gene_ratio(cases, mean_gene),
        contact_cover=cover,
        contacts_turned=turned,
        interval=_update_interval(start, rates.interval, sums),
        fit=sums.fit,
    )


def _run(cases: LineList, start: SerialInterval, sample: Ints, rounds: int) -> Rates:
    rates = _first_rates(cases, start)
    for _ in range(rounds):
        before = rates.fit
        rates = _maximise(cases, start, rates, _expect(cases, rates, sample))
        if abs(rates.fit - before) < 0.05 + 1e-4 * len(sample):
            break
    return rates


def sample_infectees(cases: LineList, budget: int = PAIR_BUDGET, least: int = 300) -> Ints:
    """Dated cases in order, all of them or as many as `budget` pairs allow, drawn without regard
    to anything.
    """
    order = generator(0, "chain-sample").permutation(np.flatnonzero(cases.dated))
    return np.sort(order[: max(least, budget // len(cases.ids))])


def fit_rates(cases: LineList, interval: SerialInterval | None) -> Rates:
    """Rates of the outbreak. Without a named disease, several serial intervals are tried and the
    likeliest is kept.
    """
    if interval is None:
        few = sample_infectees(cases, PAIR_BUDGET // 4, 100)
        starts = [
            _run(cases, guess_serial_interval(mean), few, START_ROUNDS) for mean in UNKNOWN_MEANS_D
        ]
        best = int(np.argmax([rates.fit for rates in starts]))
        interval = guess_serial_interval(UNKNOWN_MEANS_D[best])
    return _run(cases, interval, sample_infectees(cases), ROUNDS)

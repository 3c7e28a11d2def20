"""The chain kernels agree with their slow twins."""

from __future__ import annotations

import numpy as np
from tests.reference.chain_pairs import tree_posterior, weigh

from twinward.core.chance import generator, stream
from twinward.decision.tracing.chains.fit import AGE_EDGES_Y, _first_rates, density_table
from twinward.decision.tracing.chains.serial_interval import daily_density, get_serial_interval
from twinward.decision.tracing.chains.table import build_line_list
from twinward.decision.tracing.kernels.chain_pairs import clear_sources, mark_sources, weigh_sources
from twinward.decision.tracing.kernels.chain_trees import sweep_trees
from twinward.rehearsal.chain_truth import DISEASES, pretend_outbreak


def test_weights_of_all_pairs_equal_the_obvious_ones() -> None:
    import msgspec

    spec = msgspec.structs.replace(
        DISEASES["measles"], cases=60, contact_recall=0.5, false_contacts=0.5
    )
    truth = pretend_outbreak(msgspec.structs.replace(spec, onset_missing=0.3), 5)
    columns = dict(truth.columns)
    columns["x"] = ["" if row % 7 == 0 else x for row, x in enumerate(columns["x"])]
    columns["age"] = ["" if row % 5 == 0 else age for row, age in enumerate(columns["age"])]
    cases = build_line_list(columns, truth.places, truth.contacts)
    rates = _first_rates(cases, get_serial_interval("measles"))
    rng = generator(1, "test-rates")
    rates = msgspec.structs.replace(
        rates, kernel=rng.random(len(rates.kernel)), by_age=rng.random(6) + 0.5
    )
    low, density = density_table(rates.interval, cases.delay_sd_d)
    n = len(cases.ids)
    marks, genes = np.zeros(n, np.uint8), np.full(n, -1, np.int64)
    for j in range(0, n, 3):
        weight, channel, best = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
        contacts = cases.contacts
        mark_sources(j, contacts.start, contacts.source, contacts.value, marks)
        weigh_sources(
            j,
            cases.day,
            cases.blur,
            cases.household,
            cases.places,
            cases.x_m,
            cases.y_m,
            rates.edges2,
            cases.age,
            AGE_EDGES_Y,
            marks,
            genes,
            low,
            density,
            rates.kernel,
            rates.at_home,
            rates.at_place,
            rates.by_mark,
            rates.by_age,
            rates.by_gene,
            weight,
            channel,
            best,
        )
        clear_sources(j, contacts.start, contacts.source, marks)
        slow = [weigh(cases, rates, low, density, i, j, AGE_EDGES_Y) for i in range(n)]
        np.testing.assert_allclose(weight, slow, rtol=1e-12)
    assert not marks.any()


def test_sampled_trees_have_the_posterior_of_all_trees_listed() -> None:
    day = np.array([0, 3, 3, 4, 6])
    rng = generator(2, "test-trees")
    n = len(day)
    weight = rng.random((n, n)) * (day[None, :] - day[:, None] >= -1) * ~np.eye(n, dtype=bool)
    background, expected, k = np.full(n, 0.2), rng.random(n) * 2, 0.5
    who, share = np.full((n, n), -1, np.int64), np.zeros((n, n))
    for j in range(n):
        sources = np.flatnonzero(weight[:, j])
        who[j, : len(sources)], share[j, : len(sources)] = sources, weight[sources, j]
    parent, children = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    mass, outside = np.zeros((n, n)), np.zeros(n)
    sweeps = 60_000
    sweep_trees(
        stream(3, "test"),
        sweeps,
        0,
        1,
        who,
        share,
        background,
        np.zeros(n, bool),
        expected,
        k,
        parent,
        children,
        mass,
        outside,
        np.empty((0, n), np.int64),
    )
    exact = tree_posterior(weight, background, expected, k)
    found = np.zeros((n + 1, n))
    for j in range(n):
        for c, i in enumerate(who[j]):
            if i >= 0:
                found[i, j] = mass[j, c] / sweeps
        found[n, j] = outside[j] / sweeps
    assert np.abs(found - exact).max() < 0.02


def test_daily_density_keeps_the_mean_and_sums_to_one() -> None:
    for disease in ("measles", "ebola", "influenza-pandemic", "sars-cov-2-ancestral"):
        interval = get_serial_interval(disease)
        low, high = -60, 120
        density = daily_density(interval, low, high)
        assert abs(density.sum() - 1) < 1e-12
        assert abs(float(density @ np.arange(low, high + 1)) - interval.mean_d) < 0.15

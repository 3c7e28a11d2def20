"""How well a city keeps the figures it was made from: ages, households, schools, workplaces,
commutes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.column_types import NO_SITE, STAFF_TEAM
from twinward.citybase.inputs import AGES, STAGES, CityInputs
from twinward.citybase.people.work import COMMUTE_EDGES_KM
from twinward.citybase.schema import CARE_HOME, HOSPITAL, SITE_KINDS, WORKPLACE, CityBase
from twinward.core.chance import generator
from twinward.core.geography import distance_m

CHUNK = 1 << 22
SAMPLE = 200_000
SIZE_EDGES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9)


def chunked_counts(
    values: NDArray[Any], length: int, keep: NDArray[Any] | None = None
) -> NDArray[np.int64]:
    """np.bincount without a wide copy of a long column."""
    total = np.zeros(length, np.int64)
    for at in range(0, len(values), CHUNK):
        part = values[at : at + CHUNK]
        if keep is not None:
            part = part[keep[at : at + CHUNK]]
        total += np.bincount(part, minlength=length)
    return total


def measure(base: CityBase, frame: CityInputs, notes: dict[str, object]) -> dict[str, Any]:
    """The fidelity report: each figure beside its input."""
    cells = chunked_counts(base.age_sex, 256)
    ages = cells[:AGES] + cells[128 : 128 + AGES]
    pupils, staff = np.zeros(len(base.site_kind), np.int64), np.zeros(len(base.site_kind), np.int64)
    for at in range(0, base.residents, CHUNK):
        site, team = base.site_of[at : at + CHUNK], base.team_of[at : at + CHUNK]
        has, works = site != NO_SITE, team == STAFF_TEAM
        pupils += np.bincount(site[has & ~works], minlength=len(pupils))
        staff += np.bincount(site[has & works], minlength=len(staff))
    return {
        "ages": measure_ages(ages, frame),
        "sexes": {
            "men": int(cells[:128].sum()),
            "women": int(cells[128:].sum()),
            "input_men": frame.men,
        },
        "households": measure_households(base, frame, notes),
        "schools": [measure_stage(base, kind, pupils, staff) for kind in STAGES],
        "schools_unplaced": notes["pupils_unplaced"],
        "care_homes": measure_stage(base, CARE_HOME, pupils, staff),
        "hospitals": {
            "hospitals": int((base.site_kind == HOSPITAL).sum()),
            "staff": int(pupils[base.site_kind == HOSPITAL].sum()),
        },
        "workplaces": measure_workplaces(base, frame, pupils),
        "commutes": measure_commutes(base, frame, notes),
    }


def measure_ages(ages: NDArray[Any], frame: CityInputs) -> dict[str, object]:
    edges = list(range(0, 100, 5))
    bands = [f"{low}-{low + 4}" for low in edges[:-1]] + ["95+"]
    made, wanted = np.add.reduceat(ages, edges), np.add.reduceat(frame.ages, edges)
    return {
        "bands": bands,
        "made": made.tolist(),
        "input": wanted.tolist(),
        "largest_difference": int(np.abs(ages - frame.ages).max()),
    }


def measure_households(
    base: CityBase, frame: CityInputs, notes: dict[str, object]
) -> dict[str, object]:
    """Households at home: residents of care homes, each a row of one, are left out."""
    sizes = np.diff(base.household_start)
    count = np.bincount(sizes, minlength=len(frame.sizes) + 1)[1:].astype(np.int64)
    count[0] -= notes["in_care_homes"]
    made = count / max(count.sum(), 1)
    wanted = np.zeros(len(made))
    wanted[: len(frame.sizes)] = frame.sizes
    number = np.arange(1, len(made) + 1)
    return {
        "sizes": number.tolist(),
        "made": made.round(6).tolist(),
        "input": wanted.round(6).tolist(),
        "mean": round(float(made @ number), 4),
        "input_mean": round(float(wanted @ number), 4),
        "largest_difference": round(float(np.abs(made - wanted).max()), 6),
        "in_care_homes": notes["in_care_homes"],
    }


def measure_stage(
    base: CityBase, kind: int, pupils: NDArray[Any], staff: NDArray[Any]
) -> dict[str, object]:
    of = base.site_kind == kind
    places, here = base.site_capacity[of].astype(np.int64), pupils[of]
    marks = [10, 25, 50, 75, 90]
    return {
        "kind": SITE_KINDS[kind],
        "sites": int(of.sum()),
        "places": int(places.sum()),
        "taken": int(here.sum()),
        "staff": int(staff[of].sum()),
        "over_room": int((here > places).sum()),
        "percentiles": marks,
        "size": np.percentile(here, marks).round().tolist() if len(here) else [],
        "places_each": np.percentile(places, marks).round().tolist() if len(here) else [],
    }


def measure_workplaces(
    base: CityBase, frame: CityInputs, people: NDArray[Any]
) -> dict[str, object]:
    """Sizes beside the truncated Pareto law they are drawn from."""
    sizes = people[base.site_kind == WORKPLACE]
    made = np.histogram(sizes, SIZE_EDGES)[0] / max(len(sizes), 1)
    a, most = frame.assumptions.workplace_exponent, frame.assumptions.workplace_max + 1
    tail = np.minimum(np.array(SIZE_EDGES, dtype=np.float64), most) ** -a
    law = (tail[:-1] - tail[1:]) / (1.0 - float(most) ** -a)
    labels = [
        str(low) if high == low + 1 else (f"{low}-{high - 1}" if high < 10**9 else f"{low}+")
        for low, high in pairwise(SIZE_EDGES)
    ]
    return {
        "workplaces": len(sizes),
        "workers": int(sizes.sum()),
        "mean": round(float(sizes.sum()) / max(len(sizes), 1), 2),
        "largest": int(sizes.max(initial=0)),
        "sizes": labels,
        "made": made.round(6).tolist(),
        "law": law.round(6).tolist(),
    }


def measure_commutes(base: CityBase, frame: CityInputs, notes: dict[str, Any]) -> dict[str, Any]:
    """Straight-line kilometres from home area to work, of a sample of workers, beside the target
    mean.
    """
    rows = np.sort(
        generator(frame.seed, "city/fidelity").choice(
            base.residents, min(SAMPLE, base.residents), replace=False
        )
    )
    site = base.site_of[rows]
    kind = (
        base.site_kind[np.minimum(site, max(len(base.site_kind) - 1, 0))]
        if len(base.site_kind)
        else site * 0
    )
    works = (site != NO_SITE) & (
        (kind == WORKPLACE) | (kind == HOSPITAL) | (base.team_of[rows] == STAFF_TEAM)
    )
    leaf = np.searchsorted(base.leaf_start, rows[works], side="right") - 1
    home, place = base.leaf_lonlat[leaf], base.site_lonlat[site[works]]
    km = distance_m(home[:, 0], home[:, 1], place[:, 0], place[:, 1]) / 1000.0
    counts = np.histogram(km, COMMUTE_EDGES_KM)[0] / max(len(km), 1)
    return {
        "target_mean_km": round(notes["commute_target_km"], 3),
        "flow_mean_km": round(notes["commute_mean_km"], 3),
        "mean_km": round(float(km.mean()), 3) if len(km) else 0.0,
        "median_km": round(float(np.median(km)), 3) if len(km) else 0.0,
        "sampled": len(km),
        "edges_km": list(COMMUTE_EDGES_KM[:-1]),
        "made": counts.round(6).tolist(),
        "flow": notes["commute_flow_shares"],
    }

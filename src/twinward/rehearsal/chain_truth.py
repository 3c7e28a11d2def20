"""Pretended outbreaks whose true transmission tree is known: households, schools, work,
distance, imperfect records.
"""

from __future__ import annotations

import heapq

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator

FIRST_DAY = np.datetime64("2021-03-01")


class TruthSpec(msgspec.Struct, frozen=True, kw_only=True):
    """An outbreak to pretend. Onset of an infectee = onset of the infector + normal offset + gamma
    incubation.

    `channels` are the shares of meetings at home, at school or work, and by distance in town.
    """

    cases: int = 200
    residents: int = 3000
    r0: float = 2.5
    k: float = 0.5
    offset_d: tuple[float, float] = (1.0, 1.5)
    incubation_d: tuple[float, float] = (10.0, 1.8)
    channels: tuple[float, float, float] = (0.3, 0.4, 0.3)
    reach_m: float = 400.0
    imports: int = 3
    import_span_d: float = 40.0
    contact_recall: float = 0.0
    false_contacts: float = 0.0
    onset_missing: float = 0.0
    unreported: float = 0.0


DISEASES: dict[str, TruthSpec] = {
    "measles": TruthSpec(),
    "sars-cov-2-ancestral": TruthSpec(offset_d=(0.3, 2.2), incubation_d=(5.2, 2.8), k=0.3),
    "influenza-pandemic": TruthSpec(offset_d=(0.9, 0.7), incubation_d=(1.7, 0.7), k=2.0, r0=1.8),
    "ebola": TruthSpec(offset_d=(5.0, 3.5), incubation_d=(9.5, 5.5), k=0.4, r0=1.9),
    "sars-2003": TruthSpec(offset_d=(4.0, 2.0), incubation_d=(4.6, 2.5), k=0.16, r0=2.7),
}


class ChainTruth(msgspec.Struct, frozen=True, kw_only=True):
    """A line list as text columns, its contacts, and the true infector of each reported case (""
    when not reported).
    """

    columns: dict[str, list[str]]
    places: dict[str, list[str]]
    contacts: list[tuple[str, str]]
    infector: dict[str, str]


class _Town(msgspec.Struct, frozen=True, kw_only=True):
    household: NDArray[np.int64]
    place: NDArray[np.int64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    age: NDArray[np.int64]


def _build_town(residents: int, rng: np.random.Generator) -> _Town:
    size = rng.choice([1, 2, 3, 4, 5], residents, p=[0.2, 0.3, 0.2, 0.2, 0.1])
    household = np.repeat(np.arange(residents), size)[:residents]
    side = 60.0 * np.sqrt(residents)
    home_x, home_y = rng.uniform(0, side, residents), rng.uniform(0, side, residents)
    second = np.concatenate([[False, False], (household[2:] == household[:-2])])
    age = np.where(second, rng.integers(0, 18, residents), rng.integers(18, 85, residents))
    schools, works = max(residents // 120, 2), max(residents // 25, 2)
    place = np.where(
        age < 6,
        -1,
        np.where(
            age < 18,
            rng.integers(0, schools, residents),
            schools + rng.integers(0, works, residents),
        ),
    )
    place = np.where(age >= 65, -1, place)
    return _Town(
        household=household, place=place, x_m=home_x[household], y_m=home_y[household], age=age
    )


def _meet(town: _Town, case: int, spec: TruthSpec, rng: np.random.Generator) -> int:
    """Somebody met: at home, at school or work, or in town with a chance that falls with
    distance.
    """
    channel = rng.choice(3, p=spec.channels)
    if channel == 0:
        pool = np.flatnonzero(town.household == town.household[case])
    elif channel == 1 and town.place[case] >= 0:
        pool = np.flatnonzero(town.place == town.place[case])
    else:
        distance = np.hypot(town.x_m - town.x_m[case], town.y_m - town.y_m[case])
        weight = np.exp(-distance / spec.reach_m) + 0.002
        return int(rng.choice(len(weight), p=weight / weight.sum()))
    return int(rng.choice(pool))


def _spread(
    town: _Town, spec: TruthSpec, rng: np.random.Generator
) -> tuple[list[int], dict[int, int], dict[int, float]]:
    """Cases in order of infection, who infected them (-1 from outside), and their onsets in
    days.
    """
    queue = [
        (float(t), int(rng.integers(spec.residents)), -1)
        for t in rng.uniform(0, spec.import_span_d, spec.imports)
    ]
    queue[0] = (0.0, queue[0][1], -1)
    heapq.heapify(queue)
    infector: dict[int, int] = {}
    onset: dict[int, float] = {}
    order: list[int] = []
    mean, sd = spec.incubation_d
    while queue and len(order) < spec.cases:
        at, who, by = heapq.heappop(queue)
        if who in onset:
            continue
        order.append(who)
        infector[who] = by
        onset[who] = at + float(rng.gamma((mean / sd) ** 2, sd**2 / mean))
        for _ in range(int(rng.poisson(rng.gamma(spec.k, spec.r0 / spec.k)))):
            when = max(onset[who] + float(rng.normal(*spec.offset_d)), at + 0.5)
            heapq.heappush(queue, (when, _meet(town, who, spec, rng), who))
    return order, infector, onset


def pretend_outbreak(spec: TruthSpec, seed: int) -> ChainTruth:
    """An outbreak with at least half of the wanted cases (seeds are tried in turn until one does
    not die out).
    """
    for attempt in range(1000):
        rng = generator(seed, f"chain-truth-{attempt}")
        town = _build_town(spec.residents, rng)
        order, infector, onset = _spread(town, spec, rng)
        if len(order) >= spec.cases / 2:
            return _record(town, spec, order, infector, onset, rng)
    raise ValueError("this outbreak always dies out; raise r0 or k")


def _record(
    town: _Town,
    spec: TruthSpec,
    order: list[int],
    infector: dict[int, int],
    onset: dict[int, float],
    rng: np.random.Generator,
) -> ChainTruth:
    seen = [who for who in order if rng.random() >= spec.unreported]
    name = {who: f"c{number:05d}" for number, who in enumerate(rng.permutation(seen).tolist())}
    rows = sorted(seen, key=lambda who: name[who])

    def date(day: float) -> str:
        return str(FIRST_DAY + int(day))

    hidden = {who for who in rows if rng.random() < spec.onset_missing}
    truth = {name[who]: name.get(infector[who], "") for who in rows}
    contacts = [(by, who) for who, by in truth.items() if by and rng.random() < spec.contact_recall]
    for _ in range(int(spec.false_contacts * len(rows))):
        a, b = rng.choice(rows, 2, replace=False)
        contacts.append((name[int(a)], name[int(b)]))
    return ChainTruth(
        columns={
            "id": [name[who] for who in rows],
            "onset": ["" if who in hidden else date(onset[who]) for who in rows],
            "confirmed": [date(onset[who] + 1 + rng.gamma(2.0, 1.5)) for who in rows],
            "age": [str(town.age[who]) for who in rows],
            "household": [f"h{town.household[who]}" for who in rows],
            "x": [f"{town.x_m[who]:.0f}" for who in rows],
            "y": [f"{town.y_m[who]:.0f}" for who in rows],
        },
        places={"place": [f"p{town.place[who]}" if town.place[who] >= 0 else "" for who in rows]},
        contacts=contacts,
        infector=truth,
    )

"""Line lists of outbreaks made unlike `chain_truth`: hazards between named people, cases from
abroad, ward contacts.

Three ways of spreading that share no code and no assumption with the reconstruction: day by day
competition of everybody infectious for everybody susceptible (a village of children), branching
from travellers of whom some are followed up (a traced city), and patients moved between wards (a
hospital). What is recorded differs from what was so.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.rehearsal.chain_truth import ChainTruth

Floats = NDArray[np.float64]
STEP_D = 0.25
START = np.datetime64("2019-10-30")


class VillageSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Children of a village without immunity. Rates are hazards a day at the height of
    infectiousness.
    """

    families: int = 56
    more_children: float = 2.5
    classes: tuple[int, ...] = (
        6,
        10,
    )  # the age at which each class begins; younger children go to none
    at_home: float = 0.35
    in_class: float = 0.012
    nearby: float = 0.02
    reach_m: float = 60.0
    k: float = 1.0
    latent_d: tuple[float, float] = (10.0, 1.4)
    before_onset_d: float = 1.0
    infectious_d: float = 7.0
    onset_error: float = 0.1  # share of onsets that are a day or two off
    least_cases: int = 120


class CitySpec(msgspec.Struct, frozen=True, kw_only=True):
    """A city into which travellers bring a disease, some of whose chains are followed up."""

    travellers: int = 600
    days: int = 90
    r: float = 0.58
    k: float = 0.43
    serial_d: tuple[float, float] = (5.0, 3.6)
    followed: float = 0.5  # of local transmissions, chain by chain, those that are known
    no_symptoms: float = 0.2
    turned: float = 0.0  # stated pairs written the other way round
    others_named: float = 0.0  # contacts between cases without transmission, for each true one


class HospitalSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Patients and staff of some hospitals; a contact list names who shared a ward, in the order
    of their reports.
    """

    hospitals: int = 6
    people: int = 900
    r: float = 1.6
    k: float = 0.2
    cases: int = 150
    serial_d: tuple[float, float] = (12.0, 5.0)
    recall: float = 0.5
    named_wrongly: float = 0.8


def village_outbreak(spec: VillageSpec, seed: int) -> ChainTruth:
    """Everybody infectious competes for everybody susceptible; who wins the draw is the
    infector.
    """
    for attempt in range(200):
        chance = generator(seed, f"village-{attempt}")
        truth = _village(spec, chance)
        if len(truth.infector) >= spec.least_cases:
            return truth
    raise ValueError("this outbreak always dies out; raise a rate")


def _village(spec: VillageSpec, chance: np.random.Generator) -> ChainTruth:
    size = 1 + chance.poisson(spec.more_children, spec.families)
    family = np.repeat(np.arange(spec.families), size)
    n = len(family)
    age = chance.integers(0, 15, n)
    group = np.digitize(age, spec.classes)  # 0: too young for school
    home = chance.normal(0.0, 110.0, (spec.families, 2))
    x, y = home[family].T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    rate = spec.nearby * np.exp(-apart / spec.reach_m) + spec.at_home * (family[:, None] == family)
    rate += spec.in_class * ((group[:, None] == group) & (group[:, None] > 0))
    np.fill_diagonal(rate, 0.0)
    rate *= chance.gamma(spec.k, 1.0 / spec.k, n)[:, None]
    onset, infector = np.full(n, np.inf), np.full(n, -1)
    mean, sd = spec.latent_d
    first = int(chance.integers(n))
    onset[first], infector[first] = 0.0, -2
    for step in range(int(160 / STEP_D)):
        now = step * STEP_D
        age_d = now - onset + spec.before_onset_d
        force = np.where(
            (age_d >= 0) & (age_d < spec.infectious_d), 1.0 - 0.6 * age_d / spec.infectious_d, 0.0
        )
        total = force @ rate
        for j in np.flatnonzero((infector == -1) & (chance.random(n) < -np.expm1(-total * STEP_D))):
            infector[j] = chance.choice(n, p=force * rate[:, j] / total[j])
            onset[j] = now + chance.gamma((mean / sd) ** 2, sd**2 / mean)
    cases = np.flatnonzero(infector != -1)
    wrong = (chance.random(n) < spec.onset_error) * chance.integers(-2, 3, n)
    said = START + np.floor(np.where(np.isfinite(onset), onset, 0.0)).astype(np.int64) + wrong
    names = {int(who): str(number + 1) for number, who in enumerate(cases)}
    return ChainTruth(
        columns={
            "id": list(names.values()),
            "onset": [str(said[who]) for who in cases],
            "confirmed": [str(said[who] + 3 + chance.integers(0, 3)) for who in cases],
            "age": [str(age[who]) for who in cases],
            "household": [f"f{family[who]}" for who in cases],
            "x": [f"{x[who]:.1f}" for who in cases],
            "y": [f"{y[who]:.1f}" for who in cases],
        },
        places={"class": [str(group[who]) for who in cases]},
        contacts=[],
        infector={name: names.get(int(infector[who]), "") for who, name in names.items()},
    )


def city_outbreak(spec: CitySpec, seed: int) -> ChainTruth:
    """Travellers over a season, each the root of a chain; `infector` holds every transmission,
    followed up or not.
    """
    chance = generator(seed, "traced-city")
    day = list(spec.days * chance.beta(4.0, 2.5, spec.travellers))
    parent, chain = [-1] * spec.travellers, list(range(spec.travellers))
    mean, sd = spec.serial_d
    known = chance.random(spec.travellers) < spec.followed
    at = 0
    while at < len(day) and len(day) < 20 * spec.travellers:
        local = (
            parent[at] >= 0 or chance.random() < 0.25
        )  # most travellers wait for their test in quarantine
        for _ in range(int(chance.poisson(chance.gamma(spec.k, spec.r / spec.k))) if local else 0):
            lag = chance.gamma(((mean + 4) / sd) ** 2, sd**2 / (mean + 4)) - 4.0
            day.append(day[at] + float(lag))
            parent.append(at)
            chain.append(chain[at])
        at += 1
    onset = np.array(day)
    return _city_list(spec, chance, onset, np.array(parent), known[np.array(chain)])


def _city_list(
    spec: CitySpec,
    chance: np.random.Generator,
    onset: Floats,
    parent: NDArray[np.int64],
    known: NDArray[np.bool_],
) -> ChainTruth:
    n = len(onset)
    confirmed = np.floor(onset + chance.gamma(2.0, 2.5, n)).astype(np.int64)
    order = np.argsort(confirmed, kind="stable")
    name = {int(who): f"HK{number + 1}" for number, who in enumerate(order)}
    day = [str(START + int(value)) for value in np.floor(onset)]
    quiet = chance.random(n) < spec.no_symptoms
    told = [(name[int(by)], name[who]) for who, by in enumerate(parent) if by >= 0 and known[who]]
    extra = [
        (name[int(chance.integers(n))], name[int(chance.integers(n))])
        for _ in range(int(spec.others_named * len(told)))
    ]
    contacts = [
        (b, a) if chance.random() < spec.turned else (a, b) for a, b in told + extra if a != b
    ]
    return ChainTruth(
        columns={
            "id": [name[int(who)] for who in order],
            "onset": ["Asymptomatic" if quiet[who] else day[who] for who in order],
            "confirmed": [str(START + int(confirmed[who])) for who in order],
            "imported": ["yes" if parent[who] < 0 else "no" for who in order],
        },
        places={},
        contacts=contacts,
        infector={name[int(who)]: name.get(int(parent[who]), "") for who in order},
    )


def hospital_outbreak(spec: HospitalSpec, seed: int) -> ChainTruth:
    """Spread inside hospitals with few great spreaders; contacts run from the case reported
    first to the later one.
    """
    for attempt in range(500):
        chance = generator(seed, f"hospital-{attempt}")
        truth = _hospital(spec, chance)
        if len(truth.infector) >= spec.cases // 2:
            return truth
    raise ValueError("this outbreak always dies out; raise r")


def _hospital(spec: HospitalSpec, chance: np.random.Generator) -> ChainTruth:
    mean, sd = spec.serial_d
    onset, parent, where = [0.0], [-1], [int(chance.integers(spec.hospitals))]
    at = 0
    while at < len(onset) and len(onset) < spec.cases:
        for _ in range(int(chance.poisson(chance.gamma(spec.k, spec.r / spec.k)))):
            onset.append(onset[at] + float(chance.gamma((mean / sd) ** 2, sd**2 / mean)))
            parent.append(at)
            where.append(
                where[at] if chance.random() < 0.85 else int(chance.integers(spec.hospitals))
            )
        at += 1
    n = len(onset)
    said = np.floor(np.array(onset)).astype(np.int64)
    reported = said + 1 + chance.poisson(5.0, n)
    name = [f"P{number + 1:03d}" for number in np.argsort(np.argsort(reported, kind="stable"))]
    pairs = [
        (int(by), who) for who, by in enumerate(parent) if by >= 0 and chance.random() < spec.recall
    ]
    for _ in range(int(spec.named_wrongly * len(pairs))):
        a = int(chance.integers(n))
        same = [
            b for b in range(n) if where[b] == where[a] and b != a and abs(said[a] - said[b]) < 21
        ]
        if same:
            pairs.append((a, int(chance.choice(same))))
    ordered = [(a, b) if reported[a] <= reported[b] else (b, a) for a, b in pairs]
    return ChainTruth(
        columns={
            "id": name,
            "onset": [str(START + int(day)) for day in said],
            "confirmed": [str(START + int(day)) for day in reported],
            "age": [str(int(chance.integers(20, 90))) for _ in name],
        },
        places={"hospital": [f"hospital {w}" for w in where]},
        contacts=[(name[a], name[b]) for a, b in ordered],
        infector={name[who]: name[by] if by >= 0 else "" for who, by in enumerate(parent)},
    )

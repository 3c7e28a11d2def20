"""A plan as the simulator can run it: an id, a title and measures; from the library, a file, or generated."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.library.loading import read_toml
from twinward.library.measures import Measure, load_measures, read_measures
from twinward.library.plans import SAME_AS, Plan, order_tasks

NONE, AS_NOW = "none", "as-now"
MOST_PLANS = 64
ROOMS_DEFAULT = 1000
FOUND: list[dict[str, Any]] = [  # what every generated plan does about those who are found
    {"type": "symptomatic_testing", "coverage": 0.6, "delay_d": 2},
    {"type": "case_isolation"},
    {"type": "household_quarantine", "compliance": 0.8},
]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One plan to be compared. `origin`: library, file, generated, built in. `notes`: what could not be simulated."""

    id: str
    title: str
    origin: str
    measures: tuple[Measure, ...]
    notes: tuple[str, ...] = ()
    choices: dict[str, float] = {}


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a generated plan may do, with its strengths; the first of them is to leave it."""

    name: str
    strengths: tuple[float, ...]


VARIABLES = (
    Variable(name="start_day", strengths=(0, 3, 7)),
    Variable(name="schools_closed", strengths=(0.0, 1.0)),
    Variable(name="workplaces_closed", strengths=(0.0, 0.3, 0.5, 0.8)),
    Variable(name="distancing", strengths=(0.0, 0.3, 0.6)),
    Variable(name="masks", strengths=(0.0, 0.5, 0.9)),
    Variable(name="tracers_per_100k", strengths=(0.0, 15.0, 30.0, 60.0)),
    Variable(name="mass_testing_every_d", strengths=(0, 7, 3, 2)),
    Variable(name="gathering_persons", strengths=(0.0, 10.0, 2.0)),
    Variable(name="lockdown", strengths=(0.0, 0.6, 0.9)),
)


def measures_of_choices(choices: dict[str, float], areas: list[str]) -> tuple[Measure, ...]:
    """The measures that a choice of strengths stands for, in `areas` (empty: the whole city)."""
    where: dict[str, Any] = {"areas": areas, "start_day": int(choices["start_day"])}
    entries = list(FOUND)
    for name, entry in (
        ("schools_closed", {"type": "school_closure", "coverage": choices["schools_closed"]}),
        ("workplaces_closed", {"type": "workplace_closure", "coverage": choices["workplaces_closed"]}),
        ("distancing", {"type": "distancing", "reduction": choices["distancing"]}),
        ("masks", {"type": "masks", "coverage": choices["masks"]}),
        ("tracers_per_100k", {"type": "contact_tracing", "tracers_per_100k": choices["tracers_per_100k"]}),
        ("mass_testing_every_d", {"type": "mass_testing", "every_d": int(choices["mass_testing_every_d"]),
                                  "delay_d": 1, "coverage": 0.9}),
        ("gathering_persons", {"type": "gathering_limit", "persons": choices["gathering_persons"]}),
        ("lockdown", {"type": "lockdown", "reduction": choices["lockdown"], "compliance": 0.9}),
    ):  # fmt: skip
        if choices[name] > 0:
            entries.append({**entry, **where})
    return read_measures({"measures": entries})


def title_of(choices: dict[str, float]) -> str:
    """The choices in words."""
    parts = [f"{v.name.replace('_', ' ')} {choices[v.name]:g}" for v in VARIABLES[1:] if choices[v.name] > 0]
    return f"from day {choices['start_day']:g}: " + (", ".join(parts) or "testing and isolation only")


def from_choices(choices: dict[str, float], areas: list[str]) -> Candidate:
    """A generated plan; its id says what it is, so that the same choices always have the same id."""
    numbers = [v.strengths.index(choices[v.name]) for v in VARIABLES]
    return Candidate(
        id="gen-" + "".join(map(str, numbers)), title=title_of(choices), origin="generated",
        measures=measures_of_choices(choices, areas), choices=choices,
    )  # fmt: skip


def from_id(name: str, areas: list[str]) -> Candidate:
    """The plan that a generated id says: one digit a variable, the number of its strength."""
    numbers = [int(digit) for digit in name.removeprefix("gen-") if digit.isdigit()]
    fits = len(numbers) == len(VARIABLES) == len(name) - len("gen-")
    if not fits or any(n >= len(v.strengths) for n, v in zip(numbers, VARIABLES, strict=True)):
        raise InputError(
            f"{name!r} is no plan made of blocks", f"gen- and {len(VARIABLES)} digits, the strength of each block",
            code="unknown_plan",
        )  # fmt: skip
    return from_choices({v.name: float(v.strengths[n]) for n, v in zip(numbers, VARIABLES, strict=True)}, areas)


def generate(count: int, seed: int, areas: list[str]) -> list[Candidate]:
    """`count` different plans drawn from the variables."""
    most = math.prod(len(v.strengths) for v in VARIABLES)
    if not 0 <= count <= MOST_PLANS:
        raise InputError(f"{count} plans cannot be generated", f"0 to {MOST_PLANS} of {most:,}", code="bad_generate")
    chance, found = generator(seed, "planning.generate"), dict[str, Candidate]()
    while len(found) < count:
        drawn = {v.name: float(v.strengths[int(chance.integers(len(v.strengths)))]) for v in VARIABLES}
        one = from_choices(drawn, areas)
        found.setdefault(one.id, one)
    return list(found.values())


def from_file(path: Path, areas: list[str]) -> Candidate:
    """A plan file, or a bare TOML file of [[measures]]."""
    if path.is_file() and re.search(r"(?m)^hazard *=", path.read_text("utf-8", errors="replace")):
        return msgspec.structs.replace(from_plan(read_toml(path, Plan), areas), origin="file")
    return Candidate(id=path.stem, title=path.stem, origin="file", measures=load_measures(path))


def from_plan(plan: Plan, areas: list[str]) -> Candidate:
    """The measures a plan states, else those of its duties, each from when its order can be carried out.

    What it does where the incident is, it does in `areas`.
    """
    if plan.measures:
        return Candidate(id=plan.id, title=plan.title, origin="library", measures=plan.measures_in(areas))
    over_h: dict[str, float] = {}
    entries: list[dict[str, Any]] = []
    unknown: list[str] = []
    for task in order_tasks(plan):
        over_h[task.key] = task.deadline_h + max((over_h[key] for key in task.after), default=0.0)
        if task.measure is None:
            continue
        kind = SAME_AS.get(task.measure, task.measure)
        entry: dict[str, Any] = {"type": kind, "name": task.measure, "start_day": int(over_h[task.key] // 24)}
        entry["areas"] = [] if task.where == "city" else areas
        if kind == "quarantine_facility":
            entry["places"] = int(task.needs.get("quarantine_rooms", ROOMS_DEFAULT))
        try:
            read_measures({"measures": [entry]})
            entries.append(entry)
        except InputError:
            unknown.append(task.measure)
    notes = (f"not simulated: {', '.join(unknown)}",) if unknown else ()
    measures = read_measures({"measures": entries}) if entries else ()
    return Candidate(id=plan.id, title=plan.title, origin="library", measures=measures, notes=notes)

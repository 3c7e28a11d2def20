"""Plans made of blocks: each a measure with its strengths and who carries it out; a digit a
block names the plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.library.plans.plan import Plan

NAME = "gen-"
BETWEEN = "."  # between the blocks and each area in the name of a plan
MOST = 1000  # plans at once
Choices = dict[str, float]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a plan may do, with its strengths; the first of them is to leave it."""

    name: str
    strengths: tuple[float, ...]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How a block is carried out: `field` of a measure of `kind` takes the strength; a
    department is ordered.
    """

    kind: str
    field: str
    department: str
    title: str
    fixed: dict[str, float] = {}
    word: str = ""  # what the order calls the measure, where that is another word
    manual: str | None = None


START_DAY = "start_day"
BLOCKS = (
    Block(name=START_DAY, strengths=(0, 3, 7)),
    Block(name="schools_closed", strengths=(0.0, 1.0)),
    Block(name="workplaces_closed", strengths=(0.0, 0.3, 0.5, 0.8)),
    Block(name="distancing", strengths=(0.0, 0.3, 0.6)),
    Block(name="masks", strengths=(0.0, 0.5, 0.9)),
    Block(name="tracers_per_100k", strengths=(0.0, 15.0, 30.0, 60.0)),
    Block(name="mass_testing_every_d", strengths=(0, 7, 3, 2)),
    Block(name="gathering_persons", strengths=(0.0, 10.0, 2.0)),
    Block(name="lockdown", strengths=(0.0, 0.6, 0.9)),
)
ORDERS = {
    "schools_closed": Order(
        kind="school_closure",
        field="coverage",
        department="education",
        title="Schools teach at home",
        manual="manuals/school-closure.md",
    ),
    "workplaces_closed": Order(
        kind="workplace_closure",
        field="coverage",
        department="market_supervision",
        title="Work that can be done at home is done at home",
    ),
    "distancing": Order(
        kind="distancing",
        field="reduction",
        department="civil_affairs",
        title="People are asked to keep apart",
    ),
    "masks": Order(
        kind="masks",
        field="coverage",
        department="information",
        title="Masks are worn where people meet",
        manual="manuals/public-information.md",
    ),
    "tracers_per_100k": Order(
        kind="contact_tracing",
        field="tracers_per_100k",
        department="disease_control",
        title="Tracers find the contacts of every case",
        manual="manuals/investigation.md",
    ),
    "mass_testing_every_d": Order(
        kind="mass_testing",
        field="every_d",
        fixed={"delay_d": 1, "coverage": 0.9},
        department="health",
        title="Everybody is tested in rounds",
        manual="manuals/mass-testing.md",
    ),
    "gathering_persons": Order(
        kind="gathering_limit",
        field="persons",
        department="market_supervision",
        title="Gatherings are limited",
        manual="manuals/gatherings.md",
    ),
    "lockdown": Order(
        kind="lockdown",
        field="reduction",
        fixed={"compliance": 0.9},
        word="area_lockdown",
        department="public_security",
        title="People stay at home but for what they need",
    ),
}
WHOLE_NUMBERS = (START_DAY, "mass_testing_every_d")
FOUND: list[dict[str, object]] = [  # what every plan of blocks does about those who are found
    {"type": "symptomatic_testing", "coverage": 0.6, "delay_d": 2},
    {"type": "case_isolation"},
    {"type": "household_quarantine", "compliance": 0.8},
]
FRAME: dict[str, object] = {  # what every plan of blocks is, whatever it does
    "version": "1",
    "hazard": "epidemic",
    "standard": False,
    "authority": {
        "automatic": False,
        "authorised_by": "whoever adopts it",
        "bounds": "as it was compared",
    },
    "case_task": {
        "key": "case",
        "title": "Interview the case and name the contacts",
        "department": "disease_control",
        "deadline_h": 24,
        "manual": "manuals/interview.md",
    },
    "contact_task": {
        "key": "contact",
        "title": "Locate, isolate and test the contact",
        "department": "civil_affairs",
        "deadline_h": 24,
        "manual": "manuals/contact.md",
    },
    "objectives": [
        {"key": "tasks", "kind": "tasks_done"},
        {"key": "contacts", "kind": "contacts_resolved"},
        {"key": "no linked case", "kind": "quiet_days", "days": 14},
    ],
    "ends": {"quiet_days": 14, "most_days": 28, "review_every_days": 7},
}
FIRST = {
    "key": "find",
    "title": "Test who has symptoms, isolate who is found",
    "department": "health",
    "deadline_h": 24,
    "measure": "case_isolation",
}
TELL = {
    "key": "inform",
    "title": "Tell the public what is known and where to ask",
    "department": "information",
    "deadline_h": 12,
    "manual": "manuals/public-information.md",
}


def plan_of_choices(choices: Choices, areas: Sequence[str] = ()) -> Plan:
    """The plan that a choice of strengths makes, in `areas` (none: the whole city); its name
    says what it is.
    """
    measures, tasks = list(FOUND), [FIRST, TELL]
    start = int(choices[START_DAY])
    for block in BLOCKS:
        order, strength = ORDERS.get(block.name), choices[block.name]
        if order is None or strength <= 0:
            continue
        value = int(strength) if block.name in WHOLE_NUMBERS else strength
        measures.append(
            {
                "type": order.kind,
                order.field: value,
                **order.fixed,
                "areas": list(areas),
                "start_day": start,
            }
        )
        tasks.append(
            {
                "key": block.name,
                "title": order.title,
                "department": order.department,
                "measure": order.word or order.kind,
                "deadline_h": 24 * max(1, start),
                "manual": order.manual,
                "areas": list(areas),
                "where": "each_affected" if areas else "city",
            }
        )
    name = name_of(choices, areas)
    return msgspec.convert(
        FRAME
        | {
            "id": name,
            "title": title_of(choices),
            "source": "made from blocks",
            "level": level_of(choices),
            "tasks": tasks,
            "measures": measures,
            "made": {"from": "blocks", "choices": said(choices)},
        },
        Plan,
    )


def level_of(choices: Choices) -> str:
    """Staying at home is for the highest level; the rest for the one below."""
    return "I" if choices["lockdown"] > 0 else "II"


def said(choices: Choices) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in choices.items())


def title_of(choices: Choices) -> str:
    """The choices in words."""
    parts = [
        f"{b.name.replace('_', ' ')} {choices[b.name]:g}" for b in BLOCKS[1:] if choices[b.name] > 0
    ]
    return f"from day {choices[START_DAY]:g}: " + (", ".join(parts) or "testing and isolation only")


def name_of(choices: Choices, areas: Sequence[str]) -> str:
    digits = "".join(str(block.strengths.index(choices[block.name])) for block in BLOCKS)
    return BETWEEN.join([NAME + digits, *areas])


def choices_of_name(name: str) -> tuple[Choices, list[str]]:
    """The choice and the areas that a name says; InputError for one that says none."""
    digits, *areas = name.removeprefix(NAME).split(BETWEEN)
    numbers = [int(digit) for digit in digits if digit.isdigit()]
    fits = len(numbers) == len(BLOCKS) == len(digits) and name.startswith(NAME)
    if not fits or any(n >= len(block.strengths) for n, block in zip(numbers, BLOCKS, strict=True)):
        raise InputError(
            f"{name!r} is no plan made of blocks",
            f"{NAME} and {len(BLOCKS)} digits, the strength of each block",
            code="unknown_plan",
        )
    return {b.name: float(b.strengths[n]) for n, b in zip(numbers, BLOCKS, strict=True)}, areas


def plan_of_name(name: str, areas: Sequence[str] = ()) -> Plan:
    """The plan that a name says, in the areas it names or else in `areas`."""
    choices, named = choices_of_name(name)
    return plan_of_choices(choices, named or areas)


def draw_plans(count: int, seed: int, areas: Sequence[str] = ()) -> list[Plan]:
    """`count` different plans drawn from the blocks."""
    if not 0 <= count <= MOST:
        most = math.prod(len(block.strengths) for block in BLOCKS)
        raise InputError(
            f"{count} plans cannot be generated", f"0 to {MOST} of {most:,}", code="bad_generate"
        )
    chance, found = generator(seed, "planning.generate"), dict[str, Plan]()
    while len(found) < count:
        drawn = {b.name: float(b.strengths[int(chance.integers(len(b.strengths)))]) for b in BLOCKS}
        if name_of(drawn, areas) not in found:
            found[name_of(drawn, areas)] = plan_of_choices(drawn, areas)
    return list(found.values())

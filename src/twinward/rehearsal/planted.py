"""Small outbreaks and floods with one planted cause, as the commands that a city would send: to
test a diagnosis by.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import numpy as np

from twinward.core.chance import generator
from twinward.library.supplies.resources import list_resources

DAYS = 21
# who infects whom where, while nothing special happens; ours, a plain world to plant one oddity in
SHARES = {
    "household": 0.36,
    "work": 0.2,
    "school": 0.13,
    "market": 0.2,
    "bus": 0.06,
    "care_home": 0.02,
    "ward": 0.03,
}
DEPARTMENT_LATE = 0.1
FIRST, MOST = 8, 500  # infections on the first day; where a tree stops growing
PLENTIFUL = ("test_kits", "masks", "food_baskets", "quarantine_rooms", "field_beds")
PLENTY = 1e6
HOUR = timedelta(hours=1)


class GivenTask(Protocol):
    """What a department reads of a task that was ordered."""

    @property
    def id(self) -> str: ...

    @property
    def department(self) -> str: ...

    @property
    def deadline_h(self) -> float: ...

    @property
    def ordered(self) -> datetime: ...


class PlantedWorld(msgspec.Struct, frozen=True, kw_only=True):
    """How the pretended city behaves. `setting` gets `setting_share` of all infections when it
    is named.
    """

    r: float = 1.35
    dispersion: float = 0.8
    setting: str | None = None
    setting_share: float = 0.6
    imports_a_day: float = 0.15
    hot_area: int | None = None
    hot_r: float = 2.6
    traced: float = 0.75
    isolated_h: float = 14.0
    delay_d: float = 1.4
    late_department: str | None = None
    beds: tuple[float, float] = (60.0, 20.0)
    silent_area: int | None = None
    silent_sensors: int = 0


# the label of what is planted -> the world it is planted in; `counts` reports by count, `flood` is
# of water
PLANTED: dict[str, PlantedWorld] = {
    "setting school": PlantedWorld(setting="school"),
    "setting work": PlantedWorld(setting="work", setting_share=0.65),
    "setting care_home": PlantedWorld(setting="care_home", setting_share=0.5),
    "setting import": PlantedWorld(imports_a_day=4.0, r=0.8),
    "area": PlantedWorld(hot_area=2, r=0.8),
    "department health": PlantedWorld(late_department="health"),
    "contacts": PlantedWorld(isolated_h=110.0),
    "testing": PlantedWorld(delay_d=6.5),
    "beds": PlantedWorld(beds=(60.0, 60.0)),
    "reports": PlantedWorld(silent_area=1),
    "sensors": PlantedWorld(silent_sensors=2),
}


class Infection(msgspec.Struct, frozen=True, kw_only=True):
    """One infected person of the pretended truth."""

    number: int
    parent: int | None
    area: int
    setting: str
    at_d: float
    onset_d: float
    report_d: float


Waiting = tuple[float, int, str, int | None]  # day of infection, area, setting, who infected them


def shares_of(world: PlantedWorld) -> list[float]:
    """The share of each setting of SHARES; the planted one takes its own, the others what is
    left.
    """
    if world.setting is None:
        return list(SHARES.values())
    rest = sum(share for name, share in SHARES.items() if name != world.setting)
    free = (1 - world.setting_share) / rest
    return [
        world.setting_share if name == world.setting else share * free
        for name, share in SHARES.items()
    ]


def grow_tree(world: PlantedWorld, areas: int, chance: np.random.Generator) -> list[Infection]:
    """The true tree up to the last day, by day of infection."""
    names, shares = list(SHARES), shares_of(world)
    waiting: list[Waiting] = [
        (0.0, int(chance.integers(areas)), "market", None) for _ in range(FIRST)
    ]
    for day, arrivals in enumerate(chance.poisson(world.imports_a_day, DAYS)):
        waiting += [
            (float(day), int(chance.integers(areas)), "airport", None) for _ in range(arrivals)
        ]
    waiting.sort(key=lambda one: one[0])
    found: list[Infection] = []
    while waiting and len(found) < MOST:
        at, area, setting, parent = waiting.pop(0)
        onset = at + float(chance.gamma(5.0, 0.8))
        report = onset + float(chance.gamma(4.0, world.delay_d / 4.0))
        number = len(found)
        found.append(
            Infection(
                number=number,
                parent=parent,
                area=area,
                setting=setting,
                at_d=at,
                onset_d=onset,
                report_d=report,
            )
        )
        r = world.hot_r if area == world.hot_area else world.r
        for _ in range(int(chance.poisson(chance.gamma(world.dispersion, r / world.dispersion)))):
            later = at + 0.7 + float(chance.gamma(4.0, 0.9))
            where = names[int(chance.choice(len(names), p=shares))]
            near = where in ("household", "market") or world.hot_area is not None
            home = area if near and chance.random() < 0.9 else int(chance.integers(areas))
            if later < DAYS:
                waiting.append((later, home, where, number))
        waiting.sort(key=lambda one: one[0])
    return found


class Planted:
    """One rehearsal: `deliveries` are due at their times, `answer` is what departments send to
    their orders.
    """

    def __init__(self, label: str, areas: list[str], start: datetime, seed: int) -> None:
        self.world, self.label = PLANTED[label], label
        self.areas, self.start, self.seed = areas, start, seed
        self.count = 0

    def chance(self, *words: object) -> np.random.Generator:
        return generator(
            self.seed, "|".join(["planted", self.label, *(str(word) for word in words)])
        )

    def deliveries(self) -> list[tuple[datetime, dict[str, object]]]:
        """(at, command) by time."""
        made = {"sensors": self.water, "reports": self.by_count}.get(self.label, self.by_person)
        return sorted(made(), key=lambda one: one[0])

    def at(self, days: float) -> datetime:
        return self.start + timedelta(seconds=round(days * 86_400))

    def command(
        self, at: datetime, kind: str, /, **fields: object
    ) -> tuple[datetime, dict[str, object]]:
        self.count += 1
        told = {
            "id": f"planted-{self.count}",
            "type": kind,
            "occurred_at": at.isoformat(),
            **fields,
        }
        return at, told

    def by_person(self) -> Iterator[tuple[datetime, dict[str, object]]]:
        """Cases one by one, their contacts, and every step of the contacts' care."""
        chance = self.chance("persons")
        yield from self.stocks()
        tree = grow_tree(self.world, len(self.areas), self.chance("tree"))
        named: set[int] = set()
        for one in tree:
            if one.report_d >= DAYS:
                continue
            known = one.number in named
            place = (
                f"{one.setting}:{int(chance.integers(9))}"
                if not known and chance.random() < 0.7
                else None
            )
            yield self.command(
                self.at(one.report_d),
                "ReportCase",
                case=f"case-{one.number}",
                subject=f"p-{one.number}",
                hazard="epidemic",
                area=self.areas[one.area],
                status="confirmed",
                source="planted",
                synthetic=True,
                found_in="control" if known else "community",
                place=place,
                onset=self.at(one.onset_d).date().isoformat(),
            )
            for child in (other for other in tree if other.parent == one.number):
                if child.report_d > one.report_d + 0.5 and chance.random() < self.world.traced:
                    named.add(child.number)
                    yield from self.contact(
                        one, f"p-{child.number}", child.area, child.setting, chance
                    )
            for other in range(2):
                setting = list(SHARES)[int(chance.choice(len(SHARES), p=list(SHARES.values())))]
                yield from self.contact(one, f"q-{one.number}-{other}", one.area, setting, chance)

    def stocks(self) -> Iterator[tuple[datetime, dict[str, object]]]:
        """The hospital's beds, and plenty of all else that plans ask for: a city that has stated
        nothing has a gap before anything is planted.
        """
        beds, taken = self.world.beds
        stated = {"isolation_beds": (beds, taken), **dict.fromkeys(PLENTIFUL, (PLENTY, 0.0))}
        units = list_resources()
        for kind, (quantity, in_use) in stated.items():
            yield self.command(
                self.at(0.01),
                "SetStock",
                kind=kind,
                area=self.areas[0][:6],
                unit=units[kind].unit,
                quantity=quantity,
                in_use=in_use,
                holder="hospital" if kind == "isolation_beds" else "depot",
            )

    def contact(
        self, case: Infection, subject: str, area: int, setting: str, chance: np.random.Generator
    ) -> Iterator[tuple[datetime, dict[str, object]]]:
        """One contact: named half a day after the case's report, then located, isolated, tested."""
        name, named_d = f"contact-{case.number}-{subject}", case.report_d + 0.25
        if named_d >= DAYS:
            return
        yield self.command(
            self.at(named_d),
            "NameContact",
            contact=name,
            case=f"case-{case.number}",
            subject=subject,
            area=self.areas[area],
            setting=setting,
            synthetic=True,
        )
        isolated_d = named_d + float(chance.gamma(6.0, self.world.isolated_h / 6.0)) / 24
        verdict = "tested_positive" if subject.startswith("p-") else "tested_negative"
        for step, at_d in (
            ("located", isolated_d - 0.05),
            ("isolated", isolated_d),
            (verdict, isolated_d + 1.0),
        ):
            if at_d < DAYS:
                yield self.command(
                    self.at(max(at_d, named_d + 0.01)), "UpdateContact", contact=name, step=step
                )

    def by_count(self) -> Iterator[tuple[datetime, dict[str, object]]]:
        """Each area's count every evening; the silent one stops five days before the end."""
        for number, area in enumerate(self.areas):
            level = self.chance("count", area).integers(4, 12)
            for day in range(DAYS):
                if number == self.world.silent_area and day >= DAYS - 5:
                    continue
                at = self.at(day + 0.4)
                yield self.command(
                    at,
                    "ReportCount",
                    hazard="epidemic",
                    area=area,
                    day=at.date().isoformat(),
                    status="confirmed",
                    found_in="control",
                    source="planted",
                    count=int(self.chance("count", area, day).poisson(level)),
                )

    def water(self) -> Iterator[tuple[datetime, dict[str, object]]]:
        """A street under water: depths rise and fall; which sensors speak is `readings`' to say."""
        for hour in range(30):
            depth = (
                0.2
                + 0.25 * np.sin(hour / 30 * np.pi)
                + 0.01 * float(self.chance("depth", hour).standard_normal())
            )
            yield self.command(
                self.start + hour * HOUR,
                "ReportHazard",
                hazard="flood",
                area=self.areas[0],
                figure="water_depth_m",
                value=round(float(depth), 3),
                unit="m",
            )

    def readings(self, hour: int) -> list[dict[str, object]]:
        """Observations of six gauges in one hour; the silent ones fall silent after ten hours."""
        gauges = range(self.world.silent_sensors if hour > 10 else 0, 6)
        at = (self.start + hour * HOUR).isoformat()
        return [
            {
                "source_id": f"g{gauge}-{hour}",
                "type": "water_depth",
                "occurred_at": at,
                "subject": f"gauge-{gauge}",
                "area": self.areas[gauge % len(self.areas)],
                "value": 0.2,
                "unit": "m",
            }
            for gauge in gauges
        ]

    def answer(self, task: GivenTask, now: datetime) -> dict[str, object] | None:
        """A department's answer to one order, when its time has come."""
        chance = self.chance("task", task.id)
        late = task.department == self.world.late_department or chance.random() < DEPARTMENT_LATE
        needed_h = task.deadline_h * (2.2 if late else float(chance.uniform(0.1, 0.8)))
        due = task.ordered + timedelta(hours=needed_h)
        if due > now:
            return None
        told = {"task": task.id, "department": task.department, "result": "done (synthetic)"}
        return self.command(max(due, task.ordered), "CompleteTask", **told)[1]

"""What the pretended city sends during a drill: reports of cases and gauges, stocks, rumours;
cut, late or doubled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from twinward.core.chance import generator
from twinward.core.ids import derive_id
from twinward.library.drills.drill import (
    DrillPerson,
    DrillScript,
    DrillTruth,
    Duplicates,
    Flood,
    HazardCourse,
    HospitalLost,
    NetworkCut,
    Rumour,
    SensorFault,
    SupplyShortage,
)
from twinward.library.supplies.resources import list_resources
from twinward.rehearsal.drills.truth import TruthPlaces, curve_of, rumour_case

DOUBLED_AFTER_H = 2.0
IN_USE = 0.6  # of the beds of the hospital that is lost


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One item: when it arrives, from which source, what it asks; `person` where it reports one
    of the truth.
    """

    hour: float
    source: str
    command: dict[str, Any]
    person: DrillPerson | None = None


class Feeds:
    """All that is sent, in order. What nobody fell ill of is never sent: infections stop where
    people were kept apart.

    `drill` marks the sources: `drill:<name>/cases`.
    """

    def __init__(
        self, script: DrillScript, truth: DrillTruth, places: TruthPlaces, seed: int
    ) -> None:
        self.script, self.truth, self.places, self.seed = script, truth, places, seed
        self.mark = f"drill:{script.name}"
        self.units = {name: one.unit for name, one in list_resources().items()}
        self.averted: set[str] = set()
        self._by_subject = {one.subject: one for one in truth.persons}
        made = [*self.cases(), *self.rumours(), *self.gauges(), *self.stocks()]
        self.items = sorted(made, key=lambda one: (one.hour, one.command["id"]))
        self.place = 0

    def hours(self) -> set[float]:
        return {one.hour for one in self.items}

    def due(self, hour: float, apart: Mapping[str, float]) -> list[Sent]:
        """What arrives up to `hour`; `apart` says since when persons have been kept apart."""
        found = []
        while self.place < len(self.items) and self.items[self.place].hour <= hour:
            item = self.items[self.place]
            self.place += 1
            if item.person is None:
                found.append(item)
            elif self.falls_ill(item.person, apart):
                how = "control" if item.person.subject in apart else item.command["found_in"]
                found.append(
                    msgspec.structs.replace(item, command=item.command | {"found_in": how})
                )
        return found

    def falls_ill(self, person: DrillPerson, apart: Mapping[str, float]) -> bool:
        """Whether the infection happened: the infector fell ill, and was neither apart nor
        reported before it.
        """
        if person.subject in self.averted:
            return False
        infector = self._by_subject.get(person.infector)
        if infector is None:
            return True
        since = min(apart.get(infector.subject, float("inf")), self.arrives(infector))
        if since <= person.infected_h or not self.falls_ill(infector, apart):
            self.averted.add(person.subject)
            return False
        return True

    def arrives(self, person: DrillPerson) -> float:
        return float("inf") if person.reported_h is None else person.reported_h

    def after_cut(self, hour: float, feed: str) -> float:
        """When something that a feed says at `hour` arrives: at the end of the cut that it falls
        into.
        """
        for one in self.script.of_kind(NetworkCut):
            begin = self.script.hour_of(one)
            if one.feed == feed and begin <= hour < begin + one.for_h:
                hour = begin + one.for_h
        return round(hour, 4)

    def cases(self) -> Iterator[Sent]:
        doubled = {
            one.of: (self.script.hour_of(one), one.share) for one in self.script.of_kind(Duplicates)
        }
        for person in self.truth.persons:
            if person.reported_h is None or person.reported_h >= self.script.hours:
                continue
            hour = self.after_cut(person.reported_h, "cases")
            command = self.case_command(person, hour)
            yield Sent(hour=hour, source=f"{self.mark}/cases", command=command, person=person)
            since, share = doubled.get(person.inject, (float("inf"), 0.0))
            if hour >= since and generator(self.seed, f"doubled-{person.case}").random() < share:
                again = command | {
                    "id": derive_id("again", command["id"]),
                    "source": f"{self.mark}/second-way",
                }
                later = round(hour + DOUBLED_AFTER_H, 4)
                yield Sent(
                    hour=later, source=f"{self.mark}/second-way", command=again, person=person
                )

    def case_command(self, person: DrillPerson, hour: float) -> dict[str, Any]:
        onset = (self.truth.start + timedelta(hours=person.onset_h)).date().isoformat()
        return {
            "id": derive_id("row", person.case),
            "type": "ReportCase",
            "case": person.case,
            "subject": person.subject,
            "hazard": self.script.hazard,
            "area": person.area,
            "status": "confirmed",
            "found_in": "community",
            "onset": onset,
            "source": f"{self.mark}/cases",
            "synthetic": True,
        }

    def rumours(self) -> Iterator[Sent]:
        for one in self.script.of_kind(Rumour):
            leaves = self.places.leaves_of(self.places.resolve(one.area))
            for n in range(one.reports):
                case = rumour_case(self.seed, one.name, n)
                command = {
                    "id": derive_id("row", case),
                    "type": "ReportCase",
                    "case": case,
                    "hazard": self.script.hazard,
                    "subject": derive_id("drill", "rumour", case),
                    "area": leaves[n % len(leaves)],
                    "status": "suspected",
                    "found_in": "community",
                    "source": f"{self.mark}/rumour",
                    "synthetic": True,
                }
                yield Sent(
                    hour=self.script.hour_of(one), source=f"{self.mark}/rumour", command=command
                )

    def gauges(self) -> Iterator[Sent]:
        faults = {one.of: one for one in self.script.of_kind(SensorFault)}
        for one in self.script.of_kind(Flood):
            leaves = self.places.leaves_of(self.places.resolve(one.area))
            for gauge in range(min(one.gauges, len(leaves))):
                fault = faults.get(one.name) if gauge == 0 else None
                area = leaves[gauge * len(leaves) // min(one.gauges, len(leaves))]
                yield from self.readings(one, gauge, area, fault)

    def readings(
        self, one: Flood, gauge: int, area: str, fault: SensorFault | None
    ) -> Iterator[Sent]:
        stuck: float | None = None
        for hour, depth in curve_of(one, self.script.hour_of(one), self.script.hours):
            begin = self.script.hour_of(fault) if fault else 0.0
            said = depth
            if fault is not None and begin <= hour < begin + fault.for_h:
                stuck = depth if stuck is None else stuck
                if fault.fault == "silent":
                    continue
                said = stuck if fault.fault == "stuck" else round(3 * depth, 3)
            arrives = self.after_cut(hour, "gauges")
            if arrives >= self.script.hours:
                continue
            name = derive_id("row", self.mark, one.name, gauge, f"{hour:.4f}")
            command = {
                "id": name,
                "type": "ReportHazard",
                "hazard": self.script.hazard,
                "area": area,
                "figure": one.figure if isinstance(one, HazardCourse) else "water_depth_m",
                "value": said,
                "unit": one.unit if isinstance(one, HazardCourse) else "m",
                "source": f"{self.mark}/gauges",
            }
            yield Sent(hour=arrives, source=f"{self.mark}/gauges", command=command)

    def stocks(self) -> Iterator[Sent]:
        for one in self.script.of_kind(HospitalLost):
            hour = self.script.hour_of(one)
            yield self.stock(one.name, 0.0, "beds", one.area, one.beds, IN_USE * one.beds)
            yield self.stock(one.name, hour, "beds", one.area, 0.0, 0.0)
            if one.for_h is not None and hour + one.for_h < self.script.hours:
                yield self.stock(one.name, hour + one.for_h, "beds", one.area, one.beds, 0.0)
        for one in self.script.of_kind(SupplyShortage):
            yield self.stock(one.name, 0.0, one.resource, one.area, one.stock, None)
            yield self.stock(
                one.name,
                self.script.hour_of(one),
                one.resource,
                one.area,
                one.stock * one.left,
                None,
            )

    def stock(
        self, inject: str, hour: float, kind: str, area: str, quantity: float, in_use: float | None
    ) -> Sent:
        command: dict[str, object] = {
            "id": derive_id("row", self.mark, self.seed, inject, kind, f"{hour:.4f}"),
            "type": "SetStock",
            "kind": kind,
            "area": self.places.resolve(area),
            "quantity": float(quantity),
            "unit": self.units[kind],
        }
        taken = {} if in_use is None else {"in_use": in_use}
        return Sent(hour=hour, source=f"{self.mark}/stocks", command=command | taken)

"""The rules of the edges at the centre: the bundle that an edge is to run, over the readings that
come from it, in event time and by the edge's own evaluator; and what the edge itself has told.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from twinward.core.clock import from_us, to_us
from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.edge.agent.bundles import change_rules
from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.replay import TIMER_LAG_US
from twinward.edge.rules.rule import DeviceRule, Memory, RuleSignal
from twinward.service.devices.alarm_memory import (
    EdgeChange,
    EdgeState,
    KeptEdge,
    WaitingReading,
    encode_kept,
)
from twinward.service.supervision.hearing import began_of
from twinward.service.supervision.module_engine import AHEAD_US, ALARM, columns_of
from twinward.service.supervision.progress import Progress
from twinward.twins.city import messages as c
from twinward.twins.city.alarms.rows import DeviceAlarm
from twinward.twins.city.devices.rows import Device

if TYPE_CHECKING:
    import pyarrow as pa

MOST_WAITING = 100_000  # readings of one edge that wait for those before them
TOLD = {0.0: "cleared", 1.0: "raised", 2.0: "escalated", 3.0: "flood"}


class EdgeRules(msgspec.Struct):
    """One edge: the rules that judge it here, and readings that wait for their turn."""

    evaluator: Evaluator
    waiting: list[WaitingReading]  # a heap
    types: frozenset[str] = frozenset()  # that its rules look at; empty: any
    remembered: bool = False  # from before this process began
    changed: bool = False  # since it was last kept
    rewritten: bool = False  # by other rules


class AlarmEngine:
    """Says which alarms begin, grow and end: of no person's home, and none that is the defect of a
    supervised object.
    """

    def __init__(
        self, from_us: int, nowhere: str, kept: Mapping[str, KeptEdge] | None = None
    ) -> None:
        """`from_us`: since when this process listens; `nowhere`: the area of what names none;
        `kept`: what was remembered before it began.
        """
        self._from_us, self._nowhere = from_us, nowhere
        self._kept = dict(kept or {})
        self._edges: dict[str, EdgeRules] = {}
        self._devices: dict[str, Device] = {}
        self._of_edge: dict[str, list[Device]] = {}
        self._areas: dict[str, str] = {}  # device or place -> area
        self._places: dict[str, str] = {}  # device -> where it stands
        self._progress = Progress()
        self._shut: Container[str] = frozenset()
        self._supervised: Container[str] = frozenset()
        self._shut_modules: Container[str] = frozenset()
        self._modules: Container[str] = frozenset()

    def know(
        self,
        devices: Iterable[Device],
        *,
        shut: Container[str],
        supervised: Container[str],
        modules: Mapping[str, bool],
    ) -> None:
        """Which devices there are; `shut`: those of persons' homes, `supervised`: of any object;
        `modules`: whether each is about persons.
        """
        self._devices = {one.id: one for one in devices if one.may_speak()}
        self._of_edge = {}
        for one in self._devices.values():
            self._of_edge.setdefault(one.edge, []).append(one)
        self._places = {one.id: one.place or one.area for one in self._devices.values()}
        self._areas |= {one.id: one.area for one in self._devices.values()}
        self._areas |= {one.place: one.area for one in self._devices.values() if one.place}
        self._shut, self._supervised = shut, supervised
        self._modules = frozenset(modules)
        self._shut_modules = frozenset(name for name, persons in modules.items() if persons)
        for name, edge in self._edges.items():
            self._listen(name, edge.evaluator)

    def run(self, edge: str, rules: tuple[DeviceRule, ...], now_us: int) -> list[Command]:
        """From now on these rules judge an edge here; alarms of rules that are gone end."""
        known = self._edges.get(edge)
        if known is None:
            known = self._edges[edge] = self._begin(edge)
        if tuple(known.evaluator.rules.values()) == rules:
            return []
        known.changed = known.rewritten = True
        known.evaluator, _, ended = change_rules(known.evaluator, rules, now_us)
        known.types = types_of(rules)
        if not rules:
            known.waiting = []
        self._listen(edge, known.evaluator)
        return self._commands(edge, ended)

    def _begin(self, edge: str) -> EdgeRules:
        """An edge as it was when this was last kept, else without rules. What was silent while
        nobody listened here is judged like the rest: by what the edge has sent since.
        """
        kept = self._kept.pop(edge, None)
        if kept is None:
            return EdgeRules(Evaluator((), from_us=self._from_us), [])
        state = kept.state
        evaluator = Evaluator(state.rules, kept.memories, from_us=state.from_us)
        self._progress.restore(edge, state.progress)
        self._listen(edge, evaluator)
        return EdgeRules(evaluator, state.waiting, types_of(state.rules), remembered=True)

    def take_changed(self) -> Iterator[EdgeChange]:
        """What is to be kept anew since this was last asked."""
        for name, edge in self._edges.items():
            evaluator = edge.evaluator
            if not (edge.changed or evaluator.changed):
                continue
            keys = evaluator.memories.keys() if edge.rewritten else evaluator.changed
            memories = evaluator.memories
            state = EdgeState(
                rules=tuple(evaluator.rules.values()),
                from_us=evaluator.from_us,
                waiting=edge.waiting,
                progress=self._progress.of(name),
            )
            yield EdgeChange(
                edge=name,
                state=encode_kept(state),
                memories=[
                    (key, encode_kept(memories[key])) for key in sorted(keys) if key in memories
                ],
                whole=edge.rewritten,
            )
            edge.changed = edge.rewritten = False
            evaluator.changed.clear()

    def note_unkept(self) -> None:
        """What `take_changed` told did not come to the disk: everything is to be kept anew."""
        for edge in self._edges.values():
            edge.changed = edge.rewritten = True

    def restore(self, alarm: DeviceAlarm) -> None:
        """An alarm that stood when this process began: it is raised no second time, and can end.
        An edge that is remembered knows its own.
        """
        known = self._edges.get(alarm.edge)
        if known is None or known.remembered:
            return
        if alarm.rule in known.evaluator.rules:
            began = to_us(alarm.began_at)
            memory = Memory(raised_us=began, last_us=began, value=alarm.value)
            known.evaluator.restore((alarm.rule, alarm.device), memory)

    def _listen(self, edge: str, evaluator: Evaluator) -> None:
        for one in self._of_edge.get(edge, ()):
            if one.id not in self._shut:
                evaluator.listen(one.id, one.profile)

    def look(self, source: str, readings: pa.RecordBatch, now_us: int) -> list[Command]:
        """What a batch of readings shows, and what time has decided since."""
        edge = self._edges.get(source)
        if edge is not None and not edge.evaluator.rules:
            edge = None  # nothing is to be judged of it
        if edge is None and ALARM not in readings.column("type").unique().to_pylist():
            return []
        kinds = readings.column("type").to_pylist()
        subjects = readings.column("subject").to_pylist()
        times, values, _ = columns_of(readings)
        asked: list[Command] = []
        latest: dict[str, int] = {}
        for row, (who, kind, at_us, value) in enumerate(
            zip(subjects, kinds, times, values, strict=True)
        ):
            if who is None or value is None or at_us > now_us + AHEAD_US:
                continue
            if kind == ALARM:
                asked += self._told(source, readings, row, who, at_us, value)
            elif edge is not None:
                latest[kind] = max(at_us, latest.get(kind, at_us))
                if who not in self._shut and (not edge.types or kind in edge.types):
                    heapq.heappush(edge.waiting, (at_us, who, kind, value))
        if edge is None:
            return asked
        self._progress.note(source, latest, now_us)
        edge.changed = True
        return asked + self.advance(now_us, source)

    def advance(self, now_us: int, source: str | None = None) -> list[Command]:
        """Readings whose turn has come, and what time alone decides; of one edge, or of all."""
        asked: list[Command] = []
        for name, edge in self._edges.items():
            if edge.evaluator.rules and source in (None, name):
                asked += self._commands(name, self._judge(name, edge, now_us))
        return asked

    def _judge(self, name: str, edge: EdgeRules, now_us: int) -> list[RuleSignal]:
        """In the order of event time, as far as every type of reading has come."""
        until = self._progress.watermark(name, now_us)
        if until is None:
            return []
        signals: list[RuleSignal] = []
        places = self._places
        while edge.waiting and (edge.waiting[0][0] <= until or len(edge.waiting) > MOST_WAITING):
            at_us, who, kind, value = heapq.heappop(edge.waiting)
            edge.changed = True
            signals += edge.evaluator.advance(at_us - TIMER_LAG_US, places)
            known = self._devices.get(who)
            profile = known.profile if known is not None else ""
            place = places.get(who, "")
            signals += edge.evaluator.read(who, profile, place, kind, at_us, value)
        return signals + edge.evaluator.advance(until - TIMER_LAG_US, places)

    def _told(
        self, edge: str, readings: pa.RecordBatch, row: int, who: str, at_us: int, value: float
    ) -> list[Command]:
        """What the edge's own rules said; its name, its instant and where it is are the edge's."""
        rule, _, device = who.partition(":")
        what = TOLD.get(value)
        if what is None or not device:
            return []
        known = self._edges.get(edge)
        of = known.evaluator.rules.get(rule) if known is not None else None
        grave = of.severity if of is not None else "warning"
        if what == "escalated":
            grave = of.escalate_to if of is not None else "alarm"
        area = readings.column("area")[row].as_py()
        self._areas.setdefault("*" if what == "flood" else device, area or "")
        began_us = began_of(readings.column("source_id")[row].as_py(), at_us)
        signal = RuleSignal(
            rule=rule,
            device="*" if what == "flood" else device,
            what="raised" if what == "flood" else what,  # type: ignore[arg-type]
            at_us=at_us,
            severity=grave,
            began_us=began_us,
        )
        return self._commands(edge, (signal,), "edge")

    def _commands(
        self, edge: str, signals: Iterable[RuleSignal], found: c.FoundBy = "centre"
    ) -> list[Command]:
        return [
            command_of(edge, one, self._areas.get(one.device) or self._nowhere, found)
            for one in signals
            if self._is_ours(one)
        ]

    def _is_ours(self, signal: RuleSignal) -> bool:
        """Not of a home, and not a module's: its alarm is the defect of its object."""
        module = signal.rule.partition(".")[0]
        if signal.device in self._shut or module in self._shut_modules:
            return False
        return not (module in self._modules and signal.device in self._supervised)


def types_of(rules: Iterable[DeviceRule]) -> frozenset[str]:
    """The types of readings that rules look at; empty: any."""
    types = {one.type for one in rules if one.type or not one.of}
    return frozenset() if "" in types else frozenset(types)


def command_of(edge: str, signal: RuleSignal, area: str, found: c.FoundBy) -> Command:
    """The same alarm has the same name, whether the edge tells it or the centre finds it."""
    name = derive_id("alarm", edge, signal.rule, signal.device, signal.began_us)
    rule, device, at = signal.rule, signal.device, from_us(signal.at_us)
    if signal.what in ("raised", "flood"):
        return c.RaiseDeviceAlarm(
            id=derive_id("cmd", name, "raise"),
            alarm=name,
            rule=rule,
            device=device,
            edge=edge,
            area=area,
            began_at=from_us(signal.began_us),
            severity=signal.severity,
            found=found,
            value=signal.value,
        )
    if signal.what == "escalated":
        grown, grave = derive_id("cmd", name, "grow"), signal.severity
        return c.GrowDeviceAlarm(id=grown, rule=rule, device=device, severity=grave, at=at)
    return c.EndDeviceAlarm(id=derive_id("cmd", name, "end"), rule=rule, device=device, at=at)

"""Readings held against the modules of the objects that they are about: the same rules and the same
evaluator as at the edge, in event time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from twinward.core.clock import from_us, to_us
from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.rule import RuleSignal
from twinward.library.supervision.module import CLEAR, Event, Module
from twinward.loop.supervised import defect_id, open_command
from twinward.service.supervision.hearing import (
    Ear,
    Group,
    Refusals,
    Watched,
    began_of,
    in_unit,
    list_rules,
)
from twinward.service.supervision.memory_file import (
    KeptModules,
    Key,
    ListeningSince,
    ModuleChange,
    encode_kept,
)
from twinward.service.supervision.progress import GAP_US, NEVER, Progress
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.messages import Found
from twinward.twins.emergency.supervision.rows import SupervisedObject

if TYPE_CHECKING:
    import pyarrow as pa

AHEAD_US = 300_000_000  # how far a device's clock may be fast
ALARM, RAISED, CLEARED = "alarm", 1.0, 0.0  # how an edge tells what its own rules say
NOBODY = Evaluator(())  # judges what no module asks for


class ModuleEngine:
    """Knows the supervised objects, their devices and the rules over them; says what follows from
    readings and from time.
    """

    def __init__(self, modules: Mapping[str, Module], kept: KeptModules, from_us: int) -> None:
        """`kept`: what was remembered before this process began, at `from_us`."""
        self._known = dict(modules)
        self._kept = dict(kept.memories)
        self._since = listening_since(kept, from_us)
        self._devices: dict[str, Watched] = {}
        self._things: dict[str, Watched] = {}
        self._ears: dict[tuple[str, str], Ear] = {}
        self._groups: dict[Group, Evaluator] = {}
        self._of_edge: dict[str, dict[Group, Evaluator]] = {}
        self._progress = Progress()
        for source, known in kept.sources.items():
            self._progress.restore(source, known)
        self._gone: set[Key] = set()  # remembered of objects that are supervised no more
        self.refused: dict[str, Refusals] = {}  # module -> what of its objects was not believed

    def change(self, name: str, thing: SupervisedObject | None) -> None:
        """The object of that name is there, or no more."""
        self._things.pop(name, None)
        gone = [device for device, one in self._devices.items() if one.thing == name]
        for device in gone:
            del self._devices[device]
        there = thing if thing is not None and thing.status == "supervised" else None
        ended = {name, *gone}.difference((name, *there.devices) if there is not None else ())
        for group in self._groups.values():
            self._gone.update(group.forget(ended))
        self._ears.clear()
        if there is not None:
            self.take(there)

    def take(self, thing: SupervisedObject) -> None:
        """An object is supervised from now on."""
        module = self._known.get(thing.module)
        if module is None or not thing.devices:
            return
        since = to_us(thing.since)
        one = Watched(thing.id, thing.name, thing.module, thing.kind, thing.edge, since)
        self._things[thing.id] = one
        self._devices |= dict.fromkeys(thing.devices, one)
        for reading in module.readings:
            self._restore(self._group(one, reading.type, silence=False), thing.devices)
            silent = self._group(one, reading.type, silence=True)
            self._restore(silent, (thing.id,))
            silent.listen(thing.id, "", since)

    def forget_others(self) -> None:
        """All objects are known: what was remembered of others is forgotten."""
        self._gone.update(self._kept)
        self._kept.clear()

    def _group(self, one: Watched, kind: str, *, silence: bool) -> Evaluator:
        name = Group(one.module, one.kind, one.edge, kind, silence)
        found = self._groups.get(name)
        if found is None:
            rules = list_rules(self._known[one.module], name)
            from_us = self._since.edges_us if name.edge else self._since.clock_us
            found = self._groups[name] = Evaluator(rules, from_us=from_us)
            self._of_edge.setdefault(name.edge, {})[name] = found
        return found

    def _restore(self, group: Evaluator, names: Iterable[str]) -> None:
        """What was remembered before this process began."""
        for rule in group.rules:
            for name in names:
                memory = self._kept.pop((rule, name), None)
                if memory is not None:
                    group.restore((rule, name), memory)

    def look(self, source: str, readings: pa.RecordBatch, now_us: int) -> list[Command]:
        """What a batch of readings shows, and what time has decided since."""
        if not self._devices:
            return []
        subjects, kinds = (readings.column(name).to_pylist() for name in ("subject", "type"))
        known = self._devices
        ours = [k for k, who in enumerate(subjects) if who in known or kinds[k] == ALARM]
        if not ours:
            return []
        if len(ours) < len(subjects):
            readings = readings.take(ours)
            subjects, kinds = ([of[k] for k in ours] for of in (subjects, kinds))
        latest: dict[str, int] = {}
        asked: list[Command] = []
        for row, (who, kind, at_us, value, unit) in enumerate(
            zip(subjects, kinds, *columns_of(readings), strict=True)
        ):
            if who is None or value is None:
                continue
            if kind == ALARM:
                latest[ALARM] = max(at_us, latest.get(ALARM, at_us))
                one = known.get(who.partition(":")[2])
                if one is not None and self._believes(one, source, at_us, now_us):
                    began_us = began_of(readings.column("source_id")[row].as_py(), at_us)
                    asked += self._told_by_edge(one, who, began_us, value)
                continue
            ear = self._ears.get((who, kind)) or self._ear(who, kind)
            latest[ear.stream] = max(at_us, latest.get(ear.stream, at_us))
            if self._believes(ear.one, source, at_us, now_us):
                asked += self._commands(self._read(ear, who, kind, at_us, value, unit))
        self._progress.note(source, latest, now_us)
        return asked + self.advance(now_us, source)

    def _ear(self, device: str, kind: str) -> Ear:
        one = self._devices[device]
        heard = next((r for r in self._known[one.module].readings if r.type == kind), None)
        if heard is None:
            return Ear(one, one.stream(kind), None, NOBODY, NOBODY)
        state = self._group(one, kind, silence=False)
        silence = self._group(one, kind, silence=True)
        found = self._ears[device, kind] = Ear(one, one.stream(kind), heard, state, silence)
        return found

    def _believes(self, one: Watched, source: str, at_us: int, now_us: int) -> bool:
        if one.edge and one.edge != source:
            self._refusals(one).foreign += 1
            return False
        if not one.since_us <= at_us <= now_us + AHEAD_US:
            self._refusals(one).out_of_time += 1
            return False
        return True

    def _refusals(self, one: Watched) -> Refusals:
        return self.refused.setdefault(one.module, Refusals())

    def _read(
        self, ear: Ear, device: str, kind: str, at_us: int, value: float, unit: str | None
    ) -> list[RuleSignal]:
        heard, one = ear.heard, ear.one
        if heard is None:
            return []
        told = in_unit(heard, value, unit)
        if told is None:
            self._refusals(one).bad_unit += 1
            return []
        if told in heard.faults or not heard.least <= told <= heard.most:
            self._refusals(one).faulty += 1
            return []
        state = ear.state.read(device, "", one.thing, kind, at_us, told)
        silence = ear.silence.read(one.thing, "", one.thing, kind, at_us, told)
        return [*state, *silence] if state or silence else []

    def _told_by_edge(self, one: Watched, who: str, began_us: int, value: float) -> list[Command]:
        """What the edge's own rules said: the same defect, by the same name."""
        event = self._known[one.module].find_event(who.partition(":")[0])
        if event is None or one.kind not in event.objects:
            return []
        if value == RAISED:
            return [self._open(one, event, began_us, None, "edge")]
        return self._mend(one, event, began_us) if value == CLEARED else []

    def advance(self, now_us: int, edge: str | None = None) -> list[Command]:
        """What time alone decides, as far as each source has come; of one edge, or of all."""
        asked: list[Command] = []
        mine = self._groups if edge is None else self._of_edge.get(edge, {})
        for name, group in mine.items():
            due = group.next_due()
            if due is None or due > now_us:
                continue
            if not name.silence:
                until = self._progress.until(name.edge, name.stream, now_us)
                asked += self._commands(group.advance(until, {}))
            elif self._progress.hears(name.edge, name.stream, now_us):
                asked += self._commands(group.advance(now_us, {}))
        return asked

    def _commands(self, signals: Iterable[RuleSignal]) -> list[Command]:
        found: list[Command] = []
        for signal in signals:
            one = self._devices.get(signal.device) or self._things.get(signal.device)
            module = self._known.get(one.module) if one is not None else None
            event = module.find_event(signal.rule) if module is not None else None
            if one is None or event is None:
                continue
            if signal.what == "raised":
                found.append(self._open(one, event, signal.began_us, signal.value, "event"))
            elif signal.what == "cleared":
                found += self._mend(one, event, signal.began_us)
        return found

    def _open(
        self, one: Watched, event: Event, began_us: int, value: float | None, found: Found
    ) -> Command:
        module = self._known[one.module]
        defect = module.find_defect(event.defect)
        assert defect is not None
        return open_command(
            module,
            defect,
            one.thing,
            from_us(began_us),
            found,
            value,
            one.name,
        )

    def _mend(self, one: Watched, event: Event, began_us: int) -> list[Command]:
        defect = self._known[one.module].find_defect(event.defect)
        if defect is None or defect.evidence != CLEAR:
            return []
        name = defect_id(one.thing, defect.id, from_us(began_us))
        return [m.MendDefect(id=derive_id("cmd", name, "clear"), defect=name, evidence=CLEAR)]

    def take_changed(self) -> ModuleChange | None:
        """What is to be kept anew since this was last asked; None where that is nothing."""
        memories: list[tuple[Key, bytes]] = []
        for group in self._groups.values():
            memories += [(key, encode_kept(group.memories[key])) for key in group.changed]
            group.changed.clear()
        sources = [
            (name, encode_kept(self._progress.of(name))) for name in sorted(self._progress.changed)
        ]
        self._progress.changed.clear()
        gone = sorted(self._gone)
        self._gone.clear()
        if not (memories or sources or gone):
            return None
        return ModuleChange(memories=memories, sources=sources, gone=gone, since=self._since)

    def note_unkept(self, change: ModuleChange) -> None:
        """What `take_changed` told did not come to the disk: it is to be kept anew."""
        keys = {key for key, _ in change.memories}
        for group in self._groups.values():
            group.changed |= keys & group.memories.keys()
        self._progress.changed.update(name for name, _ in change.sources)
        self._gone.update(change.gone)


def listening_since(kept: KeptModules, from_us: int) -> ListeningSince:
    """An edge keeps what it hears while the centre is away; what comes to the centre itself does
    not wait, and its silence meanwhile proves nothing.
    """
    if kept.since is None:
        return ListeningSince(from_us, from_us)
    heard_us = max((one.heard_us for one in kept.sources.values()), default=NEVER)
    was_away = from_us - heard_us > GAP_US
    return ListeningSince(kept.since.edges_us, from_us if was_away else kept.since.clock_us)


def columns_of(readings: pa.RecordBatch) -> tuple[list[int], list[float | None], list[str | None]]:
    """Time, value and unit; a column without gaps, or with nothing in it, goes the short way."""
    value, unit = readings.column("value"), readings.column("unit")
    times: list[int] = readings.column("time_us").to_numpy(zero_copy_only=False).tolist()
    values: list[float | None] = (
        value.to_pylist() if value.null_count else value.to_numpy(zero_copy_only=False).tolist()
    )
    empty = unit.null_count == len(unit)
    units: list[str | None] = [None] * len(unit) if empty else unit.to_pylist()
    return times, values, units

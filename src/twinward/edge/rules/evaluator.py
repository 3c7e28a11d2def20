"""The one evaluator of rules, at the edge and at the centre: readings in, signals out, in event
time.

The same readings in the same order give the same signals, however they were batched and whenever
they arrived. A reading that is older than the last one of its device and rule changes no alarm.
What was replayed from a kept `Memory` raises and clears nothing by itself.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterator, Mapping, Sequence

from twinward.edge.rules.rule import COMBINED, DeviceRule, Memory, RuleSignal
from twinward.edge.rules.states import (
    NEVER,
    is_beyond,
    known_until,
    next_end,
    skip_gap,
    us_of,
    within_ends,
)

Key = tuple[str, str]  # rule, device (or place)
Ear = tuple[DeviceRule, Key, int]  # with its silence in microseconds


class Evaluator:
    """Rules with what they remember. `memories` are kept between two runs by the caller; `changed`
    names those that are to be kept anew.
    """

    def __init__(
        self,
        rules: Sequence[DeviceRule],
        memories: Mapping[Key, Memory] | None = None,
        *,
        from_us: int = 0,
    ) -> None:
        """`from_us`: since when this process listens; what was silent before proves nothing."""
        self.rules = {rule.id: rule for rule in rules}
        self.memories: dict[Key, Memory] = dict(memories or {})
        self.changed: set[Key] = set()
        self._from_us = from_us
        self._parts: dict[str, list[DeviceRule]] = {}
        for rule in rules:
            for part in rule.of if rule.kind in COMBINED else ():
                self._parts.setdefault(part, []).append(rule)
        self._heard: dict[tuple[str, str, str], list[Ear]] = {}
        self._due: list[tuple[int, Key]] = []
        self._planned: dict[Key, int] = {}  # the earliest of each in `_due`: one is enough
        for key in list(self.memories):
            if key[0] in self.rules:
                self._plan(key)

    @property
    def from_us(self) -> int:
        """Since when it listens."""
        return self._from_us

    def restore(self, key: Key, memory: Memory) -> None:
        """What was remembered of a rule and device is known again; it raises nothing by itself."""
        self.memories[key] = memory
        self._plan(key)

    def forget(self, about: Container[str]) -> list[Key]:
        """What was remembered of devices (or places) that are no more; what that was."""
        gone = [key for key in self.memories if key[1] in about]
        for key in gone:
            del self.memories[key]
            self.changed.discard(key)
        return gone

    def listen(self, device: str, profile: str, since_us: int = 0) -> None:
        """A device is there: a dead-man rule waits for it from now on, or since it was put
        there.
        """
        for rule in self.rules.values():
            key = (rule.id, device)
            if rule.kind == "dead_man" and rule.reads(device, profile, rule.type):
                if key not in self.memories:
                    self.memories[key] = Memory(last_us=max(self._from_us, since_us))
                    self.changed.add(key)
                self._plan(key)

    def read(
        self, device: str, profile: str, place: str, kind: str, at_us: int, value: float
    ) -> list[RuleSignal]:
        """A reading has come; timers that ended before it are looked at first."""
        signals: list[RuleSignal] = []
        for rule, key, silence_us in self._ears(device, profile, kind):
            memory = self.memories.get(key)
            if memory is None:
                memory = self.memories[key] = Memory()
            if at_us < memory.last_us:
                continue
            self.changed.add(key)
            if self._is_usual(rule, key, memory, at_us, value, silence_us):
                memory.last_us, memory.value = at_us, value
                continue
            signals += self._timers(rule, key, at_us, place)
            skip_gap(rule, memory, at_us)
            memory.last_us, memory.value = at_us, value
            signals += self._judge(rule, key, at_us, value, place)
            self._plan(key)
        return signals

    def _ears(self, device: str, profile: str, kind: str) -> list[Ear]:
        """The rules that look at such a reading."""
        found = self._heard.get((device, profile, kind))
        if found is None:
            found = self._heard[device, profile, kind] = [
                (rule, (rule.id, device), us_of(rule.silence_s))
                for rule in self.rules.values()
                if rule.reads(device, profile, kind)
            ]
        return found

    def _is_usual(
        self, rule: DeviceRule, key: Key, memory: Memory, at_us: int, value: float, silence_us: int
    ) -> bool:
        """Whether nothing stands, nothing begins and no timer is to be set: most readings."""
        if memory.raised_us >= 0:
            return False
        if rule.kind == "threshold":
            return memory.beyond_us < 0 and not rule.is_beyond(value, raised=False)
        if rule.kind == "dead_man":
            silent = max(memory.last_us, self._from_us) + silence_us
            return at_us < silent and key in self._planned
        return False

    def advance(self, now_us: int, places: Mapping[str, str]) -> list[RuleSignal]:
        """Time has come to `now_us`: what only a timer can decide. `places` of the devices."""
        signals: list[RuleSignal] = []
        while self._due and self._due[0][0] <= now_us:
            due, key = heapq.heappop(self._due)
            if self._planned.get(key) == due:
                del self._planned[key]
            rule = self.rules.get(key[0])
            memory = self.memories.get(key)
            if rule is None or memory is None:
                continue
            if next_end(rule, memory, self._from_us) != due:  # it has become later since
                self._plan(key)
                continue
            signals += self._timers(rule, key, now_us, places.get(key[1], ""))
            self.changed.add(key)
            self._plan(key)
        return signals

    def next_due(self) -> int | None:
        """When the next timer ends, in microseconds since 1970 UTC."""
        return self._due[0][0] if self._due else None

    # one rule on one device ----------------------------------------------------------------

    def _judge(
        self, rule: DeviceRule, key: Key, at_us: int, value: float, place: str
    ) -> Iterator[RuleSignal]:
        memory = self.memories[key]
        if rule.kind == "dead_man":
            if memory.raised_us >= 0:
                yield from self._clear(rule, key, at_us, value, place)
            return
        beyond = is_beyond(rule, memory, at_us, value)
        if memory.raised_us < 0:
            memory.beyond_us = (
                -1 if not beyond else at_us if memory.beyond_us < 0 else memory.beyond_us
            )
            if beyond and at_us - memory.beyond_us >= us_of(rule.hold_s):
                yield from self._raise(
                    rule, key, memory.beyond_us + us_of(rule.hold_s), value, place
                )
            return
        memory.within_us = -1 if beyond else at_us if memory.within_us < 0 else memory.within_us
        if not beyond and at_us - memory.within_us >= us_of(rule.clear_hold_s):
            began = memory.within_us + us_of(rule.clear_hold_s)
            yield from self._clear(rule, key, began, value, place)

    def _timers(self, rule: DeviceRule, key: Key, now_us: int, place: str) -> Iterator[RuleSignal]:
        """What time alone decided up to `now_us`, in the order in which it came."""
        memory = self.memories[key]
        if rule.kind == "dead_man" and memory.raised_us < 0:
            silent = max(memory.last_us, self._from_us) + us_of(rule.silence_s)
            if silent <= now_us:
                yield from self._raise(rule, key, silent, None, place)
        if memory.raised_us < 0 and memory.beyond_us >= 0 and rule.hold_s:
            held = memory.beyond_us + us_of(rule.hold_s)
            if held <= min(now_us, known_until(rule, memory)):
                yield from self._raise(rule, key, held, memory.value, place)
        if memory.raised_us >= 0 and not memory.escalated and rule.escalate_after_s:
            grown = memory.raised_us + us_of(rule.escalate_after_s)
            if grown <= now_us:
                memory.escalated = True
                yield RuleSignal(
                    rule=rule.id,
                    device=key[1],
                    what="escalated",
                    at_us=grown,
                    severity=rule.escalate_to,
                    value=memory.value,
                    began_us=memory.raised_us,
                )
        if memory.raised_us >= 0:
            yield from self._ends_by_time(rule, key, now_us, place)

    def _ends_by_time(
        self, rule: DeviceRule, key: Key, now_us: int, place: str
    ) -> Iterator[RuleSignal]:
        memory = self.memories[key]
        end = NEVER
        if memory.within_us >= 0 and rule.clear_hold_s:
            end = within_ends(rule, memory)
        elif rule.kind == "count" and len(memory.hits) >= rule.count:
            end = memory.hits[-rule.count][0] + us_of(rule.window_s)
        if end <= now_us:
            yield from self._clear(rule, key, end, memory.value, place)

    def _raise(
        self, rule: DeviceRule, key: Key, at_us: int, value: float | None, place: str
    ) -> Iterator[RuleSignal]:
        memory = self.memories[key]
        memory.raised_us, memory.within_us, memory.beyond_us = at_us, -1, -1
        memory.escalated = False
        yield from self._not_flooded(
            rule,
            RuleSignal(
                rule=rule.id,
                device=key[1],
                what="raised",
                at_us=at_us,
                severity=rule.severity,
                value=value,
                began_us=at_us,
            ),
        )
        yield from self._combine(rule, at_us, place, +1)

    def _clear(
        self, rule: DeviceRule, key: Key, at_us: int, value: float | None, place: str
    ) -> Iterator[RuleSignal]:
        memory = self.memories[key]
        began, severity = memory.raised_us, rule.severity
        if memory.escalated:
            severity = rule.escalate_to
        memory.raised_us, memory.within_us, memory.beyond_us = -1, -1, -1
        memory.escalated = False
        yield RuleSignal(
            rule=rule.id,
            device=key[1],
            what="cleared",
            at_us=at_us,
            severity=severity,
            value=value,
            began_us=began,
        )
        yield from self._combine(rule, at_us, place, -1)

    # rules over several devices ------------------------------------------------------------

    def _combine(
        self, part: DeviceRule, at_us: int, place: str, change: int
    ) -> Iterator[RuleSignal]:
        """A part of a combined rule went up or down at a place."""
        for rule in self._parts.get(part.id, ()):
            key = (rule.id, place)
            memory = self.memories.setdefault(key, Memory())
            memory.on = memory.on | {part.id: max(0, memory.on.get(part.id, 0) + change)}
            up = sum(1 for name in rule.of if memory.on.get(name))
            holds = up == len(rule.of) if rule.kind == "both" else up > 0
            memory.last_us = max(memory.last_us, at_us)
            if holds and memory.raised_us < 0:
                yield from self._raise(rule, key, at_us, None, place)
            elif not holds and memory.raised_us >= 0:
                yield from self._clear(rule, key, at_us, None, place)
            self.changed.add(key)
            self._plan(key)

    def _not_flooded(self, rule: DeviceRule, signal: RuleSignal) -> Iterator[RuleSignal]:
        """The signal itself, or one flood for all that come in the window after `most`."""
        if not rule.most:
            yield signal
            return
        key = (rule.id, "*")
        memory = self.memories.setdefault(key, Memory())
        since = signal.at_us - us_of(rule.most_window_s)
        memory.hits = [hit for hit in memory.hits if hit[0] > since] + [(signal.at_us, 0.0)]
        self.changed.add(key)
        if len(memory.hits) <= rule.most:
            yield signal
        elif memory.flooded_us < 0 or memory.flooded_us <= since:
            memory.flooded_us = signal.at_us
            yield RuleSignal(
                rule=rule.id,
                device="*",
                what="flood",
                at_us=signal.at_us,
                severity=rule.escalate_to,
                value=float(len(memory.hits)),
                began_us=signal.at_us,
            )

    # timers --------------------------------------------------------------------------------

    def _plan(self, key: Key) -> None:
        due = next_end(self.rules[key[0]], self.memories[key], self._from_us)
        if due < self._planned.get(key, NEVER):
            self._planned[key] = due
            heapq.heappush(self._due, (due, key))

"""The one evaluator of rules, at the edge and at the centre: readings in, signals out, in event
time.

The same readings in the same order give the same signals, however they were batched and whenever
they arrived. A reading that is older than the last one of its device and rule changes no alarm.
What was replayed from a kept `Memory` raises and clears nothing by itself.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from twinward.edge.rules.rule import COMBINED, DeviceRule, Memory, RuleSignal

SECOND_US = 1_000_000
Key = tuple[str, str]  # rule, device (or place)
NEVER = 2**62
MOST_HITS = 1000  # readings that a rate remembers; of more in its window every other one


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
        self._due: list[tuple[int, Key]] = []
        self._planned: dict[Key, int] = {}  # the earliest of each in `_due`: one is enough
        for key in list(self.memories):
            if key[0] in self.rules:
                self._plan(key)

    def restore(self, key: Key, memory: Memory) -> None:
        """What was remembered of a rule and device is known again; it raises nothing by itself."""
        self.memories[key] = memory
        self._plan(key)

    def listen(self, device: str, profile: str) -> None:
        """A device is there: a dead-man rule waits for it from now on."""
        for rule in self.rules.values():
            key = (rule.id, device)
            if rule.kind == "dead_man" and rule.reads(device, profile, rule.type):
                if key not in self.memories:
                    self.memories[key] = Memory(last_us=self._from_us)
                    self.changed.add(key)
                self._plan(key)

    def read(
        self, device: str, profile: str, place: str, kind: str, at_us: int, value: float
    ) -> list[RuleSignal]:
        """A reading has come; timers that ended before it are looked at first."""
        signals: list[RuleSignal] = []
        for rule in self.rules.values():
            if not rule.reads(device, profile, kind):
                continue
            key = (rule.id, device)
            memory = self.memories.setdefault(key, Memory())
            if at_us < memory.last_us:
                continue
            signals += self._timers(rule, key, at_us, place)
            memory.last_us, memory.value = at_us, value
            signals += self._judge(rule, key, at_us, value, place)
            self.changed.add(key)
            self._plan(key)
        return signals

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
            if self._next(rule, memory) != due:  # it has become later since
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
        beyond = self._is_beyond(rule, memory, at_us, value)
        if memory.raised_us < 0:
            memory.beyond_us = (
                -1 if not beyond else at_us if memory.beyond_us < 0 else memory.beyond_us
            )
            if beyond and at_us - memory.beyond_us >= rule.hold_s * SECOND_US:
                yield from self._raise(rule, key, memory.beyond_us + _us(rule.hold_s), value, place)
            return
        memory.within_us = -1 if beyond else at_us if memory.within_us < 0 else memory.within_us
        if not beyond and at_us - memory.within_us >= rule.clear_hold_s * SECOND_US:
            began = memory.within_us + _us(rule.clear_hold_s)
            yield from self._clear(rule, key, began, value, place)

    def _is_beyond(self, rule: DeviceRule, memory: Memory, at_us: int, value: float) -> bool:
        raised = memory.raised_us >= 0
        if rule.kind == "threshold":
            return rule.is_beyond(value, raised=raised)
        since = at_us - _us(rule.window_s)
        if rule.kind == "rate":
            memory.hits = [hit for hit in memory.hits if hit[0] >= since] + [(at_us, value)]
            if len(memory.hits) > MOST_HITS:
                memory.hits = memory.hits[::2]
            return rule.is_beyond(value - memory.hits[0][1], raised=raised)
        memory.hits = [hit for hit in memory.hits if hit[0] > since]
        if rule.is_beyond(value, raised=False):
            memory.hits = [*memory.hits, (at_us, value)][-rule.count :]
        return len(memory.hits) >= rule.count

    def _timers(self, rule: DeviceRule, key: Key, now_us: int, place: str) -> Iterator[RuleSignal]:
        """What time alone decided up to `now_us`, in the order in which it came."""
        memory = self.memories[key]
        if rule.kind == "dead_man" and memory.raised_us < 0:
            silent = max(memory.last_us, self._from_us) + _us(rule.silence_s)
            if silent <= now_us:
                yield from self._raise(rule, key, silent, None, place)
        if memory.raised_us < 0 and memory.beyond_us >= 0 and rule.hold_s:
            held = memory.beyond_us + _us(rule.hold_s)
            if held <= now_us:
                yield from self._raise(rule, key, held, memory.value, place)
        if memory.raised_us >= 0 and not memory.escalated and rule.escalate_after_s:
            grown = memory.raised_us + _us(rule.escalate_after_s)
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
            end = memory.within_us + _us(rule.clear_hold_s)
        elif rule.kind == "count" and len(memory.hits) >= rule.count:
            end = memory.hits[-rule.count][0] + _us(rule.window_s)
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
        since = signal.at_us - _us(rule.most_window_s)
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
        due = self._next(self.rules[key[0]], self.memories[key])
        if due < self._planned.get(key, NEVER):
            self._planned[key] = due
            heapq.heappush(self._due, (due, key))

    def _next(self, rule: DeviceRule, memory: Memory) -> int:
        """When time alone next decides something about this rule and device."""
        ends = [NEVER]
        if memory.raised_us < 0:
            if rule.kind == "dead_man":
                ends.append(max(memory.last_us, self._from_us) + _us(rule.silence_s))
            if memory.beyond_us >= 0 and rule.hold_s:
                ends.append(memory.beyond_us + _us(rule.hold_s))
        else:
            if rule.escalate_after_s and not memory.escalated:
                ends.append(memory.raised_us + _us(rule.escalate_after_s))
            if memory.within_us >= 0 and rule.clear_hold_s:
                ends.append(memory.within_us + _us(rule.clear_hold_s))
            elif rule.kind == "count" and len(memory.hits) >= rule.count:
                ends.append(memory.hits[-rule.count][0] + _us(rule.window_s))
        return min(ends)


def _us(seconds: float) -> int:
    return round(seconds * SECOND_US)

"""How long a state lasts, as far as it is known, and when time alone decides something."""

from __future__ import annotations

from twinward.edge.rules.rule import KNOWN_BEATS, DeviceRule, Memory

SECOND_US = 1_000_000
NEVER = 2**62
MOST_HITS = 1000  # readings that a rate remembers; of more in its window every other one


def is_beyond(rule: DeviceRule, memory: Memory, at_us: int, value: float) -> bool:
    """Whether a reading keeps the alarm up, or would raise it; a window remembers it."""
    raised = memory.raised_us >= 0
    if rule.kind == "threshold":
        return rule.is_beyond(value, raised=raised)
    since = at_us - us_of(rule.window_s)
    if rule.kind == "rate":
        memory.hits = [hit for hit in memory.hits if hit[0] >= since] + [(at_us, value)]
        if len(memory.hits) > MOST_HITS:
            memory.hits = memory.hits[::2]
        return rule.is_beyond(value - memory.hits[0][1], raised=raised)
    memory.hits = [hit for hit in memory.hits if hit[0] > since]
    if rule.is_beyond(value, raised=False):
        memory.hits = [*memory.hits, (at_us, value)][-rule.count :]
    return len(memory.hits) >= rule.count


def next_end(rule: DeviceRule, memory: Memory, from_us: int) -> int:
    """When time alone next decides something about this rule and device."""
    ends = [NEVER]
    if memory.raised_us < 0:
        if rule.kind == "dead_man":
            ends.append(max(memory.last_us, from_us) + us_of(rule.silence_s))
        if memory.beyond_us >= 0 and rule.hold_s:
            held = memory.beyond_us + us_of(rule.hold_s)
            ends.append(held if held <= known_until(rule, memory) else NEVER)
    else:
        if rule.escalate_after_s and not memory.escalated:
            ends.append(memory.raised_us + us_of(rule.escalate_after_s))
        if memory.within_us >= 0 and rule.clear_hold_s:
            ends.append(within_ends(rule, memory))
        elif rule.kind == "count" and len(memory.hits) >= rule.count:
            ends.append(memory.hits[-rule.count][0] + us_of(rule.window_s))
    return min(ends)


def known_until(rule: DeviceRule, memory: Memory) -> int:
    """Until when the last reading says how things are."""
    return memory.last_us + us_of(KNOWN_BEATS * rule.beat_s) if rule.beat_s else NEVER


def within_ends(rule: DeviceRule, memory: Memory) -> int:
    """When a state that is over has been so for long enough; NEVER without another reading."""
    end = memory.within_us + us_of(rule.clear_hold_s)
    return end if end <= known_until(rule, memory) else NEVER


def skip_gap(rule: DeviceRule, memory: Memory, at_us: int) -> None:
    """A reading has come: the time that nobody knows of before it counts for no state."""
    gap_us = at_us - known_until(rule, memory)
    if gap_us > 0:
        memory.beyond_us += gap_us if memory.beyond_us >= 0 else 0
        memory.within_us += gap_us if memory.within_us >= 0 else 0


def us_of(seconds: float) -> int:
    """Seconds in microseconds."""
    return round(seconds * SECOND_US)

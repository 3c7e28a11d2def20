"""The slow twin of a threshold rule: a clock that ticks every second and counts how long a state has
been known to last.
"""

from __future__ import annotations

from twinward.edge.rules.rule import DeviceRule


def tick(rule: DeviceRule, readings: list[tuple[int, float]], until: int) -> list[str]:
    """What the rule says of the readings (second, value) of one device up to `until`."""
    heard = dict(readings)
    said: list[str] = []
    up = False  # the alarm stands
    for_s: int | None = None  # how long the state has lasted that would turn it
    last: int | None = None
    for now in range(until + 1):
        if for_s is not None and last is not None:
            known = not rule.beat_s or now <= last + 2 * rule.beat_s
            for_s += 1 if known else 0
            if for_s >= (rule.clear_hold_s if up else rule.hold_s):
                up, for_s = not up, None
                said.append(f"{'raised' if up else 'cleared'} {rule.id} {now}")
        if now not in heard:
            continue
        last, value = now, heard[now]
        bound = rule.clear if up and rule.clear is not None else rule.above
        assert bound is not None
        turns = (value > bound) != up
        for_s = (for_s or 0) if turns else None
        if for_s is not None and for_s >= (rule.clear_hold_s if up else rule.hold_s):
            up, for_s = not up, None
            said.append(f"{'raised' if up else 'cleared'} {rule.id} {now}")
    return said

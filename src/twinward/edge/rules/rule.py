"""A rule over readings as data, what it says, and what it remembers between two readings."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from twinward.core.errors import InputError

Severity = Literal["advice", "warning", "alarm"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400 * 31)]
Number = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
COMBINED = ("both", "either")
KNOWN_BEATS = 2  # after so many beats without a word nothing is known of a device


class DeviceRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule.

    `kind`: `threshold` (value above or below a bound), `rate` (change in `window_s` above or below
    a bound), `dead_man` (nothing heard for `silence_s`), `count` (`count` readings beyond the bound
    in `window_s`), `both` and `either` (of the rules `of`, at one place).
    `clear`: the bound at which the alarm ends (hysteresis; default: the bound itself).
    `hold_s`, `clear_hold_s`: how long the state must last before the alarm is raised, or ends.
    `beat_s`: how often a device speaks. A reading then says how things are for `KNOWN_BEATS` beats;
    what lies between that and its next reading counts for neither. 0: however long it is silent.
    `escalate_after_s`: an alarm that lasts so long becomes `escalate_to`.
    `most` in `most_window_s`: more alarms of this rule than that are told as one flood.
    `action`: what is done at once, by its name in `[[actions]]`.
    """

    id: Name
    kind: Literal["threshold", "rate", "dead_man", "count", "both", "either"] = "threshold"
    type: str = ""
    profile: str = ""
    devices: tuple[str, ...] = ()
    above: Number | None = None
    below: Number | None = None
    clear: Number | None = None
    hold_s: Seconds = 0.0
    clear_hold_s: Seconds = 0.0
    beat_s: Seconds = 0.0
    silence_s: Seconds = 0.0
    count: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    window_s: Seconds = 0.0
    of: tuple[str, ...] = ()
    severity: Severity = "warning"
    escalate_after_s: Seconds = 0.0
    escalate_to: Severity = "alarm"
    most: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    most_window_s: Seconds = 60.0
    action: str = ""

    def reads(self, device: str, profile: str, kind: str) -> bool:
        """Whether a reading of this type from this device is looked at."""
        return (
            self.kind not in COMBINED
            and (not self.type or self.type == kind)
            and (not self.profile or self.profile == profile)
            and (not self.devices or device in self.devices)
        )

    def is_beyond(self, value: float, *, raised: bool) -> bool:
        """Whether a value keeps the alarm up (`raised`) or would raise it."""
        high = self.clear if raised and self.clear is not None else self.above
        low = self.clear if raised and self.clear is not None else self.below
        if self.above is not None and high is not None and value > high:
            return True
        return self.below is not None and low is not None and value < low


class RuleSignal(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says: an alarm begins, ends, grows, or so many that one flood stands for them.

    `at_us` is the time of the reading or timer that decided it, never the time of arrival.
    """

    rule: str
    device: str  # or the place, for rules over several devices
    what: Literal["raised", "cleared", "escalated", "flood"]
    at_us: int
    severity: Severity
    value: float | None = None
    began_us: int = 0  # of the alarm: with rule and device its name


class Memory(msgspec.Struct, kw_only=True):
    """What a rule remembers of one device."""

    beyond_us: int = -1  # since when the state lasts; -1: it does not
    within_us: int = -1  # since when a raised alarm's state is over
    raised_us: int = -1  # when the alarm that stands began; -1: none stands
    escalated: bool = False
    last_us: int = -1
    value: float | None = None
    hits: list[tuple[int, float]] = []  # readings in the window; alarms in the window of a flood
    on: dict[str, int] = {}  # of a combined rule: how many devices keep each part up
    flooded_us: int = -1


def check_rules(rules: tuple[DeviceRule, ...]) -> None:
    """InputError unless each rule can decide something and names what exists."""
    ids = [rule.id for rule in rules]
    for rule in rules:
        complaint = complaint_of(rule, ids)
        if complaint:
            raise InputError(
                f"rule {rule.id}: {complaint}", "see docs/howto/run-an-edge.md", code="bad_rule"
            )


def complaint_of(rule: DeviceRule, ids: list[str]) -> str:
    bounded = rule.above is not None or rule.below is not None
    if ids.count(rule.id) > 1:
        return "the id stands twice"
    if rule.kind in ("threshold", "rate", "count") and not bounded:
        return "give `above` or `below`"
    if rule.kind in ("rate", "count") and not rule.window_s:
        return "give `window_s`"
    if rule.kind == "dead_man" and not rule.silence_s:
        return "give `silence_s`"
    if rule.kind in COMBINED:
        if len(rule.of) < 2:
            return "`of` names two rules or more"
        unknown = [name for name in rule.of if name not in ids or name == rule.id]
        if unknown:
            return f"`of` names no other rule: {', '.join(unknown)}"
    if rule.clear is not None and rule.above is not None and rule.clear > rule.above:
        return f"clear {rule.clear:g} is above the bound {rule.above:g}"
    if rule.clear is not None and rule.below is not None and rule.clear < rule.below:
        return f"clear {rule.clear:g} is below the bound {rule.below:g}"
    return ""

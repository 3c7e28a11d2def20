"""A supervision module as data: what is supervised, what is heard and checked of it, what of that
is a defect, and whose task the defect becomes.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from twinward.edge.rules.rule import DeviceRule, Severity

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Title = Annotated[str, msgspec.Meta(min_length=2, max_length=120)]
Hours = Annotated[float, msgspec.Meta(gt=0, le=24 * 366)]
Number = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
CLEAR = "clear"  # the evidence of a defect that the readings themselves end


def lasts(rule: DeviceRule) -> bool:
    """Whether a state must last before the rule says something."""
    return rule.hold_s > 0 or rule.clear_hold_s > 0


class ObjectKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of thing that is supervised; `facts` are numbers that its registration may give."""

    kind: Name
    title: Title
    title_zh: Title
    facts: tuple[Name, ...] = ()


class HeardReading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A type of reading that devices of the module's objects send.

    A value outside `least` to `most`, or one of `faults`, says that the device is at fault and
    nothing of the object. `cadence_s`: how often one is awaited.
    """

    type: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    unit: str = ""
    least: Number = -1e12
    most: Number = 1e12
    faults: tuple[Number, ...] = ()
    cadence_s: Annotated[float, msgspec.Meta(gt=0, le=86_400 * 31)]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the readings say by a rule of the edge; `rule` without an id and devices, which are the
    module's and the objects' own.
    """

    id: Name
    title: Title
    title_zh: Title
    objects: tuple[Name, ...]
    rule: DeviceRule
    defect: Name


class FormField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question of a form. What `want`, `at_least`, `at_most` or `allowed` do not hold for is the
    `defect`.
    """

    name: Name
    kind: Literal["yes", "number", "choice", "text"]
    title: Title
    title_zh: Title
    unit: str = ""
    least: Number = 0
    most: Number = 1e9
    choices: tuple[Name, ...] = ()
    choices_zh: tuple[Title, ...] = ()  # the same in Chinese, in the same order
    required: bool = True
    want: bool | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    allowed: tuple[Name, ...] = ()
    defect: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form that somebody fills in. With `cadence_h` one is awaited so often, `grace_h` later its
    want is the defect `missing`; without, it is recorded when something happens.
    """

    id: Name
    title: Title
    title_zh: Title
    objects: tuple[Name, ...]
    fields: tuple[FormField, ...]
    cadence_h: Hours | None = None
    grace_h: Annotated[float, msgspec.Meta(ge=0, le=24 * 31)] = 0.0
    missing: str = ""
    of_person: bool = False  # about a visitor or guest: a pseudonym may stand with it


class Defect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is wrong. `evidence` ends it: `clear` (the readings are good again) or the id of a check
    that passes afterwards.
    """

    id: Name
    title: Title
    title_zh: Title
    duty: Name
    evidence: Name
    severity: Severity = "warning"


class SupervisionDuty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is given the task, what it is, and by when it is done."""

    id: Name
    department: Name
    title: Title
    title_zh: Title
    deadline_h: Annotated[float, msgspec.Meta(gt=0, le=24 * 90)]


class ScreenFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number on the screen: objects, open defects, late or never heard ones; the sum of a fact,
    or of an answer of the latest checks.
    """

    id: Name
    title: Title
    title_zh: Title
    of: Literal["objects", "defects", "late", "never", "fact", "answer"]
    name: str = ""
    check: str = ""
    kinds: tuple[Name, ...] = ()


class Module(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One module. `termination`: which of the ten it is, 0 for another. `about_persons`: each
    object stands for one person's home, so that nothing of it is told without an activation.
    """

    id: Name
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    title: Title
    title_zh: Title
    termination: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    about_persons: bool = False
    source: str
    told: tuple[Name, ...] = ("duty_officer",)
    objects: tuple[ObjectKind, ...]
    readings: tuple[HeardReading, ...] = ()
    events: tuple[Event, ...] = ()
    checks: tuple[Check, ...] = ()
    defects: tuple[Defect, ...]
    duties: tuple[SupervisionDuty, ...]
    figures: tuple[ScreenFigure, ...]

    def find_kind(self, kind: str) -> ObjectKind | None:
        return next((one for one in self.objects if one.kind == kind), None)

    def find_check(self, check: str) -> Check | None:
        return next((one for one in self.checks if one.id == check), None)

    def find_defect(self, defect: str) -> Defect | None:
        return next((one for one in self.defects if one.id == defect), None)

    def duty_of(self, defect: Defect) -> SupervisionDuty:
        """The duty that the defect's task falls to."""
        return next(one for one in self.duties if one.id == defect.duty)

    def find_event(self, rule: str) -> Event | None:
        """The event whose rule has that id, as the centre and the edge name it."""
        return next((one for one in self.events if self.rule_id(one) == rule), None)

    def rule_id(self, event: Event) -> str:
        return f"{self.id}.{event.id}"

    def rules(self) -> tuple[DeviceRule, ...]:
        """Its events as rules of the edge, under ids of their own; a rule that says no beat has
        that of the readings that it looks at.
        """
        beats = {one.type: one.cadence_s for one in self.readings}
        return tuple(
            msgspec.structs.replace(
                one.rule,
                id=self.rule_id(one),
                beat_s=one.rule.beat_s
                or (beats.get(one.rule.type, 0.0) if lasts(one.rule) else 0.0),
            )
            for one in self.events
        )

    def cadences(self, kind: str) -> dict[str, float]:
        """Hours until each regular check of an object of that kind is missed."""
        return {
            one.id: one.cadence_h + one.grace_h
            for one in self.checks
            if one.cadence_h is not None and kind in one.objects
        }

    def words(self) -> dict[str, str]:
        """Its titles in Chinese, by the English ones."""
        titled: list[
            Module
            | ObjectKind
            | Event
            | Check
            | FormField
            | Defect
            | SupervisionDuty
            | ScreenFigure
        ] = [self, *self.objects, *self.events, *self.checks, *self.defects, *self.duties]
        titled += [*self.figures, *(field for check in self.checks for field in check.fields)]
        return {one.title: one.title_zh for one in titled}

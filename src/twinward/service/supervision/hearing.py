"""A device that is heard: of which object it is, what it says there, and which rules look at it."""

from __future__ import annotations

import msgspec

from twinward.edge.rules.evaluator import Evaluator
from twinward.edge.rules.rule import DeviceRule
from twinward.edge.rules.units import convert
from twinward.library.supervision.module import HeardReading, Module


class Group(msgspec.Struct, frozen=True):
    """Rules that are judged together: of a kind of object, over one type of reading from one edge.

    A state is of a device; silence is of the object, whichever of its devices speaks.
    """

    module: str
    kind: str
    edge: str
    type: str
    silence: bool

    @property
    def stream(self) -> str:
        return f"{self.module}/{self.kind}/{self.type}"


class Watched(msgspec.Struct, frozen=True):
    """A device of a supervised object; `since_us`: what was before is nobody's task."""

    thing: str
    name: str
    module: str
    kind: str
    edge: str
    since_us: int

    def stream(self, kind: str) -> str:
        """What comes in order: one type of one kind of object; another's may have another lane."""
        return f"{self.module}/{self.kind}/{kind}"


class Refusals(msgspec.Struct, kw_only=True):
    """Readings that say nothing of their object, counted: from another source than its edge, of a
    device at fault, from before its registration or after now, in a unit that is none.
    """

    foreign: int = 0
    faulty: int = 0
    out_of_time: int = 0
    bad_unit: int = 0


class Ear(msgspec.Struct, frozen=True):
    """One type of reading of one device, and who judges it; `heard` is None where its module does
    not ask for it.
    """

    one: Watched
    stream: str
    heard: HeardReading | None
    state: Evaluator
    silence: Evaluator


def list_rules(module: Module, group: Group) -> list[DeviceRule]:
    """The module's rules for a kind of object that read one type: those of silence, or the rest."""
    kinds = {module.rule_id(one): one.objects for one in module.events}
    return [
        rule
        for rule in module.rules()
        if rule.type == group.type
        and group.kind in kinds[rule.id]
        and (rule.kind == "dead_man") == group.silence
    ]


def in_unit(heard: HeardReading, value: float, unit: str | None) -> float | None:
    """The value in the module's unit; None where the words do not name units of one quantity."""
    if not unit or not heard.unit or unit == heard.unit:
        return value
    return convert(value, unit, heard.unit)


def began_of(name: str, at_us: int) -> int:
    """When the alarm began of which an edge tells: its reading's number says so
    (`device/boot/number`).
    """
    number = name.rpartition("/")[2]
    return int(number) >> 2 if number.isdigit() and len(number) < 20 else at_us

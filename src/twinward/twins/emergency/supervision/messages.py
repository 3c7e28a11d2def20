"""Supervision: objects of a module, checks of them, and defects that are opened and mended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact, Instant
from twinward.twins.emergency.vocabulary import AreaCode, PersonsReason, Text, Word

DeviceId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,80}$")]
ObjectId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]
Answer = bool | float | str
Found = Literal["event", "check", "missing", "edge"]


class RegisterObject(Command, frozen=True, kw_only=True):
    """Puts a thing under a module. `devices` send its readings, by `edge` alone where one is named;
    `facts` are numbers of its kind; `subject` is the person whose home it is.

    `cadences` (hours until each regular check is missed) come from the module.
    """

    object: ObjectId
    module: Word
    kind: Word
    name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    area: AreaCode
    place: Annotated[str, msgspec.Meta(max_length=120)] = ""
    devices: Annotated[tuple[DeviceId, ...], msgspec.Meta(max_length=200)] = ()
    edge: Annotated[str, msgspec.Meta(max_length=80)] = ""
    subject: Word | None = None
    facts: dict[Word, Annotated[float, msgspec.Meta(ge=0, le=1e12)]] = {}
    cadences: dict[str, float] = {}


class ObjectRegistered(Fact, frozen=True, kw_only=True):
    object: str
    module: str
    kind: str
    name: str
    place: str
    devices: tuple[str, ...]
    edge: str
    subject: str | None
    facts: dict[str, float]
    cadences: dict[str, float]


class RetireObject(Command, frozen=True, kw_only=True):
    """Takes a thing out of supervision; what was open of it is dropped."""

    object: ObjectId
    because: PersonsReason


class ObjectRetired(Fact, frozen=True, kw_only=True):
    object: str
    because: str
    defects: tuple[str, ...] = ()


class RecordCheck(Command, frozen=True, kw_only=True):
    """A form filled in. `failing` and `passing` (defects that its answers open, or would end),
    `next_h` (hours until the next one is missed) and `every_h` come from the module. `subject`: the
    visitor or guest that it is about.
    """

    object: ObjectId
    check: Word
    answers: dict[Word, Answer]
    subject: Word | None = None
    note: Text = ""
    failing: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    next_h: float | None = None
    every_h: float | None = None


class CheckRecorded(Fact, frozen=True, kw_only=True):
    object: str
    module: str
    check: str
    answers: dict[str, Answer]
    subject: str | None
    note: str
    failing: tuple[str, ...]
    passing: tuple[str, ...]
    next_h: float | None
    every_h: float | None = None


class MissCheck(Command, frozen=True, kw_only=True):
    """A regular check did not come; it is looked for again in `again_h`."""

    object: Word
    check: Word
    again_h: Annotated[float, msgspec.Meta(gt=0)]


class CheckMissed(Fact, frozen=True, kw_only=True):
    object: str
    module: str
    check: str
    due_at: datetime
    next_due_at: datetime


class OpenDefect(Command, frozen=True, kw_only=True):
    """Something is wrong with an object: heard by an event, found by a check, or a check that did
    not come. `title` to `deadline_h` are the module's words for it.
    """

    defect: Word
    object: Word
    kind: Word
    found: Found
    began_at: Instant
    severity: Word
    evidence: Word
    title: Text
    duty: Word
    department: Word
    task: Text
    deadline_h: float
    version: Word
    told: tuple[str, ...] = ()
    value: float | None = None


class DefectOpened(Fact, frozen=True, kw_only=True):
    defect: str
    object: str
    module: str
    kind: str
    found: Found
    began_at: datetime
    severity: str
    evidence: str
    title: str
    duty: str
    department: str
    task: str
    deadline_h: float
    version: str
    told: tuple[str, ...]
    value: float | None


class DefectFoundAgain(Fact, frozen=True, kw_only=True):
    """What is wrong already was found once more, or began anew, while its defect is open."""

    defect: str
    object: str
    found: Found
    began_at: datetime
    title: str
    told: tuple[str, ...] = ()
    value: float | None = None


class MendDefect(Command, frozen=True, kw_only=True):
    """The evidence is there: a check that passed (its event), or readings that are good again."""

    defect: Word
    evidence: Word


class DefectMended(Fact, frozen=True, kw_only=True):
    defect: str
    object: str
    evidence: str


class DismissDefect(Command, frozen=True, kw_only=True):
    """A person says that nothing was wrong: a false alarm, counted as one."""

    defect: Word
    because: PersonsReason


class DefectDismissed(Fact, frozen=True, kw_only=True):
    defect: str
    object: str
    because: str

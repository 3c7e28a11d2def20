"""Objects and checks from outside are held against their module before the twin is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import overload

import msgspec

from twinward.core.errors import AbsentError, InputError, RefusedError
from twinward.library.supervision.module import Check, FormField, Module
from twinward.loop.policies.supervision import covers
from twinward.security.privacy.scrubbing import scrub
from twinward.service.platform import Platform
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.messages import Answer
from twinward.twins.emergency.supervision.rows import SUPERVISED, SupervisedObject

__all__ = ["Check", "Module", "find_check", "get_module", "judge"]
MOST_TEXT = 500
FORM = "nothing was recorded"


@overload
def judge(platform: Platform, command: m.RegisterObject) -> m.RegisterObject: ...
@overload
def judge(platform: Platform, command: m.RecordCheck) -> m.RecordCheck: ...
def judge(
    platform: Platform, command: m.RegisterObject | m.RecordCheck
) -> m.RegisterObject | m.RecordCheck:
    """The command with what its module adds; InputError where the module does not know it."""
    if isinstance(command, m.RegisterObject):
        return judge_object(platform, command)
    return judge_check(platform, command)


def get_module(platform: Platform, name: str) -> Module:
    """The module; AbsentError `unknown_module` that lists those there are."""
    modules = platform.reference.modules()
    if name not in modules:
        raise AbsentError(
            f"there is no module {name!r}", f"known: {', '.join(modules)}", code="unknown_module"
        )
    return modules[name]


def judge_object(platform: Platform, command: m.RegisterObject) -> m.RegisterObject:
    """Its kind and facts are the module's; a person's home needs an activation over its area."""
    module = get_module(platform, command.module)
    kind = module.find_kind(command.kind)
    if kind is None:
        known = ", ".join(one.kind for one in module.objects)
        raise InputError(
            f"module {module.id} has no object {command.kind!r}",
            f"known: {known}",
            code="unknown_object_kind",
        )
    for fact in command.facts:
        if fact not in kind.facts:
            raise InputError(
                f"an object {kind.kind} has no fact {fact!r}",
                f"known: {', '.join(kind.facts) or 'none'}",
                code="unknown_fact",
            )
    if module.about_persons:
        require_person_cover(platform, command)
    elif command.subject is not None:
        raise InputError(
            f"module {module.id} is not about persons",
            "leave the subject out",
            code="no_person_here",
        )
    return msgspec.structs.replace(command, cadences=module.cadences(kind.kind))


def require_person_cover(platform: Platform, command: m.RegisterObject) -> None:
    """A home is known by a pseudonym alone, and only while an activation covers its area."""
    if command.subject is None or command.name or command.place:
        raise InputError(
            "a home is registered with a pseudonym, without name and place",
            "give the person or the subject; the vault keeps where they live",
            code="home_needs_subject",
        )
    with platform.store.read() as rows:
        covered = covers(rows, command.area, platform.clock.now(), platform.reference)
    if not covered:
        raise RefusedError(
            "in peacetime nobody's home is supervised", "an activation opens it", code="peacetime"
        )


def judge_check(platform: Platform, command: m.RecordCheck) -> m.RecordCheck:
    """Its answers fit the form; what fails and what passes is worked out here."""
    thing, module, check = find_all(platform, command.object, command.check)
    if command.subject is not None and not check.of_person:
        raise InputError(
            f"check {check.id} is not about a person",
            "leave the subject out",
            code="no_person_here",
        )
    if scrub(command.note) != command.note:
        raise InputError(
            "the note holds what names a person", "leave it out", code="direct_identity"
        )
    failing = judge_answers(check, command.answers)
    own = {field.defect for field in check.fields if field.defect}
    passing = (own | ({check.missing} if check.missing else set())) - set(failing)
    return msgspec.structs.replace(
        command,
        failing=failing,
        passing=tuple(sorted(passing)),
        next_h=module.cadences(thing.kind).get(check.id),
        every_h=check.cadence_h,
    )


def find_check(platform: Platform, thing: str, check: str) -> Check:
    """The form of a check of an object."""
    return find_all(platform, thing, check)[2]


def find_all(
    platform: Platform, name: str, check_id: str
) -> tuple[SupervisedObject, Module, Check]:
    """The object, its module and the check of it; AbsentError, or InputError `unknown_check`."""
    with platform.store.read() as rows:
        thing: SupervisedObject | None = rows.find(SUPERVISED, name)
    if thing is None or thing.status != "supervised":
        raise AbsentError(
            f"there is no supervised object {name}", "list them with `twinward module coverage`"
        )
    module = get_module(platform, thing.module)
    check = module.find_check(check_id)
    if check is None or thing.kind not in check.objects:
        known = ", ".join(one.id for one in module.checks if thing.kind in one.objects)
        raise InputError(
            f"an object {thing.kind} of {module.id} has no check {check_id!r}",
            f"known: {known or 'none'}",
            code="unknown_check",
        )
    return thing, module, check


def judge_answers(check: Check, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """The defects that the answers to a form show; InputError `bad_answer` for another answer."""
    fields = {field.name: field for field in check.fields}
    for name in answers:
        if name not in fields:
            raise InputError(
                f"check {check.id} asks nothing named {name!r}",
                f"it asks {', '.join(fields)}",
                code="bad_answer",
            )
    failing: list[str] = []
    for name, field in fields.items():
        if name not in answers:
            if field.required:
                raise InputError(f"{field.title}: this is not answered", FORM, code="bad_answer")
            continue
        if not holds(field, require_answer(field, answers[name])) and field.defect not in failing:
            failing.append(field.defect)
    return tuple(failing)


def require_answer(field: FormField, answer: Answer) -> Answer:
    """The answer, of the kind that the field asks for and inside its bounds."""
    wanted = ""
    if field.kind == "yes":
        wanted = "" if isinstance(answer, bool) else "true or false"
    elif field.kind == "number":
        number = isinstance(answer, int | float) and not isinstance(answer, bool)
        inside = (
            number and math.isfinite(float(answer)) and (field.least <= float(answer) <= field.most)
        )
        wanted = "" if inside else f"a number from {field.least:g} to {field.most:g}"
    elif field.kind == "choice":
        wanted = "" if answer in field.choices else f"one of {', '.join(field.choices)}"
    else:
        short = isinstance(answer, str) and len(answer) <= MOST_TEXT
        wanted = "" if short else f"a text of at most {MOST_TEXT} letters"
        if short and scrub(str(answer)) != answer:
            raise InputError(
                f"{field.title}: the answer names a person", "leave it out", code="direct_identity"
            )
    if wanted:
        raise InputError(f"{field.title} must be {wanted}, got {answer!r}", FORM, code="bad_answer")
    return answer


def holds(field: FormField, answer: Answer) -> bool:
    """Whether an answer is as the module wants it."""
    if field.want is not None:
        return answer is field.want
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return not field.allowed or answer in field.allowed
    low = field.at_least is None or answer >= field.at_least
    return low and (field.at_most is None or answer <= field.at_most)

"""What a module must hold together: each name stands for something of it, every defect has a duty,
every duty a department.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from twinward.edge.rules.rule import COMBINED, complaint_of
from twinward.library.supervision.module import CLEAR, Check, FormField, Module


def list_faults(module: Module, departments: Container[str]) -> list[str]:
    """Everything that is wrong with a module, each as one sentence; none when it can be used."""
    return [
        *_twice(module),
        *_duties(module, departments),
        *_events(module),
        *_checks(module),
        *_figures(module),
    ]


def _twice(module: Module) -> Iterator[str]:
    for what, ids in (
        ("object", [one.kind for one in module.objects]),
        ("reading", [one.type for one in module.readings]),
        ("event", [one.id for one in module.events]),
        ("check", [one.id for one in module.checks]),
        ("defect", [one.id for one in module.defects]),
        ("duty", [one.id for one in module.duties]),
        ("figure", [one.id for one in module.figures]),
        *((f"field of check {one.id}", [f.name for f in one.fields]) for one in module.checks),
    ):
        for name in sorted({one for one in ids if ids.count(one) > 1}):
            yield f"{what} {name} stands twice"


def _duties(module: Module, departments: Container[str]) -> Iterator[str]:
    duties = {one.id for one in module.duties}
    checks = {one.id for one in module.checks}
    for duty in module.duties:
        if duty.department not in departments:
            yield f"duty {duty.id} names no department: {duty.department}"
    for defect in module.defects:
        if defect.duty not in duties:
            yield f"defect {defect.id} names no duty: {defect.duty}"
        if defect.evidence != CLEAR and defect.evidence not in checks:
            yield f"evidence of defect {defect.id} is no check and not clear: {defect.evidence}"
        if defect.evidence == CLEAR and not any(one.defect == defect.id for one in module.events):
            yield f"defect {defect.id} ends by clear readings and no event opens it"


def _events(module: Module) -> Iterator[str]:
    types = {one.type for one in module.readings}
    rules = module.rules()
    ids = [one.id for one in rules]
    for event, rule in zip(module.events, rules, strict=True):
        yield from _kinds(module, f"event {event.id}", event.objects)
        yield from _is_defect(module, f"event {event.id}", event.defect)
        if rule.type not in types:
            yield f"event {event.id} reads {rule.type or 'no type'}, which is none of the readings"
        if rule.devices or rule.profile or rule.action:
            yield f"event {event.id}: devices, profile and action are the edge's own"
        if rule.kind in COMBINED:
            yield f"event {event.id}: a module's rule looks at one type, {rule.kind} at several"
        complaint = complaint_of(rule, ids)
        if complaint:
            yield f"event {event.id}: {complaint}"


def _checks(module: Module) -> Iterator[str]:
    for check in module.checks:
        yield from _kinds(module, f"check {check.id}", check.objects)
        if check.cadence_h is not None and not check.missing:
            yield f"check {check.id} comes round and names no defect for a missing one"
        if check.missing:
            yield from _is_defect(module, f"check {check.id}", check.missing)
            missed = module.find_defect(check.missing)
            if missed is not None and missed.evidence != check.id:
                yield f"defect {missed.id} of a missing check {check.id} ends by that check only"
        for field in check.fields:
            yield from _field(module, check, field)


def _field(module: Module, check: Check, field: FormField) -> Iterator[str]:
    name = f"field {field.name} of check {check.id}"
    bounds = {
        "yes": field.want is not None,
        "number": field.at_least is not None or field.at_most is not None,
        "choice": bool(field.allowed),
        "text": False,
    }
    if field.defect and not bounds[field.kind]:
        yield f"{name} names a defect and no bound of a {field.kind}"
    if bounds[field.kind] and not field.defect:
        yield f"{name} has a bound and names no defect"
    if field.defect:
        yield from _is_defect(module, name, field.defect)
    if field.kind == "choice" and len(field.choices) < 2:
        yield f"{name} gives fewer than two choices"
    if len(field.choices) != len(field.choices_zh):
        yield f"{name} gives {len(field.choices)} choices and {len(field.choices_zh)} in Chinese"
    for choice in set(field.allowed) - set(field.choices):
        yield f"{name} allows {choice}, which is none of its choices"
    if field.least > field.most:
        yield f"{name}: least {field.least:g} is above most {field.most:g}"


def _figures(module: Module) -> Iterator[str]:
    for figure in module.figures:
        yield from _kinds(module, f"figure {figure.id}", figure.kinds)
        if figure.of == "fact" and not any(figure.name in one.facts for one in module.objects):
            yield f"figure {figure.id} sums no fact of an object: {figure.name}"
        if figure.of == "answer":
            check = module.find_check(figure.check)
            names = [one.name for one in check.fields if one.kind == "number"] if check else []
            if figure.name not in names:
                yield f"figure {figure.id} sums no number of check {figure.check}: {figure.name}"


def _kinds(module: Module, what: str, kinds: Sequence[str]) -> Iterator[str]:
    for kind in kinds:
        if module.find_kind(kind) is None:
            yield f"{what} names no object: {kind}"


def _is_defect(module: Module, what: str, defect: str) -> Iterator[str]:
    if module.find_defect(defect) is None:
        yield f"{what} names no defect: {defect}"

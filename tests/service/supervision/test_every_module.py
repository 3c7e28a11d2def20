"""Every module, played from outside: each event, each question of each form and each round that does
not come becomes the defect that the module names, a task of the department that it names, and ends
by the evidence that it names.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import ceil

import pytest

from helpers.supervised import SupervisedCity, supervised_city
from twinward.library.supervision.module import CLEAR, Check, Event, FormField, Module
from twinward.library.supervision.module_files import bundled_modules
from twinward.service.supervision.modules import get_coverage, list_modules

MODULES = bundled_modules()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupervisedCity]:
    with supervised_city(tmp_path_factory.mktemp("modules") / "city") as one:
        yield one


def put(city: SupervisedCity, module: Module, kind: str, thing: str, *devices: str) -> None:
    told: dict[str, object] = {"devices": list(devices), "edge": "edge-1" if devices else ""}
    if module.about_persons:
        city.persons = getattr(city, "persons", 0) + 1  # type: ignore[attr-defined]
        told["subject"] = f"p-{city.persons:020x}"  # type: ignore[attr-defined]
    city.put(module.id, kind, thing, **told)


def values_of(event: Event, least: float, most: float) -> tuple[float, float]:
    """A value that is good, and one that is not."""
    rule = event.rule
    if rule.above is not None:
        clear = rule.above if rule.clear is None else rule.clear
        return max(least, clear - 1), min(most, rule.above + max(1.0, abs(rule.above) / 10))
    assert rule.below is not None
    clear = rule.below if rule.clear is None else rule.clear
    return min(most, clear + 1), max(least, rule.below - 1)


def answer_of(field: FormField, *, good: bool) -> object:
    if field.kind == "yes":
        return (field.want is not False) == good
    if field.kind == "choice":
        wrong = [one for one in field.choices if one not in field.allowed]
        return (field.allowed or field.choices)[0] if good else wrong[0]
    if field.kind == "text":
        return "LOT-7"
    low = field.least if field.at_least is None else max(field.least, field.at_least)
    high = field.most if field.at_most is None else min(field.most, field.at_most)
    if good:
        return low
    return high + 1 if field.at_most is not None else low - 1


def answers_of(check: Check, wrong: str = "") -> dict[str, object]:
    return {one.name: answer_of(one, good=one.name != wrong) for one in check.fields}


def kinds(city: SupervisedCity, thing: str, status: str = "open") -> set[str]:
    return {one.kind for one in city.defects(object=thing, status=status)}


def is_ended(city: SupervisedCity, module: Module, thing: str, kind: str) -> None:
    """Where a check is the evidence, it passes; then neither defect nor task is open."""
    defect = module.find_defect(kind)
    assert defect is not None
    check = module.find_check(defect.evidence)
    if check is not None:
        city.clock.at += timedelta(minutes=1)
        city.check(thing, check.id, **answers_of(check))
    assert kind not in kinds(city, thing)
    (found,) = city.defects(object=thing, kind=kind)
    (task,) = [one for one in city.tasks() if one.incident == found.id]
    duty = module.duty_of(defect)
    assert (task.status, task.department) == ("done", duty.department)


@pytest.mark.parametrize("name", MODULES)
def test_every_event_becomes_its_defect_and_ends(city: SupervisedCity, name: str) -> None:
    module = MODULES[name]
    if module.about_persons:
        city.activate()
    for event in module.events:
        rule, thing = event.rule, f"{name}-{event.id}"
        heard = next(one for one in module.readings if one.type == rule.type)
        put(city, module, event.objects[0], thing, f"{thing}-d")
        put(city, module, event.objects[0], f"{thing}-by", f"{thing}-e")
        start, unit = city.clock.at, heard.unit or None

        def read(device: str, *values: float, step_s: float) -> None:
            at = [city.clock.at + timedelta(seconds=step_s * k) for k in range(len(values))]
            city.clock.at = at[-1]
            told = zip(at, values, strict=True)
            city.read("edge-1", *[(device, rule.type, t, value, unit) for t, value in told])  # noqa: B023

        if rule.kind == "dead_man":
            fine = max(heard.least, 0.0)
            read(f"{thing}-d", fine, step_s=1)
            city.clock.at += timedelta(seconds=rule.silence_s + 60)
            read(f"{thing}-e", fine, step_s=1)
            city.settle()
            assert event.defect in kinds(city, thing)
            city.clock.at += timedelta(seconds=1)
            read(f"{thing}-d", fine, step_s=1)
        else:
            good, bad = values_of(event, heard.least, heard.most)
            step = min(heard.cadence_s, (rule.window_s or 1e9) / 20)
            beats = ceil(rule.hold_s / step) + 1
            wrong = [bad] * beats if rule.kind == "threshold" else [bad, good] * rule.count
            read(f"{thing}-d", good, *wrong, step_s=step)
            assert event.defect in kinds(city, thing), event.id
            city.clock.at += timedelta(seconds=max(step, rule.window_s))
            read(f"{thing}-d", good, good, step_s=step)
        is_ended(city, module, thing, event.defect)
        (found,) = city.defects(object=thing, kind=event.defect)
        assert start <= found.began_at <= city.clock.at


@pytest.mark.parametrize("name", MODULES)
def test_every_question_and_every_round_becomes_its_defect_and_ends(
    city: SupervisedCity, name: str
) -> None:
    module = MODULES[name]
    if module.about_persons:
        city.activate()
    for check in module.checks:
        for field in check.fields:
            if not field.defect:
                continue
            thing = f"{name}-{check.id}-{field.name}"
            put(city, module, check.objects[0], thing)
            city.check(thing, check.id, **answers_of(check, field.name))
            assert kinds(city, thing) == {field.defect}, (check.id, field.name)
            is_ended(city, module, thing, field.defect)
        if check.cadence_h is None:
            continue
        thing = f"{name}-{check.id}-round"
        put(city, module, check.objects[0], thing)
        city.wait(hours=check.cadence_h + check.grace_h + 0.1)
        assert check.missing in kinds(city, thing), check.id
        late = get_coverage(city.platform, city.me, name, state="never").items
        assert thing in {one.object for one in late}
        is_ended(city, module, thing, check.missing)
        heard = {one.object: one for one in get_coverage(city.platform, city.me, name).items}[thing]
        state = next(one for one in heard.checks if one.check == check.id)
        assert heard.heard_at is not None and (state.missed, state.late) == (1, False)
        city.tell("RetireObject", object=thing, because="the test is over")


def test_the_ten_terminations_stand_first_and_in_their_order(city: SupervisedCity) -> None:
    found = list_modules(city.platform, city.me)
    assert [one.termination for one in found[:10]] == list(range(1, 11))
    assert {one.id for one in found} == MODULES.keys()
    assert all(any(d.evidence != CLEAR for d in MODULES[one.id].defects) for one in found)

"""What in the response gives way: departments, contacts, tests, beds, supplies, reports,
sensors.
"""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from twinward.decision.assessment.causes import LEAST_CASES, RECENT_D, Cause, cause
from twinward.decision.assessment.proportions import probability_above, share_differs
from twinward.decision.assessment.situation import (
    COUNTED,
    ContactSeen,
    Situation,
    figure,
    recent_cases,
)
from twinward.library.texts import say, say_amount, say_name, say_unit

if TYPE_CHECKING:
    from twinward.twins.emergency.tasks.rows import Task

# Standards of the work, ours: meant to be edited where a city has its own.
LATE_BY = 0.25  # a department's late share this far above the others' is its own trouble
LEAST_LATE = 2  # one late order is an accident
LATE_ALL = 0.1  # of all orders late or held up by one department: fewer explain less of the trouble
CONTACT_H = 48.0  # a named contact is located and isolated within this time
# of the recent contacts past that time, or of the cases unknown before: more than this is a gap
UNTRACED = 0.3
CONTACTS_A_CASE = 1.0  # fewer named for each case, and tracing is not working
TEST_D, SLOW_TESTS = 3, 0.5  # onset to report; more than this share slower is a gap
FULL_FROM, FULL_AT = 0.85, 0.95
SILENT_D, SILENT_H = (
    3,
    3.0,
)  # of an area that used to report every day; of a sensor behind the newest reading


def find_departments(picture: Situation) -> list[Cause]:
    """Departments that are late with their orders far more than the others, and what waits behind
    them.

    The care of contacts is not among them: it is judged by its own steps.
    """
    tasks = [
        task
        for task in picture.tasks
        if task.ordered_at and task.status != "dropped" and not task.contact
    ]
    late = {task.id: task for task in tasks if was_late(task, picture.now)}
    # a round that was given up when the next one began was not done either
    given_up = Counter(t.department for t in picture.tasks if t.missed and not t.contact)
    in_all = Counter(task.department for task in tasks) + given_up
    over = Counter(task.department for task in late.values()) + given_up
    blocked = _blocked(picture, set(late))
    found = []
    for name, hits in sorted(over.items()):
        if hits < LEAST_LATE:
            continue
        own, others = in_all[name], over.total() - hits
        sure = share_differs(hits, own, others, in_all.total() - own, LATE_BY)
        behind = sum(task.department == name for task in blocked)
        share = (hits + behind) / max(over.total() + len(blocked), 1) * (hits / own)
        share *= min((hits + behind) / in_all.total() / LATE_ALL, 1.0)
        says = say(
            "cause.department",
            hits=hits,
            own=own,
            department=name,
            others=others,
            of=in_all.total() - own,
            behind=behind,
        )
        seqs = [
            picture.task_events.get(task.id, 0) for task in late.values() if task.department == name
        ]
        found.append(
            cause(
                "department",
                name,
                says,
                sure,
                share,
                figure("late", hits / own, "share", says, seqs),
            )
        )
    return found


def was_late(task: Task, now: datetime) -> bool:
    """Done after its deadline, or not done while the deadline is over."""
    return bool((task.done_at or now) > task.deadline)


def _blocked(picture: Situation, late: set[str]) -> list[Task]:
    """For each task that waits, directly or not, behind a late one that is still open: that late
    task.
    """
    by_id = {task.id: task for task in picture.tasks}
    found = []
    for task in picture.tasks:
        if task.status != "waiting":
            continue
        stack, seen = list(task.after), set[str]()
        while stack:
            one = by_id.get(stack.pop())
            if one is None or one.id in seen or one.status == "done":
                continue
            seen.add(one.id)
            if one.id in late:
                found.append(one)
                break
            stack += one.after
    return found


def find_contacts(picture: Situation) -> list[Cause]:
    """Contacts that nobody has found and isolated in time, or that nobody names at all."""
    cases = recent_cases(picture, RECENT_D)
    if len(cases) < LEAST_CASES:
        return find_outside(picture)
    unknown = [case for case in cases if not case.known]
    due = [c for c in picture.contacts if picture.now - c.named_at > timedelta(hours=CONTACT_H)]
    slow = [contact for contact in due if hours_to(contact, "isolated", picture.now) > CONTACT_H]
    named = len(picture.contacts) / max(len(picture.cases), 1)
    outside = probability_above(len(unknown), len(cases), UNTRACED)
    if named < CONTACTS_A_CASE:
        says = say("cause.naming", named=named, unknown=len(unknown), of=len(cases))
        told = figure(
            "unknown before",
            len(unknown) / len(cases),
            "share",
            says,
            [case.seq for case in unknown],
        )
        return [
            cause(
                "contacts", "naming", says, outside, len(unknown) / len(cases) * (1 - named), told
            )
        ]
    if len(due) < LEAST_CASES:
        return []
    sure = probability_above(len(slow), len(due), UNTRACED)
    says = say("cause.isolation", slow=len(slow), of=len(due), hours=CONTACT_H)
    told = figure(
        "not isolated in time",
        len(slow) / len(due),
        "share",
        says,
        [contact.seq for contact in slow],
    )
    return [cause("contacts", "isolation", says, sure, len(slow) / len(due), told)]


def find_outside(picture: Situation) -> list[Cause]:
    """From counts alone: how many were found in the community and not among people already
    watched.
    """
    last = picture.today - timedelta(days=RECENT_D)
    rows = [row for row in picture.counts if row.day > last and row.status in COUNTED]
    outside = sum(row.count for row in rows if row.found_in == "community")
    of = outside + sum(row.count for row in rows if row.found_in == "control")
    if of < LEAST_CASES:
        return []
    says = say("cause.outside", outside=outside, of=of)
    told = figure("found outside", outside / of, "share", says)
    return [
        cause(
            "contacts",
            "tracing",
            says,
            probability_above(outside, of, UNTRACED),
            outside / of - UNTRACED,
            told,
        )
    ]


def hours_to(contact: ContactSeen, step: str, now: datetime) -> float:
    """From naming to a step, or until now while it is not done."""
    return (contact.steps.get(step, now) - contact.named_at).total_seconds() / 3600


def find_tests(picture: Situation) -> list[Cause]:
    """Cases that are reported long after they fell ill."""
    dated = [case for case in recent_cases(picture, RECENT_D) if case.onset]
    if len(dated) < LEAST_CASES:
        return []
    delays = [(case.reported_at.date() - case.onset).days for case in dated if case.onset]
    slow = [case for case, delay in zip(dated, delays, strict=True) if delay > TEST_D]
    sure = probability_above(len(slow), len(dated), SLOW_TESTS)
    middle = statistics.median(delays)
    says = say("cause.testing", slow=len(slow), of=len(dated), days=TEST_D, median=float(middle))
    told = figure("onset to report", float(middle), "days", says, [case.seq for case in slow])
    return [
        cause(
            "testing",
            "delay",
            says,
            sure,
            min((middle - 2) / 5, 1.0) * len(slow) / len(dated),
            told,
        )
    ]


def find_resources(picture: Situation) -> list[Cause]:
    """Beds that are taken, and kinds of which open tasks need more than is free."""
    found = []
    for kind in sorted({row.kind for row in picture.stocks}):
        rows = [row for row in picture.stocks if row.kind == kind]
        have, free = sum(row.quantity for row in rows), sum(row.free(picture.today) for row in rows)
        used = 1 - free / have if have > 0 else 1.0
        if "bed" in kind and used > FULL_FROM:
            says = say(
                "cause.beds",
                kind=say_name(kind),
                free=free,
                have=have,
                unit=say_unit(rows[0].unit),
                used=used,
            )
            share = 0.7 * min((used - FULL_FROM) / (FULL_AT - FULL_FROM), 1.0)
            found.append(
                cause("beds", kind, says, 1.0, share, figure("taken", used, "share", says))
            )
            continue
        asking = [task for task in picture.tasks if task.status != "done" and task.needs.get(kind)]
        wanted = sum(task.needs[kind] for task in asking)
        if wanted > free:
            needed = say_amount(wanted, rows[0].unit, kind)
            says = say("cause.supplies", needed=needed, free=max(free, 0.0))
            seqs = [picture.task_events.get(task.id, 0) for task in asking]
            share = 0.5 * (1 - max(free, 0.0) / wanted)
            found.append(
                cause(
                    "supplies",
                    kind,
                    says,
                    1.0,
                    share,
                    figure("short", wanted - free, kind, says, seqs),
                )
            )
    return found


def find_silence(picture: Situation) -> list[Cause]:
    """Areas that used to report every day and have stopped, and sensors that have fallen silent."""
    found = []
    days: dict[str, dict[Any, int]] = {}
    for row in picture.counts:
        of = days.setdefault(row.area, {})
        of[row.day] = of.get(row.day, 0) + row.count
    for area, of in days.items():
        silent_d = (picture.today - max(of)).days - 1  # today's report may yet come
        if len(of) >= 5 and silent_d >= SILENT_D:
            usual_d = ((max(of) - min(of)).days or 1) / (len(of) - 1)
            before = sum(sum(one.values()) for one in days.values())
            says = say("cause.silent", area=picture.name(area), days=silent_d, usual=usual_d)
            share = 0.3 + 0.7 * sum(of.values()) / max(before, 1)
            told = figure("silent", float(silent_d), "days", says)
            found.append(cause("reports", area, says, 1 - 0.5 ** (silent_d / usual_d), share, told))
    if picture.sensors:
        newest = max(sensor.last_at for sensor in picture.sensors)
        mute = [one for one in picture.sensors if newest - one.last_at > timedelta(hours=SILENT_H)]
        if mute:
            some = ", ".join(sorted(one.name for one in mute)[:4])
            says = say(
                "cause.sensors", mute=len(mute), of=len(picture.sensors), hours=SILENT_H, some=some
            )
            share = 0.4 + 0.6 * len(mute) / len(picture.sensors)
            told = figure("silent sensors", float(len(mute)), "sensors", says)
            found.append(cause("sensors", some, says, 0.99, share, told))
    return found

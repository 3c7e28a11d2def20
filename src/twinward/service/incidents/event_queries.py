"""The log as it may be read: lists of events, and the tree of what followed from what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from twinward.core.messages import Event
from twinward.core.ports import Reader
from twinward.security.privacy.masking import mask_fact
from twinward.service.incidents.shown import ShownEvent
from twinward.service.platform import Caller, Platform
from twinward.service.visibility import concerns

MAX_PAGE = 10_000


def build_timeline(
    reader: Reader, incident: str, at: datetime | None, limit: int | None = None
) -> list[ShownEvent]:
    """Every event of the incident as a tree by cause: `depth` 0 is a report or a person, children
    follow theirs.

    With `limit`, only the incident's first events.
    """
    events = list_all_events(reader, incident, at, limit)
    known = {event.id: event for event in events}
    missing = [event.cause for event in events if event.cause]
    while missing:  # up to the first cause: a report, a sensor or a person
        name = missing.pop()
        cause = reader.find_event(name) if name not in known else None
        if cause is not None:
            known[name] = cause
            missing += [cause.cause] if cause.cause else []
    orders: dict[str, str] = {
        e.fact.task: e.id  # type: ignore[attr-defined]
        for e in known.values()
        if e.type == "OrderIssued" and e.fact
    }
    children: dict[str | None, list[Event]] = {}
    for event in sorted(known.values(), key=lambda event: event.seq):
        parent = event.cause or orders.get(getattr(event.fact, "task", ""))
        children.setdefault(parent if parent in known and parent != event.id else None, []).append(
            event
        )
    rows: list[ShownEvent] = []
    stack = [(event, 0) for event in reversed(children.get(None, []))]
    while stack:
        event, depth = stack.pop()
        shown = show_event(event)
        shown["depth"] = depth
        rows.append(shown)
        stack += [(child, depth + 1) for child in reversed(children.get(event.id, []))]
    return rows


def list_all_events(
    reader: Reader, incident: str, at: datetime | None, limit: int | None = None
) -> list[Event]:
    events: list[Event] = []
    after = 0
    while page := reader.events_after(after, min(limit or MAX_PAGE, MAX_PAGE), incident=incident):
        events += page
        if limit is not None and len(events) >= limit:
            break
        if at is not None and page[-1].recorded_at > at:  # the log is in the order of recording
            break
        after = page[-1].seq
    return [event for event in events if at is None or event.recorded_at <= at]


def show_event(event: Event) -> ShownEvent:
    """An event as it may leave: what points at a person is left out."""
    fact = msgspec.to_builtins(event.fact) if event.fact is not None else {}
    fact.pop("type", None)
    return {
        "seq": event.seq,
        "id": event.id,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "area": event.area,
        "actor": event.actor,
        "cause": event.cause,
        "incident": event.incident,
        "fact": mask_fact(fact, personal=event.subject is not None),
    }


def list_events(
    platform: Platform, after: int, limit: int, caller: Caller | None = None
) -> Sequence[ShownEvent]:
    """A page of the log after a sequence number, in order; what does not concern the caller's
    areas is a blank.
    """
    with platform.store.read() as reader:
        found = reader.events_after(after, min(limit, MAX_PAGE))
    shown = [
        show_event(one) if concerns(platform, caller, one.area) else blank_event(one)
        for one in found
    ]
    if platform.drill:
        for one in shown:
            one["drill"] = platform.drill
    return shown


def blank_event(event: Event) -> ShownEvent:
    """A place in the log whose event is not the reader's to see: the order stays whole, nothing
    else is told.
    """
    nothing = dict.fromkeys(
        ("id", "occurred_at", "recorded_at", "area", "actor", "cause", "incident")
    )
    return {"seq": event.seq, "type": "Elsewhere", **nothing, "fact": {}}  # type: ignore[typeddict-item]

"""Lists and files of cases and contacts: under an activation, inside one's jurisdiction, each
look on record.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, get_args

import msgspec

from twinward.core.errors import InputError, RefusedError
from twinward.core.ids import derive_id
from twinward.core.ports import StartsWith, Table
from twinward.core.scope import Scope
from twinward.security.authorization.jurisdictions import Ranges
from twinward.security.authorization.policy import intersect
from twinward.security.privacy.masking import scrub
from twinward.service.access.activations import scope_for
from twinward.service.access.approvals import with_emergency_access
from twinward.service.incidents.queries import require_word
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.messages import ContactStep
from twinward.twins.emergency.contacts.rows import CONTACTS, Contact
from twinward.twins.emergency.reports.rows import CASES, Case
from twinward.twins.emergency.vocabulary import CaseStatus

# what a list may be sorted by; a minus before it sorts downwards
ORDERS: dict[str, tuple[str, ...]] = {
    "cases": ("reported_at", "area", "status", "id"),
    "contacts": ("named_at", "area", "step", "id"),
}
# list -> (its table, the column its pages go by, the filters a page may have)
KINDS: dict[str, tuple[Table[Case | Contact], str, tuple[str, ...]]] = {
    "cases": (CASES, "reported_at", ("hazard", "status")),
    "contacts": (CONTACTS, "named_at", ("incident", "case", "step")),
}
WORDS: dict[str, tuple[str, ...]] = {
    "status": get_args(CaseStatus),
    "step": ("named", *get_args(ContactStep)),
}
MAX_PAGE = 500


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest first, the total of all pages, and the activation under which it was
    given.
    """

    items: list[dict[str, object]]
    total: int
    activation: str


def scope_to_see(platform: Platform, caller: Caller, area: str | None = None) -> Scope:
    """The scope for seeing persons at all: for the first purpose that the role has and an
    activation opens.
    """
    platform.policy.require(caller, "see_persons")
    role = platform.policy.roles.roles[caller.role]
    refused: RefusedError | None = None
    for purpose in platform.policy.roles.actions["see_persons"].purposes:
        if purpose in role.purposes:
            try:
                return scope_for(platform, caller, purpose, area=area)
            except RefusedError as error:
                refused = error
    raise refused or RefusedError(f"{caller.role} has no purpose for this", code="purpose_not_open")


class IdFilter(TypedDict, total=False):
    """What an id begins with."""

    id: StartsWith


class ListWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a list are wanted, and in which order: an area with all below it, the days
    [since, until) of the list's own column, what the id begins with.
    """

    order: str | None = None
    area: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    search: str | None = None


def list_persons(
    platform: Platform,
    caller: Caller,
    kind: str,
    *,
    limit: int = 50,
    offset: int = 0,
    at: datetime | None = None,
    known_now: bool = False,
    wish: ListWish | None = None,
    **filters: str | None,
) -> PersonPage:
    """A page of cases or contacts in the caller's areas that the activation opens, inside its
    window of data; as they were at an instant, where one is given: by what was known then, or with
    `known_now` by all that has been reported since.
    """
    wish = wish or ListWish()
    equals = require_filters(platform, kind, filters)
    table, column, _ = KINDS[kind]
    order = require_order(kind, wish.order or f"-{column}")
    caller = with_emergency_access(platform, caller)
    scope = scope_to_see(platform, caller)
    start, end = scope.data_from, scope.data_to
    window = (column, max(start, wish.since or start), min(end, wish.until or end))
    within = within_area(platform, platform.policy.ranges(caller, scope), wish.area)
    sought: IdFilter = {"id": StartsWith(wish.search)} if wish.search else {}
    limit = min(limit, MAX_PAGE)
    with platform.store.read() as rows:
        if at is not None:
            then = [
                row
                for row in rows.as_of(table, at, known_at=None if known_now else at)
                if fits(row, window, within, equals) and row.id.startswith(wish.search or "")
            ]
            then.sort(key=lambda row: row.id)
            name = order.removeprefix("-")
            then.sort(key=lambda row: getattr(row, name), reverse=order.startswith("-"))
            found, total = then[offset : offset + max(limit, 0)], len(then)
        else:
            found, total = rows.list_page(
                table,
                order=order,
                limit=limit,
                offset=offset,
                within=within,
                between=window,
                **equals,
                **sought,
            )
    question = say_question(kind, len(found), total, offset, equals | say_wish(wish))
    question += f" as of {at.isoformat()}" if at is not None else ""
    question += ", as known now" if at is not None and known_now else ""
    record_listing(platform, caller, scope, question, tuple(sorted({row.subject for row in found})))
    items = [msgspec.structs.asdict(row) for row in found]
    return PersonPage(items=items, total=total, activation=scope.activation)


def require_filters(
    platform: Platform, kind: str, filters: dict[str, str | None]
) -> dict[str, str]:
    """The filters that were given, each a word that there is."""
    if kind not in KINDS:
        raise InputError(
            f"there is no list of {kind!r}", f"there are {', '.join(KINDS)}", code="unknown_list"
        )
    allowed = KINDS[kind][2]
    equals = {
        name: value for name, value in filters.items() if value is not None and name in allowed
    }
    for name in ("status", "step"):
        require_word(equals.get(name), WORDS[name], name)
    if (hazard := equals.get("hazard")) and platform.reference.library.find_hazard(hazard) is None:
        raise InputError(
            f"there is no hazard {hazard!r}",
            f"known: {', '.join(platform.reference.library.hazards)}",
            code="unknown_hazard",
        )
    return equals


def require_order(kind: str, order: str) -> str:
    """A column that the list can be sorted by, `-` before it for downwards."""
    require_word(order.removeprefix("-"), ORDERS[kind], "order")
    return order


def within_area(platform: Platform, within: Ranges | None, area: str | None) -> Ranges | None:
    """The ranges cut to one area and all below it."""
    areas = platform.reference.areas
    if area is None or area == areas.root:
        return within
    below = platform.policy.subtree((areas.require(area),)).ranges
    if below is None:
        return within
    return below if within is None else intersect(within, below)


def say_wish(wish: ListWish) -> dict[str, str]:
    """What was asked for, as the record tells it."""
    said = {"area": wish.area, "search": wish.search}
    days = {"since": wish.since, "until": wish.until}
    found = {name: value for name, value in said.items() if value}
    return found | {name: at.isoformat() for name, at in days.items() if at is not None}


def fits(
    row: Case | Contact,
    window: tuple[str, datetime, datetime],
    within: tuple[tuple[str, str], ...] | None,
    equals: dict[str, str],
) -> bool:
    """Whether a row is in the window, in the areas, and as it was asked for."""
    name, start, end = window
    inside = within is None or any(low <= row.area <= high for low, high in within)
    asked = all(getattr(row, field) == value for field, value in equals.items())
    return inside and asked and start <= getattr(row, name) < end


def say_question(kind: str, shown: int, total: int, offset: int, equals: dict[str, str]) -> str:
    """A list as the record tells it. One that shows nobody may still have told how many there
    are: it says so.
    """
    which = "".join(f" {name}={scrub(value)}" for name, value in sorted(equals.items()))
    page = f" from {offset}" if offset else ""
    return f"list of {kind}{which}{page}" + ("" if shown else f": nobody shown, {total} counted")


def get_person(
    platform: Platform, caller: Caller, kind: str, key: str, at: datetime | None = None
) -> dict[str, object]:
    """One case or contact; absent, elsewhere and outside the window all answer alike."""
    caller = with_emergency_access(platform, caller)
    with platform.store.read() as rows:
        table = KINDS[kind][0]
        then = rows.as_of(table, at, known_at=at) if at is not None else ()
        row = next((one for one in then if one.id == key), None)
        row = rows.find(table, key) if at is None else row
    scope = scope_to_see(platform, caller, getattr(row, "area", None))
    known: datetime | None = getattr(row, KINDS[kind][1], None)
    if known is None or not scope.data_from <= known < scope.data_to:
        row = None
    may = (
        row is not None
        and platform.policy.decide(caller, "see_persons", area=row.area, scope=scope).allowed
    )
    if not may:  # the try is on record too, without telling who or whether it is
        record_listing(platform, caller, scope, f"file of {kind[:-1]}: nothing was shown", ())
    platform.policy.require_thing(
        caller,
        "see_persons",
        f"{kind[:-1]} {key}",
        row.area if row is not None else None,
        "list them first",
        scope=scope,
    )
    assert row is not None  # what is not there has been refused
    record_listing(platform, caller, scope, f"file of {kind[:-1]}", (row.subject,))
    return msgspec.structs.asdict(row) | {"activation": scope.activation}


def record_listing(
    platform: Platform, caller: Caller, scope: Scope, question: str, subjects: tuple[str, ...]
) -> None:
    """Put on record that this caller was shown these persons; refused when the activation has
    shut meanwhile.
    """
    now = platform.clock.now()
    with platform.store.read() as rows:
        name = derive_id("look", caller.name, question, now.isoformat(), rows.last_seq(), *subjects)
    purpose = sorted(scope.purposes & {"trace", "care"})[0]
    command = m.RecordListing(
        id=name, activation=scope.activation, purpose=purpose, question=question, subjects=subjects
    )
    ask(platform, caller, command)

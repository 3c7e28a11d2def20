"""Peacetime and emergency: open and close activations, issue scopes, record every look."""

from __future__ import annotations

from datetime import datetime, timedelta

from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.core.scope import ALL_AREAS, Scope
from twinward.security.authorization.scopes import issue_scope
from twinward.security.identity.people import Caller
from twinward.service.access.answers import ActivationLine
from twinward.service.platform import Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.access.rows import ACTIVATIONS

LOOK_BACK = timedelta(days=30)
MAX_DAYS = 30
LEAST_BASIS = 3  # letters; fewer name no law


def open_activation(
    platform: Platform,
    caller: Caller,
    *,
    hazard: str,
    areas: list[str],
    purposes: list[str],
    days: int,
    by: str,
    basis: str,
    data_from: datetime | None = None,
    data_to: datetime | None = None,
) -> str:
    """Open exactly these purposes in exactly these areas; returns the activation's id."""
    for area in areas or [ALL_AREAS]:
        place = (
            platform.reference.areas.root
            if area == ALL_AREAS
            else platform.reference.areas.require(area)
        )
        platform.policy.require(caller, "open_activation", area=place)
    if not 1 <= days <= MAX_DAYS:
        raise InputError(
            f"{days} days is not 1 to {MAX_DAYS}",
            f"give 1 to {MAX_DAYS}; it can be renewed before it ends",
            code="bad_days",
        )
    if len(basis.strip()) < LEAST_BASIS:
        said = f"the basis {basis.strip()!r} is too short to name a law or an order"
        raise InputError(
            said if basis.strip() else "the basis of an activation is empty",
            'say which law or order it rests on, for example "order 12 of the commission"',
            code="no_basis",
        )
    if not by.strip():
        raise InputError(
            "nobody is named who opens the activation",
            "give the name of the person who answers for it",
            code="no_name",
        )
    now = platform.clock.now()
    with platform.store.read() as rows:
        name = derive_id("act", hazard, by, now.isoformat(), rows.last_seq())
    command = m.OpenActivation(
        id=derive_id("cmd", name, "open"),
        activation=name,
        hazard=hazard,
        areas=tuple(areas),
        purposes=tuple(purposes),
        days=days,
        by=by,
        basis=basis,
        data_from=data_from or now - LOOK_BACK,
        data_to=data_to or now + timedelta(days=days),
    )
    ask(platform, caller, command)
    return name


def close_activation(
    platform: Platform, caller: Caller, activation: str, because: str = "closed by hand"
) -> None:
    with platform.store.read() as rows:
        found, seq = rows.find(ACTIVATIONS, activation), rows.last_seq()
    if found is None:
        raise AbsentError(f"there is no activation {activation}", "see `twinward activation list`")
    for area in found.areas:
        place = platform.reference.areas.root if area == ALL_AREAS else area
        platform.policy.require(caller, "open_activation", area=place)
    name = derive_id("cmd", activation, "close", caller.name, platform.clock.now().isoformat(), seq)
    ask(platform, caller, m.CloseActivation(id=name, activation=activation, because=because))


def list_activations(platform: Platform) -> list[ActivationLine]:
    """Every activation with what it opens and whether it does so now: nothing in it is about a
    person.
    """
    now = platform.clock.now()
    with platform.store.read() as rows:
        found = rows.list_rows(ACTIVATIONS, order="ends_at")
    return [
        ActivationLine(
            id=row.id,
            hazard=row.hazard,
            areas=row.areas,
            purposes=row.purposes,
            by=row.by,
            basis=row.basis,
            data_from=row.data_from,
            data_to=row.data_to,
            opened_at=row.opened_at,
            ends_at=row.ends_at,
            in_force=row.is_open(now),
            status=row.status,
        )
        for row in found
    ]


def scope_for(
    platform: Platform,
    caller: Caller,
    purpose: str,
    activation: str | None = None,
    area: str | None = None,
) -> Scope:
    """The capability to ask, from the activation in force (one that opens `area`, if any does);
    else RefusedError.
    """
    now, policy = platform.clock.now(), platform.policy
    mine = policy.jurisdiction(caller)
    with platform.store.read() as rows:
        return issue_scope(
            rows, purpose, caller.name, now, policy, activation, mine=mine, area=area
        )


def record_look(
    platform: Platform,
    caller: Caller,
    scope: Scope,
    purpose: str,
    subject: str,
    question: str,
    *,
    reason: str = "",
    persons: int = 1,
    words: str = "",
) -> None:
    """Put on record that this caller looks at this person; refused when the activation has shut
    meanwhile.

    `persons`: of a crowd (subject `*`) how many it is; `words`: those of a free question.
    """
    command = look_command(
        platform,
        caller,
        scope,
        purpose,
        subject,
        question,
        reason=reason,
        persons=persons,
        words=words,
    )
    ask(platform, caller, command)


def look_command(
    platform: Platform,
    caller: Caller,
    scope: Scope,
    purpose: str,
    subject: str,
    question: str,
    *,
    reason: str = "",
    persons: int = 1,
    words: str = "",
) -> m.RecordLook:
    """The look as a command, for who asks more in the same transaction."""
    now = platform.clock.now()
    with platform.store.read() as rows:
        name = derive_id("look", caller.name, subject, question, now.isoformat(), rows.last_seq())
    return m.RecordLook(
        id=name,
        activation=scope.activation,
        purpose=purpose,
        subject=subject,
        question=question,
        reason=reason,
        persons=persons,
        words=words,
    )

"""Activations: what an emergency opens, for how long; and every look at a person, refused unless
one opens it.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.access.rows import ACTIVATIONS, TABLES, Activation
from twinward.twins.twin import Behaviour, Context

PURPOSES = frozenset({"trace", "care", "vault"})  # what an activation can open at all


def open_activation(command: m.OpenActivation, rows: Rows, context: Context) -> list[Draft]:
    if not command.areas or not command.purposes:
        raise InputError(
            "an activation names its areas and purposes", "give both", code="nothing_opened"
        )
    if unknown := sorted(set(command.purposes) - PURPOSES):
        raise InputError(
            f"no power is called {', '.join(unknown)}",
            f"an activation opens {', '.join(sorted(PURPOSES))}",
            code="unknown_purpose",
        )
    if command.data_from >= command.data_to:
        raise InputError(
            "the window of data ends before it starts", "swap --from and --to", code="bad_window"
        )
    if rows.find(ACTIVATIONS, command.activation) is not None:
        raise ConflictError(
            f"activation {command.activation} exists", "give it another id", code="exists"
        )
    fact = m.ActivationOpened(
        activation=command.activation,
        hazard=command.hazard,
        areas=command.areas,
        purposes=tuple(sorted(set(command.purposes))),
        by=command.by,
        basis=command.basis,
        data_from=command.data_from,
        data_to=command.data_to,
        ends_at=context.now + timedelta(days=command.days),
        opened_at=context.now,
    )
    return [Draft(fact=fact, area=command.areas[0])]


def activation_opened(fact: m.ActivationOpened, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in Activation.__struct_fields__ if hasattr(fact, name)
    } | {"opened_at": fact.opened_at or event.recorded_at}
    row = Activation(id=fact.activation, area=event.area, status="open", **fields)
    tx.put(ACTIVATIONS, row, event.recorded_at)


def get_activation(rows: Rows, activation: str) -> Activation:
    found: Activation | None = rows.find(ACTIVATIONS, activation)
    if found is None:
        raise AbsentError(
            f"there is no activation {activation}", "list them with `twinward activation list`"
        )
    return found


def close_activation(command: m.CloseActivation, rows: Rows, context: Context) -> list[Draft]:
    activation = get_activation(rows, command.activation)
    if activation.status != "open":
        raise ConflictError(
            f"activation {activation.id} is closed", "nothing was changed", code="already_closed"
        )
    return [
        Draft(
            fact=m.ActivationClosed(activation=activation.id, because=command.because),
            area=activation.area,
        )
    ]


def activation_closed(fact: m.ActivationClosed, event: Event, tx: Transaction) -> None:
    activation = get_activation(tx, fact.activation)
    row = msgspec.structs.replace(activation, status="closed", closed_because=fact.because)
    tx.put(ACTIVATIONS, row, event.recorded_at)


def require_open(rows: Rows, name: str, purpose: str, context: Context) -> Activation:
    """The activation, or RefusedError when it is shut or does not open `purpose`."""
    activation: Activation | None = rows.find(ACTIVATIONS, name)
    if activation is None or not activation.is_open(context.now):
        raise RefusedError(
            "in peacetime nobody can be looked up",
            "a duty officer must open an activation first",
            code="peacetime",
        )
    if purpose not in activation.purposes:
        raise RefusedError(
            f"activation {activation.id} does not open {purpose!r}",
            f"it opens {', '.join(activation.purposes)}",
            code="purpose_not_open",
        )
    return activation


def record_look(command: m.RecordLook, rows: Rows, context: Context) -> list[Draft]:
    activation = require_open(rows, command.activation, command.purpose, context)
    fields = {name: getattr(command, name) for name in m.LookRecorded.__struct_fields__}
    return [Draft(fact=m.LookRecorded(**fields), area=activation.area, subject=command.subject)]


def record_listing(command: m.RecordListing, rows: Rows, context: Context) -> list[Draft]:
    activation = require_open(rows, command.activation, command.purpose, context)
    fields = {name: getattr(command, name) for name in m.PersonsListed.__struct_fields__}
    sealed_under = f"list:{command.id}"  # no person's key: the list has one of its own, of its day
    return [Draft(fact=m.PersonsListed(**fields), area=activation.area, subject=sealed_under)]


def look_recorded(fact: m.LookRecorded | m.PersonsListed, event: Event, tx: Transaction) -> None:
    """A look changes no row: the log itself is the record."""


BEHAVIOUR = Behaviour(
    handlers={
        m.OpenActivation: open_activation,
        m.CloseActivation: close_activation,
        m.RecordLook: record_look,
        m.RecordListing: record_listing,
    },
    appliers={
        m.ActivationOpened: activation_opened,
        m.ActivationClosed: activation_closed,
        m.LookRecorded: look_recorded,
        m.PersonsListed: look_recorded,
    },
    tables=TABLES,
)

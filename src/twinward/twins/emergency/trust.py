"""The record of what is done with accounts, keys and data; it changes no row, for the log itself is the record."""

from __future__ import annotations

from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Behaviour, Context


def note_access(command: m.NoteAccess, rows: Rows, context: Context) -> list[Draft]:
    fact = m.AccessNoted(kind=command.kind, about=command.about, detail=command.detail)
    return [Draft(fact=fact, area=command.area)]


def access_noted(fact: m.AccessNoted, event: Event, tx: Transaction) -> None:
    """Nothing to keep beside the log."""


BEHAVIOUR = Behaviour(handlers={m.NoteAccess: note_access}, appliers={m.AccessNoted: access_noted})

"""A twin as data: which commands it handles, which facts it applies, which tables it keeps; and
how one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from twinward.core.errors import InputError, TwinwardError
from twinward.core.messages import Command, Draft, Event, Fact, Outcome, Request
from twinward.core.ports import Rows, Table, Transaction


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, when it happened in the world, when we learn of it, and by whose calendar days
    are counted.
    """

    actor: str
    occurred_at: datetime
    recorded_at: datetime
    zone: tzinfo = UTC

    @property
    def local(self) -> datetime:
        """When it happened, by the city's clock."""
        return self.occurred_at.astimezone(self.zone)

    @property
    def day(self) -> date:
        """The city's day on which it happened."""
        return self.local.date()

    @property
    def today(self) -> date:
        """The city's day on which we learn of it."""
        return self.recorded_at.astimezone(self.zone).date()


Handler = Callable[[Any, Rows, Context], list[Draft]]
Applier = Callable[[Any, Event, Transaction], None]


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of a twin does: `handlers` decide (command -> drafts), `appliers` change rows
    (fact -> rows).
    """

    handlers: Mapping[type[Command], Handler]
    appliers: Mapping[type[Fact], Applier]
    tables: tuple[Table, ...] = ()


def join(parts: Iterable[Behaviour]) -> Behaviour:
    """One behaviour of several; two parts that claim one message are our mistake."""
    handlers: dict[type[Command], Handler] = {}
    appliers: dict[type[Fact], Applier] = {}
    tables: list[Table] = []
    for part in parts:
        clash = (handlers.keys() & part.handlers.keys()) | (appliers.keys() & part.appliers.keys())
        assert not clash, f"two parts claim {clash}"
        handlers.update(part.handlers)
        appliers.update(part.appliers)
        tables.extend(part.tables)
    return Behaviour(handlers=handlers, appliers=appliers, tables=tuple(tables))


class Twins:
    """Both twins behind one door: commands in, facts into the log, rows changed; nothing else
    writes.
    """

    def __init__(self, behaviour: Behaviour, zone: tzinfo = UTC) -> None:
        self.behaviour = behaviour
        self.zone = zone

    def ask(self, tx: Transaction, requests: Sequence[Request]) -> list[Outcome]:
        """Do each request once; a refused one changes nothing and the rest go on."""
        return [self.ask_one(tx, request) for request in requests]

    def ask_one(self, tx: Transaction, request: Request) -> Outcome:
        command = request.command
        if tx.seen(command.id):
            return Outcome(id=command.id, status="duplicate", code="duplicate")
        context = Context(
            actor=request.actor,
            occurred_at=command.occurred_at or tx.recorded_at,
            recorded_at=tx.recorded_at,
            zone=self.zone,
        )
        try:
            events = self._happen(tx, request, context)
        except InputError as error:
            return rejected(command.id, error)
        return Outcome(id=command.id, status="stored", events=tuple(event.id for event in events))

    def _happen(self, tx: Transaction, request: Request, context: Context) -> list[Event]:
        handler = self.behaviour.handlers.get(type(request.command))
        if handler is None:
            raise InputError(
                f"no twin handles {type(request.command).__name__}", code="unknown_type"
            )
        drafts = handler(request.command, tx, context)
        events = tx.append(request, drafts, context.occurred_at)
        for event in events:
            self.apply(tx, event)
        return events

    def apply(self, tx: Transaction, event: Event) -> None:
        """Change the rows as the event says; an event whose key was destroyed changes nothing."""
        if event.fact is not None:
            self.behaviour.appliers[type(event.fact)](event.fact, event, tx)


def rejected(command_id: str, error: TwinwardError) -> Outcome:
    """The outcome that tells the sender what was wrong and what to do."""
    return Outcome(id=command_id, status="rejected", code=error.code, message=str(error))

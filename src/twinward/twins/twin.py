"""A twin as data: which commands it handles, which facts it applies, which tables it keeps; and
how one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from twinward.core.errors import ConflictError, InputError, TwinwardError
from twinward.core.ids import is_reserved, own_id
from twinward.core.messages import OWN_ACTORS, Command, Done, Draft, Event, Fact, Outcome, Request
from twinward.core.ports import Rows, Table, Transaction
from twinward.core.texts import require_message


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, when it happened in the world, when we learn of it, what the clock says, and by
    which zone the city counts its days.

    `now` decides what is valid now; `recorded_at` is its place in the log, which a clock may have
    dragged ahead.
    """

    actor: str
    occurred_at: datetime
    recorded_at: datetime
    now: datetime
    zone: tzinfo = UTC

    @property
    def day(self) -> date:
        """The city's day on which it happened."""
        return self.day_of(self.occurred_at)

    @property
    def local(self) -> datetime:
        """When it happened, by the city's clock."""
        return self.occurred_at.astimezone(self.zone)

    def day_of(self, at: datetime) -> date:
        """The civil day of an instant in the city."""
        return at.astimezone(self.zone).date()


Handler = Callable[[Any, Rows, Context], list[Draft]]
Applier = Callable[[Any, Event, Transaction], None]


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of a twin does: `handlers` decide (command -> drafts), `appliers` change rows
    (fact -> rows).
    """

    handlers: Mapping[type[Command], Handler]
    appliers: Mapping[type[Fact], Applier]
    tables: tuple[Table[msgspec.Struct], ...] = ()


def join(parts: Iterable[Behaviour]) -> Behaviour:
    """One behaviour of several; two parts that claim one message are our mistake."""
    handlers: dict[type[Command], Handler] = {}
    appliers: dict[type[Fact], Applier] = {}
    tables: list[Table[msgspec.Struct]] = []
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
        """Do it once and whole, or leave nothing of it: every text is checked first, and a
        refusal is undone.
        """
        sent = request.command.id
        try:
            ours = request.actor in OWN_ACTORS
            require_message(
                request.command, request.actor, request.source, request.cause, ours=ours
            )
            request = with_own_id(tx, request)
            done = tx.find_command(request.command.id)
            if done is not None:
                return told_again(sent, request, done)
            with tx.attempt():
                events = self._happen(tx, request)
        except InputError as error:
            return rejected(sent, error)
        return Outcome(id=sent, status="stored", events=tuple(event.id for event in events))

    def _happen(self, tx: Transaction, request: Request) -> list[Event]:
        occurred_at = request.command.occurred_at or tx.recorded_at
        context = Context(
            actor=request.actor,
            occurred_at=occurred_at,
            recorded_at=tx.recorded_at,
            now=tx.now,
            zone=self.zone,
        )
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
    return Outcome(
        id=command_id,
        status="rejected",
        code=error.code,
        message=error.message,
        advice=error.advice,
    )


def with_own_id(tx: Transaction, request: Request) -> Request:
    """An id from outside stands for itself unless another has it, or only we may: then its sender's
    name goes before.

    So nobody can take the id of another's message, nor that of a command which the loop will ask
    one day.
    """
    if request.source is None:
        return request
    plain = request.command.id
    if not is_reserved(plain):
        done = tx.find_command(plain)
        if done is None or (done.actor == request.actor and done.source in (None, request.source)):
            return request
    own = own_id(request.actor, request.source, plain)
    return msgspec.structs.replace(
        request, command=msgspec.structs.replace(request.command, id=own)
    )


def told_again(sent: str, request: Request, done: Done) -> Outcome:
    """A command whose id is in the log: the same sender's same words are a duplicate, all else
    is refused.
    """
    same = done.actor == request.actor and done.type == str(request.command.__struct_config__.tag)
    if same and (request.content is None or done.content in (None, request.content)):
        return Outcome(id=sent, status="duplicate", code="duplicate")
    error = ConflictError(
        f"the id {sent!r} was used for something else",
        "give each message an id of its own",
        code="id_taken",
    )
    return rejected(sent, error)

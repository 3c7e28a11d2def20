"""One event that cannot be answered is set aside with an alarm; all others are answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from twinward.core.errors import TwinwardError
from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event, Outcome, Request
from twinward.core.ports import Transaction
from twinward.loop.context import ACTOR
from twinward.loop.follower import PASSING
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Twins

LOG = logging.getLogger("twinward.loop")


def answer(
    twins: Twins,
    tx: Transaction,
    reader: str,
    event: Event,
    follow: Callable[[], Iterable[Command]],
) -> bool:
    """Asks for what follows from an event, all or nothing; whether it could be answered."""
    try:
        with tx.attempt():
            for command in follow():
                twins.ask_one(tx, Request(command=command, actor=ACTOR, cause=event.id))
    except PASSING:
        raise
    except Exception as error:
        if isinstance(event.fact, m.FaultSetAside):  # else one fault would be told without end
            LOG.exception("that something was set aside cannot be answered either")
        else:
            set_aside(twins, tx, reader, event.id, event.area, error)
        return False
    return True


def judge(
    twins: Twins, tx: Transaction, about: str, area: str, commands: Iterable[Command]
) -> list[Outcome]:
    """Asks for what time brings to one thing; one that cannot be judged holds up no other."""
    try:
        with tx.attempt():
            return [twins.ask_one(tx, Request(command=one, actor=ACTOR)) for one in commands]
    except PASSING:
        raise
    except Exception as error:
        set_aside(twins, tx, "tick", about, area, error)
        return []


def set_aside(
    twins: Twins, tx: Transaction, reader: str, about: str, area: str, error: Exception
) -> None:
    """Puts it on record, once for each kind of fault; what it says of a person stays out."""
    code = error.code if isinstance(error, TwinwardError) else type(error).__name__
    name = derive_id("cmd", "set-aside", reader, about, code)
    if tx.seen(name):
        return
    LOG.error("%s cannot answer %s (%s): it is set aside", reader, about, code, exc_info=error)
    command = m.SetAside(id=name, reader=reader, about=about, code=code, area=area)
    outcome = twins.ask_one(tx, Request(command=command, actor=ACTOR))
    if outcome.status == "rejected":
        LOG.error("that %s was set aside could not be put on record: %s", about, outcome.code)

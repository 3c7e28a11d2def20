"""Commands from outside: decoded, authorised, asked of the twins in one transaction, accounted
for by source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from twinward.core.errors import InputError, RefusedError
from twinward.core.messages import Command, Counts, Outcome, Request
from twinward.core.ports import Transaction
from twinward.edge.feeds.commands import (
    BY_NAME,
    DRILL_SOURCE,
    FROM_A_DRILL,
    decode_command,
    schema_of_commands,
)
from twinward.library.supplies.catalogue import load_supplies
from twinward.library.supplies.resources import require_known_unit
from twinward.security.identity.people import Caller
from twinward.security.privacy.vault import Identity, Kept
from twinward.service.access.authorization import require_command, require_reach
from twinward.service.plans.adoptable_plans import get_adoptable
from twinward.service.platform import Platform
from twinward.twins.city import messages as c
from twinward.twins.emergency import messages as m

__all__ = [
    "BatchAccount",
    "Rejection",
    "command_references",
    "schema_of_commands",
    "submit",
    "submit_objects",
]


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """One item that was not taken, by its place in the batch."""

    index: int
    code: str
    message: str


class BatchAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch: received = stored + duplicate + rejected."""

    received: int
    stored: int
    duplicate: int
    rejected: list[Rejection]


def authorise(platform: Platform, caller: Caller, command: Command) -> Command:
    """The command as this caller may ask it; a department answers only for itself, a plan comes
    from the library.
    """
    require_command(platform, caller, command)
    if isinstance(command, m.SetStock | m.RequestSupply):
        require_known_unit(command.kind, command.unit, load_supplies(platform.workspace))
    if isinstance(command, m.AdoptPlan):
        plan = get_adoptable(platform, command.plan)
        return msgspec.structs.replace(
            command,
            version=plan.version,
            objectives=plan.objectives,
            authority=f"adopted by {caller.name}",
            renews=False,
        )
    return command


def submit(
    platform: Platform, caller: Caller, items: Sequence[msgspec.Raw | bytes], source: str
) -> Future[BatchAccount]:
    """Ask for every item once; the future resolves when the answer is durable. One bad item
    spoils no other.
    """
    now = platform.clock.now()
    good: list[tuple[int, Command]] = []
    persons: dict[int, Identity] = {}
    rejections: list[Rejection] = []
    for index, item in enumerate(items):
        try:
            command, person = decode_command(item, platform.vault, platform.reference.areas, now)
            require_real(platform, source, getattr(command, "source", ""))
            good.append((index, authorise(platform, caller, command)))
            if person is not None:
                persons[index] = person
        except InputError as error:
            rejections.append(Rejection(index=index, code=error.code, message=str(error)))

    kept = keep_persons(platform, persons, rejections)
    good = [(index, command) for index, command in good if index not in persons or index in kept]
    refused: list[Kept] = []

    def work(tx: Transaction) -> BatchAccount:
        outcomes = [ask_within_reach(platform, caller, command, tx) for _, command in good]
        told = zip(good, outcomes, strict=True)
        refused[:] = [
            kept[n] for (n, _), outcome in told if n in kept and outcome.status != "stored"
        ]
        account = account_for(len(items), [index for index, _ in good], outcomes, rejections)
        tx.add_counts(
            source,
            Counts(
                received=account.received,
                stored=account.stored,
                duplicate=account.duplicate,
                rejected=len(account.rejected),
            ),
        )
        return account

    future = platform.store.submit(work)
    if kept:
        future = after(future, lambda: platform.vault.take_back(refused))
    if any(isinstance(command, c.SetThreshold) for _, command in good):
        future.add_done_callback(lambda _: platform.watch.forget())
    return future


def after(future: Future[BatchAccount], last: Callable[[], None]) -> Future[BatchAccount]:
    """A future that resolves as `future` does, once `last` is done too."""
    answer: Future[BatchAccount] = Future()

    def tell(done: Future[BatchAccount]) -> None:
        last()
        error = done.exception()
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(done.result())

    future.add_done_callback(tell)
    return answer


def keep_persons(
    platform: Platform, persons: dict[int, Identity], rejections: list[Rejection]
) -> dict[int, Kept]:
    """Put the persons of a batch in the vault before the log says anything of them; by their
    place in the batch.
    """
    kept: dict[int, Kept] = {}
    for index, found in zip(persons, platform.vault.keep_all(list(persons.values())), strict=True):
        if isinstance(found, InputError):
            rejections.append(Rejection(index=index, code=found.code, message=str(found)))
        else:
            kept[index] = found
    return kept


def require_real(platform: Platform, *sources: str) -> None:
    """InputError `from_a_drill` when a drill's source would write into a real log."""
    if not platform.drill and any(source.startswith(DRILL_SOURCE) for source in sources):
        raise FROM_A_DRILL


def ask_within_reach(
    platform: Platform, caller: Caller, command: Command, tx: Transaction
) -> Outcome:
    """One command, unless it names a thing outside the caller's areas; who is everywhere need
    not be looked up.
    """
    if caller.areas != ("all",):
        try:
            require_reach(platform, caller, command, tx)
        except RefusedError as error:
            return Outcome(id=command.id, status="rejected", code=error.code, message=str(error))
    return platform.loop.twins.ask_one(tx, Request(command=command, actor=caller.name))


def account_for(
    received: int,
    places: Sequence[int],
    outcomes: Sequence[Outcome],
    rejections: Sequence[Rejection],
) -> BatchAccount:
    rejected = list(rejections)
    tally = {"stored": 0, "duplicate": 0, "rejected": 0}
    for index, outcome in zip(places, outcomes, strict=True):
        tally[outcome.status] += 1
        if outcome.status == "rejected":
            rejected.append(
                Rejection(
                    index=index, code=outcome.code or "rejected", message=outcome.message or ""
                )
            )
    return BatchAccount(
        received=received,
        stored=tally["stored"],
        duplicate=tally["duplicate"],
        rejected=sorted(rejected, key=lambda one: one.index),
    )


def submit_objects(
    platform: Platform, caller: Caller, items: Sequence[Any], source: str
) -> BatchAccount:
    """The same for objects of Python, waiting for the answer."""
    return submit(platform, caller, [msgspec.json.encode(item) for item in items], source).result()


def command_references() -> list[dict[str, str]]:
    """References to the schemas of the commands that may be asked from outside."""
    return [{"$ref": f"#/components/schemas/{name}"} for name in BY_NAME]

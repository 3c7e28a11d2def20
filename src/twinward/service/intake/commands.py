"""Commands from outside: decoded, authorised, asked of the twins in one transaction, accounted
for by source.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future

import msgspec

from twinward.core.errors import InputError, RefusedError, TwinwardError
from twinward.core.ids import content_of, derive_id
from twinward.core.messages import Command, Counts, Outcome, Request
from twinward.core.ports import Transaction
from twinward.core.reasons import because_of
from twinward.edge.feeds.commands import (
    BY_NAME,
    FROM_A_DRILL,
    decode_command,
    is_drill_source,
    schema_of_commands,
)
from twinward.edge.feeds.identities import require_source
from twinward.library.hazards.units import require_figure_unit
from twinward.library.supplies.catalogue import load_supplies
from twinward.library.supplies.resources import require_known_unit
from twinward.library.texts import write_reason
from twinward.security.identity.people import LOCAL_ADMIN, Caller
from twinward.security.privacy.vault import Arriving, Identity
from twinward.service.access.authorization import require_command, require_reach
from twinward.service.languages import say_error
from twinward.service.plans.adoptable_plans import import_adoptable
from twinward.service.platform import Platform
from twinward.service.supervision.judging import judge
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


LOG = logging.getLogger("twinward.commands")
MOST_SOURCE = 120
# what the watchers of readings must know before the next batch
WATCHED = (c.SetThreshold, m.RegisterObject, m.RetireObject)
BEFORE_THEIR_REPORT = frozenset({"nothing_to_discard", "other_reports"})


# a person of a taken item and the subject; whether it was stored, not a duplicate
Told = tuple[tuple[Identity, str], bool]


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """One item that was not taken, by its place in the batch."""

    index: int
    code: str
    message: str
    advice: str = ""


def rejection_of(index: int, error: TwinwardError) -> Rejection:
    """What was wrong with an item, and what to do."""
    return Rejection(index=index, code=error.code, message=error.message, advice=error.advice)


class BatchAccount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a batch: received = stored + duplicate + rejected. `conflicts`: the places of
    those among the duplicates whose id came before with something else in it.
    """

    received: int
    stored: int
    duplicate: int
    rejected: list[Rejection]
    conflicts: list[int] = []


def say_account(account: BatchAccount) -> BatchAccount:
    """The same with what was refused in the words of whoever reads."""
    refused = []
    for one in account.rejected:
        message, advice = say_error(one.code, one.message, one.advice)
        refused.append(msgspec.structs.replace(one, message=message, advice=advice))
    return msgspec.structs.replace(account, rejected=refused)


def authorise(platform: Platform, caller: Caller, command: Command) -> Command:
    """The command as this caller may ask it; a department answers only for itself, a plan comes
    from the library.
    """
    require_command(platform, caller, command)
    if platform.managed and getattr(command, "by", None):
        command = msgspec.structs.replace(command, by="")  # who acts is who has logged in
    if isinstance(command, m.SetStock | m.RequestSupply):
        require_known_unit(command.kind, command.unit, load_supplies(platform.workspace))
    if isinstance(command, m.ReportHazard):
        require_figure_unit(command.figure, command.value, command.unit)
    if isinstance(command, c.SetThreshold) and command.unit:
        require_figure_unit(command.figure, command.at_least, command.unit)
    if isinstance(command, m.OrderTask):
        require_department(platform, command.department)
    if isinstance(command, m.RedirectTask):
        require_department(platform, command.to_department)
    if isinstance(command, m.RegisterObject | m.RecordCheck):
        return judge(platform, command)
    if isinstance(command, m.AcceptClaim):
        return msgspec.structs.replace(command, rule="")  # a rule accepts where it is read
    if isinstance(command, m.AdoptPlan):
        plan = import_adoptable(platform, command.plan)
        adopted = because_of("authority.adopted", by=command.by or caller.name)
        return msgspec.structs.replace(
            command,
            version=plan.version,
            objectives=plan.objectives,
            authority=write_reason(adopted),
            authority_reasons=(adopted,),
            takes_over="",
        )
    return command


def require_department(platform: Platform, department: str) -> None:
    """InputError unless somebody is there who could do it."""
    known = platform.reference.library.departments
    if department not in known:
        raise InputError(
            f"no department is named {department!r}",
            f"known: {', '.join(sorted(known))}",
            code="unknown_department",
        )


def submit(
    platform: Platform, caller: Caller, items: Sequence[msgspec.Raw | bytes], source: str
) -> Future[BatchAccount]:
    """Ask for every item once; the future resolves when the answer is durable. One bad item
    spoils no other.
    """
    require_source(source, MOST_SOURCE)
    now = platform.clock.now()
    use_source(platform, caller, source)
    good: list[tuple[int, Request]] = []
    persons: dict[int, tuple[Identity, str]] = {}
    arriving = Arriving()
    rejections: list[Rejection] = []
    for index, item in enumerate(items):
        try:
            command, person = decode_command(
                item, platform.vault, platform.reference.areas, now, arriving
            )
            require_real(platform, source, getattr(command, "source", ""))
            said = msgspec.structs.replace(command, id="-")
            command = authorise(platform, caller, command)
        except InputError as error:
            rejections.append(rejection_of(index, error))
            continue
        good.append(
            (
                index,
                Request(
                    command=command, actor=caller.name, source=source, content=content_of(said)
                ),
            )
        )
        if person is not None:
            persons[index] = (person, str(getattr(command, "subject", "")))

    platform.vault.settle()  # a pseudonym must not be lost of which the log tells

    def work(tx: Transaction) -> tuple[BatchAccount, list[Told]]:
        outcomes = [ask_and_remember(platform, caller, request, tx) for _, request in good]
        account = account_for(len(items), good, outcomes, rejections)
        if items:
            tx.add_counts(
                source,
                Counts(
                    received=account.received,
                    stored=account.stored,
                    duplicate=account.duplicate,
                    rejected=len(account.rejected),
                ),
            )
        taken = [
            (persons[index], outcome.status == "stored")
            for (index, _), outcome in zip(good, outcomes, strict=True)
            if outcome.status != "rejected" and index in persons
        ]
        return account, taken

    return keep_persons(
        platform,
        platform.store.submit(work),
        any(isinstance(request.command, WATCHED) for _, request in good),
    )


def keep_persons(
    platform: Platform, done: Future[tuple[BatchAccount, list[Told]]], watched: bool
) -> Future[BatchAccount]:
    """The answer, once what the vault must know of the persons of taken items is durable there too.

    What is refused leaves nothing in the vault. After a crash in between the sender has no answer
    and sends again: a duplicate is told to the vault where it knows nothing of the person yet.
    """
    answer: Future[BatchAccount] = Future()

    def tell(told: Future[tuple[BatchAccount, list[Told]]]) -> None:
        try:
            account, persons = told.result()
            for (person, subject), stored in persons:
                platform.vault.keep(person, subject, anew=stored)
            if watched:
                platform.watch.forget()
                platform.supervision.forget()
        except BaseException as error:
            answer.set_exception(error)
        else:
            answer.set_result(account)

    done.add_done_callback(tell)
    return answer


def use_source(platform: Platform, caller: Caller, source: str) -> None:
    """TooManyNamesError where an account brings more new sources than anybody needs: everybody
    sees them, and each has an account of its own for good. The owner of the workspace may.
    """
    if caller.name == LOCAL_ADMIN:
        return

    def is_known(name: str) -> bool:
        with platform.store.read() as reader:
            return name in reader.counts() or name in platform.intake.counts()

    platform.new_sources.use(caller.name, source, platform.clock.now(), is_known)


def require_real(platform: Platform, *sources: str) -> None:
    """InputError `from_a_drill` when a drill's source would write into a real log."""
    if not platform.drill and any(is_drill_source(source) for source in sources):
        raise FROM_A_DRILL


def ask_and_remember(
    platform: Platform, caller: Caller, request: Request, tx: Transaction
) -> Outcome:
    """One command; a withdrawal that finds nothing is refused, and remembered should its report
    come later: laboratories' messages overtake each other.
    """
    outcome = ask_within_reach(platform, caller, request, tx)
    command = request.command
    if isinstance(command, m.ReportCase) and outcome.code in BEFORE_THEIR_REPORT:
        names = m.RememberWithdrawal.__struct_fields__
        told = {name: getattr(command, name) for name in names if hasattr(command, name)}
        told |= {"id": derive_id("withdrawal", request.source or "", command.id)}
        platform.loop.twins.ask_one(
            tx,
            Request(
                command=m.RememberWithdrawal(**told), actor=request.actor, source=request.source
            ),
        )
    return outcome


def ask_within_reach(
    platform: Platform, caller: Caller, request: Request, tx: Transaction
) -> Outcome:
    """One command, unless it names a thing outside the caller's areas; who is everywhere need not
    be looked up.

    A fault of ours in one command is written down and told to its sender; the others of the batch
    go on.
    """
    name = request.command.id
    try:
        if caller.areas != ("all",):
            require_reach(platform, caller, request.command, tx)
        return platform.loop.twins.ask_one(tx, request)
    except RefusedError as error:
        return Outcome(
            id=name,
            status="rejected",
            code=error.code,
            message=error.message,
            advice=error.advice,
        )
    except (TwinwardError, OSError):
        raise
    except Exception:
        LOG.exception("a command could not be carried out")
        return Outcome(
            id=name,
            status="rejected",
            code="fault",
            message="this could not be carried out: the fault is ours",
            advice="it is written down; send it in another form",
        )


def account_for(
    received: int,
    asked: Sequence[tuple[int, Request]],
    outcomes: Sequence[Outcome],
    rejections: Sequence[Rejection],
) -> BatchAccount:
    """A report that leaves a person's case as it was is a duplicate, where its sender could not
    know the case.
    """
    refusals = list(rejections)
    tally = {"stored": 0, "duplicate": 0, "rejected": 0}
    for (index, request), outcome in zip(asked, outcomes, strict=True):
        if (
            outcome.code == "already_reported"
            and isinstance(request.command, m.ReportCase)
            and request.command.case is None
        ):
            tally["duplicate"] += 1
            continue
        tally[outcome.status] += 1
        if outcome.status == "rejected":
            code = outcome.code or "rejected"
            said = InputError(outcome.message or "", outcome.advice or "", code=code)
            refusals.append(rejection_of(index, said))
    return BatchAccount(
        received=received,
        stored=tally["stored"],
        duplicate=tally["duplicate"],
        rejected=sorted(refusals, key=lambda one: one.index),
    )


def join_accounts(parts: Sequence[tuple[int, BatchAccount]]) -> BatchAccount:
    """One account of the parts of a batch, each with the place of its first item."""
    rejected = [
        msgspec.structs.replace(one, index=first + one.index)
        for first, part in parts
        for one in part.rejected
    ]
    return BatchAccount(
        received=sum(part.received for _, part in parts),
        stored=sum(part.stored for _, part in parts),
        duplicate=sum(part.duplicate for _, part in parts),
        rejected=rejected,
    )


def submit_objects(
    platform: Platform, caller: Caller, items: Sequence[object], source: str
) -> BatchAccount:
    """The same for objects of Python, waiting for the answer."""
    return submit(platform, caller, [msgspec.json.encode(item) for item in items], source).result()


def command_references() -> list[dict[str, str]]:
    """References to the schemas of the commands that may be asked from outside."""
    return [{"$ref": f"#/components/schemas/{name}"} for name in BY_NAME]

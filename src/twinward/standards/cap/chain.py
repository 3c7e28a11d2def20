"""What a chain of CAP messages must hold to, whoever wrote it: each complaint names its message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from twinward.standards.cap.document import FOLLOWING, CapMessage


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one message."""

    identifier: str
    code: str
    message: str


def check_chain(messages: Sequence[CapMessage]) -> list[Complaint]:
    """Complaints over messages in the order in which they came: identifiers used twice, references
    that are missing, unknown or circular, what follows a cancel.
    """
    first: dict[str, CapMessage] = {}
    found: list[Complaint] = []
    for one in messages:
        known = first.setdefault(one.identifier, one)
        if known is not one and known != one:
            said = "was used before for another message"
            found.append(_complaint(one, "identifier_reused", said))
    circular = find_circles(first)
    cancelled: dict[str, str] = {}
    for one in first.values():
        found += _check(one, first, circular, cancelled)
        if one.kind == "Cancel":
            for name in members_before(one, first):
                cancelled.setdefault(name, one.identifier)
    return found


def _check(
    one: CapMessage,
    known: Mapping[str, CapMessage],
    circular: set[str],
    cancelled: Mapping[str, str],
) -> Iterator[Complaint]:
    if one.kind in FOLLOWING and not one.references:
        yield _complaint(one, "no_references", f"is {one.kind} and refers to nothing")
    for reference in one.references:
        target = known.get(reference.identifier)
        if target is None:
            said = f"refers to {reference.identifier}, which nobody has seen"
            yield _complaint(one, "unknown_reference", said)
        elif (target.sender, target.sent) != (reference.sender, reference.sent):
            said = f"refers to {reference.identifier} with another sender or time"
            yield _complaint(one, "wrong_reference", said)
        if by := cancelled.get(reference.identifier):
            said = f"follows {reference.identifier}, which {by} has cancelled"
            yield _complaint(one, "follows_cancel", said)
    if one.identifier in circular:
        yield _complaint(one, "circular", "refers to itself through others")


def members_before(one: CapMessage, known: Mapping[str, CapMessage]) -> set[str]:
    """Everything that a message refers to, directly or through others, and itself."""
    seen: set[str] = set()
    waiting = [one.identifier]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in known:
            waiting += [reference.identifier for reference in known[name].references]
    return seen


def find_circles(known: Mapping[str, CapMessage]) -> set[str]:
    """Messages from which one comes back to them."""
    circular = set()
    for name, one in known.items():
        for reference in one.references:
            target = known.get(reference.identifier)
            if reference.identifier == name or (
                target is not None and name in members_before(target, known)
            ):
                circular.add(name)
    return circular


def _complaint(one: CapMessage, code: str, said: str) -> Complaint:
    return Complaint(identifier=one.identifier, code=code, message=f"{one.identifier} {said}")

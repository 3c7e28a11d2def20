"""Identifiers: derived, never drawn, so that doing a thing again names it again."""

from __future__ import annotations

import hashlib
import re

import msgspec

OURS = ("cmd", "note", "look")  # with which the ids of commands begin that the platform itself asks
RESERVED = re.compile(rf"(?:{'|'.join(OURS)})-|.*//", re.DOTALL)
SPACE = "\x1f"  # between sender and source of a namespace of ids: in no name
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u


def derive_id(prefix: str, *parts: str | int) -> str:
    """`prefix-` and 16 characters (80 bits) that depend on all `parts` in their order."""
    text = "\x1f".join(str(part) for part in parts)
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=10).digest(), "big")
    letters = "".join(ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
    return f"{prefix}-{letters}"


# sensors
# --------------------------------------------------------------------------------------------------

# how a person's pseudonym begins, and what then stands before it in the name of a sensor; another
# subject is a thing that bears readings
PSEUDONYM, PERSON = "p-", "person:"
# a sensor whose readings are about somebody, also as earlier releases wrote it
PERSONAL = rf"^[^:]*:(?:{PERSON}|{PSEUDONYM}[0-9a-f]{{20}}$)"
_personal = re.compile(PERSONAL)


def sensor_name(kind: str, subject: str | None, place: str | None, area: str | None) -> str:
    """`<type>:<subject>`, or place or area where there is no subject; a person's is marked."""
    mark = PERSON if subject is not None and subject.startswith(PSEUDONYM) else ""
    return f"{kind}:{mark}{subject or place or area or ''}"


def is_personal(name: str) -> bool:
    """Whether a sensor's readings are about a person."""
    return _personal.match(name) is not None


def is_reserved(command_id: str) -> bool:
    """Whether an id could be one that the platform makes: a sender's message is then kept under
    its sender's name.
    """
    return RESERVED.match(command_id) is not None


def own_id(actor: str, source: str, command_id: str) -> str:
    """The id of a sender's message in the sender's own namespace, which no other's reaches."""
    return f"{actor}/{source}//{command_id}"


def content_of(message: msgspec.Struct) -> str:
    """A digest of what a message says: the same words under the same id are the same message."""
    return hashlib.blake2b(msgspec.json.encode(message), digest_size=16).hexdigest()


def id_space(sender: str, source: str) -> str:
    """The namespace of the ids of one sender's source; `sender` "" before there are accounts."""
    return f"{sender}{SPACE}{source}" if sender else source


def split_space(space: str) -> tuple[str, str]:
    """Sender and source of a namespace."""
    sender, _, source = space.rpartition(SPACE)
    return sender, source

"""Types of messages made ready before threads share them.

msgspec works out the fields of a type when it first decodes one. Two threads that do so at once can
bring the whole process down (a segmentation fault, seen with 0.22 on Python 3.11): a server
makes all types ready before it answers anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec


def settle_types() -> int:
    """Works out every message type that is imported by now; how many there are. Those with arrays
    are never decoded and are passed over.
    """
    types = set(list_types(msgspec.Struct))
    for one in types:
        with suppress(NameError, TypeError):
            msgspec.json.Decoder(one)
    return len(types)


def list_types(above: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in above.__subclasses__():
        yield one
        yield from list_types(one)

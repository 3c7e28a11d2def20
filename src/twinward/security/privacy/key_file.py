"""The lines of a file of keys: appended whole or not at all, a torn end cut off, a bad line
skipped.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO

HEX = "0123456789abcdef"
KEY_DIGITS = 32
Key = tuple[str, str, bytes]  # subject, day, key


def read_line(line: bytes) -> list[Key]:
    """The key of a line; several where a torn line and the next run together, of which one is
    right; none of noise.

    After a torn `subject TAB day TAB key` follows at once the next line's subject: how many digits
    of the torn key stand before it nobody knows, so each is taken. A wrong name opens nothing and
    harms nobody.
    """
    if not line or line.startswith(b"\0"):
        return []
    try:
        fields = line.decode().split("\t")
        *torn, subject, day, key = fields
        if date.fromisoformat(day).isoformat() != day or len(key) != KEY_DIGITS or not subject:
            return []
        secret = bytes.fromhex(key)
    except ValueError:
        return []
    if not torn:
        return [(subject, day, secret)]
    digits = len(subject) - len(subject.lstrip(HEX))
    return [
        (subject[n:], day, secret) for n in range(min(digits, KEY_DIGITS - 1) + 1) if subject[n:]
    ]


@contextmanager
def alone(path: Path) -> Iterator[BinaryIO]:
    """The file, open for writing, while no other process writes to it; a torn end is cut off
    first.
    """
    with path.open("r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cut_torn_end(file)
        yield file


def cut_torn_end(file: BinaryIO) -> None:
    """What stands after the last line break was never made durable, nor was anything sealed with
    it.
    """
    size = end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 4096)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end < size:
        file.truncate(end)


def append(path: Path, data: bytes) -> None:
    """Append and make durable; OSError leaves the file as it was."""
    with alone(path) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            os.fdatasync(file.fileno())
        except OSError:
            file.truncate(before)
            raise

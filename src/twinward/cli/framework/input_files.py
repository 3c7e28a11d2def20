"""Files that a verb is given: their bytes, or a sentence why they cannot be had."""

from __future__ import annotations

import sys
from pathlib import Path

from twinward.core.errors import InputError, TooLargeError

MOST_BYTES = 20_000_000


def read_file(path: Path | str, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file, or of standard input for `-`; InputError `not_readable`, TooLargeError
    where they are more than `most`.
    """
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(most + 1)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}", "name another file", code="not_readable"
        ) from error
    if len(data) > most:
        raise TooLargeError(f"{path} is larger than {most // 1_000_000} MB", "send its parts")
    return data

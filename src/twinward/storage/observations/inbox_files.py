"""The small files of the inbox: who owns it, how far it was drained, which keys of drained rows
are kept.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any, TextIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import BusyError
from twinward.core.messages import Counts
from twinward.storage.files.frames import read_frames
from twinward.storage.observations.duplicate_filter import without_bodies

KEYS, OLDER_KEYS = ".known", ".keys"  # of drained rows: with their bodies, and without


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How far the inbox has been drained, and what the drained frames came to for each source."""

    drained: int = 0
    totals: dict[str, Counts] = {}


def own_folder(root: Path) -> TextIO:
    """The lock of the one process that may write here; it ends with the process."""
    lock = (root / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise BusyError(
            f"the inbox is owned by process {owner}",
            "stop that process, or send to its API",
            code="inbox_busy",
        ) from error
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def keep_key_files(root: Path, horizon: int) -> list[Path]:
    """Key files of drained segments, oldest first, as far back as the horizon reaches; older
    ones go.
    """
    files = sorted([*root.glob(f"*{KEYS}"), *root.glob(f"*{OLDER_KEYS}")])
    held, kept = 0, []
    for path in reversed(files):
        if held >= 2 * horizon:
            path.unlink()
            continue
        held += path.stat().st_size // 16
        kept.append(path)
    return kept[::-1]


def read_keys(path: Path) -> NDArray[Any]:
    """uint64[n, 2] keys of a key file."""
    keys = np.fromfile(path, np.uint64).reshape(-1, 2)
    return without_bodies(keys) if path.suffix == OLDER_KEYS else keys


def read_mark(root: Path) -> Mark:
    """How far an inbox has been drained."""
    path = root / "mark.json"
    return msgspec.json.decode(path.read_bytes(), type=Mark) if path.exists() else Mark()


def read_accounts(root: Path) -> dict[str, Counts]:
    """Each source's account as the files tell it, without owning the inbox."""
    mark = read_mark(root)
    totals = dict(mark.totals)
    for path in sorted(root.glob("*.frames")):
        for frame in read_frames(path):
            if frame.head.n > mark.drained:
                totals[frame.head.source] = (
                    totals.get(frame.head.source, Counts()) + frame.head.counts
                )
    return totals

"""A city directory appears whole or not at all: built aside, synced, swapped in; one build at a
time.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twinward.core.errors import BusyError, InputError, StorageError

CITY, BUILDING, OLD, LOCK, REJECTED = (
    "city",
    "city.building",
    "city.old",
    "city.lock",
    "city-rejected",
)


def storage_error(error: OSError, what: str) -> StorageError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StorageError(
        f"{what}: {error.strerror or error}",
        "free space on the disk and build again" if full else "check the workspace",
        code="disk_full" if full else "storage",
    )


def restore_interrupted(workspace: Path) -> None:
    """Puts back the older city when a build was killed between its two renames."""
    if not (workspace / CITY).exists() and (workspace / OLD).exists():
        os.rename(workspace / OLD, workspace / CITY)


def sync_path(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(workspace: Path) -> Iterator[None]:
    """Holds the workspace's city for one build; BusyError when another build runs."""
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        handle = (workspace / LOCK).open("w")
    except OSError as error:
        raise InputError(
            f"the workspace {workspace} cannot be written: {error.strerror}",
            "name another with --workspace",
            code="bad_workspace",
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(
                f"another build holds the city of {workspace}",
                "wait for it to end",
                code="city_busy",
            ) from error
        restore_interrupted(workspace)
        yield


@contextmanager
def whole_city(workspace: Path) -> Iterator[Path]:
    """A fresh directory to write into; it becomes the city when the block ends well, and
    vanishes when it does not.
    """
    building = workspace / BUILDING
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        yield building
        for path in sorted(building.iterdir()):
            sync_path(path)
        sync_path(building)
        swap_in(workspace)
    except OSError as error:
        raise storage_error(error, f"the city could not be written to {workspace}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def swap_in(workspace: Path) -> None:
    """The new city for the old one; a kill between the renames is mended by
    `restore_interrupted`.
    """
    shutil.rmtree(workspace / OLD, ignore_errors=True)
    if (workspace / CITY).exists():
        os.rename(workspace / CITY, workspace / OLD)
    os.rename(workspace / BUILDING, workspace / CITY)
    sync_path(workspace)
    shutil.rmtree(workspace / OLD, ignore_errors=True)
